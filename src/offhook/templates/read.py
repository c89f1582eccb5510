"""A template document to what it deploys: all parts of it, and everything that is wrong with them at once."""

from collections.abc import Iterator
from typing import Any

from offhook.model.errors import UsageError
from offhook.templates.connect import flows, hours, others, queues
from offhook.templates.contents import Contents
from offhook.templates.evaluate import Evaluator, Given
from offhook.templates.function import functions
from offhook.templates.graph import check
from offhook.templates.outline import Outline, outline
from offhook.templates.permit import permitted


def read_template(document: Any, given: Given, *, source: str) -> Contents:
    """What the template deploys. `source` names it in messages.

    Raises UsageError: the document's shape, names that there are not, circles, values that cannot be told and
    properties that are wrong, one sentence each, with the logical id and the property.
    """
    parts = outline(document, source)
    here = Evaluator(parts, given)
    problems = [*_unknown_parameters(parts, given), *check(parts, given.imports)]
    deployed = _deployed(here)
    problems += here.problems
    if problems:
        raise UsageError(*problems)
    return deployed


def _deployed(here: Evaluator) -> Contents:
    found, contents = functions(here), flows(here)
    schedules = list(hours(here))
    lines = list(queues(here, {resource.arn: resource.name for resource, _ in schedules}))
    rest = tuple(others(here))
    # last, because it asks for what need not be told, and a problem is said of what is asked for first
    permits = permitted(here, found, contents)
    return Contents(
        functions=permits.functions,
        flows=contents,
        hours={resource.name: table for resource, table in schedules},
        queues=tuple(settings for _, settings, _ in lines),
        resources=(*(resource for resource, _ in schedules), *(resource for resource, _, _ in lines), *rest),
        associated=permits.associated,
        warnings=(*permits.warnings, *(warning for _, _, warning in lines if warning), *_nested(here)),
    )


def _nested(here: Evaluator) -> Iterator[str]:
    for each in here.parts.of_type("AWS::CloudFormation::Stack", "AWS::Serverless::Application"):
        if here.exists(each):
            where = f"{here.parts.source}: {each.logical_id}"
            yield f"{where}: a nested stack is not read; name its template in a table [functions.NAME] of its own."


def _unknown_parameters(parts: Outline, given: Given) -> list[str]:
    known = f"it has {', '.join(parts.parameters)}" if parts.parameters else "it has none"
    return [
        f"{parts.source}: [{given.table}] parameters: {name!r} is no parameter of the template; {known}."
        for name in given.parameters
        if name not in parts.parameters
    ]
