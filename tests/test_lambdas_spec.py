"""The text of `--function`."""

import sys
from pathlib import Path

import pytest

from offhook.adapters.lambdas.spec import (
    FAULTS,
    Fault,
    Function,
    LocalFunction,
    Stub,
    local,
    parse_function,
    parse_functions,
)
from offhook.model.errors import UsageError


def parse(text: str) -> Function:
    return parse_function(text, folder=Path("/project"))


def test_a_python_function_runs_in_the_folder_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "lookup.py").touch()

    function = parse_function("lookup=python:functions/lookup.handler", folder=tmp_path)

    assert function == LocalFunction(name="lookup", task_root=tmp_path / "functions", handler="lookup.handler")
    assert (function.timeout_ms, function.memory_mb, function.program) == (3000, 128, sys.executable)


@pytest.mark.parametrize(
    ("file", "text", "root", "handler"),
    [
        ("lookup.py", "lookup.handler", ".", "lookup.handler"),
        ("src/app/lookup.py", "src/app.lookup.handler", "src", "app.lookup.handler"),
        ("src/app/__init__.py", "src/app.handler", "src", "app.handler"),
    ],
)
def test_the_module_may_be_dotted_or_a_package(tmp_path: Path, file: str, text: str, root: str, handler: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).touch()

    function = parse_function(f"f=python:{text}", folder=tmp_path)

    assert isinstance(function, LocalFunction)
    assert (function.task_root, function.handler) == (tmp_path / root, handler)


@pytest.mark.parametrize("ending", [".js", ".mjs", ".cjs"])
@pytest.mark.parametrize(
    ("text", "root", "handler"),
    [("lookup.handler", ".", "lookup.handler"), ("dist/lookup.deep.handler", "dist", "lookup.deep.handler")],
)
def test_a_node_function_runs_in_the_folder_of_its_file(
    tmp_path: Path, ending: str, text: str, root: str, handler: str
) -> None:
    (tmp_path / root).mkdir(exist_ok=True)
    (tmp_path / root / f"lookup{ending}").touch()

    function = parse_function(f"f=node:{text}", folder=tmp_path)

    assert function == LocalFunction(name="f", task_root=tmp_path / root, handler=handler, kind="node")
    assert function.program == "node"


def test_a_bootstrap_is_a_folder_with_a_file_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "rust").mkdir()
    (tmp_path / "rust" / "bootstrap").touch()

    function = parse_function("f=bootstrap:rust", folder=tmp_path)

    assert function == LocalFunction(name="f", task_root=tmp_path / "rust", handler="bootstrap", kind="bootstrap")
    assert function.program == str(tmp_path / "rust" / "bootstrap")


def test_a_bootstrap_may_lie_in_a_layer_and_the_last_one_wins(tmp_path: Path) -> None:
    for name in ("code", "first", "second", "third"):
        (tmp_path / name).mkdir()
    for name in ("first", "second"):
        (tmp_path / name / "bootstrap").touch()
    layers = (tmp_path / "first", tmp_path / "second", tmp_path / "third")
    function = LocalFunction(name="f", task_root=tmp_path / "code", handler="h", kind="bootstrap", layers=layers)

    assert function.program == str(tmp_path / "second" / "bootstrap")


def test_what_runs_here_has_options(tmp_path: Path) -> None:
    (tmp_path / "f.py").touch()

    function = parse_function("f=python(timeout=1.5, memory=512,cold=every 3,reserved=2):f.h", folder=tmp_path)

    assert isinstance(function, LocalFunction)
    assert (function.timeout_ms, function.memory_mb) == (1500, 512)
    assert (function.cold_every, function.reserved) == (3, 2)


@pytest.mark.parametrize(
    ("cold", "every", "idle_ms"),
    [
        ("first", None, 300_000),
        ("always", 1, 300_000),
        ("every 2", 2, 300_000),
        ("after 10m", None, 600_000),
        ("after 1.5", None, 1500),
        ("after 2 h", None, 7_200_000),
    ],
)
def test_what_runs_here_says_which_calls_are_cold(tmp_path: Path, cold: str, every: int | None, idle_ms: int) -> None:
    """P13."""
    (tmp_path / "f.py").touch()

    function = parse_function(f"f=python(cold={cold}):f.h", folder=tmp_path)

    assert isinstance(function, LocalFunction)
    assert (function.cold_every, function.idle_ms) == (every, idle_ms)


@pytest.mark.parametrize(
    ("file", "handler", "runtime", "kind"),
    [
        ("lookup.py", "lookup.handler", "", "python"),
        ("lookup.py", "lookup.handler", "python3.9", "python"),
        ("a/b.py", "a/b.handler", "", "python"),
        ("lookup.mjs", "lookup.handler", "", "node"),
        ("a/b.js", "a/b.deep.handler", "nodejs20.x", "node"),
        ("bootstrap", "", "", "bootstrap"),
        ("bootstrap", "anything", "", "bootstrap"),
        ("bootstrap", "lookup.handler", "provided.al2023", "bootstrap"),
        ("bootstrap", "", "provided", "bootstrap"),
    ],
)
def test_the_runtime_or_else_the_file_says_the_kind(
    tmp_path: Path, file: str, handler: str, runtime: str, kind: str
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).touch()

    function = local("f", tmp_path, handler, runtime=runtime, where="here:", shown="code")

    assert (function.kind, function.handler, function.runtime) == (kind, handler or "bootstrap", runtime)


@pytest.mark.parametrize(
    ("handler", "runtime", "problem"),
    [
        ("f.h", "java21", "here: runtime is 'java21', which runs here by its own runtime client: write a bootstrap"),
        ("f.h", "ruby3.3", "here: runtime is 'ruby3.3', which runs here by its own runtime client: write a bootstrap"),
        ("f.h", "cobol", "here: runtime is 'cobol', which offhook does not run; it runs such as python3.13"),
        ("f.h", "", "here: there is no file code/f.py or .js; write FILE.FUNCTION, no ending."),
        ("f.h", "nodejs20.x", "here: there is no file code/f.js, .mjs or .cjs; write FILE.FUNCTION"),
        ("../f.h", "nodejs20.x", "here: there is no file code/../f.js, .mjs or .cjs; write FILE.FUNCTION"),
        ("f", "nodejs20.x", "here: handler is 'f', must be FILE.FUNCTION, as in lookup.handler."),
        ("", "python3.11", "here: handler is '', must be FILE.FUNCTION, as in lookup.handler."),
        ("", "", "here: there is no file bootstrap in code; Python and Node.js have a handler."),
        ("h", "provided", "here: there is no file bootstrap in code; Python and Node.js have a handler."),
    ],
)
def test_what_cannot_run_here_is_refused_with_the_cure(
    tmp_path: Path, handler: str, runtime: str, problem: str
) -> None:
    with pytest.raises(UsageError) as caught:
        local("f", tmp_path, handler, runtime=runtime, where="here:", shown="code")

    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(problem)


def test_a_stub_keeps_the_text_of_its_answer() -> None:
    """A flow sees 1.50 as it was written, not 1.5."""
    assert parse('f=stub:{"balance": 1.50}') == Stub(name="f", answers=('{"balance": 1.50}',))


def test_a_stub_states_its_times() -> None:
    assert parse("f=stub(init=0.4,run=2.7):{}") == Stub(name="f", answers=("{}",), init_ms=400, run_ms=2700)
    assert parse("f=stub(run=3, timeout=2):{}") == Stub(name="f", answers=("{}",), run_ms=3000, timeout_ms=2000)


@pytest.mark.parametrize(("cold", "every"), [("first", None), ("always", 1), ("every 3", 3), ("every3", 3)])
def test_a_stub_states_which_calls_are_cold(cold: str, every: int | None) -> None:
    assert parse(f"f=stub(init=1,cold={cold}):{{}}") == Stub(name="f", answers=("{}",), init_ms=1000, cold_every=every)


def test_a_stub_may_answer_a_sequence_with_faults_in_it() -> None:
    stub = parse('f=stub(seq):[{"n":1.0},{"fail":"throttle"},null]')

    assert stub == Stub(name="f", answers=('{"n":1.0}', Fault("throttle"), "null"))


def test_an_object_with_fail_is_a_plain_answer_outside_a_sequence() -> None:
    assert parse('f=stub:{"fail":"throttle"}') == Stub(name="f", answers=('{"fail":"throttle"}',))


@pytest.mark.parametrize("kind", FAULTS)
def test_each_fault_is_a_stub_that_fails(kind: str) -> None:
    assert parse(f"f=fail:{kind}") == Stub(name="f", answers=(Fault(kind),))


def test_a_slow_function_answers_after_its_seconds() -> None:
    assert parse("f=fail:slow:4.5") == Stub(name="f", answers=("{}",), run_ms=4500)


def test_a_name_may_be_an_arn() -> None:
    assert parse("arn:aws:lambda:us-east-1:111122223333:function:f=stub:{}").name.endswith(":function:f")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("lookup", "function 'lookup': write NAME=KIND:"),
        ("=stub:{}", "function '=stub:{}': write NAME=KIND:"),
        ("f=ruby:x.y", "unknown kind 'ruby'; kinds here are python, node, bootstrap, deployed, stub and fail"),
        ("f=python:handler", "handler is 'handler', must be FILE.FUNCTION"),
        ("f=python:functions/", "handler is '', must be FILE.FUNCTION"),
        ("f=python:functions/absent.handler", "there is no folder functions"),
        ("f=python:lookup.py.handler", "there is no file lookup/py.py; write FILE.FUNCTION, no ending"),
        ("f=node:handler", "handler is 'handler', must be FILE.FUNCTION"),
        ("f=python", "write python:PATH.HANDLER"),
        ("f=bootstrap", "write bootstrap:FOLDER"),
        ("f=bootstrap:absent", "there is no file bootstrap in absent"),
        ("f=python(speed=1):f.h", "unknown function option 'speed'; options are timeout, memory, cold and reserved"),
        ("f=python(memory=much):f.h", "memory is 'much', must be a whole number"),
        ("f=python(timeout=long):f.h", "timeout is 'long', must be seconds"),
        ("f=python(cold=after never):f.h", "must be first, always, every N or after TIME, as in after 10m"),
        ("f=stub(cold=after 10m):{}", "cold is 'after 10m', but a stub has no clock"),
        ("f=stub", "a stub is stub:JSON"),
        ("f=stub(run=1){}", "a stub is stub:JSON"),
        ("f=stub:{", "the answer of a stub must be JSON"),
        ("f=stub(seq):{}", "the answer of a stub must be a JSON list"),
        ("f=stub(seq):[]", "needs at least one answer"),
        ('f=stub(seq):[{"fail":"odd"}]', "unknown fault 'odd'"),
        ("f=stub(walk=1):{}", "unknown stub option 'walk'"),
        ("f=stub(run=fast):{}", "run is 'fast', must be seconds"),
        ("f=stub(run=-1):{}", "run is '-1', must be seconds"),
        ("f=stub(cold=never):{}", "cold is 'never', must be first, always, every N or after TIME"),
        ("f=stub(cold=every 0):{}", "cold is 'every 0', must be first, always, every N or after TIME"),
        ("f=fail:odd", "unknown fault 'odd'; faults are throttle, "),
        ("f=fail:slow:x", "slow is 'x', must be seconds"),
    ],
)
def test_a_wrong_text_is_refused_with_the_cure(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)

    assert len(caught.value.problems) == 1
    assert problem in caught.value.problems[0]


def test_a_folder_that_is_not_there_is_told_before_its_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        parse_function("f=python:functions/lookup.handler", folder=tmp_path)

    assert caught.value.problems == ("function 'f': there is no folder functions.",)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        parse_functions(("a=fail:odd", "b=stub:{", "c=stub:1", "c=stub:2"), folder=Path("/project"))

    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "function 'a'",
        "function 'b'",
        "function 'c' is given twice; give each name once.",
    ]


def test_functions_are_given_by_name() -> None:
    functions = parse_functions(("a=stub:1", "b=stub:2"), folder=Path("/project"))

    assert functions == {"a": Stub(name="a", answers=("1",)), "b": Stub(name="b", answers=("2",))}
