"""The machine: `step(instance, contact, event)`, the only place where a contact changes.

Rules of the house. A step is a pure function of its three arguments: no clock but `event.at_ms`, no chance but a
hash of seed, contact and counter, no I/O. It never raises for what a flow, a function or a customer does. Answers
are recognised by the id of the effect that asked: one that the contact does not wait for changes nothing.

Theory. A run stands on one block. An event resumes that block; its outcome is an exit, and then blocks are entered
and left until one waits or the flow is over. The number of blocks entered without time moving is bounded
(decision S16), so every step ends.
"""

from typing import Any, NamedTuple, assert_never

from msgspec.structs import replace

from offhook.core.draft import Draft
from offhook.core.program import BadParameter, Compiled, Program, Step
from offhook.core.spec import BlockSpec, Call, End, Exit, Jump, Outcome, Return, Wait
from offhook.model.contact import Contact, Frame, Run
from offhook.model.effect import Disconnect, Effect
from offhook.model.event import AttributesUpdated, Event, HungUp, LambdaEnded, Started
from offhook.model.flow import FLOW_TYPES

MAX_BLOCKS_WITHOUT_WAIT = 1_000
MAX_MODULE_DEPTH = 5  # adminguide, modules: nesting 5 deep
# what a module can neither see nor change: its caller's answers (adminguide/contact-flow-modules.html)
ISOLATED = ("Lex", "Customer", "Wisdom", "Metrics")


class Stepped(NamedTuple):
    """What a step gives: the next contact, what to perform (in order), and trace tuples (core.trace renders them)."""

    contact: Contact
    effects: tuple[Effect, ...]
    trace: tuple[tuple[Any, ...], ...]


def step(instance: Compiled, contact: Contact, event: Event) -> Stepped:
    """What happens to the contact when the event does. Unchanged when the contact has ended or waits for other things."""
    if contact.phase in ("ended", "queued"):
        return Stepped(contact, (), ())
    draft = Draft(instance, contact, max(event.at_ms, contact.now_ms))
    if draft.now_ms > contact.now_ms:
        draft.put("blocks_now", 0)
    outcome = _happen(draft, event)
    if outcome is None:
        return Stepped(contact, (), ())
    memo, action = _settle(draft, outcome)
    after = draft.freeze(memo=memo, action=action)
    return Stepped(after, tuple(draft.effects), tuple(draft.trace))


def _happen(draft: Draft, event: Event) -> "Outcome | _Enter | _Stay | None":
    """What the event asks of the run; None when it is not for this contact."""
    contact = draft.contact
    if type(event) is Started:
        return _begin(draft) if contact.phase == "new" else None
    if contact.phase == "new":
        return None
    if type(event) is HungUp:
        draft.trace.append(("hung_up", draft.now_ms, draft.run.action))
        draft.cancel_pending()
        return End(f"{event.line} hung up")
    if type(event) is AttributesUpdated:
        draft.put("attributes", {**contact.attributes, **event.attributes})
        return _Stay()
    return _answer(draft, event)


def _answer(draft: Draft, event: Any) -> "Outcome | _Stay | None":
    contact = draft.contact
    effect_id = getattr(event, "effect_id", "")
    effect = contact.pending.get(effect_id)
    if effect_id and effect is None:
        return None
    if effect is not None:
        draft.pending = {key: value for key, value in contact.pending.items() if key != effect_id}
        draft.trace.append(("event", draft.now_ms, event, effect, draft.run.action))
    parked = type(event) is LambdaEnded and effect_id in contact.in_flight
    if parked:
        draft.put("in_flight", tuple(key for key in contact.in_flight if key != effect_id))
        draft.put("parked", {**contact.parked, effect.request_id: event})  # type: ignore[union-attr]  # InvokeLambda
    here = _here(draft)
    outcome = None
    if here is not None and here.spec is not None and draft.run.memo is not None:
        draft.step = here
        draft.params = here.constant if here.resolve is None else here.resolve(draft)
        outcome = _resume(draft, here.spec, event)
    return outcome if outcome is not None or not parked else _Stay()


def _resume(draft: Draft, spec: BlockSpec, event: Event) -> Outcome | None:
    if type(draft.params) is BadParameter:  # a reference in it changed while the block waited
        return Exit(error="NoMatchingError", cause="bad_parameter", detail=draft.params.detail)
    return spec.resume(draft.params, draft.run.memo, event, draft) if spec.resume is not None else None


def _here(draft: Draft) -> Step | None:
    program = draft.compiled.program(draft.run.flow)
    return program.steps.get(draft.run.action) if program else None


class _Enter(NamedTuple):
    """Go to this action of the running flow."""

    action: str


class _Stay(NamedTuple):
    """The run stands where it stood."""


def _begin(draft: Draft) -> "Outcome | _Enter":
    contact = draft.contact
    draft.put("phase", "inbound")
    draft.put("started_ms", draft.now_ms)
    program = draft.compiled.program(contact.flow)
    draft.trace.append(("contact.started", draft.now_ms, contact, program))
    if program is None:
        return End(f"there is no flow {contact.flow!r}")
    draft.put("flow", program.arn)
    return _Enter(program.start)


def _settle(draft: Draft, outcome: "Outcome | _Enter | _Stay") -> tuple[Any, str]:
    """Go on until the run waits or is over. The memo and the action it stands on."""
    while True:
        if type(outcome) is _Enter:
            outcome = _enter(draft, outcome.action)
        elif type(outcome) is Exit:
            outcome = _leave(draft, outcome)
        elif type(outcome) is Wait:
            draft.set(outcome.set)
            draft.emit(outcome.effects)
            draft.trace.append(("effects", draft.now_ms, draft.step, outcome.effects, outcome.warnings))
            return outcome.memo, draft.step.action.identifier
        elif type(outcome) is End:
            return _end(draft, outcome)
        elif type(outcome) is _Stay:
            return draft.run.memo, draft.run.action
        else:
            outcome = _move(draft, outcome)


def _enter(draft: Draft, identifier: str) -> "Outcome | _Enter":
    program = draft.compiled.program(draft.flow)
    here = program.steps.get(identifier) if program else None
    if program is None or here is None:
        return End(f"an arrow leads to {identifier!r}, which is no action of the flow")
    blocks = draft.blocks_now + 1
    draft.put("blocks_now", blocks)
    draft.step = here
    draft.params = None
    draft.unset = []
    draft.trace.append(("block.entered", draft.now_ms, program, here))
    if blocks > MAX_BLOCKS_WITHOUT_WAIT:
        return End(_loop(program, identifier))
    return _allowed(draft, here) or _perform(draft, here)


def _perform(draft: Draft, here: Step) -> Outcome:
    params = here.constant if here.resolve is None else here.resolve(draft)
    if type(params) is BadParameter:
        return Exit(error="NoMatchingError", cause="bad_parameter", detail=params.detail)
    draft.params = params
    if here.spec.kind == "participant" and draft.chain_ms:  # type: ignore[union-attr]  # _allowed saw to it
        draft.put("chain_ms", 0)  # a prompt or an input breaks a chain of functions (decision S9)
    return here.spec.enter(params, draft)  # type: ignore[union-attr,misc]  # the same


def _allowed(draft: Draft, here: Step) -> Exit | None:
    """The exit of a block that may not run here, None when it may."""
    spec, action = here.spec, here.action
    if spec is None or spec.enter is None:
        known = "is not built yet" if spec is not None else "is not an action of Amazon Connect that offhook knows"
        return Exit(error="NoMatchingError", cause="not_built", detail=f"{action.type} {known}.")
    rule = here.rules.get(draft.channel)
    if rule == "skip":
        return Exit(cause="skipped", detail=f"{action.type} does nothing on {draft.channel}.")
    if rule is not None:
        error = rule.removeprefix("error:")
        return Exit(error=error, cause="channel", detail=f"{action.type} does not work on {draft.channel}.")
    if here.refused and draft.flow_type in here.refused:
        detail = f"{action.type} may not stand in a flow of type {draft.flow_type}; {_where(spec.flow_types)}."
        return Exit(error="NoMatchingError", cause="flow_type", detail=detail)
    return None


def _where(flow_types: Any) -> str:
    allowed = [name for name in FLOW_TYPES if flow_types.allows(name, strict=False)]
    return f"it may in {', '.join(allowed)}"


def _leave(draft: Draft, outcome: Exit) -> "Outcome | _Enter":
    here = draft.step
    draft.set(outcome.set)
    target, by = _branch(draft, here, outcome)
    draft.cancel_pending()
    draft.emit(outcome.effects)
    entry = ("block.left", draft.now_ms, here, draft.params, outcome, target, by, tuple(draft.unset), draft.logging)
    draft.trace.append(entry)
    if outcome.effects:
        draft.trace.append(("effects", draft.now_ms, here, outcome.effects, ()))
    if target:
        return _Enter(target)
    if by:
        return End("flow ended")
    return End(f"no branch for {outcome.error or 'NoMatchingCondition'} at {here.action.identifier!r}")


def _branch(draft: Draft, here: Step, outcome: Exit) -> tuple[str, str]:
    """The next action and what led there. `("", why)`: the flow is over; `("", "")`: no branch is wired (S18)."""
    branches, error = here.branches, outcome.error
    if not error and outcome.result is not None and branches.conditions:
        taken = branches.first_true(outcome.result, draft)
        if taken is not None:
            target, condition = taken
            return target, f"{condition.operator} {condition.operands[0] if condition.operands else ''}"
        error = "NoMatchingCondition"
    if not error:
        return branches.next, "NextAction"
    for name in (error, "NoMatchingError"):
        if name in branches.errors:
            return branches.errors[name], name
    spec = here.spec
    if spec is not None and not any(branch.required for branch in spec.errors):
        return branches.next, "NextAction"
    return "", ""


def _move(draft: Draft, outcome: Jump | Call | Return) -> "Outcome | _Enter":
    if type(outcome) is Jump:
        return _jump(draft, outcome)
    if type(outcome) is Call:
        return _call(draft, outcome)
    if type(outcome) is Return:
        return _return(draft, outcome)
    assert_never(outcome)  # type: ignore[arg-type]  # mypy does not narrow on `type() is`


def _left(draft: Draft, by: str, target: str) -> None:
    draft.trace.append(
        ("block.left", draft.now_ms, draft.step, draft.params, Exit(), target, by, tuple(draft.unset), draft.logging)
    )


def _jump(draft: Draft, outcome: Jump) -> "Outcome | _Enter":
    program = draft.compiled.program(outcome.flow)
    if program is None:
        return Exit(error="NoMatchingError", cause="not_found", detail=f"there is no flow {outcome.flow!r}.")
    draft.cancel_pending()
    _left(draft, "Jump", f"{program.name or program.arn}")
    draft.put("flow", program.arn)
    draft.put("flow_attributes", {})
    return _Enter(program.start)


def _call(draft: Draft, outcome: Call) -> "Outcome | _Enter":
    program = draft.compiled.program(outcome.module)
    if program is None:
        return Exit(error="NoMatchingError", cause="not_found", detail=f"there is no module {outcome.module!r}.")
    if len(draft.frames) >= MAX_MODULE_DEPTH:
        return Exit(error="NoMatchingError", cause="depth", detail="modules may be nested 5 deep at most.")
    frame = Frame(
        flow=draft.flow,
        action=draft.step.action.identifier,
        external=draft.external,
        invocation_id=draft.invocation_id,
        flow_attributes=draft.flow_attributes,
        modules=draft.modules,
        system={key: draft.system[key] for key in ISOLATED if key in draft.system},
        stored_input=draft.stored_input,
    )
    draft.cancel_pending()
    draft.trace.append(("module", draft.now_ms, draft.step, program))
    draft.put("frames", (*draft.frames, frame))
    draft.put("system", {key: value for key, value in draft.system.items() if key not in ISOLATED})
    draft.set({"external": {}, "invocation_id": "", "flow_attributes": {}, "stored_input": ""})
    draft.put("modules", {"Input": outcome.input})
    draft.put("flow", program.arn)
    return _Enter(program.start)


def _return(draft: Draft, outcome: Return) -> "Outcome | _Enter":
    if not draft.frames:
        _left(draft, "Return", "")
        return End("flow ended")
    frame = draft.frames[-1]
    draft.cancel_pending()
    _left(draft, "Return", frame.action)
    draft.put("frames", draft.frames[:-1])
    draft.put("flow", frame.flow)
    others = {key: value for key, value in draft.system.items() if key not in ISOLATED}
    draft.set(
        {
            "external": frame.external,
            "invocation_id": frame.invocation_id,
            "flow_attributes": frame.flow_attributes,
            "stored_input": frame.stored_input,
            "system": {**others, **frame.system},
            "modules": {**frame.modules, "Result": outcome.result, "ResultData": outcome.data},
        }
    )
    program = draft.compiled.program(frame.flow)
    caller = program.steps.get(frame.action) if program else None
    if caller is None:
        return End(f"a module returned to {frame.action!r}, which is no action of the flow")
    draft.step = caller
    draft.params = None
    draft.unset = []
    return Exit(result=outcome.result)


def _end(draft: Draft, outcome: End) -> tuple[Any, str]:
    draft.set(outcome.set)
    draft.cancel_pending()
    draft.put("phase", outcome.phase)
    draft.put("end_reason", outcome.reason)
    effects = outcome.effects
    if outcome.phase == "ended":
        effects = (*effects, Disconnect(draft.new_id(), draft.line))
    draft.emit(effects)
    here = draft.__dict__.get("step")
    draft.trace.append(("contact.ended", draft.now_ms, here, outcome))
    return None, draft.run.action if here is None else here.action.identifier


def _loop(program: Program, identifier: str) -> str:
    """The sentence that names a loop: the shortest way from the action back to itself."""
    ways = {target: [identifier] for target in program.steps[identifier].action.targets()}
    queue = list(ways)
    for name in queue:
        if name == identifier:
            break
        for target in program.steps[name].action.targets() if name in program.steps else ():
            if target not in ways:
                ways[target] = [*ways[name], name]
                queue.append(target)
    shown = " -> ".join(repr(name) for name in ways.get(identifier, [identifier]))
    return (
        f"flow {program.name or program.arn!r} ran {MAX_BLOCKS_WITHOUT_WAIT:,} blocks without waiting; the loop is {shown}"
    )


def new_contact(**fields: Any) -> Contact:
    """A contact that has not started; `initial_id` and `previous_id` are its own unless given (decision S14)."""
    contact = Contact(**fields)
    first = contact.initial_id or contact.id
    previous = contact.previous_id
    if previous is None and contact.initiation_method != "WEBRTC_API":
        previous = contact.id
    return replace(contact, initial_id=first, previous_id=previous, run=Run(line="customer", flow=contact.flow))
