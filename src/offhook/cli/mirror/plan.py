"""What makes an instance like a folder: steps, and what stands in their way. Nothing is asked or changed here.

A thing is compared member by member; what a file does not say stays as it is there, and so does what only the instance
has. A thing that leads to something nobody knows is left out, and so is what leads to it in turn; a new flow is then
kept as a draft.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from offhook.cli.mirror import token
from offhook.cli.mirror.thing import BOT, FLOW, FUNCTION, MODULE, NUMBER, Copy, Key, Thing

CREATE, CHANGE, DRAFT, PUBLISH, FINISH = "create", "change", "draft", "publish", "finish"
CONTENT = "content"
# Lists in which what is said is added to what is there, by what tells their items apart
_ADDED = ("Overrides", "QuickConnectIds", "QueueConfigs")
# Members of a queue that lead to what may lead to queues
LATE = ("OutboundCallerConfig", "QuickConnectIds")
# What a file may say beside what can be read back
_UNSEEN = ("S3Uri",)
_STANDING = ("instance", "aws-view")


@dataclass(frozen=True, slots=True)
class Step:
    """`have`: what is there under the name. `members`: what differs, of a change."""

    action: str
    thing: Thing
    have: Thing | None = None
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loose:
    """A thing that is left out, and why, as a sentence."""

    thing: Thing
    reason: str


@dataclass(slots=True)
class Plan:
    """`same` counts things that need nothing; `notes` are sentences about what is left as it is."""

    steps: list[Step] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    same: int = 0


def planned(things: Iterable[Thing], there: Copy, names: token.Names) -> Plan:
    """`names` are those of the instance `there`, with the functions that its Lambda has."""
    found = Plan()
    things = tuple(things)
    have = there.by_key()
    loose = _loose(things, have, there, names)
    for thing in things:
        known = have.get(thing.key)
        if thing.key in loose:
            found.loose.append(Loose(thing, loose[thing.key]))
            if thing.kind == FLOW and known is None:
                found.steps.append(Step(DRAFT, thing))
        elif known is None:
            found.steps += _made(thing)
        else:
            _compare(found, thing, known, names)
    return found


def _made(thing: Thing) -> Iterator[Step]:
    if thing.kind == FLOW:
        yield Step(DRAFT, thing)
        if thing.body.get("Status") != "SAVED":
            yield Step(PUBLISH, thing)
        return
    yield Step(CREATE, thing)
    if thing.kind == "queue" and any(thing.body.get(name) for name in LATE):
        yield Step(FINISH, thing)


# --- comparing ---


def _compare(found: Plan, thing: Thing, known: Thing, names: token.Names) -> None:
    members = tuple(_different(thing, known, names))
    if not members:
        found.same += 1
    elif thing.kind == "security-profile":
        found.notes.append(f"{thing.label} differs there and is left as it is: permissions are not moved.")
    elif thing.kind == FLOW and known.body["Status"] == "PUBLISHED" and thing.body.get("Status") == "SAVED":
        found.notes.append(f"{thing.label} is a draft here and published there; it is left as it is.")
    else:
        found.steps.append(Step(CHANGE, thing, known, members))


def _different(thing: Thing, known: Thing, names: token.Names) -> Iterator[str]:
    for name, value in body_of(thing, names).items():
        if name not in _UNSEEN and not _covers(known.body.get(name), value, is_added=name in _ADDED):
            yield name
    if thing.kind in (FLOW, MODULE) and token.resolved(thing.content, names) != known.content:
        yield CONTENT


def body_of(thing: Thing, names: token.Names) -> dict[str, Any]:
    """The body with the ids of an instance."""
    text = token.resolved(json.dumps(thing.body, ensure_ascii=False), names, in_body=True)
    return dict(json.loads(text))


def _covers(have: Any, wanted: Any, *, is_added: bool = False) -> bool:
    """Whether what is there is what is wanted; of objects, as far as something is said."""
    if isinstance(wanted, dict):
        return isinstance(have, dict) and all(_covers(have.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        there = have if isinstance(have, list) else []
        is_whole = is_added or len(there) == len(wanted)
        return is_whole and all(any(_covers(each, item) for each in there) for item in wanted)
    return bool(have == wanted)


# --- what leads nowhere ---


def _loose(things: tuple[Thing, ...], have: Mapping[Key, Thing], there: Copy, names: token.Names) -> dict[Key, str]:
    """Why things are left out; what they would have been for others counts as missing."""
    loose: dict[Key, str] = {}
    found: dict[Key, str] | None = None
    while found is None or found:
        made = {thing.key for thing in things if thing.key not in loose or thing.kind == FLOW}
        found = {
            thing.key: reason
            for thing in things
            if thing.key not in loose and (reason := _reason(thing, have.get(thing.key), made, there, names))
        }
        loose |= found
    return loose


def _reason(thing: Thing, known: Thing | None, made: set[Key], there: Copy, names: token.Names) -> str:
    """Why a thing cannot be there as it should be, "" where it can."""
    text = json.dumps(thing.body, ensure_ascii=False) + thing.content
    missing = [
        token.spelled(word, name)
        for word, name in sorted(token.tokens(text))
        if word not in _STANDING and not _is_known(word, name, made, names)
    ]
    used = {each.arn for each in there.things if each.kind in (BOT, FUNCTION)} | {
        name for kind, name in made if kind == BOT
    }
    missing += [arn for arn in sorted(token.arns(thing.content)) if not arn.startswith(there.arn) and arn not in used]
    if missing:
        return f"leads to {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not there"
    return _own_reason(thing, known, made, names)


def _is_known(word: str, name: str, made: set[Key], names: token.Names) -> bool:
    """Whether it is there or will be made. A function is not made by being associated."""
    key = "user" if word == "user-queue" else word, name
    return bool(names.arn(word, name)) or (word != FUNCTION and key in made)


def _own_reason(thing: Thing, known: Thing | None, made: set[Key], names: token.Names) -> str:
    if known is not None:
        if thing.kind == FLOW and thing.body.get("Type", known.body["Type"]) != known.body["Type"]:
            return (
                f"is of type {thing.body['Type']} here and {known.body['Type']} there; no type can be changed: "
                f"delete the flow there, and push recreates it"
            )
        return ""
    if thing.kind == FUNCTION and not names.arn(FUNCTION, thing.name.partition(":")[0]):
        return "is not among the functions there; deploy it first"
    if thing.kind == NUMBER:
        return "is not claimed there; numbers are claimed by hand"
    if thing.kind == "prompt" and not thing.body.get("S3Uri"):
        return 'has no "S3Uri" in prompts.json, where its audio would be taken from'
    if thing.kind == "user" and not (thing.body.get("RoutingProfileId") and thing.body.get("SecurityProfileIds")):
        return "has no routing profile or no security profile, and cannot be created without"
    return ""
