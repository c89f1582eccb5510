"""The machine: `step(instance, contact, event)`, the only place where a contact changes.

Rules of the house. A step is a pure function of its three arguments: no clock but `event.at_ms`, no chance but a
hash of seed, contact and counter, no I/O. It never raises for what a flow, a function or a customer does. Answers
are recognised by the id of the effect that asked: one that the contact does not wait for changes nothing.

Theory. A run stands on one block. An event resumes that block; its outcome is an exit, and then blocks are entered
and left until one waits or the flow is over. The number of blocks entered without time moving is bounded
(decision S16), so every step ends.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from offhook.core import lines, outside
from offhook.core.draft import NOBODY, Draft
from offhook.core.lines import STAY, Next, Over, Stay
from offhook.core.program import BadParameter, Compiled, Program, Step
from offhook.core.refusal import refusal, unfit
from offhook.core.spec import Call, End, Exit, Jump, Outcome, Return, Wait
from offhook.model.contact import Contact, Frame
from offhook.model.effect import Effect
from offhook.model.event import (
    BotDisconnected,
    CustomerReturned,
    Event,
    LambdaEnded,
)

MAX_BLOCKS_WITHOUT_WAIT = 1_000
OF_ONE_FLOW = ("DataTables", "DataTableList")
MAX_MODULE_DEPTH = 5  # adminguide, modules: nesting 5 deep
# what a module can neither see nor change: its caller's answers (adminguide/contact-flow-modules.html); data-table
# values are of one flow (adminguide/data-table-block.html)
ISOLATED = ("Lex", "Customer", "Wisdom", "Metrics", *OF_ONE_FLOW)


class Stepped(msgspec.Struct, frozen=True, gc=False):
    """What a step gives: the next contact, what to perform (in order), and trace tuples (core.trace renders them)."""

    contact: Contact
    effects: Sequence[Effect]
    trace: Sequence[tuple[Any, ...]]


def step(instance: Compiled, contact: Contact, event: Event) -> Stepped:
    """What happens to the contact when the event does: nothing when it has ended or waits for other things."""
    if contact.phase == "ended":
        return Stepped(contact, (), ())
    happen = _HAPPENINGS.get(type(event))
    if happen is not None:
        draft = Draft(instance, contact, event.at_ms)
        outcome = happen(draft, event)
    else:
        effect_id = event.effect_id  # type: ignore[union-attr]  # an answer
        for run in contact.runs:
            if effect_id in run.waits:
                break
        else:
            if effect_id not in contact.waits:
                return Stepped(contact, (), ())
            run = NOBODY
        draft = Draft(instance, contact, event.at_ms, run)
        outcome = _answer(draft, event)
    if outcome is None:
        return Stepped(contact, (), ())
    return Stepped(_settle(draft, outcome), draft.effects, draft.trace)


def _answer(draft: Draft, event: Any) -> "Outcome | Next | None":
    """An answer to a pending effect."""
    effect_id = event.effect_id
    if draft.run is NOBODY:
        waits = draft.waits
        effect = waits[effect_id]
        draft.put("waits", {key: value for key, value in waits.items() if key != effect_id})
    else:
        pending = draft.pending
        effect = pending[effect_id]
        draft.pending = {key: value for key, value in pending.items() if key != effect_id} if len(pending) > 1 else {}
    draft.trace.append(("event", draft.now_ms, event, effect, draft.run.action))
    if effect_id in draft.contact.in_flight:
        return _park(draft, event, effect_id, effect.request_id)  # type: ignore[union-attr]  # an InvokeLambda
    if type(event) in lines.ANSWERS and (answered := lines.ANSWERS[type(event)](draft, event, effect)) is not None:
        return answered
    return _resume(draft, event)


def _park(draft: Draft, event: LambdaEnded, effect_id: str, request_id: str) -> "Outcome | Next":
    """An asynchronous function has ended: its answer is kept until a flow loads it, and a block may wait for it."""
    draft.put("in_flight", tuple(key for key in draft.contact.in_flight if key != effect_id))
    draft.put("parked", {**draft.contact.parked, request_id: event})
    outcome = _resume_customer(draft, event) if draft.run is NOBODY else _resume(draft, event)
    return STAY if outcome is None else outcome


def _resume(draft: Draft, event: Event) -> Outcome | None:
    run = draft.run
    here = draft.program.steps.get(run.action)
    if here is None or run.memo is None or (resume := here.resume) is None:
        return None
    draft.step = here
    draft.params = params = here.constant if (resolve := here.resolve) is None else resolve(draft)
    if type(params) is BadParameter:  # a reference in it changed while the block waited
        return unfit(params)
    return resume(params, run.memo, event, draft)


def _resume_customer(draft: Draft, event: Event) -> "Outcome | None":
    """What concerns the flow on the customer's line, if one runs there."""
    draft.take("customer")
    return _resume(draft, event)


_PLAIN = Exit()


def _bot_leaves(draft: Draft, event: BotDisconnected) -> "Outcome | Stay":
    draft.put("has_bot", False)
    outcome = _resume_customer(draft, event)
    return STAY if outcome is None else outcome


_HAPPENINGS: dict[type, Callable[[Draft, Any], Any]] = {
    **lines.HAPPENINGS,
    **outside.HAPPENINGS,
    CustomerReturned: _resume_customer,
    BotDisconnected: _bot_leaves,
}


def _settle(draft: Draft, outcome: "Outcome | Next") -> Contact:
    """Go on until every run waits or is over. The contact as it stands then. Text is the action to enter."""
    while True:
        kind = type(outcome)
        if kind is Exit:
            outcome = _leave(draft, outcome)  # type: ignore[arg-type]  # mypy does not narrow by `kind`
        elif kind is Wait:
            _wait(draft, outcome)  # type: ignore[arg-type]
            memo, action = outcome.memo, draft.step.action.identifier  # type: ignore[union-attr]
            if not draft.begins:
                return draft.freeze(memo, action)
            draft.shelve(memo, action)
            outcome = lines.begin_next(draft)
        elif kind is str:
            outcome = _enter(draft, outcome)  # type: ignore[arg-type]
        elif kind is Over:
            outcome = lines.over(draft, outcome.end)  # type: ignore[union-attr]
        elif kind is Stay:
            return draft.freeze(draft.run.memo, draft.run.action)
        else:
            outcome = _MOVES[kind](draft, outcome)


def _wait(draft: Draft, outcome: Wait) -> None:
    if outcome.set:
        draft.set(outcome.set)
    effects = outcome.effects
    draft.emit(effects)
    draft.trace.append(("effects", draft.now_ms, draft.step, effects, outcome.warnings))


def _enter(draft: Draft, identifier: str) -> "Outcome | Over":
    program = draft.program
    here = program.steps.get(identifier)
    if here is None:
        return Over(End(f"an arrow leads to {identifier!r}, which is no action of the flow"))
    draft.step = here
    if not draft.is_reached and draft.line == "customer" and here.spec is not None and here.spec.kind == "participant":
        return lines.call_customer(draft)
    draft.params = None
    draft.unset = ()
    draft.trace.append(("block.entered", draft.now_ms, program, here))
    draft.blocks_now = entered = draft.blocks_now + 1
    if entered > MAX_BLOCKS_WITHOUT_WAIT:
        return Over(End(_loop(program, identifier), then="disconnect"))
    if draft.channel not in here.free and (refused := refusal(draft, here)) is not None:
        return refused
    params = here.constant
    if params is None and (resolve := here.resolve) is not None:
        params = resolve(draft)
        if type(params) is BadParameter:
            return unfit(params)
    draft.params = params
    if draft.chain_ms and here.spec.kind == "participant":  # type: ignore[union-attr]  # it is built
        draft.put("chain_ms", 0)  # a prompt or an input breaks a chain of functions (decision S9)
    enter = here.enter
    return enter(params, draft)  # type: ignore[misc]  # the same


def _leave(draft: Draft, outcome: Exit) -> "Outcome | Over":
    """Leave the block and enter the next."""
    here = draft.step
    branches = here.branches
    if changes := outcome.set:
        draft.set(changes)
    if not outcome.error and (outcome.result is None or not branches.conditions):
        target, by = branches.next, "NextAction"
    else:
        target, by = _branch(draft, here, outcome)
    if draft.pending:
        draft.cancel_pending()
    draft.trace.append(
        ("block.left", draft.now_ms, here, draft.params, outcome, target, by, draft.unset, draft.logging)
    )
    if draft.unset and draft.strict:  # decision S8
        draft.trace.append(("effects", draft.now_ms, here, (), _unset(draft)))
    if effects := outcome.effects:
        draft.emit(effects)
        draft.trace.append(("effects", draft.now_ms, here, effects, ()))
    if target:
        return _enter(draft, target)
    if by:
        return Over(End("flow ended"))
    return Over(End(f"no branch for {outcome.error or 'NoMatchingCondition'} at {here.action.identifier!r}"))


def _unset(draft: Draft) -> tuple[str, ...]:
    return tuple(f"{path} resolves to nothing." for path in dict.fromkeys(draft.unset))


def _branch(draft: Draft, here: Step, outcome: Exit) -> tuple[str, str]:
    """The next action and what led there. `("", why)`: the flow is over; `("", "")`: no branch is wired (S18)."""
    branches, error = here.branches, outcome.error
    if not error:
        taken = branches.first_true(outcome.result, draft)
        if taken is not None:
            return taken
        error = "NoMatchingCondition"
    for name in (error, "NoMatchingError"):
        if name in branches.errors:
            return branches.errors[name], name
    spec = here.spec
    if spec is not None and not any(branch.required for branch in spec.errors):
        # a loop that cannot play is over, as AWS's default queue flow is on chat (adminguide/loop-prompts.html)
        return ("", "End") if spec.may_end else (branches.next, "NextAction")
    return "", ""


def _left(draft: Draft, by: str, target: str, exit: Exit = _PLAIN) -> None:
    draft.trace.append(
        ("block.left", draft.now_ms, draft.step, draft.params, exit, target, by, draft.unset, draft.logging)
    )


def _ended(draft: Draft, outcome: End) -> Over:
    """It was the block that ended the flow, and the trace says so."""
    _left(draft, "End", "", Exit(set=outcome.set))
    return Over(outcome)


def _jump(draft: Draft, outcome: Jump) -> "Outcome | str":
    program = draft.compiled.program(outcome.flow)
    if program is None:
        return Exit(error="NoMatchingError", cause="not_found", detail=f"there is no flow {outcome.flow!r}.")
    draft.cancel_pending()
    _left(draft, "Jump", program.name or program.arn, Exit(result=program.arn))
    draft.put("flow_attributes", {})
    draft.put("system", {key: value for key, value in draft.system.items() if key not in OF_ONE_FLOW})
    if draft.frames:  # out of a module: nothing returns to its callers, and its input was its own
        draft.set({"modules": {}})
        draft.put("frames", ())
    return draft.go_to(program)


def _call(draft: Draft, outcome: Call) -> "Outcome | str":
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
        revision=draft.revision,
    )
    draft.cancel_pending()
    draft.trace.append(("module", draft.now_ms, draft.step, program))
    draft.put("frames", (*draft.frames, frame))
    draft.put("system", {key: value for key, value in draft.system.items() if key not in ISOLATED})
    draft.set({"external": {}, "invocation_id": "", "flow_attributes": {}, "stored_input": ""})
    draft.put("modules", {"Input": outcome.input})
    return draft.go_to(program)


def _return(draft: Draft, outcome: Return) -> "Outcome | Over":
    if not draft.frames:
        _left(draft, "Return", "")
        return Over(End("flow ended"))
    frame = draft.frames[-1]
    draft.cancel_pending()
    _left(draft, "Return", frame.action)
    draft.put("frames", draft.frames[:-1])
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
    program = draft.compiled.revision(frame.flow, frame.revision)
    caller = program.steps.get(frame.action) if program else None
    if program is None or caller is None:
        return Over(End(f"a module returned to {frame.action!r}, which is no action of the flow"))
    draft.go_to(program)
    draft.trace.append(("module.left", draft.now_ms, program))
    draft.step = caller
    draft.params = None
    draft.unset = ()
    return Exit(result=outcome.result)


_MOVES: dict[type, Callable[[Draft, Any], Any]] = {Jump: _jump, Call: _call, Return: _return, End: _ended}


def _loop(program: Program, identifier: str) -> str:
    """The sentence that names a loop: the shortest way from the action back to itself, if the flow has one."""
    ways = {target: [identifier] for target in program.steps[identifier].action.targets()}
    queue = list(ways)
    for name in queue:
        if name == identifier:
            break
        for target in program.steps[name].action.targets() if name in program.steps else ():
            if target not in ways:
                ways[target] = [*ways[name], name]
                queue.append(target)
    way = " -> ".join(repr(name) for name in ways.get(identifier, ()))
    where = f"the loop is {way}" if way else f"it stands on {identifier!r}"
    return f"flow {program.name or program.arn!r} ran {MAX_BLOCKS_WITHOUT_WAIT:,} blocks without waiting; {where}"
