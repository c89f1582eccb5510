"""Who may invoke a function: association, resource policies, versions and aliases (section 11 of the Lambda block)."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from offhook.adapters.lambdas.spec import DeployedFunction, parse_function
from offhook.blocks import catalogue
from offhook.cli.project import Project, load_project
from offhook.core import permission
from offhook.core.machine import step
from offhook.core.program import Compiled
from offhook.core.resolve import Resolver, qualifier_of
from offhook.flowjson.lint import known_in, lint
from offhook.model.errors import UsageError
from offhook.model.event import LambdaEnded, Started, TimerFired
from offhook.model.instance import Alias, Instance, Resource, Statement

from .command_line import Called
from .command_line import call as cli
from .stage import BYE, INSTANCE, START_MS, Played, Stubs, action, call, compiled, contact, flow, play, say

ARN = "arn:aws:lambda:us-east-1:111122223333:function:lookup"
CONNECT = "connect.amazonaws.com"
GRANT = Statement(CONNECT, source_account="111122223333", source_arn=INSTANCE.arn)
OTHER_INSTANCE = "arn:aws:connect:us-east-1:111122223333:instance/99999999-9999-4999-8999-999999999999"
FLOW = (call("fn", "say", "sorry"), say("say", "State $.External.State"), say("sorry", "Sorry"), BYE)


def lookup(**settings: Any) -> Resource:
    return replace(INSTANCE.resource("function", "lookup"), **settings)


def heard(function: Resource, arn: str = ARN, **instance: Any) -> Played:
    """A contact whose Lambda block asks for this ARN of this function."""
    block, *others = FLOW
    block = replace(block, parameters={**block.parameters, "LambdaFunctionARN": arn})
    stage = compiled(flow(block, *others), functions=(), resources=(function,), **instance)
    return play(stage, Stubs(lookup={"State": "WA"}), logging=True)


def refusal(*policy: Statement, qualifier: str = "", associated: frozenset[str] | None = None) -> str:
    instance = Instance(strict=True, associated=associated)
    return permission.not_allowed(instance, lookup(policy=policy), qualifier)


# --- the policy itself


@pytest.mark.parametrize(
    "statement",
    [
        GRANT,
        Statement(CONNECT),
        Statement("*"),
        Statement(CONNECT, action="lambda:Invoke*"),
        Statement(CONNECT, action="LAMBDA:INVOKEFUNCTION"),
        Statement(CONNECT, action="*"),
        Statement(CONNECT, source_account="111122223333"),
        Statement(CONNECT, source_arn="arn:aws:connect:*:111122223333:instance/*"),
        Statement(CONNECT, source_arn=f"{INSTANCE.arn[:-1]}?"),
    ],
)
def test_a_statement_for_connect_and_this_instance_allows_it(statement: Statement) -> None:
    assert refusal(statement) == ""


@pytest.mark.parametrize(
    "statement",
    [
        Statement("apigateway.amazonaws.com"),
        Statement("111122223333"),
        Statement(CONNECT, action="lambda:GetFunction"),
        Statement("*", source_account="999999999999"),
        Statement("*", source_arn=OTHER_INSTANCE),
        Statement("*", source_arn="arn:aws:connect:*"),
        Statement("*", source_arn="arn:aws:connect:us-east-1:111122223333:instance/"),
    ],
)
def test_a_statement_for_somebody_else_allows_nothing(statement: Statement) -> None:
    assert refusal(statement) == (
        "function 'lookup' is not added to the instance, and its policy does not allow connect.amazonaws.com; "
        "Connect would refuse to invoke it."
    )


def test_a_statement_for_another_instance_is_told_with_both() -> None:
    """P09: all permissions look fine, but for another instance."""
    assert refusal(Statement(CONNECT, source_arn=OTHER_INSTANCE)) == (
        f"the policy of function 'lookup' allows Connect for {OTHER_INSTANCE}, and this instance is {INSTANCE.arn}; "
        "Connect would refuse to invoke it."
    )
    assert "allows Connect for account 999999999999, and" in refusal(Statement(CONNECT, source_account="999999999999"))


def test_a_policy_belongs_to_one_version_or_alias() -> None:
    assert refusal(GRANT, qualifier="$LATEST") == ""
    assert refusal(replace(GRANT, qualifier="live"), qualifier="live") == ""
    assert refusal(GRANT, qualifier="live") == (
        "only 'lookup' may be invoked by this instance, and 'lookup:live' has a policy of its own; "
        "Connect would refuse to invoke it."
    )
    others = (replace(GRANT, qualifier="live"), replace(GRANT, qualifier="7"))
    assert "only 'lookup:7' and 'lookup:live' may be invoked by this instance, and 'lookup' has" in refusal(*others)


def test_adding_a_function_to_the_instance_is_a_permission_for_what_was_added() -> None:
    assert refusal(associated=frozenset({"lookup"})) == ""
    assert refusal(associated=frozenset({"lookup:live"}), qualifier="live") == ""
    assert "only 'lookup' may be invoked by this instance" in refusal(
        associated=frozenset({"lookup", "other"}), qualifier="7"
    )


# --- the block


@pytest.mark.parametrize("strict", [False, True])
def test_either_of_the_two_permissions_will_do(strict: bool) -> None:
    by_policy = heard(lookup(policy=(GRANT,)), strict=strict)
    added = heard(lookup(policy=()), strict=strict, associated=frozenset({"lookup"}))

    assert by_policy.said == added.said == ["State WA"]
    assert by_policy.of("Warned") == added.of("Warned") == []


def test_strict_refuses_as_aws_and_says_why() -> None:
    """P09: the flow log has AWS's text, and the reason beside it."""
    played = heard(lookup(policy=(Statement("s3.amazonaws.com"),)), strict=True)

    entry = next(log.entry for log in played.of("Log") if log.action == "fn")
    assert played.said == ["Sorry"]
    assert entry["Results"].startswith("Status Code: 403; Error Code: AccessDeniedException; Request ID: ")
    assert entry["Parameters"]["TimeLimit"] == "3000"
    assert entry["Cause"] == "forbidden"
    assert "its policy does not allow connect.amazonaws.com" in entry["Detail"]
    assert played.of("FunctionCalled") == []


def test_compatible_warns_where_somebody_keeps_account() -> None:
    warned = heard(lookup(policy=()))

    assert warned.said == ["State WA"]
    assert [each.message for each in warned.of("Warned")] == [permission.not_allowed(INSTANCE, lookup(policy=()), "")]
    assert heard(lookup()).of("Warned") == []


LIVE = lookup(policy=None, aliases={"live": Alias("7")}, versions=("5",))


@pytest.mark.parametrize(
    ("text", "qualifier", "version"),
    [
        (ARN, "", ""),
        (f"{ARN}:live", "live", "7"),
        (f"{ARN}:7", "7", "7"),
        (f"{ARN}:5", "5", "5"),
        (f"{ARN}:$LATEST", "$LATEST", ""),
        ("111122223333:function:lookup:live", "live", "7"),
        ("function:lookup:live", "live", "7"),
        ("lookup:live", "live", "7"),
        ("lookup", "", ""),
    ],
)
def test_the_qualifier_goes_to_the_function(text: str, qualifier: str, version: str) -> None:
    stubs = Stubs(lookup={"State": "WA"})
    stage = compiled(flow(call("fn", "bye", LambdaFunctionARN=text), BYE), functions=(), resources=(LIVE,))

    played = play(stage, stubs)

    assert [(each.qualifier, each.version) for each in stubs.calls] == [(qualifier, version)]
    assert [each.version for each in played.of("FunctionCalled")] == [version]
    assert played.of("Warned") == []


def test_a_version_that_there_is_not_is_404_in_strict_and_a_warning_otherwise() -> None:
    everything = replace(LIVE, policy=(replace(GRANT, qualifier="beta"),))
    sentence = "function 'lookup' has no version or alias 'beta'; it has live, 5, 7."

    strict = heard(everything, f"{ARN}:beta", strict=True)
    compatible = heard(everything, f"{ARN}:beta")

    assert strict.left("fn").results.startswith("Status Code: 404; Error Code: ResourceNotFoundException")
    assert strict.left("fn").detail == sentence
    assert strict.said == ["Sorry"]
    assert [each.message for each in compatible.of("Warned")] == [sentence]
    assert compatible.said == ["State WA"]


def test_a_function_without_versions_has_its_latest_alone() -> None:
    assert permission.missing(lookup(aliases={}), "9") == (
        "function 'lookup' has no version or alias '9'; it has $LATEST alone."
    )
    assert permission.missing(lookup(), "9") == ""


def test_what_is_not_allowed_is_not_told_whether_there_is_such_a_thing() -> None:
    played = heard(replace(LIVE, policy=()), f"{ARN}:beta", strict=True)

    assert played.left("fn").cause == "forbidden"


def test_an_alias_with_weights_leads_to_its_versions_in_their_shares() -> None:
    weighted = lookup(aliases={"live": Alias("7", {"8": 0.25})})
    stubs = Stubs(lookup={})
    stage = compiled(flow(call("fn", "bye", LambdaFunctionARN=f"{ARN}:live"), BYE), functions=(), resources=(weighted,))

    for seed in range(400):
        play(stage, stubs, seed=str(seed))

    counts = Counter(each.version for each in stubs.calls)
    assert counts.keys() == {"7", "8"}
    assert 70 <= counts["8"] <= 130


def test_an_asynchronous_call_has_its_version_too() -> None:
    stubs = Stubs(lookup={})
    block = call("fn", "bye", LambdaFunctionARN=f"{ARN}:live", InvocationType="ASYNCHRONOUS")

    play(compiled(flow(block, BYE), functions=(), resources=(LIVE,)), stubs)

    assert [(each.version, each.asynchronous) for each in stubs.calls] == [("7", True)]


def test_a_function_that_vanishes_between_attempts_is_still_asked_for() -> None:
    """A server may lose one while a contact waits; the host then answers that there is none."""
    waiting = flow(call("fn", "bye", LambdaFunctionARN=f"{ARN}:live"), BYE)
    stage = compiled(waiting, functions=(), resources=(LIVE,))
    gone = Compiled(replace(stage.instance, resources=()), catalogue())

    first = step(stage, contact(), Started(START_MS))
    second = step(gone, first.contact, _throttled(first))
    third = step(gone, second.contact, _fired(second))

    (again,) = [each for each in third.effects if type(each).__name__ == "InvokeLambda"]
    assert (again.function, again.attempt, again.version) == ("lookup", 2, "")


def _throttled(stepped: Any) -> Any:
    (order,) = [each for each in stepped.effects if type(each).__name__ == "InvokeLambda"]
    return LambdaEnded(START_MS, order.id, 429)


def _fired(stepped: Any) -> Any:
    (pause,) = [each for each in stepped.effects if type(each).__name__ == "StartTimer"]
    return TimerFired(START_MS + pause.after_ms, pause.id)


# --- names


@pytest.mark.parametrize(
    ("text", "qualifier"),
    [(f"{ARN}:live", "live"), (ARN, ""), ("lookup:7", "7"), ("lookup", ""), ("${Lookup.Arn}", ""), ("", "")],
)
def test_a_qualifier_is_read_off_every_spelling(text: str, qualifier: str) -> None:
    assert qualifier_of(text) == qualifier


def test_functions_registered_with_their_qualifier_are_told_apart() -> None:
    """A deployed function may stand for one alias: its ARN has the alias in it."""
    live, old = (replace(INSTANCE.resource("function", name), arn=f"{ARN}:{name}") for name in ("live", "old"))
    resolver = Resolver(Instance(resources=(live, old)))

    assert resolver.find("function", f"{ARN}:old").resource == old
    assert resolver.find("function", "live").qualifier == "live"
    assert "means two functions" in resolver.find("function", ARN).problem
    assert Resolver(Instance(resources=(live,))).find("function", f"{ARN}:7").qualifier == "7"


def test_a_name_with_an_alias_that_came_out_of_a_reference_is_none() -> None:
    assert Resolver(Instance(resources=(LIVE,))).find("function", "lookup:live", dynamic=True).resource is None


# --- lint


def lines(function: Resource, text: str, **instance: Any) -> list[str]:
    made = Instance(resources=(function,), **instance)
    block = action("fn", "InvokeLambdaFunction", {"LambdaFunctionARN": text, "InvocationTimeLimitSeconds": 3},
                   then="bye", errors={"NoMatchingError": "bye"})  # fmt: skip
    problems = lint(flow(block, BYE), catalogue(), strict=made.strict, known=known_in(made, {}, {}))
    return [each.code for each in problems if each.field == "Parameters.LambdaFunctionARN"]


def test_lint_knows_policies_and_qualifiers() -> None:
    assert lines(lookup(policy=(GRANT,)), ARN) == []
    assert lines(lookup(policy=()), ARN) == ["W-not-associated"]
    assert lines(lookup(policy=()), ARN, strict=True) == ["E-not-associated"]
    assert lines(lookup(), ARN, strict=True) == []
    assert lines(LIVE, f"{ARN}:beta") == ["W-no-qualifier"]
    assert lines(LIVE, f"{ARN}:live") == []


# --- offhook.toml, and `offhook functions why`

SETTINGS = """
[flows]
paths = ["flow.json"]
[functions.lookup]
stub = { State = "WA" }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path, settings: str, *, arn: str = ARN) -> Project:
    """A project with a flow of one Lambda block and these settings of its function."""
    parameters = {"LambdaFunctionARN": arn, "InvocationTimeLimitSeconds": "3"}
    fails = {"NextAction": "sorry", "Errors": [{"NextAction": "sorry", "ErrorType": "NoMatchingError"}]}
    ends = {"NextAction": "bye", "Errors": [{"NextAction": "bye", "ErrorType": "NoMatchingError"}]}
    actions = [
        {"Identifier": "sorry", "Type": "MessageParticipant", "Parameters": {"Text": "Sorry"}, "Transitions": ends},
        {"Identifier": "fn", "Type": "InvokeLambdaFunction", "Parameters": parameters, "Transitions": fails},
        {"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}},
    ]
    document = {"Version": "2019-10-30", "StartAction": "fn", "Metadata": {"name": "Main"}, "Actions": actions}
    (folder / "flow.json").write_text(json.dumps(document))
    (folder / "offhook.toml").write_text(SETTINGS + settings)
    return load_project(folder)


def function_of(project: Project) -> Resource:
    return next(each for each in project.instance.resources if each.kind == "function")


def test_policy_and_aliases_are_settings_of_a_function(folder: Path) -> None:
    project = written(
        folder,
        """
        policy = [
          { principal = "connect.amazonaws.com", source_arn = "arn:i", source_account = "1", qualifier = "live" },
          { principal = "*", action = "lambda:*" },
        ]
        aliases = { live = "7", canary = { version = "7", weights = { 8 = 0.25 } } }
        associated = ["", "live"]
        """,
    )

    made = function_of(project)
    assert made.policy == (
        Statement(CONNECT, source_account="1", source_arn="arn:i", qualifier="live"),
        Statement("*", action="lambda:*"),
    )
    assert made.aliases == {"live": Alias("7"), "canary": Alias("7", {"8": 0.25})}
    assert project.instance.associated == {"lookup", "lookup:live"}


def test_a_function_that_says_nothing_has_no_account_kept(folder: Path) -> None:
    made = function_of(written(folder, ""))

    assert (made.policy, made.aliases) == (None, None)
    assert function_of(written(folder, "policy = []\naliases = {}")) == replace(made, policy=(), aliases={})


def test_every_mistake_in_policy_and_aliases_is_named(folder: Path) -> None:
    with pytest.raises(UsageError) as refusal:
        written(
            folder,
            """
            associated = [1]
            policy = [{ source_arn = "x" }, { principal = 1, effect = "Deny" }, 3]
            [functions.lookup.aliases]
            a = 7
            b = {}
            c = { version = "1", weights = { 2 = 2 } }
            d = { version = "1", weights = { 2 = 0.6, 3 = 0.6 } }
            """,
        )

    assert [each.removeprefix("offhook.toml: [functions.lookup") for each in refusal.value.problems] == [
        "] associated is [1], must be a list of texts.",
        ".policy[2]] is 3, must be a table.",
        ".policy[0]] principal is missing: say who is allowed, as in connect.amazonaws.com.",
        ".policy[1]] principal is 1, must be text.",
        ".policy[1]] effect is not a setting here; known: principal, action, source_account, source_arn, qualifier.",
        ".aliases] a is 7, must be text.",
        ".aliases.b] version is missing: say where the alias leads.",
        ".aliases.c.weights] 2 is 2, must be a share in 0..1.",
        ".aliases.d.weights] adds up to more than 1.",
    ]
    with pytest.raises(UsageError, match="policy is a table, must be a list of tables"):
        written(folder, "policy = {}")


def test_a_deployed_function_is_a_setting(folder: Path) -> None:
    settings = f"""
    deployed = "{ARN}:live"
    endpoint = "http://127.0.0.1:4510"
    region = "eu-west-1"
    profile = "team"
    """
    (folder / "offhook.toml").write_text(f"[functions.lookup]\n{settings}")

    project = load_project(folder)

    assert project.functions["lookup"] == DeployedFunction(
        name="lookup", arn=f"{ARN}:live", region="eu-west-1", endpoint="http://127.0.0.1:4510", profile="team"
    )
    assert Resolver(project.instance).find("function", ARN).qualifier == "live"


def test_an_environment_may_put_a_deployed_function_in_place_of_a_stub_and_back(folder: Path) -> None:
    written(
        folder,
        f"""
        [env.cloud.functions.lookup]
        deployed = "{ARN}"
        profile = "team"
        [env.odd.functions.lookup]
        region = "eu-west-1"
        """,
    )

    assert isinstance(load_project(folder, env="cloud").functions["lookup"], DeployedFunction)
    with pytest.raises(UsageError, match=r"\[functions\.lookup\] region is for deployed functions alone"):
        load_project(folder, env="odd")
    with pytest.raises(UsageError, match="deployed is 'lookup', must be the ARN of a function"):
        (folder / "offhook.toml").write_text('[functions.a]\ndeployed = "lookup"')
        load_project(folder)


def test_a_deployed_function_of_the_command_line_is_found_by_its_arn(folder: Path) -> None:
    project = written(folder, "")
    deployed = parse_function(f"other=deployed:{ARN[:-6]}other:live", folder=folder)

    instance = project.with_functions({"other": deployed}).instance

    found = Resolver(instance).find("function", f"{ARN[:-6]}other:7")
    assert found.resource is not None
    assert (found.resource.name, found.qualifier) == ("other", "7")


def why(folder: Path, settings: str, *, arn: str = ARN) -> Called:
    written(folder, settings, arn=arn)
    return cli("functions", "why", "Main:fn")


STRICT = 'profile = "strict"\n'
CURE = "Say `associated = true`, or give the function a `policy`, in offhook.toml, if that is so in AWS.\n"


def test_why_tells_what_strict_would_refuse(folder: Path) -> None:
    """P09, in both profiles."""
    sentence = "function 'lookup' is not added to the instance; Connect would refuse to invoke it.\n"
    called = why(folder, "")
    assert called.code == 0
    assert called.out.endswith(f"The strict profile would refuse it, as AWS does: {sentence}{CURE}")

    (folder / "offhook.toml").write_text(STRICT + SETTINGS)
    called = cli("functions", "why", "Main:fn")
    assert called.code == 1
    assert called.out.endswith(f"It would not run: {sentence}{CURE}")


def test_why_tells_that_it_may_be_invoked(folder: Path) -> None:
    called = why(folder, "associated = true")

    assert called.code == 0
    assert called.out.endswith("This instance may invoke it.\n")


@pytest.mark.parametrize(
    ("aliases", "asked", "line"),
    [
        ("", "live", "Its version or alias is 'live'."),
        ('aliases = { live = "7" }', "live", "Its alias 'live' leads to version 7."),
        (
            'aliases = { live = { version = "7", weights = { 8 = 0.25 } } }',
            "live",
            "Its alias 'live' leads to version 7 (75%), in 25% of the calls to 8.",
        ),
    ],
)
def test_why_tells_where_an_alias_leads(folder: Path, aliases: str, asked: str, line: str) -> None:
    called = why(folder, f'{aliases}\nassociated = ["{asked}"]', arn=f"{ARN}:{asked}")

    assert line in called.out.splitlines()
    assert called.out.endswith("This instance may invoke it.\n")


def test_why_names_a_version_that_there_is_not(folder: Path) -> None:
    called = why(folder, 'aliases = { live = "7" }\nassociated = ["beta"]', arn=f"{ARN}:beta")

    assert "as AWS does: function 'lookup' has no version or alias 'beta'; it has live, 7.\n" in called.out
    assert "no-qualifier" not in called.out


def test_why_tells_an_arn_of_another_account(folder: Path) -> None:
    """P11."""
    called = why(folder, "associated = true", arn="arn:aws:lambda:eu-west-1:999999999999:function:lookup")

    assert called.code == 0
    assert (
        "To AWS that is a function of account 999999999999 in eu-west-1: no function is registered for this ARN; "
        f"nearest: {ARN}.\n"
    ) in called.out


def test_deployed_functions_are_listed(folder: Path) -> None:
    (folder / "offhook.toml").write_text(
        f'[functions.a]\ndeployed = "{ARN}:live"\n[functions.b]\ndeployed = "{ARN}"\nendpoint = "http://127.0.0.1:1"'
    )

    assert cli("functions", "list").out.splitlines()[::3] == [
        f"a  deployed  {ARN}:live",
        f"b  deployed  {ARN} at http://127.0.0.1:1"[:100],
    ]
