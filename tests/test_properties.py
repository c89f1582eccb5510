"""What holds for every flow, every contact and every order of events. The material is in strategies.py."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from hypothesis import given, settings

from offhook.core.machine import MAX_BLOCKS_WITHOUT_WAIT, Stepped, step
from offhook.core.snapshot import Snapshots
from offhook.core.trace import AnyTrace, Renderer, encode
from offhook.model.contact import Contact
from offhook.model.effect import EXPECTS_ANSWER, Cancel, Effect, InvokeLambda, StartTimer
from offhook.model.event import Event, Started, TimerFired

from .stage import START_MS
from .strategies import ENDS, Happening, Scenario, answer_to, event_of, scenario

any_order = settings(deadline=None, max_examples=120)


class Taken(NamedTuple):
    """One step: the contact before, what happened, and what came of it."""

    before: Contact
    event: Event
    stepped: Stepped


def life(scenario: Scenario) -> Iterator[Taken]:
    """A contact from its start through all happenings, in whatever order they come."""
    taken = _take(scenario, scenario.contact, Started(START_MS))
    yield taken
    at_ms, seen = START_MS, _answered(taken)
    for happening in scenario.happenings:
        at_ms += happening.after_ms
        contact = taken.stepped.contact
        taken = _take(scenario, contact, event_of(happening, contact, tuple(seen), at_ms))
        yield taken
        seen += _answered(taken)


def punctual_life(scenario: Scenario) -> Iterator[Taken]:
    """The same where timers fire on time, as every driver sees to: the earlier first, and none after a later event."""
    taken = _take(scenario, scenario.contact, Started(START_MS))
    yield taken
    at_ms, due, seen = START_MS, _due(taken), _answered(taken)
    for happening in scenario.happenings:
        at_ms += happening.after_ms
        while due and min(due.values()) <= at_ms:
            target = min(due, key=lambda key: due[key])
            taken = _take(scenario, taken.stepped.contact, TimerFired(due.pop(target), target))
            yield taken
            due, seen = due | _due(taken), seen + _answered(taken)
        contact = taken.stepped.contact
        taken = _take(scenario, contact, event_of(happening, contact, tuple(seen), at_ms))
        yield taken
        due, seen = due | _due(taken), seen + _answered(taken)


def _take(scenario: Scenario, contact: Contact, event: Event) -> Taken:
    return Taken(contact, event, step(scenario.compiled, contact, event))


def _answered(taken: Taken) -> list[Effect]:
    return [effect for effect in taken.stepped.effects if isinstance(effect, EXPECTS_ANSWER)]


def _due(taken: Taken) -> dict[str, int]:
    now_ms = taken.stepped.contact.now_ms
    timers = [effect for effect in taken.stepped.effects if isinstance(effect, StartTimer)]
    return {timer.id: now_ms + timer.after_ms for timer in timers}


@any_order
@given(scenario())
def test_the_same_arguments_give_the_same_result_and_stay_as_they_were(scenario: Scenario) -> None:
    for before, event, stepped in life(scenario):
        was = msgspec.json.encode(before)

        again = step(scenario.compiled, before, event)

        assert again == stepped
        assert msgspec.json.encode(before) == was


@any_order
@given(scenario())
def test_a_contact_that_was_stored_goes_on_as_if_it_had_not_been(scenario: Scenario) -> None:
    snapshots = Snapshots(scenario.compiled.catalogue)
    for before, event, stepped in life(scenario):
        stored = snapshots.decode(snapshots.encode(before))

        assert stored == before
        again = step(scenario.compiled, stored, event)
        assert (again.contact, list(again.effects)) == (stepped.contact, list(stepped.effects))


@any_order
@given(scenario())
def test_no_id_is_given_twice(scenario: Scenario) -> None:
    taken = list(life(scenario))
    effects = [effect for each in taken for effect in each.stepped.effects]

    ids = [effect.id for effect in effects]
    requests = [effect.request_id for effect in effects if isinstance(effect, InvokeLambda)]

    assert len(set(ids)) == len(ids)
    assert len(set(requests)) == len(requests)
    assert all(effect_id.startswith(f"{scenario.contact.id}/") for effect_id in ids)


@any_order
@given(scenario())
def test_what_has_ended_or_is_queued_stays_as_it_is(scenario: Scenario) -> None:
    for before, _, stepped in life(scenario):
        if before.phase in ("ended", "queued"):
            assert stepped == Stepped(before, (), ())
            assert before.phase == "queued" or set(before.pending) == set(before.in_flight)


@any_order
@given(scenario())
def test_a_contact_waits_for_what_it_asked_and_has_not_been_told_or_cancelled(scenario: Scenario) -> None:
    open_effects: dict[str, Effect] = {}
    for before, event, stepped in life(scenario):
        assert dict(before.pending) == open_effects
        if stepped.contact is not before:
            open_effects.pop(getattr(event, "effect_id", ""), None)
        for effect in stepped.effects:
            if isinstance(effect, Cancel):
                assert effect.target in open_effects, f"{effect} cancels what is not awaited"
                del open_effects[effect.target]
            elif isinstance(effect, EXPECTS_ANSWER):
                open_effects[effect.id] = effect
        assert dict(stepped.contact.pending) == open_effects


@any_order
@given(scenario())
def test_late_foreign_and_doubled_answers_change_nothing(scenario: Scenario) -> None:
    past: list[Effect] = []
    reply = Happening(0, "answer", 0, ENDS.index(next(end for end in ENDS if end.status == 500)))
    for _, _, stepped in life(scenario):
        contact = stepped.contact
        past += [effect for effect in stepped.effects if isinstance(effect, EXPECTS_ANSWER)]
        for effect in past:
            if effect.id not in contact.pending:
                answer = answer_to(effect, reply, contact.now_ms)
                assert step(scenario.compiled, contact, answer) == Stepped(contact, (), ())
        foreign = TimerFired(contact.now_ms, "22222222-2222-4222-8222-222222222222/1")
        assert step(scenario.compiled, contact, foreign) == Stepped(contact, (), ())


@any_order
@given(scenario(blocks=("InvokeLambdaFunction", "InvokeLambdaFunction", "Loop")))
def test_no_function_gets_more_time_than_its_block_has_left(scenario: Scenario) -> None:
    for _, _, stepped in life(scenario):
        for effect in stepped.effects:
            if isinstance(effect, InvokeLambda):
                limit_ms = 60_000 if effect.asynchronous else 8_000
                assert 0 < effect.timeout_ms <= limit_ms
                run = stepped.contact.run
                if not effect.asynchronous and stepped.contact.phase == "inbound":
                    assert run is not None
                    assert run.memo is not None
                    assert stepped.contact.now_ms + effect.timeout_ms == run.memo.deadline_ms


@any_order
@given(scenario(blocks=("InvokeLambdaFunction", "InvokeLambdaFunction", "Loop")))
def test_a_block_with_a_deadline_is_left_when_it_comes(scenario: Scenario) -> None:
    for _, _, stepped in punctual_life(scenario):
        contact = stepped.contact
        if contact.phase == "inbound" and contact.run is not None:
            assert getattr(contact.run.memo, "deadline_ms", contact.now_ms + 1) > contact.now_ms


@any_order
@given(scenario())
def test_blocks_without_time_moving_are_bounded(scenario: Scenario) -> None:
    entered: dict[int, int] = {}
    for _, _, stepped in life(scenario):
        for kind, at_ms, *_ in stepped.trace:
            entered[at_ms] = entered.get(at_ms, 0) + (kind == "block.entered")

    # the one too many is entered, and is where the contact ends
    assert max(entered.values(), default=0) <= MAX_BLOCKS_WITHOUT_WAIT + 1


@any_order
@given(scenario())
def test_a_trace_is_lines_of_json_that_read_back_and_are_numbered(scenario: Scenario) -> None:
    renderer, lines = Renderer(), []
    decoder: Any = msgspec.json.Decoder(AnyTrace)
    for _, _, stepped in life(scenario):
        lines += [(event, encode(event)) for event in renderer.render(stepped.trace, stepped.contact)]

    for event, line in lines:
        again = decoder.decode(line)
        assert type(again) is type(event)
        assert encode(again) == line
    assert [event.n for event, _ in lines] == list(range(1, len(lines) + 1))
    assert [type(event).__name__ for event, _ in lines].count("ContactStarted") == 1


@any_order
@given(scenario())
def test_every_contact_ends_or_waits_for_something(scenario: Scenario) -> None:
    for _, _, stepped in life(scenario):
        contact = stepped.contact
        if contact.phase == "inbound":
            assert contact.run is not None
            assert contact.run.memo is not None
            assert set(contact.pending) - set(contact.in_flight), "it waits for nothing"
            program = scenario.compiled.program(contact.run.flow)
            assert program is not None
            assert contact.run.action in program.steps
        else:
            assert contact.phase in ("queued", "ended")
            assert contact.end_reason
