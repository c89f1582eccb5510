import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.core.retry import next_delay_ms
from offhook.model.instance import LambdaPolicy

PLENTY = 8000


def test_three_retries_follow_with_their_pauses_and_no_fourth() -> None:
    delays = [next_delay_ms(LambdaPolicy(), attempt=attempt, left_ms=PLENTY) for attempt in (1, 2, 3, 4)]

    assert delays == [100, 200, 400, None]


def test_the_last_pause_repeats_when_there_are_more_retries_than_pauses() -> None:
    policy = LambdaPolicy(retries=4, backoff_ms=(10, 20))

    assert [next_delay_ms(policy, attempt=attempt, left_ms=PLENTY) for attempt in (1, 2, 3, 4)] == [10, 20, 20, 20]


def test_without_pauses_the_next_attempt_follows_at_once() -> None:
    assert next_delay_ms(LambdaPolicy(backoff_ms=()), attempt=1, left_ms=1) == 0


def test_without_retries_there_is_no_second_attempt() -> None:
    assert next_delay_ms(LambdaPolicy(retries=0), attempt=1, left_ms=PLENTY) is None


@pytest.mark.parametrize(("left_ms", "delay_ms"), [(101, 100), (100, None), (99, None), (0, None), (-5, None)])
def test_a_pause_must_end_before_the_time_does(left_ms: int, delay_ms: int | None) -> None:
    assert next_delay_ms(LambdaPolicy(), attempt=1, left_ms=left_ms) == delay_ms


def test_no_time_left_means_no_retry_even_without_a_pause() -> None:
    assert next_delay_ms(LambdaPolicy(backoff_ms=()), attempt=1, left_ms=0) is None


@given(
    st.builds(
        LambdaPolicy, retries=st.integers(0, 5), backoff_ms=st.lists(st.integers(0, 5000), max_size=4).map(tuple)
    ),
    st.integers(0, 8000),
    st.integers(0, 8000),
)
def test_retries_stay_inside_their_number_and_the_limit(policy: LambdaPolicy, limit_ms: int, took_ms: int) -> None:
    attempt, spent_ms = 1, took_ms
    while (delay_ms := next_delay_ms(policy, attempt=attempt, left_ms=limit_ms - spent_ms)) is not None:
        assert spent_ms + delay_ms < limit_ms
        attempt, spent_ms = attempt + 1, spent_ms + delay_ms + took_ms

    assert attempt <= policy.retries + 1
