"""Rules about names: of functions, queues and flows, of what functions answer, and of attributes."""

import re
from collections.abc import Iterator

from offhook.core import permission
from offhook.core.resolve import ASSUMED
from offhook.core.spec import Found
from offhook.flowjson.lint.reference import external_key
from offhook.flowjson.lint.rule import Finding, Rule
from offhook.flowjson.lint.source import Source
from offhook.flowjson.lint.view import ANY_KEY, Here, Leaf, Mention, Whole, source_of
from offhook.model.instance import Instance, Resource

# ${…} of Terraform and CloudFormation, {{…}}, %%…%%, <<…>>, <…>, {ACCOUNT_ID}, and words that ask to be replaced
_TOKEN = re.compile(r"\$\{|\{\{|%%\w+%%|<<.+>>|<[^<>]+>|\{\w+\}|REPLACE|PLACEHOLDER")
_ID = re.compile(r"arn:\S+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(:\S+)?")
_FUNCTION = re.compile(r"[A-Za-z0-9_-]+(:[A-Za-z0-9$_-]+)?")
_SET_BY_FLOWS = ("Attributes", "FlowAttributes", "External")
_UNSPELLED = re.compile(r"[_-]")


def is_token(text: str) -> bool:
    """Whether something must fill this text in before Connect can take the flow."""
    return bool(_TOKEN.search(text))


def token(here: Here) -> Iterator[Finding]:
    for bad in here.bad:
        if isinstance(bad.value, str) and is_token(bad.value):
            yield Finding(f"{bad.value!r} must be filled in before the flow can run.", f"Parameters.{bad.path}")
    for leaf, kind, found in here.named:
        if (found is None or found.resource is None or found.assumed) and _is_open(kind, leaf.text):
            message = (
                f"{leaf.text!r} stands for a {kind} and is neither an id nor an ARN; in a project, list it under "
                f"`matches` of the {kind} that it means."
            )
            yield Finding(message, f"Parameters.{leaf.path}")


def _is_open(kind: str, text: str) -> bool:
    if is_token(text):
        return True
    return not _ID.fullmatch(text) and not (kind == "function" and _FUNCTION.fullmatch(text))


def not_found(here: Here) -> Iterator[Finding]:
    for leaf, kind, found in here.named:
        if found is not None and found.resource is None and not _is_open(kind, leaf.text):
            yield Finding(found.problem, f"Parameters.{leaf.path}")


def assumed(here: Here) -> Iterator[Finding]:
    for leaf, kind, found in here.named:
        if found is not None and found.assumed and not _is_open(kind, leaf.text):
            yield Finding(found.problem, f"Parameters.{leaf.path}")


def not_associated(here: Here) -> Iterator[Finding]:
    for leaf, function, found, instance in _functions(here):
        if instance.associated is None and function.policy is None:
            continue  # nobody keeps account
        message = permission.not_allowed(instance, function, found.qualifier)
        if message:
            yield Finding(message, f"Parameters.{leaf.path}")


def no_qualifier(here: Here) -> Iterator[Finding]:
    for leaf, function, found, _ in _functions(here):
        message = permission.missing(function, found.qualifier)
        if message:
            yield Finding(message, f"Parameters.{leaf.path}")


def _functions(here: Here) -> Iterator[tuple[Leaf, Resource, Found, Instance]]:
    """The functions that the action names and the project knows."""
    known = here.whole.known
    for leaf, kind, found in here.named:
        if known is not None and kind == "function" and found is not None and found.resource is not None:
            yield leaf, found.resource, found, known.instance


# --- what functions answer and read


def external_name(whole: Whole) -> Iterator[Finding]:
    sources = list(_called(whole).values())
    answers = {key for source in sources for key in source.answers}
    near = {_folded(key): key for key in sorted(answers)}
    for here in whole.actions.values():
        for mention in here.mentions:
            key = external_key(mention)
            meant = near.get(_folded(key)) if key and key not in answers else None
            if meant is not None:
                message = (
                    f"no function of the flow answers with {key!r}; did you mean {meant}? Names are case-sensitive."
                )
                yield Finding(message, mention.field, here.action.identifier)


def parameter_name(whole: Whole) -> Iterator[Finding]:
    for identifier, source in _called(whole).items():
        near = {_folded(key): key for key in sorted(source.reads)}
        inputs = whole.actions[identifier].action.parameters.get("LambdaInvocationAttributes")
        for key in inputs if isinstance(inputs, dict) else ():
            meant = near.get(_folded(key)) if key not in source.reads else None
            if meant is not None:
                message = f"the function does not read {key!r}; did you mean {meant}? Names are case-sensitive."
                yield Finding(message, f"Parameters.LambdaInvocationAttributes.{key}", identifier)


def _called(whole: Whole) -> dict[str, Source]:
    """What is known about the functions that the flow calls, by the action that calls."""
    found = {identifier: source_of(here) for identifier, here in whole.actions.items()}
    return {identifier: source for identifier, source in found.items() if source is not None}


def _folded(key: str) -> str:
    return _UNSPELLED.sub("", key).lower()


# --- attributes


def never_set(whole: Whole) -> Iterator[Finding]:
    """Each attribute once, where it is read first; comparisons have a rule of their own."""
    seen = set()
    for here in whole.actions.values():
        for mention in here.mentions:
            read = _never_written(whole, mention)
            if read is not None and mention.kind != "reference" and read not in seen:
                seen.add(read)
                yield Finding(_never(whole, read, mention), mention.field, here.action.identifier)


def compare_never_set(here: Here) -> Iterator[Finding]:
    for mention in here.mentions:
        read = _never_written(here.whole, mention)
        if read is not None and mention.kind == "reference":
            yield Finding(f"{_never(here.whole, read, mention)} Until then no condition here is true.", mention.field)


def _never_written(whole: Whole, mention: Mention) -> tuple[str, str] | None:
    """Namespace and key of an attribute, or of a function's answer, that is read here and set nowhere; else None."""
    namespace = mention.path[0]
    if namespace not in _SET_BY_FLOWS or len(mention.path) < 2 or mention.path[1].startswith("$"):
        return None
    if namespace == "External" and whole.known is None:  # an answer outlives a transfer, so another flow may have it
        return None
    read = (namespace, ".".join(mention.path[1:]))
    return None if read in whole.written or (namespace, ANY_KEY) in whole.written else read


def _never(whole: Whole, read: tuple[str, str], mention: Mention) -> str:
    namespace, key = read
    if namespace == "FlowAttributes":
        return f"{mention.text} is empty: this flow does not set the flow attribute {key!r}."
    if namespace == "External":
        return f"{mention.text} is empty: no flow of the project calls a function."
    where = "no flow of the project" if whole.known is not None else "no block of this flow"
    return f"{mention.text} is empty unless something else sets it: {where} sets the attribute {key!r}."


RULES = (
    Rule(
        name="token",
        title="A value must be filled in before the flow can run",
        why="Template tokens (${…}, {{…}}, <…>) and prose stand in place of ids. Connect refuses the flow until "
        "they are replaced. offhook runs it as it is once offhook.toml says what the text means: matches = "
        '["${Lookup.Arn}"].',
        severity="warning",
        of_action=token,
    ),
    Rule(
        name="not-found",
        title="The project has no such function, flow or module",
        why="The block takes its error branch. `offhook functions why FLOW:ACTION` shows how the name is looked "
        "up: exact text in matches, ARN or id, name, the friendly name in the file, patterns in matches.",
        of_action=not_found,
    ),
    Rule(
        name="assumed",
        title="The project does not define the " + ", ".join(sorted(ASSUMED)),
        why="It is taken to exist: open at all hours, without a limit. The strict profile assumes nothing. "
        "Define it in offhook.toml.",
        severity="warning",
        strict="error",
        of_action=assumed,
    ),
    Rule(
        name="not-associated",
        title="The function is not added to the instance",
        why="Connect may invoke only functions whose resource policy allows it, which adding them to the "
        "instance does. Without it the block takes its error branch with status 403.",
        severity="warning",
        strict="error",
        of_action=not_associated,
    ),
    Rule(
        name="no-qualifier",
        title="The function has no such version or alias",
        why="Lambda answers 404 for a version or alias that there is not, and the block takes its error branch. "
        "Correct the ARN, or publish the version, or list the alias under `aliases` of the function in offhook.toml.",
        severity="warning",
        strict="error",
        of_action=no_qualifier,
    ),
    Rule(
        name="external-name",
        title="A key is spelled differently in the flow and in the function",
        why="Keys of an answer are case-sensitive. $.External.State is empty when the function answers with state.",
        severity="warning",
        of_flow=external_name,
    ),
    Rule(
        name="parameter-name",
        title="An input is spelled differently in the flow and in the function",
        why="Inputs arrive under Details.Parameters exactly as the block spells them.",
        severity="warning",
        of_flow=parameter_name,
    ),
    Rule(
        name="never-set",
        title="An attribute or an answer is read and never set",
        why="It may come from elsewhere: the API that starts the contact, another instance, an agent's "
        "application. If not, it is empty. Flow attributes are gone after a transfer to another flow.",
        severity="warning",
        of_flow=never_set,
    ),
    Rule(
        name="compare-never-set",
        title="A comparison reads an attribute that is never set",
        why="A comparison with nothing is never true, so NoMatchingCondition is taken. See W-never-set.",
        severity="warning",
        of_action=compare_never_set,
    ),
)
