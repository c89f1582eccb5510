"""Runs one block by itself, as a case of tests/blocks/<ActionType>.json asks.

A case:
- `case`: a sentence. `parameters`: of the action, raw.
- `type`: the action type, where it is not the file's name.
- `module`: a module of the old export without its id, in place of `parameters` and arrows; they come out of it.
- `at`: when the contact starts, as an ISO instant (a Monday, 2026-01-05T15:00:00Z).
- `channel` (VOICE), `flow_type` (CONTACT_FLOW), `profile` (compatible | strict), `hints`: friendly names by parameter.
- `given`: fields of the contact (attributes, queue, hooks, place, …) and of its run (external, loops, waits, …).
- `instance`: `flows` (names, or types by name) and `modules` (names); each is a flow of one Disconnect. `functions`,
  `prompts`, `agents`, `views` (names), `queues`, `hours` (as in offhook.toml), `associated`, `dialable`, `numbers`,
  `retries`, `backoff_ms`.
- `errors`: error types that are wired (default: all the block declares), `conditions`: [[operator, operand], …],
  `next`: false where NextAction is not wired.
- `happenings`: events in order; `after_ms` since the one before (0); `answers`: the type of the pending effect that it
  answers (the newest of them). Any other key is a field of the event; `type` is its kind.
- `expect`: any of `went` (the branch taken, `Jump NAME`, `Call NAME`, `End REASON`, or `waits`), `effects` (in order,
  without ids, defaults left out), `set`, `result`, `results`, `cause`, `detail`, `attempts`, `external`, `unset`, `log`
  (a list of [Parameters, Results] when logging is on), `modules` (the names in those lines), `warnings`, `loops` and
  `secrets` (of the contact afterwards), `problems` (codes of the block's own check), `errors` (the error branches that
  exist with these parameters), `converted` (the parameters that `module` became). What is not named is not compared,
  and what is empty is null. `--update` rewrites the keys that are there, or writes all when `expect` is missing.

Every contact is encoded and decoded after every step, and every happening is sent once more after the block was
left: a late or doubled answer must change nothing.
"""

import re
from typing import Any

import msgspec

from offhook.blocks import catalogue
from offhook.core import calendar
from offhook.core.birth import new_contact
from offhook.core.machine import step
from offhook.core.program import Compiled
from offhook.core.snapshot import Snapshots
from offhook.core.trace import Renderer
from offhook.flowjson.legacy import convert
from offhook.model import event as events
from offhook.model.contact import Contact, Run
from offhook.model.flow import Action, Condition, ErrorArrow, Flow
from offhook.model.instance import Instance, LambdaPolicy, QueueSettings, Resource

START_MS = 1_767_625_200_000  # 2026-01-05T15:00:00Z, a Monday
CONTACT_ID = "11111111-1111-4111-8111-111111111111"
_ID = re.compile(rf"^{CONTACT_ID}/\d+$")
_RUN_FIELDS = set(Run.__struct_fields__)


def run_case(action_type: str, case: dict[str, Any]) -> dict[str, Any]:
    """Everything that `expect` may name, as it happened."""
    compiled = Compiled(_instance(action_type, case), catalogue())
    snapshots = Snapshots(compiled.catalogue)
    contact = _contact(compiled, case)
    at_ms = calendar.parse_instant(case["at"]) if "at" in case else START_MS
    steps, sent = [step(compiled, contact, events.Started(at_ms))], []
    for happening in case.get("happenings", ()):
        contact = _stored(snapshots, steps[-1].contact)
        at_ms += happening.get("after_ms", 0)
        event = _event(contact, happening, at_ms)
        sent.append(event)
        steps.append(step(compiled, contact, event))
    contact = _stored(snapshots, steps[-1].contact)
    if contact.phase != "inbound":
        for event in sent:
            assert step(compiled, contact, event).contact == contact, f"a late {event} changed the contact"
    return {**_seen(compiled, steps), **_declared(compiled, case)}


def _stored(snapshots: Snapshots, contact: Contact) -> Contact:
    again = snapshots.decode(snapshots.encode(contact))
    assert again == contact
    return again


def _instance(action_type: str, case: dict[str, Any]) -> Instance:
    given = case.get("instance", {})
    base = Instance()
    resources: list[Resource] = []
    flows = {"flow:it": _flow(action_type, case)}
    for kind in ("flow", "module", "function", "prompt", "agent", "view"):
        names = given.get(f"{kind}s", ())
        for name in names:
            made = base.resource(kind, name)
            resources.append(made)
            if kind in ("flow", "module"):
                flow_type = "MODULE" if kind == "module" else names[name] if isinstance(names, dict) else "CONTACT_FLOW"
                flows[made.arn] = _sink(name, made.arn, flow_type)
    hours = {name: calendar.parse_hours(name, table) for name, table in given.get("hours", {}).items()}
    queues = {name: QueueSettings(name, **settings) for name, settings in given.get("queues", {}).items()}
    resources += [base.resource("hours", name) for name in hours]
    resources += [base.resource("queue", name) for name in queues]
    associated = given.get("associated")
    return Instance(
        strict=case.get("profile") == "strict",
        lambda_policy=LambdaPolicy(given.get("retries", 3), tuple(given.get("backoff_ms", (100, 200, 400)))),
        flows=flows,
        resources=tuple(resources),
        hours=hours,
        queues=queues,
        associated=None if associated is None else frozenset(associated),
        dialable=frozenset(given.get("dialable", ())),
        numbers=dict.fromkeys(given.get("numbers", ()), ""),
    )


def _sink(name: str, arn: str, flow_type: str) -> Flow:
    bye = Action("bye", "DisconnectParticipant", {})
    return Flow("flow-language", {}, "bye", {"bye": bye}, name=name, type=flow_type, arn=arn)


def _flow(action_type: str, case: dict[str, Any]) -> Flow:
    action_type = case.get("type", action_type)
    spec = catalogue().get(action_type)
    if "module" in case:
        actions, _ = convert({"modules": [{"id": "it", **case["module"]}]}, catalogue(), case.get("flow_type", ""))
        return _flow_of(actions["it"], case)
    wired = case.get("errors", [branch.name for branch in spec.errors] if spec else [])
    conditions = case.get("conditions", [])
    it = Action(
        "it",
        action_type,
        case.get("parameters", {}),
        next_action="bye" if case.get("next", True) else "",
        errors=tuple(ErrorArrow(name, "bye") for name in wired),
        conditions=tuple(Condition(operator, (operand,), "bye") for operator, operand in conditions),
        hints=case.get("hints", {}),
    )
    return _flow_of(it, case)


def _flow_of(it: Action, case: dict[str, Any]) -> Flow:
    bye = Action("bye", "EndFlowExecution", {})
    flow_type = case.get("flow_type", "CONTACT_FLOW")
    return Flow("flow-language", {}, "it", {"it": it, "bye": bye}, name="It", type=flow_type, arn="flow:it")


def _contact(compiled: Compiled, case: dict[str, Any]) -> Contact:
    given = dict(case.get("given", {}))
    flow_type = case.get("flow_type", "CONTACT_FLOW")
    plain = {
        "id": CONTACT_ID,
        "seed": "1",
        "flow": "flow:it",
        "flow_type": flow_type,
        "channel": case.get("channel", "VOICE"),
        "customer_endpoint": "+15550100",
        "logging": True,
        **{key: value for key, value in given.items() if key not in _RUN_FIELDS},
    }
    contact = new_contact(**plain)
    contact = msgspec.convert(msgspec.to_builtins(contact), Contact)
    run = {"line": "customer", "flow": "flow:it", **{key: value for key, value in given.items() if key in _RUN_FIELDS}}
    return msgspec.structs.replace(contact, runs=(msgspec.convert(run, Run),))


def _event(contact: Contact, happening: dict[str, Any], at_ms: int) -> events.Event:
    fields = {key: value for key, value in happening.items() if key not in ("type", "after_ms", "answers")}
    if "answers" in happening:
        waiting = [key for key, effect in contact.pending.items() if type(effect).__name__ == happening["answers"]]
        assert waiting, f"nothing pending is a {happening['answers']}: {list(contact.pending.values())}"
        fields["effect_id"] = waiting[-1]
    return getattr(events, happening["type"])(at_ms, **fields)


def _seen(compiled: Compiled, steps: list[Any]) -> dict[str, Any]:
    tuples = [entry for taken in steps for entry in taken.trace]
    after = next((taken.contact for taken in steps if any(_leaves(entry) for entry in taken.trace)), steps[-1].contact)
    rendered = list(Renderer().render(tuples, after))
    left = next((event for event in rendered if type(event).__name__ == "BlockLeft"), None)
    over = next((event for event in rendered if type(event).__name__ == "FlowEnded"), None)
    seen: dict[str, Any] = {"went": "waits", "effects": _effects(steps)}
    if left is not None and left.action == "it":
        seen["went"] = f"{left.branch} {left.next}" if left.branch == "Jump" else left.branch
        if left.branch in ("", "End"):
            seen["went"] = f"End {over.reason}" + (f", {over.then}" if over.then else "")
        for name in ("set", "result", "results", "cause", "detail", "attempts", "external", "unset"):
            value = msgspec.to_builtins(getattr(left, name))
            if value not in ("", 0, None, {}, [], ()):
                seen[name] = value
    elif any(entry[0] == "module" for entry in tuples):
        seen["went"] = f"Call {next(entry[3].name for entry in tuples if entry[0] == 'module')}"
    elif over is not None:
        seen["went"] = f"End {over.reason}" + (f", {over.then}" if over.then else "")
    entries = [event.entry for event in rendered if type(event).__name__ == "Log" and event.action == "it"]
    seen["log"] = [[entry.get("Parameters", {}), entry.get("Results")] for entry in entries]
    seen["modules"] = [entry.get("ContactFlowModuleType", "") for entry in entries]
    exits = [entry[4] for entry in tuples if _leaves(entry)]
    seen["loops"] = exits[0].set.get("loops", {}) if exits else after.run.loops if after.run else {}
    seen["secrets"] = list(after.secrets)
    seen["warnings"] = [event.message for event in rendered if type(event).__name__ == "Warned"]
    return {key: value for key, value in seen.items() if value not in ([], {})}


def _declared(compiled: Compiled, case: dict[str, Any]) -> dict[str, Any]:
    """What the block says of its action without running it."""
    program = compiled.program("flow:it")
    here = program.steps["it"] if program is not None else None
    if here is None or here.spec is None:
        return {}
    problems = here.spec.check(here.action) if here.spec.check is not None else []
    seen: dict[str, Any] = {"problems": [problem.code for problem in problems]} if problems else {}
    raw = here.action.parameters
    seen["errors"] = [branch.name for branch in here.spec.errors if branch.when is None or branch.when(raw)]
    return {**seen, "converted": here.action.parameters} if "module" in case else seen


def _leaves(entry: tuple[Any, ...]) -> bool:
    return entry[0] == "block.left" and entry[2].action.identifier == "it"


def _effects(steps: list[Any]) -> list[dict[str, Any]]:
    """What the block ordered, in order; ids, cancellations, a task's end and the final hang-up are the machine's."""
    expiry = steps[0].effects[0] if steps[0].contact.channel == "TASK" else None
    found = []
    for taken in steps:
        for effect in taken.effects:
            plain = msgspec.to_builtins(effect)
            if plain["type"] in ("Cancel", "Disconnect") or effect is expiry:
                continue
            found.append({key: value for key, value in plain.items() if not _is_id(key, value)})
    return found


def _is_id(key: str, value: Any) -> bool:
    return key in ("id", "request_id", "event") or (isinstance(value, str) and bool(_ID.match(value)))
