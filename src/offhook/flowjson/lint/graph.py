"""Rules about how actions follow each other: failures that hang up, silence, loops, and channels."""

from collections.abc import Iterable, Iterator, Mapping

from offhook.core.program import CHANNELS
from offhook.core.spec import BlockSpec
from offhook.flowjson.lint.rule import Finding, Rule
from offhook.flowjson.lint.view import LAMBDA, Here, Whole, written_in
from offhook.flowjson.problems import reachable
from offhook.model.flow import Action

_HANG_UP = "DisconnectParticipant"
# the contact goes elsewhere, and what happens there may take time
_AWAY = frozenset(
    "InvokeFlowModule TransferToFlow TransferContactToQueue DequeueContactAndTransferToQueue "
    "TransferContactToAgent".split()
)


def lambda_error_disconnects(here: Here) -> Iterator[Finding]:
    actions = here.whole.flow.actions
    if here.action.type != LAMBDA:
        return
    for index, arrow in enumerate(here.action.errors):
        target = actions.get(arrow.next_action)
        if target is not None and target.type == _HANG_UP:
            message = f"when the function fails, the contact is hung up at {target.identifier!r} without a word."
            yield Finding(message, f"Transitions.Errors[{index}]")


# --- silence


def lambda_silence(whole: Whole) -> Iterator[Finding]:
    """At the second function of a pair, once, naming the first function in file order that leads to it."""
    seen = set()
    for identifier, here in whole.actions.items():
        if not _calls(here.action):
            continue
        for target in _next_calls(whole, identifier):
            if target not in seen:
                seen.add(target)
                before = "itself" if target == identifier else repr(identifier)
                message = (
                    f"this function runs after {before} with no prompt and no input between: the customer hears "
                    "silence, and functions in a row may take 20 s together."
                )
                yield Finding(message, "", target)


def _calls(action: Action) -> bool:
    """Whether the contact waits for a function here."""
    is_load = bool(action.parameters.get("LambdaInvocationId"))
    return action.type == LAMBDA and action.parameters.get("InvocationType") != "ASYNCHRONOUS" and not is_load


def _next_calls(whole: Whole, start: str) -> list[str]:
    """Functions that can be reached without passing a block that speaks, listens or waits."""
    found, seen = [], set()
    ahead = whole.actions[start].action.targets()
    for identifier in ahead:
        here = whole.actions.get(identifier)
        if here is None or identifier in seen:
            continue
        seen.add(identifier)
        if _calls(here.action):
            found.append(identifier)
        elif not _takes_time(here):
            ahead += here.action.targets()
    return found


def _takes_time(here: Here) -> bool:
    spec = here.spec
    if spec is None or spec.enter is None:  # nobody knows, so it is not held against the flow
        return True
    return spec.resume is not None or spec.kind == "participant" or here.action.type in _AWAY


# --- loops


def loop(whole: Whole) -> Iterator[Finding]:
    """Each loop once, at the first of its actions in file order."""
    reached = reachable(whole.flow)
    arrows = {
        identifier: [target for target in _targets(here.action) if target in reached]
        for identifier, here in whole.actions.items()
        if identifier in reached and not _takes_time(here)
    }
    seen: set[str] = set()
    for identifier in _in_loops(arrows):
        way = [] if identifier in seen else _way_round(arrows, identifier)
        seen.update(way)
        if way and not _counts(whole, way):
            shown = " -> ".join(repr(name) for name in (*way, identifier))
            yield Finding(
                f"the contact may go round without waiting: {shown}; it ends after 1,000 blocks.", "", identifier
            )


def _counts(whole: Whole, way: list[str]) -> bool:
    """Whether the loop compares an attribute that it sets itself, so that it may well come to an end."""
    here = [whole.actions[identifier] for identifier in way]
    written = {pair for each in here for pair in written_in(each.action)}
    return any(
        mention.kind == "reference" and (mention.path[0], mention.path[-1]) in written
        for each in here
        for mention in each.mentions
    )


def _targets(action: Action) -> list[str]:
    """Where the action leads. What a Loop block repeats comes to an end, so that arrow is left out."""
    if action.type != "Loop":
        return action.targets()
    return [arrow.next_action for arrow in action.conditions if "ContinueLooping" not in arrow.operands] + [
        arrow.next_action for arrow in action.errors
    ]


def _in_loops(arrows: Mapping[str, list[str]]) -> list[str]:
    """The actions, in order, that are left when those without a way on are taken away again and again."""
    left = dict(arrows)
    while True:
        ends = [name for name, targets in left.items() if not any(target in left for target in targets)]
        if not ends:
            return list(left)
        for name in ends:
            del left[name]


def _way_round(arrows: Mapping[str, list[str]], start: str) -> list[str]:
    """The shortest way from an action back to itself, without its end; empty where there is none."""
    ways = {start: [start]}
    queue = [start]
    for name in queue:
        for target in arrows.get(name, ()):
            if target == start:
                return ways[name]
            if target not in ways:
                ways[target] = [*ways[name], target]
                queue.append(target)
    return []


# --- channels


def channel(whole: Whole) -> Iterator[Finding]:
    """A block that does not work on a channel, where a contact of that channel can get to it.

    Voice is always looked at; the others where the flow tells channels apart.
    """
    named = {operand for here in whole.actions.values() if _asks_channel(here) for operand in _operands(here.action)}
    for name in CHANNELS:
        if name != "VOICE" and name not in named:
            continue
        for identifier in _reached_on(whole, name):
            here = whole.actions[identifier]
            rule = here.spec.channel_rule(name, strict=whole.strict) if here.spec is not None else "works"
            if rule.startswith("error:"):
                yield Finding(_does_not_work(here.spec, name, rule), "Type", identifier)


def _does_not_work(spec: BlockSpec | None, name: str, rule: str) -> str:
    title = spec.title if spec is not None else ""
    return f"{title} does not work on {name}: such a contact takes {rule.removeprefix('error:')} here."


def _asks_channel(here: Here) -> bool:
    return any(mention.kind == "reference" and mention.path == ("Channel",) for mention in here.mentions)


def _operands(action: Action) -> Iterable[str]:
    return (operand for condition in action.conditions for operand in condition.operands if isinstance(operand, str))


def _reached_on(whole: Whole, name: str) -> list[str]:
    """Actions that a contact of this channel can get to, in file order."""
    reached: set[str] = set()
    ahead = [whole.flow.start_action]
    while ahead:
        identifier = ahead.pop()
        here = whole.actions.get(identifier)
        if here is not None and identifier not in reached:
            reached.add(identifier)
            ahead += _on_channel(here.action, name) if _asks_channel(here) else here.action.targets()
    return [identifier for identifier in whole.actions if identifier in reached]


def _on_channel(action: Action, name: str) -> list[str]:
    if any(condition.operator != "Equals" for condition in action.conditions):
        return action.targets()
    for condition in action.conditions:
        if condition.operands == (name,):
            return [condition.next_action]
    return [arrow.next_action for arrow in action.errors]


RULES = (
    Rule(
        name="lambda-error-disconnects",
        title="A failing function hangs up on the customer",
        why="Functions fail: they time out, are throttled, lose a permission. The customer should hear that "
        "something went wrong, or be transferred. Put a prompt or a transfer between the error branch and "
        "the disconnect.",
        severity="warning",
        of_action=lambda_error_disconnects,
    ),
    Rule(
        name="lambda-silence",
        title="Two functions run in a row without a prompt",
        why="The customer hears nothing while functions run. Without a prompt or an input between them, "
        "functions may take 20 seconds together; the one that crosses that line takes its error branch. "
        "Play a prompt between them.",
        severity="warning",
        of_flow=lambda_silence,
    ),
    Rule(
        name="loop",
        title="The flow can go round without waiting",
        why="Nothing in the loop speaks, listens or waits, so nothing stops it but the limit: offhook ends the "
        "contact after 1,000 blocks. Count the rounds with a Loop block, or put a prompt or a wait into the "
        "loop.",
        severity="warning",
        of_flow=loop,
    ),
    Rule(
        name="channel",
        title="The block does not work on a channel that can reach it",
        why="On that channel it takes its error branch. Branch on $.Channel before it. Channels other than "
        "voice are looked at where the flow itself compares $.Channel with them.",
        severity="warning",
        of_flow=channel,
    ),
)
