"""What can be told about a function from its source."""

import textwrap

import pytest

from offhook.flowjson.lint.source import Source, python_source, stub_source


def _answers(body: str) -> set[str]:
    text = "def handler(event, context):\n" + textwrap.indent(textwrap.dedent(body), "    ")
    source = python_source(text)
    assert source is not None
    return set(source.answers)


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        ('return {"a": 1, "b": {"c": 2}}', {"a", "b"}),
        ('return dict(a=1, **{"b": 2})', {"a"}),
        ('return {"a": 1} if event else {"b": 2}', {"a", "b"}),
        ('return found or {"b": 2}', {"b"}),
        ('return {"a": 1} | {"b": 2}', {"a", "b"}),
        ('return {**{"a": 1}, "b": 2, name: 3, 4: 5}', {"a", "b"}),
        ('x = {"a": 1}\nx["b"] = 2\nx[name] = 3\nreturn x', {"a", "b"}),
        ('x: dict = {"a": 1}\nreturn x', {"a"}),
        ("x: dict\nreturn x", set()),
        ('x = {}\nx |= {"a": 1}\nreturn x', {"a"}),
        ('x = {}\nx.update({"a": 1}, b=2, **more)\nreturn x', {"a", "b"}),
        ('x = {}\nreturn {**x, "a": 1}\nx["b"] = 2', {"a", "b"}),
        ('y = {"a": 1}\ny["b"] = 2\ny.update(c=3)\nreturn x', set()),
        ('x = {}\nmake().update(a=1)\nx.y["a"] = 1\nx.copy(a=1)\nprint(a=1)\nreturn x', set()),
        ("return", set()),
        ("return make(a=1)", set()),
    ],
)
def test_keys_that_a_function_returns(body: str, keys: set[str]) -> None:
    assert _answers(body) == keys


def test_every_function_of_the_file_counts() -> None:
    text = 'async def handler(event, context):\n    return await _found()\n\nasync def _found():\n    return {"a": 1}\n'

    assert python_source(text) == Source(frozenset({"a"}))


def test_keys_that_are_looked_up() -> None:
    text = 'x = event["a"]["b"].get("c", {}).pop("d")\ny = event[0][name].get()\nz = get("e").find("f")\n'

    assert python_source(text) == Source(frozenset(), frozenset("abcd"))


@pytest.mark.parametrize("text", ["def (", "\x00", "x = " + "(" * 3000])
def test_what_is_not_python_has_no_source(text: str) -> None:
    assert python_source(text) is None


def test_a_stray_backslash_does_not_warn() -> None:
    assert python_source(r'x = "\d"') == Source(frozenset())


def test_a_stub_answers_with_the_keys_of_its_objects() -> None:
    assert stub_source(('{"a": 1, "b": {"c": 2}}', "[1]", "null", "{", '{"d": 1}')) == Source(frozenset("abd"))
