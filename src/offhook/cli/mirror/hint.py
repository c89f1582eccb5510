"""Names that an export has beside ids of another instance, used in place of them.

The console writes a friendly name for most ids in a flow. A flow that was exported from elsewhere leads by ids to where
it came from; by these names it leads to the things of the same name here.
"""

from typing import Any

from offhook.blocks import catalogue
from offhook.cli.mirror import token
from offhook.cli.mirror.thing import FUNCTION, WORDS, Key
from offhook.flowjson.read import read_flow
from offhook.model.errors import UsageError
from offhook.model.flow import Action

_KINDS = {word: kind for kind, word in WORDS.items()}


def with_hints(content: str, instance_arn: str) -> str:
    """The content with tokens for ids of other instances, as far as it has names for them; functions by their own."""
    foreign = {arn for arn in token.arns(content) if not arn.startswith(instance_arn)}
    if not foreign:
        return content
    ids = _named(content, foreign)
    named = {name for word, name in token.tokens(content) if word == FUNCTION}
    functions = {arn.split(":")[6]: arn for arn in sorted(foreign) if ":lambda:" in arn}
    # of two functions of one name, the one that has no token is another one
    functions = {name: "" if name in named else arn for name, arn in functions.items()}
    return token.tokenised(content, token.Names("", ids, {}, functions), is_file=True)


def _named(content: str, foreign: set[str]) -> dict[str, Key]:
    try:
        flow = read_flow(content, catalogue())
    except UsageError:
        return {}
    ids: dict[str, Key] = {}
    for action in flow.actions.values():
        for path, name in action.hints.items():
            raw = _at(action, path)
            arn = next((each for each in foreign if raw.startswith(each)), "")
            kind = _KINDS.get(arn.split("/")[2]) if arn.count("/") > 2 else None
            if kind is not None:
                ids[arn.rsplit("/", 1)[-1]] = kind, name
    return ids


def _at(action: Action, path: str) -> str:
    """The text at a path of the parameters, "" for none."""
    found: Any = action.parameters
    for step in path.split("."):
        if isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
