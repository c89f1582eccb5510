"""Events that are run later: what is tried again, when, and what a restart finds. Time is a list of pauses."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from offhook.adapters.lambdas import queue as queue_module
from offhook.adapters.lambdas.queue import Event, Outcome, Patience, Queue
from offhook.adapters.lambdas.refusal import Refusal

EVENT = Event("f", "", "8f0e3b7c-0000-4000-8000-000000000001", 1_000_000, msgspec.Raw(b'{"a":1}'))
D, F, R, X = Outcome.DONE, Outcome.FAILED, Outcome.REFUSED, Outcome.DROPPED


def tried(folder: Path, *outcomes: Outcome, patience: Patience | None = None) -> tuple[int, list[float]]:
    """How often it was tried until it was given up or done, and the pauses between."""
    left = list(outcomes)
    pauses: list[float] = []
    now_ms = EVENT.accepted_ms

    async def run(event: Event) -> Outcome:
        assert (folder / f"{event.request_id}.json").exists()
        assert event == EVENT
        return left.pop(0)

    async def sleep(seconds: float) -> None:
        nonlocal now_ms
        pauses.append(seconds)
        now_ms += int(seconds * 1000)

    async def main() -> None:
        queue = Queue(folder, run, lambda event: patience or Patience(), sleep=sleep, now_ms=lambda: now_ms)
        queue.accept(EVENT)
        while list(folder.glob("*.json")):
            await asyncio.sleep(0)
        await queue.close()

    asyncio.run(main())
    assert list(folder.iterdir()) == []
    return len(outcomes) - len(left), pauses


def test_what_succeeds_is_done_once(tmp_path: Path) -> None:
    assert tried(tmp_path, D, D) == (1, [])


def test_a_function_that_is_gone_is_not_tried_again(tmp_path: Path) -> None:
    assert tried(tmp_path, X, D) == (1, [])


def test_a_failure_is_tried_twice_more_after_one_minute_and_two(tmp_path: Path) -> None:
    assert tried(tmp_path, F, F, F, F) == (3, [60, 120])
    assert tried(tmp_path, F, D, F) == (2, [60])
    assert tried(tmp_path, F, F, patience=Patience(retries=0)) == (1, [])


def test_a_refusal_is_tried_with_pauses_that_grow_to_five_minutes(tmp_path: Path) -> None:
    assert tried(tmp_path, *[R] * 11, D)[1] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_an_event_that_is_too_old_is_given_up(tmp_path: Path) -> None:
    assert tried(tmp_path, *[R] * 20, patience=Patience(max_age_seconds=60)) == (6, [1, 2, 4, 8, 16])


def resumed(folder: Path) -> list[Event]:
    """What a queue on this folder runs."""
    seen = []

    async def run(event: Event) -> Outcome:
        seen.append(event)
        return Outcome.DONE

    async def main() -> None:
        queue = Queue(folder, run, lambda event: Patience())
        queue.resume()
        for _ in range(10):
            await asyncio.sleep(0)
        await queue.close()

    asyncio.run(main())
    return seen


def test_what_was_not_done_is_done_by_the_next(tmp_path: Path) -> None:
    async def main(run: Callable[[Event], Awaitable[Outcome]]) -> None:
        queue = Queue(tmp_path, run, lambda event: Patience())
        queue.accept(EVENT)
        await asyncio.sleep(0)
        await queue.close()

    async def never(event: Event) -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError

    asyncio.run(main(never))

    assert resumed(tmp_path) == [EVENT]
    assert resumed(tmp_path) == []


def test_a_damaged_file_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.json").write_bytes(b"{")
    (tmp_path / "b.json").write_bytes(msgspec.json.encode(EVENT))

    assert resumed(tmp_path) == [EVENT]
    assert "a.json" in caplog.text


def test_what_waits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "_MAX_WAITING_BYTES", 10_000)
    codes = []

    async def never(event: Event) -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError

    async def main() -> None:
        queue = Queue(tmp_path, never, lambda event: Patience())
        for number in range(4):
            try:
                queue.accept(msgspec.structs.replace(EVENT, request_id=str(number)))
            except Refusal as refusal:
                codes.append((number, refusal.code))
        await queue.close()

    asyncio.run(main())

    assert codes == [(3, "TooManyRequestsException")]
    assert len(list(tmp_path.glob("*.json"))) == 3


def test_a_mistake_of_ours_loses_no_event(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def stumbles(event: Event) -> Outcome:
        raise ZeroDivisionError

    async def main() -> None:
        queue = Queue(tmp_path, stumbles, lambda event: Patience())
        queue.accept(EVENT)
        for _ in range(5):
            await asyncio.sleep(0)
        await queue.close()

    asyncio.run(main())

    assert "internal error" in caplog.text
    assert resumed(tmp_path) == [EVENT]
