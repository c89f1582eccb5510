"""The engine's half of the cases from the field: each named as there, with the right value.

Numbers, sources and what people ran into are in the collection of cases; BASE is its five-action flow, and a case says
what it changes. Seconds are stub times: nothing here waits, but for one function that is real.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from offhook.blocks import catalogue
from offhook.cli.summary import Summary
from offhook.core.calendar import parse_instant
from offhook.flowjson.lint import Known, known_in, lint
from offhook.flowjson.read import read_flow
from offhook.model.instance import Instance, LambdaPolicy

from .command_line import Called, call
from .stage import START_MS, Played
from .transcripts import hear, known_flow, sentences, stubs

Document = dict[str, Any]

ACCOUNT = "arn:aws:lambda:us-east-1:111122223333:function"
ARN = f"{ACCOUNT}:lookup"
OTHER_ACCOUNT = "arn:aws:lambda:us-east-1:999999999999:function"
BASE: Document = {
    "Version": "2019-10-30",
    "StartAction": "hi",
    "Metadata": {},
    "Actions": [
        {
            "Identifier": "hi",
            "Type": "MessageParticipant",
            "Parameters": {"Text": "Hello"},
            "Transitions": {
                "NextAction": "fn",
                "Errors": [{"NextAction": "bye", "ErrorType": "NoMatchingError"}],
                "Conditions": [],
            },
        },
        {
            "Identifier": "fn",
            "Type": "InvokeLambdaFunction",
            "Parameters": {
                "LambdaFunctionARN": ARN,
                "InvocationTimeLimitSeconds": "3",
                "ResponseValidation": {"ResponseType": "STRING_MAP"},
            },
            "Transitions": {
                "NextAction": "say",
                "Errors": [{"NextAction": "sorry", "ErrorType": "NoMatchingError"}],
                "Conditions": [],
            },
        },
        {
            "Identifier": "say",
            "Type": "MessageParticipant",
            "Parameters": {"Text": "State $.External.State"},
            "Transitions": {
                "NextAction": "bye",
                "Errors": [{"NextAction": "bye", "ErrorType": "NoMatchingError"}],
                "Conditions": [],
            },
        },
        {
            "Identifier": "sorry",
            "Type": "MessageParticipant",
            "Parameters": {"Text": "Sorry"},
            "Transitions": {
                "NextAction": "bye",
                "Errors": [{"NextAction": "bye", "ErrorType": "NoMatchingError"}],
                "Conditions": [],
            },
        },
        {"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}},
    ],
}
WA = 'lookup=stub:{"State":"WA"}'


def action(
    identifier: str,
    kind: str,
    parameters: Document,
    *,
    then: str,
    errors: dict[str, str] | None = None,
    when: tuple[tuple[str, str, str], ...] = (),
) -> Document:
    """`errors`: error type to target, else NoMatchingError to `then`; `when`: (operator, operand, target)."""
    errors = {"NoMatchingError": then} if errors is None else errors
    return {
        "Identifier": identifier,
        "Type": kind,
        "Parameters": parameters,
        "Transitions": {
            "NextAction": then,
            "Errors": [{"NextAction": target, "ErrorType": name} for name, target in errors.items()],
            "Conditions": [
                {"NextAction": target, "Condition": {"Operator": operator, "Operands": [operand]}}
                for operator, operand, target in when
            ],
        },
    }


def say(identifier: str, text: str, then: str = "bye") -> Document:
    return action(identifier, "MessageParticipant", {"Text": text}, then=then)


def invoke(identifier: str, then: str, error: str = "sorry", **parameters: Any) -> Document:
    given = {"LambdaFunctionARN": ARN, "InvocationTimeLimitSeconds": "3", **parameters}
    return action(identifier, "InvokeLambdaFunction", given, then=then, errors={"NoMatchingError": error})


def base(*before: Document, start: str = "", **parameters: Document) -> Document:
    """BASE with other parameters of some actions, by identifier, and with actions put before; `start` may be one."""
    document = copy.deepcopy(BASE)
    for each in document["Actions"]:
        each["Parameters"].update(parameters.get(each["Identifier"], {}))
    document["Actions"] = [*before, *document["Actions"]]
    document["StartAction"] = start or document["StartAction"]
    return document


def problems(document: Document, known: Known | None = None, *, strict: bool = False) -> dict[str, str]:
    """Messages of lint by `action code`."""
    found = lint(read_flow(json.dumps(document), catalogue()), catalogue(), strict=strict, known=known)
    return {f"{each.action} {each.code}": each.message for each in found}


def times_ms(played: Played, kind: str) -> list[int]:
    """When events of this type happened, from the start."""
    return [parse_instant(event.at) - START_MS for event in played.of(kind)]


def spent_ms(played: Played, identifier: str) -> int:
    """How long the contact was in this block."""
    at = {type(each).__name__: parse_instant(each.at) for each in played.trace if each.action == identifier}
    return at["BlockLeft"] - at["BlockEntered"]


def results(played: Played) -> list[Any]:
    """The Results of the Lambda block's lines in the flow log."""
    entries = [event.entry for event in played.of("Log")]
    return [entry.get("Results") for entry in entries if entry["ContactFlowModuleType"] == "InvokeExternalResource"]


# --- the Lambda block ---


def test_p01_cold_start_and_run_together_are_over_the_limit_although_the_function_finished() -> None:
    with stubs('lookup=stub(init=0.4,run=2.7):{"State":"WA"}') as host:
        cold = hear(BASE, functions=("lookup",), host=host, logging=True)
        warm = hear(BASE, functions=("lookup",), host=host)

    assert (cold.said, warm.said) == (["Hello", "Sorry"], ["Hello", "State WA"])
    assert (spent_ms(cold, "fn"), spent_ms(warm, "fn")) == (3_000, 2_700)
    left = cold.left("fn")
    assert (left.branch, left.cause, left.attempts) == ("NoMatchingError", "time_limit", 1)
    assert "within the block's limit of 3 s, which covers cold start, run and every retry" in left.detail
    assert results(cold) == ["The Lambda Function Returned An Error."]


@pytest.mark.parametrize(
    ("run", "said"), [("3", "State WA"), ("3.001", "Sorry"), ("2.999", "State WA")], ids=["at it", "over", "under"]
)
def test_p01_only_what_takes_longer_than_the_limit_is_cut(run: str, said: str) -> None:
    played = hear(BASE, functions=(f'lookup=stub(run={run}):{{"State":"WA"}}',))

    assert played.said == ["Hello", said]


@pytest.mark.parametrize("limit", ["2", 2])
def test_p01_the_limit_may_be_text_or_a_number(limit: Any) -> None:
    flow = base(fn={"InvocationTimeLimitSeconds": limit})

    played = hear(flow, functions=('lookup=stub(run=2.5):{"State":"WA"}',))

    assert (played.said, spent_ms(played, "fn")) == (["Hello", "Sorry"], 2_000)


def test_p01_a_real_function_is_cut_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The smoke test: the limit is a second, the function would take two more."""
    monkeypatch.chdir(tmp_path)
    Path("lookup.py").write_text("import time\ndef handler(event, context):\n    time.sleep(3)\n    return {}\n")
    Path("flow.json").write_text(json.dumps(base(fn={"InvocationTimeLimitSeconds": "1"})))

    called = call("run", "flow.json", "--silent", "--json", "--function", "lookup=python:lookup.handler")

    events = [json.loads(line) for line in called.out.splitlines()]
    assert [event["text"] for event in events if event["type"] == "said"] == ["Hello", "Sorry"]
    assert [event["cause"] for event in events if event["type"] == "block.left" and "cause" in event] == ["time_limit"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"State": "a" * 32_000}, "State " + "a" * 32_000),
        ({"State": "a" * 33_000}, "Sorry"),
        ({"State": "あ" * 11_000}, "Sorry"),
        ({"State": "あ" * 10_000}, "State " + "あ" * 10_000),
        ({"State": "a" * (32_767 - 12)}, "State " + "a" * (32_767 - 12)),
        ({"State": "a" * (32_768 - 12)}, "Sorry"),
    ],
    ids=["32,000", "33,000", "33,000 bytes of kana", "30,000 bytes of kana", "32,767 in all", "32,768 in all"],
)
def test_p02_an_answer_has_fewer_than_32_kb_in_bytes(answer: Document, said: str) -> None:
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))

    played = hear(base(say={"Text": "$.External.State"}), functions=(f"lookup=stub:{text}",), channel="CHAT")

    refused = said == "Sorry"
    assert (played.left("fn").cause == "size") == refused
    # a prompt has limits of its own, so what the flow knows is what counts
    assert played.left("fn").external == (None if refused else answer)


def test_p04_a_nested_answer_needs_json() -> None:
    nested = 'lookup=stub:{"State":{"Code":"CA"}}'
    json_mode = {"ResponseValidation": {"ResponseType": "JSON"}}

    flat = hear(BASE, functions=(nested,), logging=True)
    deep = hear(base(fn=json_mode, say={"Text": "State $.External.State.Code"}), functions=(nested,))

    assert (flat.said, deep.said) == (["Hello", "Sorry"], ["Hello", "State CA"])
    assert (flat.left("fn").cause, results(flat)) == ("shape", ["The Lambda Function Returned An Error."])
    assert "set the response type to JSON" in flat.left("fn").detail


@pytest.mark.parametrize(
    ("answer", "flat", "nested"),
    [
        ('{"State":["CA"]}', "Sorry", 'State ["CA"]'),
        ('{"State":null}', "Sorry", "State "),
        ('{"State":1.50}', "State 1.50", "State 1.5"),
        ('{"State":true}', "State true", "State true"),
        ('["CA"]', "Sorry", "State "),
        ('"CA"', "Sorry", "State "),
        ("null", "Sorry", "Sorry"),
        ("{}", "State ", "State "),
    ],
)
def test_p04_the_kinds_of_answers(answer: str, flat: str, nested: str) -> None:
    """What each response type makes of an answer: decisions S3 to S5."""
    functions = (f"lookup=stub:{answer}",)

    assert hear(BASE, functions=functions).said == ["Hello", flat]
    assert hear(base(fn={"ResponseValidation": {"ResponseType": "JSON"}}), functions=functions).said == [
        "Hello",
        nested,
    ]


def test_p06_a_function_that_raises_is_tried_four_times() -> None:
    played = hear(base(fn={"InvocationTimeLimitSeconds": "8"}), functions=("lookup=fail:error",))

    assert played.said == ["Hello", "Sorry"]
    assert [event.attempt for event in played.of("FunctionCalled")] == [1, 2, 3, 4]
    start_ms = times_ms(played, "FunctionCalled")[0]
    assert [at_ms - start_ms for at_ms in times_ms(played, "FunctionCalled")] == [0, 100, 300, 700]
    assert (played.left("fn").attempts, played.left("fn").cause) == (4, "function_error")


@pytest.mark.parametrize(
    ("policy", "pauses_ms"),
    [(LambdaPolicy(0), []), (LambdaPolicy(1), [100]), (LambdaPolicy(2, (50, 60)), [50, 110])],
)
def test_p06_the_number_of_attempts_can_be_set(policy: LambdaPolicy, pauses_ms: list[int]) -> None:
    played = hear(BASE, functions=("lookup=fail:error",), instance={"lambda_policy": policy})

    at_ms = times_ms(played, "FunctionCalled")
    assert [each - at_ms[0] for each in at_ms] == [0, *pauses_ms]


def test_p06_every_attempt_is_inside_the_limit() -> None:
    """Each takes a second: the third would end at 3.3 s."""
    failing = 'lookup=stub(run=1,seq):[{"fail":"error"}]'

    played = hear(BASE, functions=(failing,))

    assert (played.left("fn").attempts, played.left("fn").cause, spent_ms(played, "fn")) == (3, "time_limit", 3_000)


def test_p06_an_attempt_that_succeeds_is_the_last() -> None:
    played = hear(BASE, functions=('lookup=stub(seq):[{"fail":"throttle"},{"fail":"500"},{"State":"WA"}]',))

    assert played.said == ["Hello", "State WA"]
    assert played.left("fn").attempts == 3


@pytest.mark.parametrize(
    ("fault", "cause", "result"),
    [
        ("instance-limit", "instance_limit", "Instance has reached concurrent Lambda thread access limit"),
        ("403", "forbidden", "Status Code: 403; Error Code: AccessDeniedException; Request ID: "),
        ("404", "not_found", "Status Code: 404; Error Code: ResourceNotFoundException; Request ID: "),
        ("throttle", "throttle", "Status Code: 429; Error Code: TooManyRequestsException; Request ID: "),
        ("500", "service", "Status Code: 500; Error Code: ServiceException; Request ID: "),
        ("timeout", "function_timeout", "The Lambda Function Returned An Error."),
        ("slow:9", "time_limit", "The Lambda Function Returned An Error."),
        ("error", "function_error", "The Lambda Function Returned An Error."),
        ("init", "init", "The Lambda Function Returned An Error."),
        ("crash", "crash", "The Lambda Function Returned An Error."),
        ("nested", "shape", "The Lambda Function Returned An Error."),
        ("big", "size", "The Lambda Function Returned An Error."),
        ("garbage", "unreadable", "The Lambda Function Returned An Error."),
    ],
)
def test_p08_every_fault_has_the_text_that_people_hunt(fault: str, cause: str, result: str) -> None:
    played = hear(BASE, functions=(f"lookup=fail:{fault}",), logging=True)

    assert played.said == ["Hello", "Sorry"]
    assert played.left("fn").cause == cause
    assert [each[: len(result)] for each in results(played)] == [result]


def test_p09_strict_refuses_a_function_that_was_not_added_to_the_instance() -> None:
    flow = base(fn={"InvocationTimeLimitSeconds": "8"})

    refused = hear(flow, functions=(WA,), instance={"strict": True}, logging=True)
    added = hear(flow, functions=(WA,), instance={"strict": True, "associated": frozenset({"lookup"})})

    assert (refused.said, added.said) == (["Hello", "Sorry"], ["Hello", "State WA"])
    assert refused.of("FunctionCalled") == []
    entry = next(e.entry for e in refused.of("Log") if e.entry["ContactFlowModuleType"] == "InvokeExternalResource")
    assert entry["Results"].startswith("Status Code: 403; Error Code: AccessDeniedException; Request ID: ")
    assert entry["Parameters"]["TimeLimit"] == "8000"


def test_p09_compatible_warns_and_goes_on() -> None:
    played = hear(BASE, functions=(WA,), instance={"associated": frozenset()})

    assert played.said == ["Hello", "State WA"]
    warnings = [event.message for event in played.of("Warned")]
    assert warnings == ["function 'lookup' is not added to the instance; Connect would refuse to invoke it."]


@pytest.mark.parametrize(
    ("arn", "words"),
    [
        (f"{OTHER_ACCOUNT}:lookups", "nearest: lookup"),
        (f"{ACCOUNT}:look_up", "nearest: lookup"),
        ("lookpu", "nearest: lookup"),
        ("SELECT LAMBDA TO VIEW", "nearest: lookup, other"),
    ],
)
def test_p11_a_function_that_is_not_found_names_the_near_ones(arn: str, words: str) -> None:
    played = hear(base(fn={"LambdaFunctionARN": arn}), functions=(WA, "other=stub:{}"))

    assert played.said == ["Hello", "Sorry"]
    assert played.left("fn").cause == "not_found"
    assert played.left("fn").detail == f"no function is registered for {arn!r}; {words}."


def test_p11_the_same_name_in_another_account_is_the_function() -> None:
    """An ARN is looked up by the name inside it, so a flow of another account runs (decision S20)."""
    assert hear(base(fn={"LambdaFunctionARN": f"{OTHER_ACCOUNT}:lookup"}), functions=(WA,)).said[1] == "State WA"


def test_p11_why_says_how_a_block_finds_its_function(project: Path) -> None:
    (project / "flow.json").write_text(json.dumps(base(fn={"LambdaFunctionARN": f"{OTHER_ACCOUNT}:lookpu"})))

    called = call("functions", "why", "flow.json:fn")

    assert called.code == 1
    assert f"no function is registered for '{OTHER_ACCOUNT}:lookpu'; nearest: lookup" in called.out


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one function, made the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "offhook.toml").write_text('[functions.lookup]\nstub = { State = "WA" }\n')
    return tmp_path


def _named_by(reference: str, *values: tuple[str, str]) -> Document:
    put = [
        action(
            "set",
            "UpdateContactAttributes",
            {"Attributes": {key: text}},
            then="hi",
            errors={"NoMatchingError": "sorry"},
        )
        for key, text in values
    ]
    return base(*put, start="set" if put else "hi", fn={"LambdaFunctionARN": reference})


@pytest.mark.parametrize("arn", [ARN, f"{ARN}:live", f"{ARN}:$LATEST"])
def test_p12_an_attribute_may_hold_the_functions_arn(arn: str) -> None:
    flow = _named_by("$.Attributes.fnArn", ("fnArn", arn))

    assert hear(flow, functions=(WA,)).said == ["Hello", "State WA"]
    assert problems(flow) == {}


def test_p12_an_arn_may_be_put_together_before() -> None:
    made = "arn:aws:lambda:$.AwsRegion:111122223333:function:lookup"

    assert hear(_named_by("$.Attributes.fnArn", ("fnArn", made)), functions=(WA,)).said == ["Hello", "State WA"]


def test_p12_a_reference_inside_an_arn_is_refused() -> None:
    arn = "arn:aws:lambda:$.AwsRegion:111122223333:function:lookup"
    flow = _named_by(arn)

    played = hear(flow, functions=("other=stub:{}",))

    assert played.said == ["Hello", "Sorry"]
    assert "fn E-lambda-arn-template" in problems(flow)


def test_p12_an_arn_in_an_attribute_that_is_not_set_is_an_error() -> None:
    played = hear(_named_by("$.Attributes.fnArn"), functions=(WA,))

    assert played.said == ["Hello", "Sorry"]
    left = played.left("fn")
    assert (left.cause, left.unset) == ("not_found", ("$.Attributes.fnArn",))


def test_p12_a_name_in_an_attribute_is_not_an_arn() -> None:
    played = hear(_named_by("$.Attributes.fnArn", ("fnArn", "lookup")), functions=(WA,))

    assert (played.said[1], played.left("fn").cause) == ("Sorry", "not_found")
    assert "came out of a reference and is a name" in played.left("fn").detail


def test_p13_a_function_that_is_always_cold_never_makes_it() -> None:
    with stubs('lookup=stub(init=3.2,cold=always):{"State":"WA"}') as host:
        said = [hear(BASE, functions=("lookup",), host=host).said[1] for _ in range(3)]

    assert said == ["Sorry", "Sorry", "Sorry"]


@pytest.mark.parametrize(
    ("cold", "said"),
    [("first", ["Sorry", "State WA", "State WA", "State WA"]), ("every 2", ["Sorry", "State WA"] * 2)],
)
def test_p13_cold_starts_come_as_they_are_asked_for(cold: str, said: list[str]) -> None:
    with stubs(f'lookup=stub(init=3.2,cold={cold}):{{"State":"WA"}}') as host:
        assert [hear(BASE, functions=("lookup",), host=host).said[1] for _ in range(4)] == said


def test_p13_a_second_block_finds_the_function_warm() -> None:
    again = base(invoke("again", "say"))
    again["Actions"][2]["Transitions"]["Errors"][0]["NextAction"] = "again"

    played = hear(again, functions=('lookup=stub(init=3.2,cold=first):{"State":"WA"}',))

    assert played.way == ["hi", "fn", "again", "say", "bye"]
    assert played.said == ["Hello", "State WA"]


def _polls(times: int) -> Document:
    poll = invoke("poll", "check", LambdaFunctionARN="status")
    return {
        "Version": "2019-10-30",
        "StartAction": "start",
        "Metadata": {},
        "Actions": [
            invoke("start", "loop", LambdaFunctionARN="start"),
            action(
                "loop",
                "Loop",
                {"LoopCount": str(times)},
                then="sorry",
                when=(("Equals", "ContinueLooping", "wait"), ("Equals", "DoneLooping", "sorry")),
            ),
            say("wait", "One moment", "poll"),
            poll,
            action(
                "check",
                "Compare",
                {"ComparisonValue": "$.External.status"},
                then="loop",
                errors={"NoMatchingCondition": "loop"},
                when=(("Equals", "done", "ready"),),
            ),
            say("ready", "It is $.External.answer"),
            say("sorry", "Sorry"),
            BASE["Actions"][-1],
        ],
    }


POLLS = (
    'status=stub(run=1,seq):[{"status":"busy"},{"status":"busy"},{"status":"done","answer":"42"}]',
    'start=stub(run=0.2):{"id":"7"}',
)


def test_p14_start_and_poll_ends_at_the_third_poll() -> None:
    played = hear(_polls(5), functions=POLLS)

    assert played.said == ["One moment", "One moment", "One moment", "It is 42"]
    assert [event.function for event in played.of("FunctionCalled")] == ["start", "status", "status", "status"]
    # 200 ms to start, then three times 650 ms of prompt (10 characters) and a second of polling
    assert times_ms(played, "FunctionEnded") == [200, 1_850, 3_500, 5_150]


def test_p14_polling_gives_up_when_the_loop_is_done() -> None:
    played = hear(_polls(2), functions=POLLS)

    assert played.said == ["One moment", "One moment", "Sorry"]


def test_p17_an_answer_with_a_status_code_is_a_success() -> None:
    known = known_in(
        Instance(resources=(Instance().resource("function", "lookup"),)), {}, {"lookup": ('{"statusCode":"500"}',)}
    )

    played = hear(BASE, functions=('lookup=stub:{"statusCode":"500"}',))

    assert (played.said, played.left("fn").branch) == (["Hello", "State "], "NextAction")
    assert [event.message.partition(":")[0] for event in played.of("Warned")] == ["W-lambda-statuscode"]
    assert "fn W-lambda-statuscode" in problems(BASE, known)


@pytest.mark.parametrize(("strict", "went"), [(False, "NextAction"), (True, "NoMatchingError")])
def test_p17_a_number_becomes_text_or_is_refused_by_the_profile(strict: bool, went: str) -> None:
    flow = base(say={"Text": "Status $.External.statusCode"})
    instance = {"strict": strict, "associated": frozenset({"lookup"})}

    played = hear(flow, functions=('lookup=stub:{"statusCode":500}',), instance=instance)

    assert played.left("fn").branch == went
    assert played.said[1] == ("Sorry" if strict else "Status 500")
    assert (
        any("STRING_MAP takes text: 'statusCode' became text" in each.message for each in played.of("Warned")) != strict
    )


def test_p21_names_are_case_sensitive() -> None:
    played = hear(BASE, functions=('lookup=stub:{"state":"CA"}',))

    assert played.said == ["Hello", "State "]
    assert played.left("say").unset == ("$.External.State",)
    assert "$.External.State (is it state?)" in [text for name, text in _summary(played).rows() if name == "not set"]


def _summary(played: Played) -> Summary:
    summary = Summary()
    for event in played.trace:
        summary(event)
    return summary


@pytest.mark.parametrize("source", ["stub", "python"])
def test_p21_lint_knows_what_functions_answer(source: str) -> None:
    instance = Instance(resources=(Instance().resource("function", "lookup"),))
    code = 'def handler(event, context):\n    return {"state": "CA"}\n'
    known = (
        known_in(instance, {"lookup": code}, {})
        if source == "python"
        else known_in(instance, {}, {"lookup": ('{"state":"CA"}',)})
    )

    assert "state" in problems(BASE, known)["say W-external-name"]
    assert problems(base(say={"Text": "State $.External.state"}), known) == {}


@pytest.mark.parametrize(("error", "found"), [("bye", True), ("sorry", False)])
def test_p23_hanging_up_when_a_function_fails_is_warned_of(error: str, found: bool) -> None:
    flow = base()
    flow["Actions"][1]["Transitions"]["Errors"][0]["NextAction"] = error

    assert ("fn W-lambda-error-disconnects" in problems(flow)) == found


def test_p24_the_functions_own_time_out_comes_first() -> None:
    flow = base(fn={"InvocationTimeLimitSeconds": "8"})

    played = hear(flow, functions=('lookup=stub(run=3,timeout=2):{"State":"WA"}',))

    assert (played.said, spent_ms(played, "fn")) == (["Hello", "Sorry"], 2_000)
    left = played.left("fn")
    assert (left.cause, left.attempts) == ("function_timeout", 1)
    assert "Task timed out after 2.00 seconds" in left.detail


def test_p24_the_blocks_limit_comes_first() -> None:
    played = hear(base(fn={"InvocationTimeLimitSeconds": "1"}), functions=("lookup=stub(run=3,timeout=2):{}",))

    assert (played.left("fn").cause, spent_ms(played, "fn")) == ("time_limit", 1_000)


def _two_in_a_row(between: tuple[Document, ...] = ()) -> Document:
    then = between[0]["Identifier"] if between else "second"
    flow = base(*between, invoke("second", "say"))
    flow["Actions"][len(between) + 2]["Transitions"]["NextAction"] = then
    return flow


def test_p26_two_functions_in_a_row_are_six_seconds_of_silence() -> None:
    flow = _two_in_a_row()

    played = hear(flow, functions=('lookup=stub(run=3):{"State":"WA"}',))

    assert played.said == ["Hello", "State WA"]
    assert dict(_summary(played).rows())["silence"] == "6.0 s at longest, 6.0 s in all"
    assert "second W-lambda-silence" in problems(flow) or "fn W-lambda-silence" in problems(flow)


def test_p26_a_prompt_between_them_breaks_the_silence() -> None:
    flow = _two_in_a_row((say("moment", "One moment", "second"),))

    played = hear(flow, functions=('lookup=stub(run=3):{"State":"WA"}',))

    assert dict(_summary(played).rows())["silence"] == "3.0 s at longest, 6.0 s in all"
    assert not [code for code in problems(flow) if code.endswith("lambda-silence")]


def test_p27_one_trace_joins_the_five(project: Path) -> None:
    """The flow-log line, the event that was sent, what the function wrote, its answer, and External after it."""
    Path("lookup.py").write_text(
        "def handler(event, context):\n"
        "    print('asked for', event['Details']['Parameters']['zip'])\n"
        "    return {'State': 'WA'}\n"
    )
    (project / "flow.json").write_text(json.dumps(base(fn={"LambdaInvocationAttributes": {"zip": "98101"}})))

    called = call("run", "flow.json", "--silent", "--json", "--trace", "--function", "lookup=python:lookup.handler")

    events = [json.loads(line) for line in called.out.splitlines()]
    of_block = {event["type"]: event for event in events if event.get("action") == "fn"}
    assert of_block["log"]["entry"]["Parameters"]["FunctionArn"] == ARN
    assert of_block["log"]["entry"]["ExternalResults"] == {"State": "WA"}
    assert of_block["function.called"]["event"]["Details"]["Parameters"] == {"zip": "98101"}
    assert "asked for 98101" in of_block["function.ended"]["log"]
    assert json.loads(of_block["function.ended"]["body"]) == {"State": "WA"}
    assert of_block["block.left"]["external"] == {"State": "WA"}
    assert of_block["function.called"]["request_id"] == of_block["function.ended"]["request_id"]


def test_p27_a_person_sees_the_five_as_well(project: Path) -> None:
    (project / "flow.json").write_text(json.dumps(base(fn={"LambdaInvocationAttributes": {"zip": "98101"}})))

    shown = call("run", "flow.json", "--silent", "--trace").out

    for part in ('"zip"', "98101", '"State"', "WA", "InvokeExternalResource", "lookup"):
        assert part in shown


# --- attributes, comparison, text ---


def test_p35_a_path_where_a_key_is_expected_is_found() -> None:
    """The designer puts `$.External.` before the key that the author gave, which was a path already."""
    store = action(
        "set", "UpdateContactAttributes", {"Attributes": {"state": "$.External.$.External.State"}}, then="tell"
    )
    flow = base(store, say("tell", "It is '$.Attributes.state'"))
    flow["Actions"][3]["Transitions"]["NextAction"] = "set"

    played = hear(flow, functions=(WA,))

    assert played.contact.attributes == {"state": ""}
    assert played.said == ["Hello", "It is ''"]
    assert "set E-doubled-reference" in problems(flow)


@pytest.mark.parametrize(
    ("kind", "text", "name", "went"),
    [
        ("SSML", "<speak>Hi $.External.Name</speak>", "Tom & Co", "NoMatchingError"),
        ("SSML", "<speak>Hi $.External.Name</speak>", "Tom &amp; Co", "NextAction"),
        ("SSML", "<speak>Hi $.External.Name</speak>", "Tom < Co", "NoMatchingError"),
        ("SSML", "<speak>Hi $.External.Name</speak>", "<b>Tom", "NoMatchingError"),
        ("SSML", "<speak>Hi $.External.Name</speak>", "<break time='1s'/>Tom", "NextAction"),
        ("Text", "Hi $.External.Name", "Tom & Co", "NextAction"),
        ("Text", "Hi $.External.Name", "<b>Tom", "NextAction"),
    ],
)
def test_p38_what_a_reference_gives_is_put_into_ssml_as_it_is(kind: str, text: str, name: str, went: str) -> None:
    flow = base()
    flow["Actions"][2]["Parameters"] = {kind: text}
    flow["Actions"][2]["Transitions"]["Errors"][0]["NextAction"] = "sorry"

    played = hear(flow, functions=(f"lookup=stub:{json.dumps({'Name': name})}",))

    assert played.left("say").branch == went
    assert played.said[1] == ("Sorry" if went == "NoMatchingError" else text.replace("$.External.Name", name))
    assert ("cannot be read" in played.left("say").detail) == (went == "NoMatchingError")
    assert ("say W-ssml-reference" in problems(flow)) == (kind == "SSML")


MENU = {
    "Version": "2019-10-30",
    "StartAction": "menu",
    "Metadata": {},
    "Actions": [
        action(
            "menu",
            "GetParticipantInput",
            {"Text": "Press", "StoreInput": "False", "InputTimeLimitSeconds": "5"},
            then="sorry",
            errors={"InputTimeLimitExceeded": "late", "NoMatchingCondition": "other", "NoMatchingError": "sorry"},
            when=(("Equals", "1", "one"), ("Equals", "2", "two")),
        ),
        *(say(name, name) for name in ("one", "two", "late", "other", "sorry")),
        BASE["Actions"][-1],
    ],
}


@pytest.mark.parametrize(
    ("given", "branch", "said"),
    [
        ("silence", "InputTimeLimitExceeded", "late"),
        ("say:one", "InputTimeLimitExceeded", "late"),
        ("wait:9s", "InputTimeLimitExceeded", "late"),
        ("9", "NoMatchingCondition", "other"),
        ("#", "NoMatchingCondition", "other"),
        ("1", "Equals 1", "one"),
        ("2", "Equals 2", "two"),
        ("21", "Equals 2", "two"),
        ("barge:1", "Equals 1", "one"),
    ],
)
def test_p40_each_edge_of_a_menu(given: str, branch: str, said: str) -> None:
    played = hear(MENU, inputs=(given,))

    assert (played.left("menu").branch, played.said) == (branch, ["Press", said])


def test_p40_on_chat_a_menu_of_keys_is_an_error() -> None:
    played = hear(MENU, inputs=("1",), channel="CHAT")

    assert (played.left("menu").branch, played.left("menu").cause, played.said) == (
        "NoMatchingError",
        "channel",
        ["sorry"],
    )


def test_p40_somebody_who_hangs_up_takes_no_edge() -> None:
    played = hear(MENU, inputs=("hangup",))

    assert sentences(played) == ["says Press", "hangup", "ended: customer hung up"]


def _stores(**attributes: str) -> Document:
    put = action(
        "set", "UpdateContactAttributes", {"Attributes": attributes}, then="hi", errors={"NoMatchingError": "sorry"}
    )
    return base(put, start="set")


@pytest.mark.parametrize(
    ("present", "added", "goes"),
    [(31 * 1024, 2 * 1024, False), (31 * 1024, 1024 - 6, True), (31 * 1024, 1024 - 5, False)],
    ids=["2 KB more", "32,768 bytes with both keys", "a byte more"],
)
def test_p41_all_attributes_together_have_32_kb(present: int, added: int, goes: bool) -> None:
    """`old` and `new` are three bytes each."""
    old = {"old": "a" * present}

    played = hear(_stores(new="b" * added), functions=(WA,), attributes=old)

    assert played.contact.attributes == (old | {"new": "b" * added} if goes else old)
    left = played.left("set")
    assert (left.branch, left.cause) == (("NextAction", "") if goes else ("NoMatchingError", "attributes_too_large"))


def test_p41_bytes_count_and_a_shorter_value_makes_room() -> None:
    kana = hear(_stores(new="あ" * 11_000), functions=(WA,))
    shorter = hear(_stores(old="a"), functions=(WA,), attributes={"old": "a" * 32_000})

    assert (kana.left("set").branch, kana.contact.attributes) == ("NoMatchingError", {})
    assert shorter.contact.attributes == {"old": "a"}


# --- flows ---


NEXT = {**BASE, "StartAction": "sorry", "Actions": [say("sorry", "The next flow"), BASE["Actions"][-1]]}
MADE = known_flow("Next")


def _transfer(target: str) -> Document:
    go = action("go", "TransferToFlow", {"ContactFlowId": target}, then="sorry", errors={"NoMatchingError": "sorry"})
    return base(go, start="go")


@pytest.mark.parametrize(
    ("target", "next_flow", "said"),
    [
        ("$.Attributes.next", MADE.arn, "The next flow"),
        ("$.Attributes.next", MADE.id, "The next flow"),
        ("$.Attributes.next", "Next", "Sorry"),
        ("$.Attributes.next", MADE.arn.replace("Next", "Other"), "Sorry"),
        ("$.Attributes.next", "", "Sorry"),
        ("$.External.next", "", "Sorry"),
        ("Next", "", "The next flow"),
        (MADE.arn, "", "The next flow"),
    ],
    ids=["ARN", "id", "name", "another ARN", "empty", "unset", "written name", "written ARN"],
)
def test_p46_a_flow_out_of_a_reference_is_found_by_arn_and_not_by_name(target: str, next_flow: str, said: str) -> None:
    played = hear(_transfer(target), others={"Next": NEXT}, attributes={"next": next_flow})

    assert played.said == [said]
    assert played.left("go").cause == ("not_found" if said == "Sorry" else "")


# --- files ---


OLD = {
    "modules": [
        {
            "id": "fn",
            "type": "InvokeExternalResource",
            "target": "Lambda",
            "branches": [{"condition": "Success", "transition": "say"}, {"condition": "Error", "transition": "bye"}],
            "parameters": [
                {"name": "FunctionArn", "value": ARN, "namespace": None},
                {"name": "TimeLimit", "value": "4"},
            ],
            "metadata": {},
        },
        {
            "id": "say",
            "type": "PlayPrompt",
            "branches": [{"condition": "Success", "transition": "bye"}],
            "parameters": [
                {"name": "Text", "value": "State $.External.State", "namespace": None},
                {"name": "TextToSpeechType", "value": "text"},
            ],
            "metadata": {},
        },
        {"id": "bye", "type": "Disconnect", "branches": [], "parameters": [], "metadata": {}},
    ],
    "version": "1",
    "type": "contactFlow",
    "start": "fn",
    "metadata": {"name": "Old"},
}


def test_p51_the_old_export_runs(project: Path) -> None:
    (project / "old").write_text(json.dumps(OLD))

    called = call("run", "old", "--silent", "--json")

    assert called.code == 0
    assert [json.loads(line).get("text") for line in called.out.splitlines() if '"said"' in line] == ["State WA"]


def test_p51_the_old_export_is_converted_and_runs_as_before(project: Path) -> None:
    (project / "old.json").write_text(json.dumps(OLD))

    converted = call("convert", "old.json", "-o", "new.json")

    assert (converted.code, json.loads((project / "new.json").read_text())["Version"]) == (0, "2019-10-30")
    assert _said(call("run", "new.json", "--silent")) == _said(call("run", "old.json", "--silent"))


def _said(called: Called) -> str:
    """All but the last line, which repeats the command and its file."""
    assert called.code == 0
    return called.out.rpartition("again")[0]


def test_p51_a_flow_as_text_in_text_runs(project: Path) -> None:
    """What `aws connect describe-contact-flow --query ContactFlow.Content` prints."""
    (project / "text.json").write_text(json.dumps(json.dumps(BASE)))

    assert "State WA" in call("run", "text.json", "--silent").out


def test_p51_a_version_that_nobody_knows_is_named(project: Path) -> None:
    (project / "other.json").write_text(json.dumps({**OLD, "version": "2"}))

    called = call("run", "other.json", "--silent")

    assert called.code == 2
    assert (
        called.err
        == "offhook: other.json: this is an old console export, and its version is \"2\"; only '1' is known.\n"
    )


def test_p65_an_input_beside_the_parameters_does_not_arrive_and_strict_refuses_it() -> None:
    flow = base(fn={"customerId": "1"})

    played = hear(flow, functions=(WA,))

    assert played.of("FunctionCalled")[0].event["Details"]["Parameters"] == {}
    assert "move it there" in problems(flow)["fn W-lambda-input-place"]
    assert "fn W-unknown-parameter" in problems(flow)
    assert "fn E-unknown-parameter" in problems(flow, strict=True)


def test_p65_an_input_in_its_place_arrives() -> None:
    flow = base(fn={"LambdaInvocationAttributes": {"customerId": "1", "state": "$.Attributes.state"}})

    played = hear(flow, functions=(WA,), attributes={"state": "WA"})

    parameters = played.of("FunctionCalled")[0].event["Details"]["Parameters"]
    assert parameters == {"customerId": "1", "state": "WA"}
    assert "fn W-lambda-input-place" not in problems(flow)
