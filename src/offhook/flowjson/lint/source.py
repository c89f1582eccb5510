"""What can be told about a function without running it: the keys of its answers, and the inputs it reads.

From Python by its syntax tree, from a stub by its answer. Keys that are put together at run time are not seen, so
what is here is for hints (`did you mean`), never for errors.
"""

import ast
import warnings
from collections.abc import Iterator
from typing import NamedTuple

import msgspec


class Source(NamedTuple):
    """`answers`: keys of the objects that functions in the file return. `reads`: keys that are looked up at all."""

    answers: frozenset[str]
    reads: frozenset[str] = frozenset()


def stub_source(answers: tuple[str, ...]) -> Source:
    """The keys of answers given as JSON; those that are not objects have none."""
    return Source(frozenset(key for answer in answers for key in _object_keys(answer)))


def _object_keys(text: str) -> list[str]:
    try:
        return list(msgspec.json.decode(text, type=dict[str, msgspec.Raw]))
    except msgspec.DecodeError:
        return []


def python_source(text: str) -> Source | None:
    """What a Python file answers and reads, all its functions together; None where it is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a stray backslash is the user's affair
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    answers: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            answers |= _returned(node)
    return Source(frozenset(answers), frozenset(_read(tree)))


def _returned(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Keys of the objects that this function returns: written out, or put into a variable that is returned."""
    nodes = list(ast.walk(function))
    values = [node.value for node in nodes if isinstance(node, ast.Return) and node.value is not None]
    parts = [part for value in values for part in _parts(value)]
    names = {part.id for part in parts if isinstance(part, ast.Name)}
    found = {key for part in parts for key in _keys(part)}
    for node in nodes:
        found |= set(_put(node, names))
    return found


def _parts(value: ast.expr) -> Iterator[ast.expr]:
    """The expressions that a returned value may be or is made of."""
    if isinstance(value, ast.IfExp):
        yield from _parts(value.body)
        yield from _parts(value.orelse)
    elif isinstance(value, ast.BoolOp):
        for each in value.values:
            yield from _parts(each)
    elif isinstance(value, ast.BinOp):
        yield from _parts(value.left)
        yield from _parts(value.right)
    else:
        yield value
        if isinstance(value, ast.Dict):  # {**found, "State": …}
            for key, item in zip(value.keys, value.values, strict=True):
                if key is None:
                    yield from _parts(item)


def _keys(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Dict):
        yield from (key.value for key in value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str))
    elif isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "dict":
        yield from (keyword.arg for keyword in value.keywords if keyword.arg is not None)


def _put(node: ast.AST, names: set[str]) -> Iterator[str]:
    """Keys that a statement gives to one of these variables: `x = {…}`, `x["key"] = …`, `x.update(…)`."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and target.id in names:
                for part in _parts(node.value):
                    yield from _keys(part)
            elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id in names:
                yield from _constant(target.slice)
    elif isinstance(node, ast.Call) and _is_update(node.func, names):
        yield from (keyword.arg for keyword in node.keywords if keyword.arg is not None)
        for argument in node.args:
            yield from _keys(argument)


def _is_update(function: ast.expr, names: set[str]) -> bool:
    if not isinstance(function, ast.Attribute) or function.attr != "update":
        return False
    return isinstance(function.value, ast.Name) and function.value.id in names


def _read(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            yield from _constant(node.slice)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop"):
            for argument in node.args[:1]:
                yield from _constant(argument)


def _constant(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
