"""Any container, any oddity: the flow is found by content, kept whole, and what is odd is a problem."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.flowjson.read import read_flow
from offhook.flowjson.write import to_language, write_flow
from offhook.model.errors import UsageError
from offhook.model.flow import Condition, ErrorArrow, Flow

CONTAINERS = Path(__file__).parent / "fixtures" / "containers"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=10,
)


def odd(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects with some of these keys, each with a value that may fit or may be anything; or no object at all."""
    return json_values | st.fixed_dictionaries({}, optional={key: part | json_values for key, part in parts.items()})


names = st.sampled_from(["a", "b", "", "NoMatchingError"])
arrows = odd(NextAction=names, ErrorType=names, Condition=odd(Operator=names, Operands=st.lists(names)))
metadata = odd(
    queue=odd(text=names),
    contactFlow=odd(text=names),
    audio=st.lists(odd(type=st.just("Prompt"), text=names)),
    parameters=odd(QueueId=odd(displayName=names, resourceName=names)),
    promptName=names,
)
actions = odd(
    Identifier=names,
    Type=names,
    Parameters=odd(EventHooks=odd(a=names), Messages=st.lists(odd(PromptId=names, ResourceName=names))),
    Transitions=odd(NextAction=names, Errors=st.lists(arrows), Conditions=st.lists(arrows)),
)
modules = odd(
    id=names,
    type=names,
    target=names,
    branches=st.lists(odd(condition=names, transition=names, conditionType=names, conditionValue=json_values)),
    parameters=st.lists(odd(name=names, value=json_values, key=names, namespace=names, resourceName=names)),
    metadata=metadata,
)
documents = st.fixed_dictionaries(
    {"Version": st.just("2019-10-30"), "Actions": st.lists(actions, max_size=3)},
    optional={
        "StartAction": json_values,
        "Metadata": odd(ActionMetadata=odd(a=metadata), type=names),
        "Settings": json_values,
    },
)
exports = st.fixed_dictionaries(
    {"modules": st.lists(modules, max_size=3), "version": st.just("1")},
    optional={"start": json_values, "type": json_values, "metadata": json_values},
)


def spelled(text: str | bytes) -> Any:
    """The value with order of keys and spelling of numbers, by means of the standard library alone."""
    return json.loads(
        text,
        object_pairs_hook=lambda pairs: ("object", pairs),
        parse_int=lambda n: ("n", n),
        parse_float=lambda n: ("n", n),
    )


def load(name: str) -> Flow:
    return read_flow((CONTAINERS / name).read_bytes(), {}, source=name)


def problems_of(data: bytes | str, source: str = "") -> tuple[str, ...]:
    with pytest.raises(UsageError) as caught:
        read_flow(data, {}, source=source)
    return caught.value.problems


def read(**document: Any) -> Flow:
    return read_flow(json.dumps({"Version": "2019-10-30", "StartAction": "a", "Actions": [], **document}), {})


def read_action(**action: Any) -> Flow:
    return read(Actions=[{"Identifier": "a", "Type": "Wait", "Parameters": {}, "Transitions": {}, **action}])


def codes(flow: Flow) -> list[tuple[str, str]]:
    return [(problem.code, problem.field) for problem in flow.problems]


# --- containers


@pytest.mark.parametrize(
    "name",
    [
        "Sample greeting flow",
        "answer.json",
        "answer-inner.json",
        "answer-object.json",
        "answer-module.json",
        "content-only.json",
        "byte-order-mark.json",
        "crlf.json",
        "utf-16.json",
        "utf-16-big-endian.json",
        "utf-32.json",
        "duplicate-key.json",
        "no-metadata.json",
        "type-in-metadata.json",
    ],
)
def test_the_same_flow_is_found_in_every_container(name: str) -> None:
    flow = load(name)

    assert flow.format == "flow-language"
    assert flow.start_action == "greet"
    assert list(flow.actions) == ["greet", "bye"]
    assert flow.actions["greet"].parameters == {"Text": "Grüezi, 受付です"}
    assert flow.actions["greet"].next_action == "bye"
    assert flow.actions["greet"].errors == (ErrorArrow("NoMatchingError", "bye"),)


@pytest.mark.parametrize(
    "name",
    sorted(
        file.name
        for file in CONTAINERS.iterdir()
        if file.name not in (".gitattributes", "trailing-comma.json", "latin-1.json", "not-json-token.json")
    ),
)
def test_every_container_is_written_back_as_it_was(name: str) -> None:
    raw = (CONTAINERS / name).read_bytes().decode(json.detect_encoding((CONTAINERS / name).read_bytes()))
    if name == "duplicate-key.json":
        raw = raw.replace('"StartAction":"hello",', "")

    assert spelled(write_flow(load(name))) == spelled(raw)


def test_the_wrapper_says_name_type_arn_and_id() -> None:
    for name, style in (("answer.json", "spaced-ascii"), ("answer-inner.json", "compact"), ("answer-object.json", "")):
        flow = load(name)

        assert flow.name == "A/B %20 受付"
        assert flow.type == "CUSTOMER_QUEUE"
        assert flow.arn.endswith("/contact-flow/22222222-2222-4222-8222-222222222222")
        assert flow.id == "22222222-2222-4222-8222-222222222222"
        assert flow.content_style == style


def test_a_module_is_known_by_wrapper_settings_or_return_block() -> None:
    returning = {"Identifier": "a", "Type": "EndFlowModuleExecution", "Parameters": {}, "Transitions": {}}

    assert load("answer-module.json").type == "MODULE"
    assert load("answer-module.json").name == "Greeting"
    assert read(Settings={}).type == "MODULE"
    assert read(Actions=[returning]).type == "MODULE"
    assert read(Actions=[returning], Metadata={"type": "contactFlow"}).type == "CONTACT_FLOW"
    assert (
        read_flow('{"ContactFlowModule": {"Content": {"Version": "2019-10-30", "Actions": []}}}', {}).type == "MODULE"
    )


def test_content_alone_is_a_json_string() -> None:
    flow = load("content-only.json")

    assert flow.wrapper is None
    assert flow.content_style == "spaced-ascii"


def test_name_and_type_come_from_the_metadata_where_nothing_else_says_them() -> None:
    flow = load("type-in-metadata.json")

    assert (flow.name, flow.type) == ("Whisper", "AGENT_WHISPER")
    assert load("no-metadata.json").type == ""


def test_a_type_that_is_not_known_is_a_warning() -> None:
    flow = read(Metadata={"type": "campaign"})

    assert flow.type == ""
    assert codes(flow) == [("unknown_flow_type", "the flow's type")]


def test_an_old_export_is_found_with_its_type_anywhere() -> None:
    for name in ("legacy", "legacy-type-in-metadata.json", "answer-legacy.json"):
        flow = load(name)

        assert flow.format == "legacy"
        assert flow.type == "QUEUE_TRANSFER"
        assert flow.start_action == "a"
        assert list(flow.actions) == ["a", "b"]
    assert load("legacy").name == "Old"
    assert load("answer-legacy.json").name == "Old in new"


def test_tokens_and_prose_are_kept_as_they_are() -> None:
    flow = load("tokens.json")
    arns = [action.parameters["LambdaFunctionARN"] for action in list(flow.actions.values())[:-1]]

    assert flow.problems == ()
    assert arns[0] == '${var.functions["greet"]}'
    assert len(arns) == 14
    assert flow.actions["call 1"].parameters["InvocationTimeLimitSeconds"] == "${limit}"


def test_an_empty_flow_loads() -> None:
    flow = load("empty.json")

    assert flow.actions == {}
    assert flow.problems == ()


def test_a_doubled_key_is_a_warning_and_the_last_one_counts() -> None:
    flow = load("duplicate-key.json")

    (problem,) = flow.problems
    assert (problem.code, problem.severity) == ("duplicate_key", "warning")
    assert problem.message == "key 'StartAction' occurs twice in one object; the last one counts."


def test_doubled_keys_inside_content_are_found() -> None:
    inner = '{"Version": "2019-10-30", "StartAction": "a", "StartAction": "b", "Actions": []}'

    assert codes(read_flow(json.dumps({"Content": inner}), {})) == [("duplicate_key", "key 'StartAction'")]
    assert codes(read_flow(json.dumps(inner), {})) == [("duplicate_key", "key 'StartAction'")]


def test_content_beyond_the_limit_of_the_api_is_an_error() -> None:
    small = "x" * 200_000
    indented = json.dumps(
        {"Version": "2019-10-30", "StartAction": "", "Actions": [], "Metadata": {"": small}}, indent=2
    )
    padded = indented + " " * 100_000

    assert codes(read_flow(padded, {})) == []
    assert codes(read_flow(padded.replace(small, small * 2), {})) == [("content_length", "the flow")]


# --- refusals


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("latin-1.json", "line 2: byte 43 of the file does not fit UTF-8, its encoding."),
        ("trailing-comma.json", "not JSON: a comma must be followed by another entry."),
        ("not-json-token.json", "line 4, column 52: not JSON: a value must stand here."),
    ],
)
def test_a_broken_file_is_named_with_its_place(name: str, sentence: str) -> None:
    (problem,) = problems_of((CONTAINERS / name).read_bytes(), name)

    assert problem.startswith(f"{name}: line ")
    assert problem.endswith(sentence)


def test_broken_text_inside_a_wrapper_is_named_as_such() -> None:
    assert problems_of('{"ContactFlow": {"Content": "{"}}', "x.json") == (
        "x.json, Content: line 1, column 2: not JSON: the text ends before the JSON value does.",
    )
    assert problems_of('"{"')[0].startswith("The text inside: line 1, column 2")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[]", "found a list."),
        ("7", "found a number."),
        ('{"ContactFlow": {"Name": "x"}}', "found ContactFlow without its Content."),
        ('{"Content": 7}', "found a number where the flow should be."),
        ('"7"', "found a number where the flow should be."),
        ("{}", "found an object that is no flow."),
        ('{"Version": "2022-01-01", "Observations": []}', "found a test case of the testing language."),
        ('{"Resources": {}}', "found a CloudFormation template."),
    ],
)
def test_what_is_no_flow_is_named_beside_what_is_read(text: str, found: str) -> None:
    (problem,) = problems_of(text, "x.json")

    assert problem.startswith(f"x.json: {found} A flow is JSON in the Flow language (Version, StartAction, Actions)")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"Version": "2020-01-01", "Actions": {}}',
            (
                "This is the Flow language, and its Version is \"2020-01-01\"; only '2019-10-30' is known.",
                "This is the Flow language, and its Actions are an object; they must be a list.",
            ),
        ),
        (
            '{"Actions": []}',
            ("This is the Flow language, and its Version is missing; only '2019-10-30' is known.",),
        ),
        (
            '{"Version": "2019-10-30"}',
            ("This is the Flow language, and its Actions are missing; they must be a list.",),
        ),
        (
            '{"version": "2", "modules": {}}',
            (
                "This is an old console export, and its version is \"2\"; only '1' is known.",
                "This is an old console export, and its modules are an object; they must be a list.",
            ),
        ),
        (
            '{"modules": []}',
            ("This is an old console export, and its version is missing; only '1' is known.",),
        ),
    ],
)
def test_an_unknown_version_is_refused_with_every_reason(text: str, expected: tuple[str, ...]) -> None:
    assert problems_of(text) == expected


# --- odd shapes


def test_actions_without_a_usable_identifier_are_reported_and_the_first_of_two_counts() -> None:
    def one(**parts: Any) -> dict[str, Any]:
        return {"Type": "Wait", "Transitions": {}, **parts}

    flow = read(Actions=["x", one(), one(Identifier=7), one(Identifier="a"), one(Identifier="a", Type="Loop")])

    assert codes(flow) == [
        ("bad_shape", "Actions[0]"),
        ("missing_identifier", "Actions[1]"),
        ("bad_shape", "Actions[2].Identifier"),
        ("missing_identifier", "Actions[2]"),
        ("duplicate_identifier", "Actions[4]"),
    ]
    assert flow.actions["a"].type == "Wait"
    assert flow.problems[0].message == "Actions[0] must be an object, and is text."


def test_missing_parameters_are_none_and_missing_transitions_a_warning() -> None:
    flow = read(Actions=[{"Identifier": "a", "Type": "DisconnectParticipant"}])

    (problem,) = flow.problems
    assert flow.actions["a"].parameters == {}
    assert (problem.code, problem.severity, problem.action) == ("bad_shape", "warning", "a")
    assert problem.message == "action 'a': Transitions is missing; an action that ends the flow has {}."


def test_parts_of_the_wrong_kind_are_read_as_absent() -> None:
    flow = read_action(Type=7, Parameters=[], Transitions={"NextAction": None, "Errors": {}, "Conditions": [1]})

    assert codes(flow) == [
        ("bad_shape", "Type"),
        ("bad_shape", "Parameters"),
        ("bad_shape", "Transitions.NextAction"),
        ("bad_shape", "Transitions.Errors"),
        ("bad_shape", "Transitions.Conditions[0]"),
    ]
    assert flow.problems[1].message == "action 'a': Parameters must be an object, and is a list."


def test_an_action_without_type_is_kept() -> None:
    flow = read(Actions=[{"Identifier": "a", "Transitions": {}}])

    assert codes(flow) == [("bad_shape", "Type")]
    assert flow.actions["a"].type == ""


def test_a_bare_operand_is_read_and_a_missing_one_is_none() -> None:
    conditions = [
        {"NextAction": "b", "Condition": {"Operator": "Equals", "Operands": "1"}},
        {"NextAction": "c", "Condition": {"Operands": []}},
        {"NextAction": "d", "Condition": {"Operator": "Equals"}},
        {"NextAction": "", "Condition": {"Operator": "Equals", "Operands": ["1"]}},
    ]
    flow = read_action(Transitions={"Conditions": conditions})

    assert flow.actions["a"].conditions == (
        Condition("Equals", ("1",), "b"),
        Condition("", (), "c"),
        Condition("Equals", (), "d"),
    )
    assert codes(flow) == [
        ("bad_shape", "Transitions.Conditions[0].Condition.Operands"),
        ("bad_shape", "Transitions.Conditions[1]"),
        ("bad_shape", "Transitions.Conditions[2].Condition.Operands"),
        ("bad_shape", "Transitions.Conditions[3].NextAction"),
    ]


def test_error_arrows_need_a_type_and_a_target() -> None:
    errors = [
        {"NextAction": "b"},
        {"ErrorType": "NoMatchingError"},
        {"ErrorType": "NoMatchingError", "NextAction": "c"},
    ]
    flow = read_action(Transitions={"Errors": errors})

    assert flow.actions["a"].errors == (ErrorArrow("NoMatchingError", "c"),)
    assert codes(flow) == [
        ("bad_shape", "Transitions.Errors[0]"),
        ("bad_shape", "Transitions.Errors[1].NextAction"),
    ]


@settings(deadline=None)
@given(documents | exports)
def test_any_flow_of_a_known_version_loads_and_is_written_back(document: dict[str, Any]) -> None:
    text = json.dumps(document)

    flow = read_flow(text, {})

    assert spelled(write_flow(flow)) == spelled(text)
    assert read_flow(json.dumps(to_language(flow, {})), {}).format == "flow-language"


@settings(deadline=None)
@given(json_values | documents | st.dictionaries(st.sampled_from(["ContactFlow", "Content", "modules"]), json_values))
def test_any_json_is_a_flow_or_a_usage_error(value: Any) -> None:
    try:
        assert read_flow(json.dumps(value), {}).document
    except UsageError as refused:
        assert all(problem.endswith(".") for problem in refused.problems)


@settings(deadline=None)
@given(st.binary() | st.text())
def test_any_bytes_are_a_flow_or_a_usage_error(data: bytes | str) -> None:
    with pytest.raises(UsageError):
        read_flow(data, {})


# --- friendly names


def hints(parameters: dict[str, Any], metadata: Any) -> dict[str, str]:
    action = {"Identifier": "a", "Type": "Wait", "Parameters": parameters, "Transitions": {}}
    return read(Actions=[action], Metadata={"ActionMetadata": {"a": metadata}}).actions["a"].hints


@pytest.mark.parametrize(
    ("parameters", "metadata", "expected"),
    [
        ({}, {"parameters": {"QueueId": {"displayName": "Basic"}}}, {"QueueId": "Basic"}),
        (
            {},
            {"parameters": {"QueueId": {"resourceName": "Basic"}, "Text": 1, "X": {"useDynamic": True}}},
            {"QueueId": "Basic"},
        ),
        ({}, {"parameters": {"ViewResource": {"Id": {"displayName": "Form"}}}}, {"ViewResource.Id": "Form"}),
        (
            {},
            {"parameters": {"LexV2Bot": {"AliasArn": {"displayName": "Live", "lexV2BotName": "Bookings"}}}},
            {"LexV2Bot.AliasArn": "Bookings"},
        ),
        ({}, {"lexV2BotName": "Bookings"}, {"LexV2Bot.AliasArn": "Bookings"}),
        ({}, {"queue": {"text": "Basic"}}, {"QueueId": "Basic"}),
        ({}, {"queue": "attribute name"}, {}),
        ({}, {"queue": {"text": ""}, "Hours": {"text": 7}}, {}),
        ({}, {"Hours": {"text": "Office"}}, {"HoursOfOperationId": "Office"}),
        ({}, {"ContactFlow": {"text": "Main"}}, {"ContactFlowId": "Main"}),
        (
            {"EventHooks": {"CustomerQueue": "arn"}},
            {"contactFlow": {"text": "Waiting"}, "queue": {"text": "Basic"}},
            {"EventHooks.CustomerQueue": "Waiting", "QueueId": "Basic"},
        ),
        (
            {},
            {"contactFlowModuleName": "Greeting", "promptName": "Beep.wav"},
            {"FlowModuleId": "Greeting", "PromptId": "Beep.wav"},
        ),
        (
            {},
            {"audio": [{"type": "Text", "text": "Hi"}, {"type": "Prompt", "text": "Music.wav"}, 7]},
            {"Messages.1.PromptId": "Music.wav"},
        ),
        ({}, {"audio": 7}, {}),
        ({}, [], {}),
        ({"QueueId": "", "ResourceName": "Basic", "Text": "x"}, {}, {"QueueId": "Basic"}),
        (
            {"Messages": [{"PromptId": "p", "resourceName": "Beep.wav"}, {"Text": "x"}]},
            {},
            {"Messages.0.PromptId": "Beep.wav"},
        ),
    ],
)
def test_friendly_names_are_found_by_parameter(
    parameters: dict[str, Any], metadata: Any, expected: dict[str, str]
) -> None:
    assert hints(parameters, metadata) == expected
