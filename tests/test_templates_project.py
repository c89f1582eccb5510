"""Templates in a project: offhook.toml names them, and everything after that treats what they declare alike."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from offhook.adapters.lambdas.spec import LocalFunction, Stub
from offhook.cli.project import Project, load_project
from offhook.core.resolve import Resolver
from offhook.model.errors import UsageError
from offhook.model.instance import Alias, QueueSettings, Statement
from offhook.templates.physical import physical_name

from .command_line import call

FIXTURES = Path(__file__).parent / "fixtures/templates"
NAME = physical_name("shop", "Lookup")
ARN = f"arn:aws:lambda:us-east-1:111122223333:function:{NAME}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the sample of SAM; the current folder is there."""
    shutil.copytree(FIXTURES / "sam", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    return tmp_path


def write(folder: Path, more: str = "", *, said: str = "", top: str = "") -> None:
    text = f'{top}\n[functions.shop]\ntemplate = "template.yaml"\n{said}\n{more}\n'
    (folder / "offhook.toml").write_text(text)


def loaded(folder: Path, more: str = "", *, said: str = "", top: str = "", env: str | None = None) -> Project:
    write(folder, more, said=said, top=top)
    return load_project(folder, env=env)


def refused(folder: Path, more: str = "", *, said: str = "") -> list[str]:
    write(folder, more, said=said)
    with pytest.raises(UsageError) as refusal:
        load_project(folder)
    return list(refusal.value.problems)


def edit(folder: Path, before: str, after: str) -> None:
    path = folder / "template.yaml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def found(project: Project, kind: str, text: str) -> str:
    resource = Resolver(project.instance).find(kind, text).resource
    return resource.name if resource is not None else ""


# --- what is there


def test_every_function_of_the_template_is_there(folder: Path) -> None:
    project = load_project(folder)

    assert project.functions == {
        NAME: LocalFunction(
            name=NAME,
            task_root=folder / "src",
            handler="lookup.handler",
            timeout_ms=2000,
            memory_mb=256,
            environment={"STAGE": "dev", "TABLE": physical_name("shop", "States"), "GREETING": "Hello from dev"},
            runtime="python3.11",
        )
    }
    assert project.warnings == ()
    assert project.instance.associated == {NAME}
    for text in (ARN, f"{ARN}:live", "${Lookup.Arn}", "${Lookup}", NAME):
        assert found(project, "function", text) == NAME


def test_flows_queues_and_hours_are_there(folder: Path) -> None:
    project = load_project(folder)

    assert project.find_flow("Main line (dev)").type == "CONTACT_FLOW"
    assert project.instance.queues == {"Support": QueueSettings("Support", "Office hours", 10)}
    assert project.instance.hours["Office hours"].time_zone == "America/New_York"
    assert found(project, "flow", "${Main.ContactFlowArn}") == "Main line (dev)"
    assert found(project, "queue", "${Support.QueueArn}") == "Support"
    assert found(project, "hours", "${OfficeHours}") == "Office hours"


def test_what_cdk_has_written_is_there(folder: Path) -> None:
    shutil.copytree(FIXTURES / "cdk/cdk.out", folder / "cdk.out")
    write(folder)
    (folder / "offhook.toml").write_text('[functions.any]\ntemplate = "cdk.out/ShopStack.template.json"\n')

    assert list(load_project(folder).functions) == [physical_name("ShopStack", "Lookup9C0D1E2F")]
    assert "Table ShopStack-StatesTable5E6F7A8B-" in call("run", "Shop main", "--silent").out


def test_a_stack_may_have_another_name(folder: Path) -> None:
    project = loaded(folder, said='parameters = { "AWS::StackName" = "live" }')

    assert list(project.functions) == [physical_name("live", "Lookup")]


def test_parameters_and_imports_are_given_in_the_table(folder: Path) -> None:
    edit(folder, "TABLE: !Ref States", "TABLE: !ImportValue states-table")

    project = loaded(folder, said='parameters = { Stage = "prod" }\nimports = { states-table = 7 }')
    function = project.functions[NAME]
    assert isinstance(function, LocalFunction)
    assert function.environment == {"STAGE": "prod", "TABLE": "7", "GREETING": "Welcome"}


def test_two_environments_are_two_renderings_of_one_flow(folder: Path) -> None:
    """Case P58: names, and not ARNs of one instance, stand in the file; each environment fills them in."""
    more = """
    [env.test]
    instance = { id = "11111111-2222-4333-8444-555555555555", account = "222233334444", region = "eu-west-1" }
    [env.test.functions.shop]
    parameters = { Stage = "prod" }
    """
    here, there = loaded(folder, more), loaded(folder, more, env="test")
    flow, other = here.find_flow("Main line (dev)"), there.find_flow("Main line (prod)")

    def called(project: Project, parameters: dict[str, object]) -> str:
        return found(project, "function", str(parameters["LambdaFunctionARN"]))

    assert flow.actions["queue"].parameters["QueueId"] == here.instance.resource("queue", "Support").arn
    assert other.actions["queue"].parameters["QueueId"] == there.instance.resource("queue", "Support").arn
    assert ":eu-west-1:222233334444:instance/11111111-" in str(other.actions["queue"].parameters["QueueId"])
    assert called(here, flow.actions["lookup"].parameters) == called(there, other.actions["lookup"].parameters) == NAME
    assert list(flow.actions) == list(other.actions)


def test_what_holds_for_all_functions_is_said_once(folder: Path) -> None:
    function = loaded(folder, said='inherit = ["HOME"]\nenvironment = { STAGE = "mine", MORE = "1" }').functions[NAME]

    assert isinstance(function, LocalFunction)
    assert function.inherit == ("HOME",)
    assert (function.environment["STAGE"], function.environment["MORE"]) == ("mine", "1")


LAYERS = """
  Deps: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: deps}}
  One: {Type: AWS::Serverless::LayerVersion, Metadata: {BuildMethod: python3.11}, Properties: {ContentUri: one}}
  Two: {Type: AWS::Serverless::LayerVersion, Metadata: {BuildMethod: python3.11}, Properties: {ContentUri: two}}

"""


def test_layers_are_where_python_looks(folder: Path) -> None:
    edit(folder, "  States:\n", f"{LAYERS}  States:\n")
    edit(folder, "      CodeUri: src/\n", "      CodeUri: src/\n      Layers: [!Ref Deps, !Ref One, !Ref Two]\n")
    for name in ("deps/python", "one", "two"):
        (folder / name).mkdir(parents=True)
    (folder / "deps/python/states.py").write_text('TABLE = "of the layer"\n')
    (folder / "two/states_too.py").write_text('STAGE = "not built yet"\n')
    code = folder / "src/lookup.py"
    code.write_text(
        "import states, states_too\ndef handler(event, context):\n    return {'State': states.TABLE + states_too.STAGE}"
    )
    function = load_project(folder).functions[NAME]

    assert isinstance(function, LocalFunction)
    assert function.layers == (folder / "deps",)
    assert function.environment["PYTHONPATH"] == f"{folder}/two:{folder}/one"
    assert "State of the layernot built yet" in call("run", "Main line (dev)", "--silent").out
    edit(folder, "          TABLE: !Ref States\n", "          TABLE: x\n          PYTHONPATH: lib\n")
    function = load_project(folder).functions[NAME]
    assert isinstance(function, LocalFunction)
    assert function.environment["PYTHONPATH"] == f"lib:{folder}/two:{folder}/one"


def test_how_functions_run_is_said_for_all(folder: Path) -> None:
    twin = "  Twin: {Type: AWS::Serverless::Function, Properties: {CodeUri: plain, Handler: app.handler}}\n"
    node = (
        "  Node: {Type: AWS::Serverless::Function, Properties: {CodeUri: plain, Handler: x.y, Runtime: nodejs22.x}}\n"
    )
    edit(folder, "  States:\n", f"{twin}{node}\n  States:\n")
    edit(folder, "      CodeUri: src/\n", "      CodeUri: src/\n      ReservedConcurrentExecutions: 5\n")
    (folder / "plain").mkdir()
    (folder / "plain/app.py").write_text("")
    (folder / "plain/x.mjs").write_text("")
    (folder / "src/requirements.txt").write_text("")
    (folder / "venv/bin").mkdir(parents=True)
    (folder / "venv/bin/python").symlink_to(sys.executable)

    project = loaded(folder, said='venv = "venv"\ninstall = true\ncold = "always"\nclient = "own"')
    lookup, plain, x = project.functions.values()

    assert isinstance(lookup, LocalFunction)
    assert (lookup.interpreter, lookup.reserved) == (str(folder / "venv/bin/python"), 5)
    assert lookup.packages is not None
    assert isinstance(plain, LocalFunction)
    assert (plain.interpreter, plain.packages) == (str(folder / "venv/bin/python"), None)
    assert isinstance(x, LocalFunction)
    assert (x.kind, x.interpreter, x.packages) == ("node", "", None)
    for each in (lookup, plain, x):
        assert (each.cold_every, each.client) == (1, "own")


def test_versions_aliases_and_policies_are_kept(folder: Path) -> None:
    edit(folder, "      CodeUri: src/\n", "      CodeUri: src/\n      AutoPublishAlias: live\n")
    edit(folder, "IntegrationArn: !GetAtt Lookup.Arn", "IntegrationArn: !Ref Lookup.Alias")
    project = load_project(folder)
    (resource,) = (each for each in project.instance.resources if each.kind == "function")

    assert resource.aliases == {"live": Alias("1")}
    assert resource.policy == (
        Statement("connect.amazonaws.com", source_account="111122223333", source_arn=project.instance.arn),
    )
    assert project.instance.associated == {f"{NAME}:live"}
    assert project.warnings == (
        "template.yaml: Lookup: connect.amazonaws.com may invoke it, and no AWS::Connect::IntegrationAssociation adds "
        "it to the instance.",
        "template.yaml: Lookup (live): LookupAssociation adds it to the instance, and no AWS::Lambda::Permission lets "
        "connect.amazonaws.com invoke it.",
    )


# --- offhook.toml over it


def test_a_table_named_by_the_logical_id_lies_over_the_function(folder: Path) -> None:
    more = """
    [functions.Lookup]
    handler = "other.handler"
    environment = { TABLE = "mine" }
    matches = ["SELECT LAMBDA"]
    """
    (folder / "other.py").write_text("def handler(event, context):\n    return {}\n")
    project = loaded(folder, more)
    function = project.functions[NAME]

    assert list(project.functions) == [NAME]
    assert isinstance(function, LocalFunction)
    assert (function.task_root, function.handler) == (folder, "other.handler")
    assert (function.timeout_ms, function.memory_mb) == (2000, 256)
    assert function.environment == {"STAGE": "dev", "TABLE": "mine", "GREETING": "Hello from dev"}
    for text in ("SELECT LAMBDA", "${Lookup.Arn}", ARN):
        assert found(project, "function", text) == NAME
    assert project.instance.associated == {NAME}


def test_a_table_named_by_the_function_lies_over_it_too(folder: Path) -> None:
    table = 'stub = { State = "Ohio" }\ntimeout_seconds = 9\nassociated = false\npolicy = []\naliases = { a = "1" }'
    project = loaded(folder, f"[functions.{NAME}]\n{table}")
    (resource,) = (each for each in project.instance.resources if each.kind == "function")

    assert project.functions == {NAME: Stub(name=NAME, answers=('{"State":"Ohio"}',), timeout_ms=9000)}
    assert project.instance.associated == frozenset()
    assert (resource.policy, resource.aliases) == ((), {"a": Alias("1")})


def test_an_environment_makes_a_stub_of_it(folder: Path) -> None:
    project = loaded(folder, '[env.test.functions.Lookup]\nstub = { State = "Ohio" }', env="test")

    assert project.functions[NAME] == Stub(name=NAME, answers=('{"State":"Ohio"}',), timeout_ms=2000)


def test_what_is_wrong_with_a_table_over_a_function_names_the_table(folder: Path) -> None:
    assert refused(folder, '[functions.Lookup]\nhandler = "gone.handler"')[0].startswith(
        "offhook.toml: [functions.Lookup] there is no file gone.py"
    )


def test_hours_and_queues_of_the_file_win(folder: Path) -> None:
    more = """
    [hours."Office hours"]
    time_zone = "Asia/Tokyo"
    matches = ["office"]
    [queues.Support]
    max_contacts = 2
    """
    project = loaded(folder, more)

    assert project.instance.hours["Office hours"].time_zone == "Asia/Tokyo"
    assert project.instance.queues["Support"].max_contacts == 2
    for text in ("office", "${OfficeHours}"):
        assert found(project, "hours", text) == "Office hours"


def test_a_flow_with_a_file_of_its_own_wins(folder: Path) -> None:
    text = '{"Version": "2019-10-30", "StartAction": "x", "Metadata": {"name": "Main line (dev)"}, "Actions": []}'
    (folder / "main.json").write_text(text)
    project = loaded(folder, top='[flows]\npaths = ["main.json"]')
    flow = project.find_flow("Main line (dev)")

    assert flow.actions == {}
    assert project.files[flow.arn] == folder / "main.json"
    assert found(project, "flow", "${Main.ContactFlowArn}") == "Main line (dev)"


def test_numbers_and_matches_speak_of_flows_of_the_template(folder: Path) -> None:
    project = loaded(
        folder, '[numbers]\n"+15550100000" = "Main line (dev)"\n[flows."Main line (dev)"]\nmatches = ["m"]'
    )

    assert project.find_flow("+15550100000") is project.find_flow("Main line (dev)")
    assert found(project, "flow", "m") == "Main line (dev)"


# --- what is wrong


def test_what_is_wrong_with_a_template_names_file_id_and_property(folder: Path) -> None:
    edit(folder, "TABLE: !Ref States", "TABLE: !ImportValue states")
    edit(folder, "Type: CONTACT_FLOW", "Type: FLOW")
    edit(folder, "TimeZone: America/New_York", "TimeZone: Mars")
    problems = refused(folder, said="timeout_seconds = 3")

    assert problems == [
        "offhook.toml: [functions.shop] timeout_seconds is for one function; give it in a table named by the "
        "function's logical id.",
        "template.yaml: Lookup: Environment.Variables.TABLE: 'states' is exported by another stack; give its value in "
        'offhook.toml: [functions.shop] imports = { states = "…" }.',
        "template.yaml: Main: Type: is 'FLOW', must be one of CONTACT_FLOW, CUSTOMER_QUEUE, CUSTOMER_HOLD, "
        "CUSTOMER_WHISPER, OUTBOUND_WHISPER, AGENT_HOLD, AGENT_WHISPER, AGENT_TRANSFER, QUEUE_TRANSFER.",
    ]
    edit(folder, "TABLE: !ImportValue states", "TABLE: x")
    edit(folder, "Type: FLOW", "Type: CONTACT_FLOW")
    edit(folder, '"Version": "2019-10-30",', '"Version": "2019-10-30"')
    problems = refused(folder)
    assert problems[0].startswith(
        "template.yaml: hours 'Office hours': time_zone is 'Mars', must be the name of a zone"
    )
    assert problems[1].startswith("template.yaml: Main: Content: line 3, column 3: not JSON:")


def test_what_the_table_may_not_say_is_told(folder: Path) -> None:
    more = """
    [functions.a]
    stub = {}
    parameters = { A = "1" }
    imports = { B = [] }
    [functions.b]
    fail = "500"
    imports = { C = "1" }
    """
    assert refused(folder, more) == [
        "offhook.toml: [functions.a.imports] B is [], must be text, a number, true or false.",
        "offhook.toml: [functions.b] imports is for templates alone.",
    ]


def test_code_that_is_not_here_is_a_warning(folder: Path) -> None:
    edit(folder, "CodeUri: src/", "CodeUri: s3://bucket/key.zip")
    project = load_project(folder)

    assert project.functions == {}
    assert found(project, "function", "${Lookup.Arn}") == NAME
    assert project.warnings == (
        "template.yaml: Lookup: its code is at s3://bucket/key.zip; a block that invokes it takes its error branch; "
        "[functions.Lookup] can replace it.",
    )
    assert "-> NoMatchingError" in call("run", "Main line (dev)", "--silent").out
    replaced = call("run", "Main line (dev)", "--silent", "--function", 'Lookup=stub:{"State":"Ohio"}')
    assert "State Ohio, " in replaced.out


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            "CodeUri: src/",
            "CodeUri: gone/",
            "template.yaml: Lookup: there is no gone; a block that invokes it takes its",
        ),
        (
            "Handler: lookup.handler",
            "Handler: gone.handler",
            "template.yaml: Lookup: there is no file src/gone.py",
        ),
        ("Runtime: python3.11", "Runtime: java21", "template.yaml: Lookup: runtime is 'java21'"),
    ],
)
def test_a_function_that_cannot_run_is_a_warning(folder: Path, before: str, after: str, sentence: str) -> None:
    edit(folder, before, after)
    project = load_project(folder)

    assert project.functions == {}
    assert len(project.warnings) == 1
    assert project.warnings[0].startswith(sentence)
    assert project.warnings[0].endswith("takes its error branch; [functions.Lookup] can replace it.")


def test_a_python_that_is_not_installed_is_one_warning_for_all(folder: Path) -> None:
    edit(folder, "Runtime: python3.11", "Runtime: python3.999")
    twin = "  Twin: {Type: AWS::Serverless::Function, Properties: {CodeUri: src/, Handler: lookup.handler}}\n"
    edit(folder, "  States:\n", f"{twin}\n  States:\n")
    project = load_project(folder)

    assert len(project.functions) == 2
    (warning,) = project.warnings
    assert warning.startswith("template.yaml: there is no python3.999 on PATH")


def test_two_templates_may_share_ids_and_not_names(folder: Path) -> None:
    shutil.copy(folder / "template.yaml", folder / "other.yaml")
    (folder / "other.yaml").write_text((folder / "other.yaml").read_text().replace("Main line", "Other line"))
    again = '[functions.other]\ntemplate = "other.yaml"\n'
    project = loaded(folder, again)

    assert list(project.functions) == [NAME, physical_name("other", "Lookup")]
    assert project.function_name("Lookup") == "Lookup"
    assert "means two functions" in Resolver(project.instance).find("function", "${Lookup.Arn}").problem
    assert refused(folder, again + 'parameters = { "AWS::StackName" = "shop" }') == [
        f"template.yaml: Lookup and other.yaml: Lookup: both are named {NAME!r}; names of functions must differ."
    ]


# --- running it


def test_the_functions_of_a_template_are_listed(folder: Path) -> None:
    (entry,) = json.loads(call("functions", "list", "--json").out)

    assert (entry["name"], entry["kind"], entry["runs"]) == (NAME, "python", "src/lookup.handler")
    assert (entry["timeout_ms"], entry["arn"]) == (2000, ARN)
    assert entry["matches"] == ["${Lookup.Arn}", "${Lookup}"]
    assert entry["used_by"] == ["Main line (dev):lookup"]


def test_a_contact_calls_the_function_with_its_environment(folder: Path) -> None:
    called = call("run", "Main line (dev)", "--silent")

    assert called.code == 0
    assert "Joanna: State dev, ${not} a variable" in called.out
    assert "Set working queue" in called.out


def test_a_function_is_invoked_by_its_logical_id(folder: Path) -> None:
    said = json.loads(call("functions", "invoke", "Lookup", "--json").out)

    assert said["function"] == NAME
    assert json.loads(said["body"])["Greeting"] == "Hello from dev"


def test_why_knows_the_function_of_a_template(folder: Path) -> None:
    called = call("functions", "why", "Main line (dev):lookup")

    assert called.code == 0
    assert f"It finds function {NAME!r} by its ARN." in called.out
    assert "It runs src/lookup.handler." in called.out


@pytest.mark.parametrize("options", [("--function", "Lookup=stub(run=3):{}"), ()])
def test_the_time_out_of_the_template_is_the_functions_own_clock(folder: Path, options: tuple[str, ...]) -> None:
    """Case P24: Timeout 2 in the template, 8 s of the block, 3 s in the function: it ends after 2 s, and says why."""
    if not options:  # the real function, for once with a clock
        limit = '"InvocationTimeLimitSeconds": "8",'
        edit(folder, limit, limit + ' "LambdaInvocationAttributes": {"sleep": "3"},')
    called = call("run", "Main line (dev)", "--silent", "--json", *options)
    events = [json.loads(line) for line in called.out.splitlines()]
    (ended,) = (event for event in events if event["type"] == "function.ended")
    (left,) = (event for event in events if event["type"] == "block.left" and event["action"] == "lookup")

    assert ended["cause"] == "function_timeout"
    assert "Task timed out after 2.00 seconds" in ended["detail"]
    assert left["branch"] == "NoMatchingError"
    started = next(event["at"] for event in events if event["type"] == "function.called")
    took_ms = milliseconds(ended["at"]) - milliseconds(started)
    assert took_ms == 2000 if options else 2000 <= took_ms < 3000


def milliseconds(at: str) -> int:
    """Since the minute began; the run lasts seconds."""
    return round(float(at.rpartition(":")[2].removesuffix("Z")) * 1000)


def test_strict_wants_what_the_template_forgot(folder: Path) -> None:
    """Case P09: neither association nor permission, and the flow log says 403."""
    assert "Joanna: State dev" in call("run", "Main line (dev)", "--silent", "--profile", "strict").out

    text = (folder / "template.yaml").read_text()
    start, end = text.index("  LookupAssociation:"), text.index("  Main:")
    (folder / "template.yaml").write_text(text[:start] + text[end:])
    called = call("run", "Main line (dev)", "--silent", "--profile", "strict")

    assert "403" in called.out
    assert "is not added to the instance" in called.out


def test_lint_reads_flows_of_templates(folder: Path) -> None:
    edit(folder, '"InvocationTimeLimitSeconds": "8"', '"InvocationTimeLimitSeconds": "9"')
    lines = (folder / "template.yaml").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if '"Identifier": "lookup"' in text)

    for arguments in ((), ("template.yaml",)):
        called = call("lint", *arguments, "--format", "json")
        report = json.loads(called.out)
        (found,) = report["problems"]
        assert called.code == 1
        assert (found["file"], found["line"], found["action"]) == ("template.yaml", line, "lookup")
        assert (report["files"], report["refused"]) == (1, [])


def test_a_template_with_one_flow_can_be_run_by_its_file(folder: Path) -> None:
    assert "Joanna: State dev" in call("run", "template.yaml", "--silent").out

    module = "  Part: {Type: AWS::Connect::ContactFlowModule, Properties: {Name: Part, Content: '%s'}}\n"
    content = '{"Version": "2019-10-30", "StartAction": "x", "Actions": []}'
    edit(folder, "  States:\n", f"{module % content}\n  States:\n")
    called = call("run", "template.yaml", "--silent")
    assert called.code == 2
    assert "template.yaml: declares the flows 'Part', 'Main line (dev)'; name one of them." in called.err


def test_a_change_of_the_template_is_watched(folder: Path) -> None:
    project = load_project(folder)

    assert {folder / "template.yaml", folder / ".aws-sam/build/template.yaml"} <= set(project.watched())
    edit(folder, "TABLE: !Ref States", "TABLE: !Ref Gone")
    assert refused(folder)
    assert project.templates


def test_a_debugger_may_be_asked_for_by_the_logical_id(folder: Path) -> None:
    called = call("run", "Main line (dev)", "--silent", "--debug", "Lookups")

    assert called.code == 2
    assert f"--debug is 'Lookups', which is no function in Python or Node.js; these are: {NAME}" in called.err
