"""offhook.toml and the project around it."""

import sys
from pathlib import Path

import pytest

from offhook.adapters.lambdas.spec import Fault, LocalFunction, Stub
from offhook.cli.project import Project, load_project
from offhook.core.phases import DEFAULT_FLOWS
from offhook.core.resolve import Resolver
from offhook.model.errors import UsageError
from offhook.model.instance import LambdaPolicy, QueueSettings, Span

FLOW = """{"Version": "2019-10-30", "StartAction": "bye", "Metadata": {"name": "%s", "type": "%s"},
"Actions": [{"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}]}"""
WRAPPED = """{"ContactFlow": {"Arn": "arn:aws:connect:us-east-1:999999999999:instance/i/contact-flow/f1", "Id": "f1",
"Name": "Wrapped", "Type": "CUSTOMER_QUEUE", "Content": %s}}"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project: two flows, a module and a function, and the current folder is there."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "functions").mkdir()
    flows = {"main": FLOW % ("Main line", "contactFlow"), "wrapped": WRAPPED % (FLOW % ("Inner", "contactFlow"))}
    for name, text in {**flows, "part": FLOW % ("Part", "MODULE")}.items():
        (tmp_path / f"flows/{name}.json").write_text(text)
    (tmp_path / "functions/lookup.py").write_text("def handler(event, context):\n    return {}\n")
    write(tmp_path, '[flows]\npaths = ["flows/*.json"]\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str) -> None:
    (folder / "offhook.toml").write_text(text)


def loaded(folder: Path, text: str, *, env: str | None = None, profile: str | None = None) -> Project:
    """The project with these lines beside its flows."""
    write(folder, f'{text}\n[flows]\npaths = ["flows/*.json"]\n')
    return load_project(folder, env=env, profile=profile)


def problems(folder: Path, text: str, *, env: str | None = None) -> list[str]:
    """What is wrong with a file of these lines alone."""
    write(folder, text)
    with pytest.raises(UsageError) as refusal:
        load_project(folder, env=env)
    return list(refusal.value.problems)


def found(project: Project, kind: str, text: str) -> str:
    resource = Resolver(project.instance).find(kind, text).resource
    return resource.name if resource is not None else ""


def own(project: Project) -> list[str]:
    """Names of the flows, without those that every instance has."""
    return sorted({flow.name for flow in project.instance.flows.values()} - set(DEFAULT_FLOWS.values()))


# --- finding ---


def test_the_file_is_found_from_a_flow_below_it(folder: Path) -> None:
    project = load_project(folder / "flows" / "main.json")

    assert project.file == folder / "offhook.toml"
    assert own(project) == ["Main line", "Part", "Wrapped"]


def test_without_a_file_a_flow_stands_alone(folder: Path) -> None:
    (folder / "offhook.toml").unlink()

    project, flow = load_project(folder / "flows/main.json").with_flow(folder / "flows/main.json")

    assert project.file is None
    assert own(project) == [flow.name] == ["Main line"]


def test_an_environment_needs_a_file(folder: Path) -> None:
    (folder / "offhook.toml").unlink()

    with pytest.raises(UsageError, match=r"--env 'test': there is no offhook\.toml in"):
        load_project(folder, env="test")


def test_without_a_file_the_profile_can_be_strict(folder: Path) -> None:
    (folder / "offhook.toml").unlink()

    assert load_project(folder, profile="strict").instance.strict


# --- flows ---


def test_flows_have_derived_arns_and_their_own_lead_to_them(folder: Path) -> None:
    project = load_project(folder)
    wrapped = project.find_flow("Wrapped")

    assert wrapped.type == "CUSTOMER_QUEUE"
    assert wrapped.arn.startswith(f"{project.instance.arn}/contact-flow/")
    assert wrapped.arn.endswith(wrapped.id)
    assert found(project, "flow", "arn:aws:connect:us-east-1:999999999999:instance/i/contact-flow/f1") == "Wrapped"
    assert found(project, "flow", "f1") == "Wrapped"
    assert project.find_flow(wrapped.arn) is wrapped
    assert project.files[wrapped.arn] == folder / "flows/wrapped.json"


def test_arns_stay_the_same_wherever_the_project_lies(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("elsewhere")
    (other / "main.json").write_text(FLOW % ("Main line", "contactFlow"))

    _, there = load_project(other).with_flow(other / "main.json")

    assert there.arn == load_project(folder).find_flow("Main line").arn


def test_a_module_is_a_module(folder: Path) -> None:
    project = load_project(folder)

    assert found(project, "module", "Part") == "Part"
    assert found(project, "flow", "Part") == ""
    assert project.find_flow("Part").type == "MODULE"


def test_a_flow_without_a_name_is_named_by_its_file(folder: Path) -> None:
    (folder / "flows/night.v2.json").write_text(FLOW.replace('"name": "%s", ', "") % "contactFlow")

    assert load_project(folder).find_flow("night.v2").name == "night.v2"


def test_a_type_of_the_file_is_replaced_by_flows_types(folder: Path) -> None:
    write(folder, '[flows]\npaths = ["flows/*.json"]\n[flows.types]\n"Main line" = "CUSTOMER_HOLD"\n')

    assert load_project(folder).find_flow("Main line").type == "CUSTOMER_HOLD"


def test_a_phone_number_leads_to_its_flow(folder: Path) -> None:
    project = loaded(folder, '[numbers]\n"+15550100000" = "Main line"')

    assert project.find_flow("+15550100000").name == "Main line"


def test_an_unknown_flow_is_answered_with_near_names(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"flow 'Main lane': there is no such file, .*nearest: Main line\.$"):
        load_project(folder).find_flow("Main lane")


def test_two_flows_of_one_name_are_refused_with_both_files(folder: Path) -> None:
    (folder / "flows/twin.json").write_text(FLOW % ("Main line", "contactFlow"))

    (sentence,) = problems(folder, '[flows]\npaths = ["flows/*.json"]')

    assert sentence.startswith("flows/main.json and flows/twin.json: both are named 'Main line'")


def test_a_flow_outside_of_the_paths_joins_in_place_of_its_namesake(folder: Path) -> None:
    (folder / "draft.json").write_text(FLOW % ("Main line", "customerQueue"))

    project, flow = load_project(folder).with_flow(folder / "draft.json")

    assert project.find_flow("Main line") is flow
    assert project.files[flow.arn] == folder / "draft.json"
    assert len(own(project)) == 3


def test_a_flow_of_the_project_is_itself_when_its_file_is_given(folder: Path) -> None:
    project = load_project(folder)

    same, flow = project.with_flow(Path("flows/main.json"))

    assert same is project
    assert flow is project.find_flow("Main line")


def test_a_pattern_without_files_is_a_warning_and_a_path_without_one_a_problem(folder: Path) -> None:
    write(folder, '[flows]\npaths = ["elsewhere/*.json"]')
    assert load_project(folder).warnings == ("offhook.toml: [flows] paths: 'elsewhere/*.json' leads to no file.",)

    assert problems(folder, '[flows]\npaths = ["main.json", "/abs/*.json"]') == [
        "offhook.toml: [flows] paths: 'main.json' leads to no file.",
        "offhook.toml: [flows] paths: '/abs/*.json' must be a path or pattern below the file's folder.",
    ]


def test_a_flow_that_cannot_be_read_is_a_problem_of_the_project(folder: Path) -> None:
    (folder / "flows/broken.json").write_text("{")

    (sentence,) = problems(folder, '[flows]\npaths = ["flows/*.json"]')

    assert sentence.startswith("flows/broken.json: line 1, column 2: not JSON")


# --- functions ---


def test_a_function_in_python_has_all_its_settings(folder: Path) -> None:
    project = loaded(
        folder,
        """[functions.lookup]
        code = "functions"
        handler = "lookup.handler"
        runtime = "python"
        timeout_seconds = 5
        memory_mb = 256
        environment = { TABLE = "demo" }
        inherit = ["AWS_PROFILE"]
        matches = ["${Lookup.Arn}", "*state*"]""",
    )

    assert project.functions["lookup"] == LocalFunction(
        name="lookup",
        task_root=folder / "functions",
        handler="lookup.handler",
        timeout_ms=5000,
        memory_mb=256,
        environment={"TABLE": "demo"},
        inherit=("AWS_PROFILE",),
        runtime="python",
    )
    for text in ("${Lookup.Arn}", "SELECT state LAMBDA", "arn:aws:lambda:eu-west-1:1:function:lookup:live", "lookup"):
        assert found(project, "function", text) == "lookup"


def test_a_function_that_runs_here_may_say_how(folder: Path) -> None:
    (folder / "layer/python").mkdir(parents=True)
    (folder / "functions/requirements.txt").write_text("requests\n")
    function = loaded(
        folder,
        """[functions.lookup]
        handler = "functions/lookup.handler"
        layers = ["layer"]
        reserved = 5
        cold = "every 3"
        client = "own"
        install = true""",
    ).functions["lookup"]

    assert isinstance(function, LocalFunction)
    assert function.layers == (folder / "layer",)
    assert (function.reserved, function.cold_every, function.client) == (5, 3, "own")
    assert function.packages is not None
    assert function.packages.parent == folder / ".offhook/packages"


def test_a_function_may_have_its_own_python(folder: Path) -> None:
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/python").symlink_to(sys.executable)
    table = '[functions.lookup]\nhandler = "functions/lookup.handler"\n'

    by_venv = loaded(folder, f'{table}venv = ".venv"').functions["lookup"]
    by_path = loaded(folder, f'{table}interpreter = ".venv/bin/python"').functions["lookup"]
    by_name = loaded(folder, f'{table}interpreter = "sh"').functions["lookup"]

    programs = [each.program for each in (by_venv, by_path, by_name) if isinstance(each, LocalFunction)]
    assert programs == [str(folder / ".venv/bin/python"), str(folder / ".venv/bin/python"), "sh"]


@pytest.mark.parametrize(
    ("table", "kind", "handler"),
    [
        ('handler = "functions/node.handler"', "node", "node.handler"),
        ('code = "functions"\nhandler = "node.handler"\nruntime = "nodejs20.x"', "node", "node.handler"),
        ('code = "functions"\nruntime = "provided.al2023"', "bootstrap", "bootstrap"),
        ('code = "functions"\nhandler = "any"\nruntime = "provided"', "bootstrap", "any"),
    ],
)
def test_a_function_may_be_in_another_language(folder: Path, table: str, kind: str, handler: str) -> None:
    (folder / "functions/node.mjs").touch()
    (folder / "functions/bootstrap").touch()

    function = loaded(folder, f"[functions.f]\n{table}").functions["f"]

    assert isinstance(function, LocalFunction)
    assert (function.kind, function.handler, function.task_root) == (kind, handler, folder / "functions")


def test_what_functions_cannot_be_told_is_said_at_once(folder: Path) -> None:
    (folder / "functions/node.mjs").touch()
    (folder / "functions/bootstrap").touch()
    lookup = 'handler = "functions/lookup.handler"'
    node = 'handler = "functions/node.handler"'
    text = f"""
    [functions.layer]
    {lookup}
    layers = ["absent"]
    [functions.venv]
    {lookup}
    venv = "absent"
    [functions.both]
    {lookup}
    venv = "absent"
    interpreter = "python3"
    [functions.node]
    {node}
    venv = "absent"
    [functions.packages]
    {node}
    install = true
    [functions.nothing]
    {lookup}
    install = true
    [functions.bootstrap]
    code = "functions"
    runtime = "provided"
    interpreter = "bash"
    [functions.program]
    {lookup}
    interpreter = "no-such-python"
    """

    said = "\n".join(problems(folder, text))

    for sentence in (
        "[functions.layer] there is no layer absent.",
        "[functions.venv] there is no program absent/bin/python.",
        "[functions.both] venv is for functions in Python that name no interpreter.",
        "[functions.node] venv is for functions in Python that name no interpreter.",
        "[functions.packages] install is for functions in Python alone.",
        "[functions.nothing] install: requirements.txt cannot be read: No such file or directory.",
        "[functions.bootstrap] interpreter is not for a bootstrap, which is a program itself.",
        "[functions.program] there is no program no-such-python.",
    ):
        assert f"offhook.toml: {sentence}" in said


def test_what_is_for_functions_that_run_here_is_for_no_other(folder: Path) -> None:
    text = """
    [functions.a]
    stub = {}
    cold = "always"
    [functions.b]
    fail = "error"
    reserved = 1
    [functions.c]
    stub = {}
    cold = "never"
    """

    said = problems(folder, text)

    assert "offhook.toml: [functions.a] cold is for functions that run here alone." in said
    assert "offhook.toml: [functions.b] reserved is for functions that run here alone." in said
    assert [each for each in said if "[functions.c] cold is 'never', must be first, always, every N" in each]


def test_the_instance_may_have_a_limit(folder: Path) -> None:
    assert loaded(folder, "").instance_limit is None
    assert loaded(folder, "[lambda]\ninstance_limit = 10").instance_limit == 10


def test_the_code_of_a_function_lies_by_default_where_its_handler_is(folder: Path) -> None:
    function = loaded(folder, '[functions.lookup]\nhandler = "functions/lookup.handler"').functions["lookup"]

    assert isinstance(function, LocalFunction)
    assert (function.task_root, function.handler) == (folder / "functions", "lookup.handler")


def test_a_function_can_be_a_stub_or_a_fault(folder: Path) -> None:
    functions = loaded(
        folder,
        """[functions.one]
        stub = { State = "WA", Price = 1.5, Open = true }
        timeout_seconds = 2
        [functions.two]
        fail = "throttle"
        [functions.three]
        stub = "text\"""".replace('\\"', '"'),
    ).functions

    assert functions["one"] == Stub(name="one", answers=('{"State":"WA","Price":1.5,"Open":true}',), timeout_ms=2000)
    assert functions["two"] == Stub(name="two", answers=(Fault("throttle"),))
    assert functions["three"] == Stub(name="three", answers=('"text"',))


def test_a_python_that_is_not_installed_is_a_warning(folder: Path) -> None:
    text = '[functions.lookup]\nhandler = "functions/lookup.handler"\nruntime = "python3.999"'

    project = loaded(folder, text)

    assert project.warnings[0].startswith("function 'lookup': there is no python3.999 on PATH; it runs on python3.")
    assert isinstance(project.functions["lookup"], LocalFunction)
    assert project.functions["lookup"].program == sys.executable


def test_what_is_wrong_with_functions_is_said_at_once(folder: Path) -> None:
    text = """
    [functions.none]
    [functions.both]
    stub = {}
    fail = "error"
    [functions."a b"]
    stub = {}
    [functions.fault]
    fail = "fire"
    [functions.node]
    handler = "functions/lookup.handler"
    runtime = "nodejs20.x"
    [functions.java]
    handler = "functions/lookup.handler"
    runtime = "java21"
    [functions.rust]
    code = "functions"
    runtime = "provided.al2023"
    [functions.dotless]
    handler = "lookup"
    [functions.gone]
    handler = "functions/gone.handler"
    [functions.nowhere]
    code = "nowhere"
    handler = "lookup.handler"
    [functions.template]
    template = "template.yaml"
    """

    said = "\n".join(problems(folder, text))

    for sentence in (
        "[functions.none] must have one of handler, deployed, stub, fail, template; it has none of them.",
        "[functions.both] must have one of handler, deployed, stub, fail, template; it has stub and fail.",
        '[functions."a b"] is no name of a function',
        "function 'fault': unknown fault 'fire'",
        "[functions.node] there is no file functions/lookup.js, .mjs or .cjs; write FILE.FUNCTION, no ending.",
        "[functions.java] runtime is 'java21', which runs here by its own runtime client: write a bootstrap",
        "[functions.rust] there is no file bootstrap in functions; Python and Node.js have a handler.",
        "[functions.dotless] handler is 'lookup', must be FILE.FUNCTION",
        "[functions.gone] there is no file functions/gone.py or .js; write FILE.FUNCTION, no ending.",
        "[functions.nowhere] there is no folder nowhere.",
    ):
        assert f"offhook.toml: {sentence}" in said
    assert "template.yaml: cannot be read: No such file or directory." in said


def test_account_is_kept_of_functions_once_one_says_whether_it_is_added(folder: Path) -> None:
    silent = "[functions.a]\nstub = {}\n[functions.b]\nstub = {}"

    assert loaded(folder, silent).instance.associated is None
    assert loaded(folder, f"{silent}\nassociated = false").instance.associated == {"a"}
    assert loaded(folder, f"{silent}\nassociated = true", profile="strict").instance.associated == {"b"}


def test_functions_of_the_command_line_are_added_and_replace(folder: Path) -> None:
    project = loaded(folder, '[functions.a]\nstub = {}\nmatches = ["A"]\nassociated = false')
    arn = "arn:aws:lambda:us-east-1:111122223333:function:c"
    stubs = {name: Stub(name=name, answers=("1",)) for name in ("a", "b", arn)}

    more = project.with_functions(stubs)

    assert more.functions == stubs
    assert more.instance.associated == {"b", arn}
    assert found(more, "function", "A") == "a"
    assert found(more, "function", arn) == arn


# --- everything else ---


def test_the_rest_of_the_file_becomes_the_instance(folder: Path) -> None:
    instance = loaded(
        folder,
        """profile = "strict"
        [instance]
        alias = "shop"
        account = "222233334444"
        region = "eu-west-1"
        id = "11111111-2222-4333-8444-555555555555"
        [lambda]
        retries = 1
        backoff_ms = [50]
        [hours."Office hours"]
        time_zone = "America/New_York"
        monday = "09:00-17:00"
        matches = ["office"]
        [queues.Support]
        hours = "Office hours"
        max_contacts = 10
        outbound_caller_id = "+15550100001"
        matches = ["arn:*:queue/abc"]
        [prompts.Beep]
        matches = ["beep"]
        [bots.Orders]
        matches = ["lex:*"]
        [modules.Part]
        matches = ["part"]""",
    ).instance

    assert instance.strict
    assert instance.arn == "arn:aws:connect:eu-west-1:222233334444:instance/11111111-2222-4333-8444-555555555555"
    assert instance.lambda_policy == LambdaPolicy(1, (50,))
    assert instance.hours["Office hours"].week == {"monday": (Span(540, 1020),)}
    assert instance.queues == {"Support": QueueSettings("Support", "Office hours", 10, "+15550100001")}
    resolver = Resolver(instance)
    for kind, text, name in (
        ("hours", "office", "Office hours"),
        ("queue", "arn:x:queue/abc", "Support"),
        ("prompt", "beep", "Beep"),
        ("bot", "lex:orders", "Orders"),
        ("module", "part", "Part"),
    ):
        resource = resolver.find(kind, text).resource
        assert resource is not None
        assert resource.name == name


def test_a_profile_that_is_asked_for_wins(folder: Path) -> None:
    assert not loaded(folder, 'profile = "strict"', profile="compatible").instance.strict


def test_wrong_types_and_unknown_keys_are_said_at_once_with_file_and_key(folder: Path) -> None:
    text = """
    profil = "strict"
    profile = "lax"
    [instance]
    alias = 3
    [flows]
    paths = "flows/*.json"
    path = "x"
    [flows.types]
    "Main line" = "FLOW"
    [functions.a]
    timeout_seconds = 0.5
    memory_mb = 1
    inherit = [1]
    associated = "yes"
    environment = { A = 1 }
    [lambda]
    retries = -1
    backoff_ms = [1, "2"]
    [queues.Support]
    max_contacts = "10"
    hours = "Never"
    [prompts]
    Beep = 1
    """

    assert set(problems(folder, text)) >= {
        f"offhook.toml: {sentence}"
        for sentence in (
            "profil is not a setting here; did you mean profile.",
            'profile is "lax", must be one of compatible, strict.',
            "[instance] alias is 3, must be text.",
            '[flows] paths is "flows/*.json", must be a list of texts.',
            "[flows] path is not a setting here; did you mean paths.",
            "[functions.a] timeout_seconds is 0.5, must be a whole number in 1..900.",
            "[functions.a] memory_mb is 1, must be a whole number in 128..10240.",
            "[functions.a] inherit is [1], must be a list of texts.",
            '[functions.a] associated is "yes", must be true or false.',
            "[functions.a.environment] A is 1, must be text.",
            "[lambda] retries is -1, must be a whole number in 0..10.",
            '[lambda] backoff_ms is [1,"2"], must be a list of whole numbers from 0.',
            '[queues.Support] max_contacts is "10", must be a whole number in 0..1000000.',
            "[queues.Support] hours is 'Never', which is not in [hours]; it has no hours.",
            "[prompts.Beep] is 1, must be a table.",
        )
    } | {
        'offhook.toml: [flows.types] "Main line" is "FLOW", must be one of CONTACT_FLOW, CUSTOMER_QUEUE, '
        "CUSTOMER_HOLD, CUSTOMER_WHISPER, OUTBOUND_WHISPER, AGENT_HOLD, AGENT_WHISPER, AGENT_TRANSFER, "
        "QUEUE_TRANSFER, MODULE."
    }


def test_names_that_lead_nowhere_are_problems(folder: Path) -> None:
    text = """
    [numbers]
    "+15550100000" = "Main lane"
    "555" = "Main line"
    [flows]
    paths = ["flows/*.json"]
    [flows.types]
    Nobody = "CONTACT_FLOW"
    [flows.Nowhere]
    matches = ["x"]
    [modules.Nothing]
    matches = ["x"]
    """

    said = problems(folder, text)

    assert [sentence.removeprefix("offhook.toml: ") for sentence in said] == [
        "[numbers] +15550100000: no flow is named 'Main lane'; nearest: Main line.",
        "[flows.types]: no flow is named 'Nobody'; nearest: Main line, Wrapped, Part.",
        "[flows.Nowhere]: no flow is named 'Nowhere'; nearest: Main line, Wrapped.",
        "[modules.Nothing]: no module is named 'Nothing'; nearest: Part.",
        "[numbers] '555' is not a phone number in E.164, such as +15550100000.",
    ]


def test_hours_that_make_no_sense_are_problems_of_the_file(folder: Path) -> None:
    said = problems(folder, '[hours.Night]\ntime_zone = "Moon/Base"\nmonday = "late"')

    assert [sentence.startswith("offhook.toml: hours 'Night': ") for sentence in said] == [True, True]


def test_text_that_is_not_toml_is_said_with_its_line(folder: Path) -> None:
    (sentence,) = problems(folder, '[flows]\npaths = ["x"\nmore')

    assert sentence.startswith("offhook.toml: not TOML: ")
    assert "line 3" in sentence


def test_a_file_that_cannot_be_read_is_a_problem(folder: Path) -> None:
    (folder / "flows/gone.json").symlink_to(folder / "flows/nothing.json")

    with pytest.raises(UsageError, match=r"flows/gone.json: cannot be read: No such file"):
        load_project(folder).with_flow(Path("flows/gone.json"))


# --- environments ---

LAYERED = """
[lambda]
retries = 3
backoff_ms = [1, 2]
[functions.lookup]
handler = "functions/lookup.handler"
matches = ["x"]
environment = { TABLE = "demo", STAGE = "dev" }
[env.test.functions.lookup]
stub = { State = "WA" }
[env.prod.functions.lookup]
environment = { STAGE = "prod" }
[env.prod.lambda]
retries = 0
"""


def test_an_environment_turns_code_into_a_stub(folder: Path) -> None:
    project = loaded(folder, LAYERED, env="test")

    assert project.functions["lookup"] == Stub(name="lookup", answers=('{"State":"WA"}',))
    assert found(project, "function", "x") == "lookup"


def test_an_environment_is_laid_over_tables_key_by_key(folder: Path) -> None:
    project = loaded(folder, LAYERED, env="prod")
    function = project.functions["lookup"]

    assert isinstance(function, LocalFunction)
    assert function.environment == {"TABLE": "demo", "STAGE": "prod"}
    assert project.instance.lambda_policy == LambdaPolicy(0, (1, 2))


def test_an_answer_of_a_stub_is_replaced_whole(folder: Path) -> None:
    text = "[functions.a]\nstub = { A = 1, B = 2 }\n[env.test.functions.a]\nstub = { B = 3 }"

    assert loaded(folder, text, env="test").functions["a"] == Stub(name="a", answers=('{"B":3}',))


def test_an_unknown_environment_is_a_problem(folder: Path) -> None:
    assert problems(folder, LAYERED, env="staging") == [
        "offhook.toml: there is no environment 'staging'; it has 'test', 'prod'."
    ]
    assert problems(folder, "", env="x") == ["offhook.toml: there is no environment 'x'; it has no environments."]


def test_every_environment_is_checked_whichever_is_chosen(folder: Path) -> None:
    text = "[env]\nodd = 1\n[env.prod.lambda]\nretry = 1\n[env.prod.env.again]\nprofile = 1"

    assert problems(folder, text) == [
        "offhook.toml: [env.odd] is 1, must be a table.",
        "offhook.toml: [env.prod.lambda] retry is not a setting here; known: retries, backoff_ms, instance_limit.",
        "offhook.toml: [env.prod] env is not a setting here; known: profile, instance, flows, numbers, functions, "
        "lambda, hours, queues, prompts, modules, bots, views, services, routing_profiles, agents, quick_connects, "
        "server.",
    ]
    assert problems(folder, "env = 1") == ["offhook.toml: env is 1, must be tables such as [env.test]."]


def test_watched_are_the_file_and_every_flow_that_is_there_now(folder: Path) -> None:
    project = load_project(folder)
    (folder / "flows/new.json").write_text("{}")

    assert set(project.watched()) == {folder / "offhook.toml", *(folder / "flows").iterdir()}
