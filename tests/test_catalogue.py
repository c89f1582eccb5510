"""The catalogue: every action of Connect is declared, and the declarations say what AWS's pages say.

The facts are in spec/actions.json, beside the folder of public flows; where that is absent the comparison is skipped.
Where we depart from it on purpose, the reason stands in the table.
"""

import importlib
import json
import pkgutil
import re
from typing import Any

import pytest
from msgspec import inspect

import offhook.blocks
from offhook.blocks import catalogue, gathered
from offhook.core.program import BadParameter, compile_parameters
from offhook.core.spec import ANY_FLOW, BlockSpec, FlowTypes, UnknownParams
from offhook.flowjson.legacy import convert
from offhook.model.flow import MODULE, Action, Condition

from .conftest import ROOT

FACTS = ROOT / "../shared/spec/actions.json"
ACTIONS = """
AssociateContactToCustomerProfile AuthenticateParticipant CheckHoursOfOperation CheckMetricData
CheckOutboundCallStatus CheckSegmentMembership CheckVoiceId Compare CompleteOutboundCall ConnectParticipantWithAgenticCX
ConnectParticipantWithLexBot CreateCallbackContact CreateCase CreateCustomerProfile CreatePersistentContactAssociation
CreateTask CreateWisdomSession DequeueContactAndTransferToQueue DisconnectParticipant DistributeByPercentage
EndFlowExecution EndFlowModuleExecution EvaluateDataTableValues GetCalculatedAttributesForCustomerProfile GetCase
GetCustomerProfile GetCustomerProfileObject GetMetricData GetParticipantInput InvokeFlowModule InvokeLambdaFunction
ListDataTableValues LoadContactContent Loop MessageParticipant MessageParticipantIteratively ResumeContact
RouteContactToAgent ShowView StartOutboundChatContact StartVoiceIdStream TagContact TransferContactToAgent
TransferContactToQueue TransferParticipantToThirdParty TransferToFlow UntagContact UpdateCase UpdateContactAttributes
UpdateContactCallbackNumber UpdateContactData UpdateContactEventHooks UpdateContactMediaProcessing
UpdateContactMediaStreamingBehavior UpdateContactRecordingAndAnalyticsBehavior UpdateContactRecordingBehavior
UpdateContactRoutingBehavior UpdateContactRoutingCriteria UpdateContactTargetQueue UpdateContactTextToSpeechVoice
UpdateCustomerProfile UpdateFlowAttributes UpdateFlowLoggingBehavior UpdatePreviousContactParticipantState
UpsertDataTableValues Wait
""".split()
# what we declare otherwise than the facts say, by action and aspect, and why
LOAD = "loading the answer of an asynchronous call: AWS has not published its wire form (decision S11)"
LOOK_UP = "marked unconfirmed there: a look-up by constants alone would be of no use"
DEPARTURES: dict[tuple[str, str], str] = {
    ("InvokeLambdaFunction", "+LambdaInvocationId"): LOAD,
    ("InvokeLambdaFunction", "?LambdaFunctionARN"): f"not named for {LOAD}; the block's check demands one of the two",
    ("InvokeLambdaFunction", "?InvocationTimeLimitSeconds"): "old exports may lack it: three seconds (decision S2)",
    ("Wait", "+LambdaInvocationId"): LOAD,
    ("RouteContactToAgent", "+AgentId"): "its parameters are published nowhere: ours",
    ("RouteContactToAgent", "+UserId"): "its parameters are published nowhere: ours",
    ("RouteContactToAgent", "+Username"): "its parameters are published nowhere: ours",
    ("Wait", "-ContinueExecution"): "the keep-running mode is published nowhere and does not run here",
    ("Wait", "-MinimumWaitTimeSeconds"): "the keep-running mode is published nowhere and does not run here",
    ("GetParticipantInput", "?InputTimeLimitSeconds"): "the form that only sets the touch-tone buffer has none",
    ("CreateTask", "?ContactFlowId"): "a template may name the flow; the block's check demands one of the two",
    ("UpdateContactRoutingCriteria", "$RoutingCriteria.Steps"): "a public flow has a reference in an agent's id",
    ("EvaluateDataTableValues", "$Queries"): LOOK_UP,
    ("ListDataTableValues", "$PrimaryKeyGroups"): LOOK_UP,
    ("UpsertDataTableValues", "$LockVersion"): LOOK_UP,
    ("UpsertDataTableValues", "$DataTableUpsertAttributes"): LOOK_UP,
}


def blocks() -> list[Any]:
    return [pytest.param(spec, id=action) for action, spec in sorted(catalogue().items())]


# --- by itself


def test_every_departure_has_an_action() -> None:
    assert {action for action, _ in DEPARTURES} <= set(ACTIONS)


def test_every_action_of_connect_is_declared_and_no_other() -> None:
    assert sorted(catalogue()) == sorted(ACTIONS)
    assert len(ACTIONS) == 66


def test_every_action_is_built() -> None:
    assert [name for name, spec in catalogue().items() if spec.enter is None] == []


def test_two_blocks_for_one_action_are_refused() -> None:
    spec = BlockSpec(action="Probe", title="", group="", kind="")

    with pytest.raises(ImportError, match="two blocks declare the action Probe"):
        gathered((spec, spec))


@pytest.mark.parametrize("spec", blocks())
def test_a_block_says_what_it_is(spec: BlockSpec) -> None:
    assert spec.title
    assert re.fullmatch(r"[A-Z].*\.", spec.summary), "one sentence"
    assert spec.kind in ("participant", "contact", "flow_control", "interaction")
    assert spec.group in ("interact", "set", "check", "logic", "integrate", "terminate")
    assert set(spec.channels or ()) <= {"VOICE", "CHAT", "TASK", "EMAIL"}
    assert not (spec.terminal and (spec.operators or spec.errors)), "a terminal action has no branches"


@pytest.mark.parametrize("module", [each.name for each in pkgutil.iter_modules(offhook.blocks.__path__)])
def test_a_module_cites_its_source(module: str) -> None:
    text = importlib.import_module(f"offhook.blocks.{module}").__doc__ or ""

    assert "Source:" in text
    assert text.splitlines()[0].endswith((".", "?")), "the first line is a sentence"


@pytest.mark.parametrize("spec", blocks())
def test_an_example_has_parameters_that_the_block_takes(spec: BlockSpec) -> None:
    assert spec.example is not None
    assert spec.example.keys() <= names_of(spec.params) or spec.params is UnknownParams
    constant, resolve = compile_parameters(dict(spec.example), spec.params)
    assert resolve is not None or not isinstance(constant, BadParameter), constant


@pytest.mark.parametrize("spec", blocks())
def test_a_blocks_own_check_minds_nothing_in_its_example(spec: BlockSpec) -> None:
    """Except for branches, which an example does not have."""
    found = spec.check(action_of(spec)) if spec.check is not None else []

    assert [problem for problem in found if problem.field.startswith("Parameters")] == []


def test_flow_types_are_read_by_profile_and_modules_by_the_language_page_alone() -> None:
    types = FlowTypes(
        language=frozenset({"CONTACT_FLOW", MODULE}),
        designer=frozenset({"CUSTOMER_QUEUE"}),
        newer=frozenset({"CONTACT_FLOW", "AGENT_HOLD"}),
    )

    loose = {name for name in ANY_FLOW if types.allows(name, strict=False)}
    narrow = {name for name in ANY_FLOW if types.allows(name, strict=True)}
    assert loose == {"CONTACT_FLOW", "CUSTOMER_QUEUE", "AGENT_HOLD", MODULE}
    assert narrow == {"CONTACT_FLOW", MODULE}
    assert not FlowTypes(language=frozenset(), designer=ANY_FLOW).allows(MODULE, strict=False)


# --- against the facts


def facts() -> list[Any]:
    if not FACTS.is_file():
        return [pytest.param({}, id="absent", marks=pytest.mark.skip(f"no file {FACTS}"))]
    return [pytest.param(entry, id=entry["type"]) for entry in json.loads(FACTS.read_text())["actions"]]


def departs(entry: dict[str, Any], aspect: str) -> bool:
    return (entry["type"], aspect) in DEPARTURES


@pytest.mark.parametrize("entry", facts())
def test_the_parameters_are_those_of_the_page(entry: dict[str, Any]) -> None:
    spec = catalogue()[entry["type"]]
    told = {name.partition(".")[0] for parameter in entry["parameters"] for name in split(parameter["name"])}

    declared = names_of(spec.params)
    extra, missing = declared - told, told - declared
    assert {name for name in extra if not departs(entry, f"+{name}")} == set()
    assert {name for name in missing if not departs(entry, f"-{name}")} == set()


@pytest.mark.parametrize("entry", facts())
def test_parameters_are_required_as_the_page_says(entry: dict[str, Any]) -> None:
    fields = {field.encode_name: field for field in fields_of(catalogue()[entry["type"]].params)}

    for parameter in entry["parameters"]:
        for name in split(parameter["name"]):
            top = name.partition(".")[0]
            if isinstance(parameter["required"], bool) and top in fields and not departs(entry, f"?{top}"):
                assert fields[top].required == parameter["required"] or "." in name, name


@pytest.mark.parametrize("entry", facts())
def test_references_may_stand_where_the_page_says(entry: dict[str, Any]) -> None:
    params = catalogue()[entry["type"]].params

    for parameter in entry["parameters"]:
        wanted = kinds_of(parameter["dynamic"])
        for name in split(parameter["name"]):
            kind = kind_of(params, name)
            if wanted and kind and not departs(entry, f"${name}"):
                assert kind in wanted, f"{name}: {parameter['dynamic']!r} is declared {kind}"


@pytest.mark.parametrize("entry", facts())
def test_the_errors_are_those_of_the_page(entry: dict[str, Any]) -> None:
    declared = {branch.name: branch for branch in catalogue()[entry["type"]].errors}
    told = {error["name"]: error.get("requiredAtCreate") for error in entry["errors"]}

    assert {name for name in declared.keys() ^ told.keys() if not departs(entry, f"!{name}")} == set()
    for name, required in told.items():
        if isinstance(required, bool) and name in declared and not departs(entry, f"!{name}"):
            assert declared[name].required == required, name


@pytest.mark.parametrize("entry", facts())
def test_the_flow_types_are_those_of_the_pages(entry: dict[str, Any]) -> None:
    types = catalogue()[entry["type"]].flow_types
    newer = types.designer if types.newer is None else types.newer

    told = entry["flowTypes"]
    assert types.language == frozenset(told["language"]) or departs(entry, "language")
    assert (types.designer | newer) - {MODULE} == set(told["designer"]) - {MODULE} or departs(entry, "designer")


@pytest.mark.parametrize("entry", facts())
def test_kind_end_and_old_names_are_those_of_the_page(entry: dict[str, Any]) -> None:
    spec = catalogue()[entry["type"]]
    told = {part.strip() for name in entry["legacyModules"] for part in re.sub(r"\(.*?\)", "", name).split("/")}
    old = {re.sub(r" in a queue flow$", "", name) for name in told}

    assert spec.kind == {"flowControl": "flow_control"}.get(entry["category"], entry["category"])
    assert spec.terminal == entry["terminal"]
    for name in filter(None, old):
        module, _, target = name.partition(" target ")
        assert any(each.module == module and each.target in ("", target) for each in spec.legacy), name


def split(name: str) -> list[str]:
    """`A / B` and `A, B` are two parameters; a dot goes into an object."""
    return [] if name.startswith("(") else [part.strip() for part in re.split(r"[,/]", name)]


def kinds_of(told: str) -> set[str]:
    """What a sentence of the facts means for our annotations; nothing where it is not sure."""
    if "unconfirmed" in told or not told:
        return set()
    if told.startswith("static"):
        return {"static"}
    if told.startswith("single"):
        return {"single"}
    if told == "jsonpath-only":
        return {"reference"}
    return {"dynamic", "json"} if told.startswith(("dynamic", "keys and values dynamic")) else set()


def fields_of(params: type[Any]) -> tuple[inspect.Field, ...]:
    shape = inspect.type_info(params)
    assert isinstance(shape, inspect.StructType)
    return shape.fields


def names_of(params: type[Any]) -> set[str]:
    return {field.encode_name for field in fields_of(params)}


def kind_of(params: type[Any], path: str) -> str:
    """The annotation at a dotted path; empty where there is none, or several within."""
    head, _, rest = path.partition(".")
    for field in fields_of(params):
        if field.encode_name == head:
            return _kind_in(field.type, rest)
    return ""


def _kind_in(type_info: inspect.Type, rest: str, kind: str = "") -> str:
    while isinstance(type_info, inspect.Metadata):
        kind = (type_info.extra or {}).get("dynamic", kind)
        type_info = type_info.type
    if isinstance(type_info, inspect.UnionType):
        member = next(each for each in type_info.types if not isinstance(each, inspect.NoneType))
        return _kind_in(member, rest, kind)
    if isinstance(type_info, inspect.StructType):
        if rest:
            return kind_of(type_info.cls, rest)
        within = {_kind_in(field.type, "", kind) for field in type_info.fields}
        return within.pop() if len(within) == 1 else ""
    return kind


def action_of(spec: BlockSpec) -> Action:
    return Action("it", spec.action, dict(spec.example or {}))


# --- old exports of blocks that are not built yet


def old(kind: str, target: str = "", *branches: str | tuple[str, str, Any], **values: Any) -> Action:
    """The action that a module becomes. Its branches lead to actions of their own names."""
    wired = [
        {"condition": branch, "transition": branch.lower()}
        if isinstance(branch, str)
        else {"condition": branch[0], "conditionType": branch[1], "conditionValue": branch[2], "transition": "met"}
        for branch in branches
    ]
    parameters = [{"name": name, "value": value} for name, value in values.items()]
    module = {"id": "m", "type": kind, "target": target, "branches": wired, "parameters": parameters}
    actions, problems = convert({"modules": [module]}, catalogue(), "")
    assert problems == []
    return actions["m"]


def errors_of(action: Action) -> dict[str, str]:
    return {arrow.error_type: arrow.next_action for arrow in action.errors}


def test_old_loop_prompts_are_interrupted_by_their_timeout() -> None:
    action = old("LoopPrompts", "", "Timeout", "Error", Text="Wait", InterruptSeconds=120)

    assert action.parameters == {"Messages": [{"Text": "Wait"}], "InterruptFrequencySeconds": "120"}
    assert action.conditions == (Condition("Equals", ("MessagesInterrupted",), "timeout"),)
    assert (errors_of(action), action.next_action) == ({"NoMatchingError": "error"}, "")


def test_an_old_bot_is_a_classic_one_and_its_intents_are_conditions() -> None:
    branches = (("Evaluate", "Equals", "YesNo"), "NoMatch", "Timeout", "Error")
    action = old("GetUserInput", "Lex", *branches, Text="Hi", BotName="B", BotAlias="$LATEST", BotRegion="")
    newer = old("GetUserInput", "Lex", Text="Hi", BotAliasArn="arn:a")

    assert action.parameters == {"Text": "Hi", "LexBot": {"Name": "B", "Alias": "$LATEST"}}
    assert action.conditions == (Condition("Equals", ("YesNo",), "met"),)
    wired = {"NoMatchingCondition": "nomatch", "InputTimeLimitExceeded": "timeout", "NoMatchingError": "error"}
    assert errors_of(action) == wired
    assert newer.parameters == {"Text": "Hi", "LexV2Bot": {"AliasArn": "arn:a"}}
    assert old("GetUserInput", "Lex", Text="Hi", BotName="B", BotAlias="A", BotRegion="us-east-1").parameters[
        "LexBot"
    ] == {"Name": "B", "Alias": "A", "Region": "us-east-1"}


@pytest.mark.parametrize(("blind", "continues"), [(True, "False"), (False, "True")])
def test_an_old_blind_transfer_does_not_come_back(*, blind: bool, continues: str) -> None:
    branches = ("Success", "CallFailure", "Timeout", "Error")
    action = old("Transfer", "PhoneNumber", *branches, PhoneNumber="+15550100", BlindTransfer=blind, TimeLimit="30")

    assert action.type == "TransferParticipantToThirdParty"
    assert action.parameters == {
        "ThirdPartyPhoneNumber": "+15550100",
        "ThirdPartyConnectionTimeLimitSeconds": "30",
        "ContinueFlowExecution": continues,
    }
    wired = {"CallFailed": "callfailure", "ConnectionTimeLimitExceeded": "timeout", "NoMatchingError": "error"}
    assert (errors_of(action), action.next_action) == (wired, "success")


def test_an_old_check_of_staffing_asks_for_more_than_none() -> None:
    action = old("CheckStaffing", "", "True", "False", "Error", Status="Online", Agent="ann")

    assert action.parameters == {"MetricType": "NumberOfAgentsOnline", "AgentId": "ann"}
    assert action.conditions == (Condition("NumberGreaterThan", ("0",), "true"),)
    assert errors_of(action) == {"NoMatchingCondition": "false", "NoMatchingError": "error"}


@pytest.mark.parametrize(
    ("branch", "metric"),
    [("CheckQueueTime", "OldestContactInQueueAgeSeconds"), ("CheckQueueCapacity", "NumberOfContactsInQueue")],
)
def test_an_old_check_of_the_queue_is_of_what_it_compares(branch: str, metric: str) -> None:
    action = old("CheckQueueStatus", "", (branch, "LessThan", 300_000), "NoMatch", "Error", Queue="arn:q")

    assert action.parameters == {"MetricType": metric, "QueueId": "arn:q"}
    assert action.conditions == (Condition("NumberLessThan", ("300000",), "met"),)


def test_an_old_check_of_voice_id_has_branches_by_name() -> None:
    action = old("CheckVoiceId", "", "Authenticated", "OptedOut", "Error", CheckVoiceIdOption="voiceAuthentication")

    assert [condition.operands for condition in action.conditions] == [("Authenticated",), ("OptedOut",)]
    assert errors_of(action) == {"NoMatchingError": "error"}
    assert action.parameters == {"CheckVoiceIdOption": "voiceAuthentication"}


@pytest.mark.parametrize(
    ("module", "state", "tracks", "directions"),
    [
        ("StartMediaStreaming", "Enabled", ["FromCustomer"], ["From"]),
        ("StartMediaStreaming", "Enabled", [], ["From", "To"]),
        ("StopMediaStreaming", "Disabled", ["FromCustomer", "ToCustomer"], ["From", "To"]),
    ],
)
def test_old_media_streaming_names_tracks(module: str, state: str, tracks: list[str], directions: list[str]) -> None:
    parameters = [{"name": "Track", "value": track} for track in tracks]
    entry = {"id": "m", "type": module, "branches": [], "parameters": parameters}

    actions, _ = convert({"modules": [entry]}, catalogue(), "")

    assert actions["m"].parameters == {
        "MediaStreamingState": state,
        "MediaStreamType": "Audio",
        "Participants": [{"ParticipantType": "Customer", "MediaDirections": directions}],
    }


def test_an_old_callback_counts_retries() -> None:
    action = old("CreateCallback", "", "Success", InitialDelaySeconds=15, RetryDelaySeconds=600, MaxRetryAttempts=1)

    assert action.parameters == {
        "InitialCallDelaySeconds": "15",
        "RetryDelaySeconds": "600",
        "MaximumConnectionAttempts": "2",
    }


@pytest.mark.parametrize(
    ("module", "target", "action"),
    [
        ("Transfer", "Agent", "TransferContactToAgent"),
        ("GetQueueMetrics", "", "GetMetricData"),
        ("HoldCustomerOrAgent", "", "UpdatePreviousContactParticipantState"),
        ("SetVoiceId", "", "StartVoiceIdStream"),
        ("UpdateRoutingPriority", "", "UpdateContactRoutingBehavior"),
        ("SetCallBackNumber", "", "UpdateContactCallbackNumber"),
    ],
)
def test_other_old_modules_have_their_action(module: str, target: str, action: str) -> None:
    assert old(module, target).type == action


def test_old_values_go_where_the_action_has_them() -> None:
    number = old("SetCallBackNumber", "", "InvalidPhoneNumber", "NonDialableNumber", CallBackNumber="$.Attributes.n")

    assert number.parameters == {"CallbackNumber": "$.Attributes.n"}
    assert errors_of(number) == {
        "InvalidCallbackNumber": "invalidphonenumber",
        "CallbackNumberNotDialable": "nondialablenumber",
    }
    assert old("UpdateRoutingPriority", AbsolutePosition=1).parameters == {"QueuePriority": "1"}
    assert old("UpdateRoutingPriority", TimeOffset=60).parameters == {"QueueTimeAdjustmentSeconds": "60"}


def test_old_loop_prompts_take_speech_and_sound_in_order() -> None:
    parameters = [
        {"name": "Text", "key": "ssml", "value": "<speak>a</speak>"},
        {"name": "Text", "value": None},
        {"name": "AudioPrompt", "value": "arn:p"},
        {"name": "AudioPrompt", "value": None},
        {"name": "InterruptSeconds"},
    ]
    entry = {"id": "m", "type": "LoopPrompts", "branches": [], "parameters": parameters}

    actions, _ = convert({"modules": [entry]}, catalogue(), "")

    assert actions["m"].parameters == {"Messages": [{"SSML": "<speak>a</speak>"}, {"PromptId": "arn:p"}]}


# --- what declarations cannot say, of blocks that are not built yet


@pytest.mark.parametrize(
    ("kind", "parameters", "codes"),
    [
        ("MessageParticipantIteratively", {"Messages": [{"Text": "a"}, {"PromptId": "b"}]}, []),
        ("MessageParticipantIteratively", {"Messages": [{"Text": "a", "SSML": "b"}, {}, "x"]}, ["E-prompt-bodies"] * 3),
        ("MessageParticipantIteratively", {"Messages": "x"}, []),
        ("ConnectParticipantWithLexBot", {"Text": "a", "LexV2Bot": {}}, []),
        ("ConnectParticipantWithLexBot", {"LexInitializationData": {}, "LexBot": {}}, []),
        ("ConnectParticipantWithLexBot", {"LexBot": {}, "LexV2Bot": {}}, ["E-only-one", "E-prompt-empty"]),
        ("ConnectParticipantWithLexBot", {"Text": "a", "SSML": "b"}, ["E-prompt-bodies", "E-only-one"]),
        ("GetMetricData", {}, []),
        ("GetMetricData", {"QueueId": "a", "AgentId": "b"}, ["E-only-one"]),
        ("CreateCallbackContact", {"QueueId": "a", "AgentId": "b"}, ["E-only-one"]),
        ("CreateTask", {"ContactFlowId": "a", "DelaySeconds": "1", "ScheduledTime": "2"}, ["E-only-one"]),
        ("CreateTask", {"TaskTemplateId": "a"}, []),
        ("CreateTask", {}, ["E-task-flow"]),
        ("UpdateContactRoutingBehavior", {"QueuePriority": "1"}, []),
        ("UpdateContactRoutingBehavior", {}, ["E-only-one"]),
        ("UpdateContactRoutingBehavior", {"QueuePriority": "1", "QueueTimeAdjustmentSeconds": "1"}, ["E-only-one"]),
        ("TagContact", {"Tags": {"a": "b", "aws:c": "d"}}, ["E-tag-key"]),
        ("TagContact", {"Tags": "x"}, []),
        ("UntagContact", {"TagKeys": ["a", "aws:b", 3]}, ["E-tag-key"]),
    ],
    ids=str,
)
def test_parameters_that_exclude_each_other_are_found(kind: str, parameters: dict[str, Any], codes: list[str]) -> None:
    check = catalogue()[kind].check

    assert check is not None
    assert [problem.code for problem in check(Action("it", kind, parameters))] == codes


@pytest.mark.parametrize(
    ("metric", "conditions", "count"),
    [
        ("NumberOfAgentsStaffed", [("NumberGreaterThan", "0")], 0),
        ("NumberOfAgentsStaffed", [("NumberGreaterThan", 0)], 0),
        ("NumberOfAgentsStaffed", [("NumberGreaterThan", "1"), ("Equals", "0")], 2),
        ("NumberOfContactsInQueue", [("NumberLessThan", "5"), ("Equals", "9")], 0),
        ("NumberOfContactsInQueue", [], 1),
    ],
)
def test_of_agents_only_more_than_none_can_be_asked(metric: str, conditions: list[tuple[str, Any]], count: int) -> None:
    check = catalogue()["CheckMetricData"].check
    wired = tuple(Condition(operator, (operand,), "bye") for operator, operand in conditions)

    assert check is not None
    found = check(Action("it", "CheckMetricData", {"MetricType": metric}, conditions=wired))
    assert [problem.code for problem in found] == ["E-metric-branches"] * count


@pytest.mark.parametrize(("raw", "count"), [("True", 3), ("true", 3), (True, 3), ("False", 1), (None, 1)])
def test_a_call_that_does_not_come_back_has_no_branches_for_failing(raw: Any, count: int) -> None:
    errors = catalogue()["TransferParticipantToThirdParty"].errors

    applies = [branch for branch in errors if branch.exists({"ContinueFlowExecution": raw}, "CONTACT_FLOW")]
    assert len(applies) == count
