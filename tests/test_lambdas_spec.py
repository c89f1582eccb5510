"""The text of `--function`."""

import sys
from pathlib import Path

import pytest

from offhook.adapters.lambdas.spec import FAULTS, Fault, PythonFunction, Stub, parse_function, parse_functions
from offhook.model.errors import UsageError


def parse(text: str) -> PythonFunction | Stub:
    return parse_function(text, folder=Path("/project"))


def test_a_python_function_runs_in_the_folder_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "lookup.py").touch()

    function = parse_function("lookup=python:functions/lookup.handler", folder=tmp_path)

    assert function == PythonFunction(name="lookup", task_root=tmp_path / "functions", handler="lookup.handler")
    assert (function.timeout_ms, function.memory_mb, function.interpreter) == (3000, 128, sys.executable)


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

    assert isinstance(function, PythonFunction)
    assert (function.task_root, function.handler) == (tmp_path / root, handler)


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
        ("f=ruby:x.y", "unknown kind 'ruby'; kinds here are python, deployed, stub and fail"),
        ("f=python:handler", "handler 'handler' must be FILE.FUNCTION"),
        ("f=python:functions/", "handler 'functions/' must be FILE.FUNCTION"),
        ("f=python:functions/absent.handler", "there is no file functions/absent.py; write FILE.FUNCTION"),
        ("f=python:lookup.py.handler", "there is no file lookup/py.py; write FILE.FUNCTION, without .py"),
        ("f=stub", "a stub is stub:JSON"),
        ("f=stub(run=1){}", "a stub is stub:JSON"),
        ("f=stub:{", "the answer of a stub must be JSON"),
        ("f=stub(seq):{}", "the answer of a stub must be a JSON list"),
        ("f=stub(seq):[]", "needs at least one answer"),
        ('f=stub(seq):[{"fail":"odd"}]', "unknown fault 'odd'"),
        ("f=stub(walk=1):{}", "unknown stub option 'walk'"),
        ("f=stub(run=fast):{}", "run is 'fast', must be seconds"),
        ("f=stub(run=-1):{}", "run is '-1', must be seconds"),
        ("f=stub(cold=never):{}", "cold is 'never', must be first, always or every N"),
        ("f=stub(cold=every 0):{}", "cold is 'every 0', must be first, always or every N"),
        ("f=fail:odd", "unknown fault 'odd'; faults are throttle, "),
        ("f=fail:slow:x", "slow is 'x', must be seconds"),
    ],
)
def test_a_wrong_text_is_refused_with_the_cure(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)

    assert len(caught.value.problems) == 1
    assert problem in caught.value.problems[0]


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
