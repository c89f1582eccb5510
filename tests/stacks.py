"""Templates in tests: a document is read, or one value of it is worked out."""

from textwrap import dedent, indent
from typing import Any

import pytest

from offhook.model.errors import UsageError
from offhook.templates.contents import Contents, TemplateFunction
from offhook.templates.evaluate import Evaluator, Given
from offhook.templates.outline import outline
from offhook.templates.read import read_template
from offhook.templates.syntax import parse_template

SOURCE = "t.yaml"
SAM = "Transform: AWS::Serverless-2016-10-31\n"


def given(**said: Any) -> Given:
    return Given(table="functions.stack", stack="demo", **said)


def read(text: str, **said: Any) -> Contents:
    document, _ = parse_template(dedent(text), SOURCE)
    return read_template(document, given(**said), source=SOURCE)


def refused(text: str, **said: Any) -> list[str]:
    """What is wrong with the template, without its name."""
    with pytest.raises(UsageError) as refusal:
        read(text, **said)
    assert all(sentence.startswith(f"{SOURCE}: ") for sentence in refusal.value.problems)
    return [sentence.removeprefix(f"{SOURCE}: ") for sentence in refusal.value.problems]


def worked_out(expression: str, beside: str = "", **said: Any) -> tuple[Any, list[str]]:
    """What the property X.It is, in YAML, and the problems without the template's name. `beside`: other sections."""
    text = f"{dedent(beside)}\nResources:\n  X:\n    Type: Test::X\n    Properties:\n      It:\n"
    document, _ = parse_template(text + indent(dedent(expression), " " * 8), SOURCE)
    document["Resources"] |= document.pop("More", {})
    parts = outline(document, SOURCE)
    here = Evaluator(parts, given(**said))
    value = here.property(parts.resources["X"], "It")
    return value, [problem.removeprefix(f"{SOURCE}: ") for problem in here.problems]


def value(expression: str, beside: str = "", **said: Any) -> Any:
    found, problems = worked_out(expression, beside, **said)
    assert problems == []
    return found


def problem(expression: str, beside: str = "", **said: Any) -> str:
    """The one sentence about X.It, without the place."""
    _, problems = worked_out(expression, beside, **said)
    (sentence,) = problems
    assert sentence.startswith("X: It: ")
    return sentence.removeprefix("X: It: ")


def only(contents: Contents) -> TemplateFunction:
    (function,) = contents.functions
    return function
