import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.core.digits import KEYS, MAX_BUFFERED, Collector, Ended, begin, expire, keep, press
from offhook.model.effect import CollectInput

START = 1_000_000
FIRST, BETWEEN, SPEECH = 10_000, 5_000, 2_000


def collecting(
    max_digits: int = 4, *, terminator: str = "#", cancel_key: bool = True, use_buffer: bool = False
) -> CollectInput:
    return CollectInput(
        "c/1", "customer", None, FIRST, BETWEEN, max_digits, terminator, cancel_key=cancel_key, use_buffer=use_buffer
    )


MENU = collecting(1, terminator="", cancel_key=False)


def started(effect: CollectInput, *, speech_ms: int = SPEECH, buffered: str = "") -> Collector:
    state = begin(effect, now_ms=START, speech_ms=speech_ms, buffered=buffered)
    assert isinstance(state, Collector)
    return state


def typed(effect: CollectInput, keys: str) -> Collector | Ended:
    """The state after these keys, one each second from the end of the speech, none after the end."""
    state: Collector | Ended = started(effect)
    for second, key in enumerate(keys):
        assert isinstance(state, Collector), f"ended before {key}"
        state = press(state, key, now_ms=START + SPEECH + 1000 * second)
    return state


def waited(state: Collector | Ended) -> Ended:
    """What comes of it when nobody presses a key any more."""
    assert isinstance(state, Collector)
    end = expire(state, now_ms=state.deadline_ms)
    assert isinstance(end, Ended)
    return end


def test_the_first_key_is_awaited_from_the_end_of_the_speech() -> None:
    state = started(collecting())

    assert state.speech_ends_ms == START + SPEECH
    assert state.deadline_ms == START + SPEECH + FIRST


def test_silence_is_a_timeout() -> None:
    assert waited(started(collecting())) == Ended("", "timeout")


def test_a_key_during_the_speech_stops_it_and_counts() -> None:
    state = press(started(collecting()), "7", now_ms=START + 500)

    assert isinstance(state, Collector)
    assert (state.typed, state.speech_ends_ms, state.deadline_ms) == ("7", START + 500, START + 500 + BETWEEN)


def test_a_key_after_the_speech_leaves_its_end_where_it_was() -> None:
    state = press(started(collecting()), "7", now_ms=START + SPEECH + 1)

    assert isinstance(state, Collector)
    assert state.speech_ends_ms == START + SPEECH


def test_the_limit_between_keys_starts_anew_with_each_key() -> None:
    state = typed(collecting(), "12")

    assert isinstance(state, Collector)
    assert state.deadline_ms == START + SPEECH + 1000 + BETWEEN
    assert waited(state) == Ended("12", "interdigit")


@pytest.mark.parametrize(
    ("keys", "end"),
    [
        ("#", Ended("", "terminator")),
        ("12#", Ended("12", "terminator")),
        ("1234", Ended("1234", "length")),
        ("*12#", Ended("12", "terminator")),
        ("12*#", Ended("", "terminator")),
        ("12*34#", Ended("34", "terminator")),
        ("123*4567", Ended("4567", "length")),
    ],
)
def test_keys_end_the_input_by_terminator_or_length(keys: str, end: Ended) -> None:
    assert typed(collecting(), keys) == end


@pytest.mark.parametrize("keys", ["*", "12*", "1*2*"])
def test_silence_after_a_cancel_ends_by_cancel(keys: str) -> None:
    assert waited(typed(collecting(), keys)) == Ended("", "cancel")


def test_after_a_cancel_the_first_key_is_awaited_anew() -> None:
    state = typed(collecting(), "12*")

    assert isinstance(state, Collector)
    assert state.deadline_ms == START + SPEECH + 2000 + FIRST
    assert waited(press(state, "5", now_ms=state.deadline_ms - 1)) == Ended("5", "interdigit")


def test_without_the_cancel_key_a_star_is_a_key_like_any_other() -> None:
    effect = collecting(cancel_key=False)

    assert typed(effect, "1*2#") == Ended("1*2", "terminator")
    assert waited(typed(effect, "*")) == Ended("*", "interdigit")


@pytest.mark.parametrize("key", sorted(KEYS))
def test_a_menu_ends_at_once_on_any_key(key: str) -> None:
    assert typed(MENU, key) == Ended(key, "length")


def test_a_custom_terminator_makes_the_hash_a_key() -> None:
    effect = collecting(terminator="9")

    assert typed(effect, "1#29") == Ended("1#2", "terminator")


def test_without_a_terminator_only_length_and_time_end_the_input() -> None:
    effect = collecting(terminator="")

    assert typed(effect, "1#2#") == Ended("1#2#", "length")
    assert waited(typed(effect, "1#")) == Ended("1#", "interdigit")


@pytest.mark.parametrize(
    ("terminator", "keys", "end"),
    [
        ("##", "##", Ended("", "terminator")),
        ("##", "1##", Ended("1", "terminator")),
        ("##", "1#2##", Ended("1#2", "terminator")),
        ("##", "123##", Ended("123", "terminator")),
        ("##", "123#4", Ended("123#", "length", "4")),
        ("12345", "12345", Ended("", "terminator")),
        ("12345", "99912345", Ended("999", "terminator")),
        ("12345", "1212345", Ended("12", "terminator")),
        ("112", "1112", Ended("1", "terminator")),
        ("#*", "1#*", Ended("1", "terminator")),
    ],
)
def test_a_terminator_may_be_several_keys(terminator: str, keys: str, end: Ended) -> None:
    assert typed(collecting(terminator=terminator, cancel_key=False), keys) == end


def test_the_terminator_of_the_guide_s_example_ends_the_input_the_first_time() -> None:
    """The guide keeps one more # of 1#2#3*4###; ours cannot know that a third one follows."""
    effect = collecting(20, terminator="##", cancel_key=False)

    assert typed(effect, "1#2#3*4##") == Ended("1#2#3*4", "terminator")


def test_a_star_in_the_terminator_needs_the_cancel_key_disabled() -> None:
    assert waited(typed(collecting(terminator="#*"), "1#*")) == Ended("", "cancel")


def test_a_terminator_that_was_only_begun_is_part_of_the_value() -> None:
    effect = collecting(terminator="##")

    assert waited(typed(effect, "12#")) == Ended("12#", "interdigit")
    assert waited(typed(collecting(terminator="99999"), "123999")) == Ended("1239", "interdigit", "99")


@pytest.mark.parametrize("key", ["", "12", "A", "a", " ", "٣", "+", "\n"])
def test_what_is_not_a_key_changes_nothing(key: str) -> None:
    state = started(collecting())

    assert press(state, key, now_ms=START + 1) is state
    assert press(state, key, now_ms=state.deadline_ms + 1) is state


def test_nothing_expires_before_the_deadline() -> None:
    state = started(collecting())

    assert expire(state, now_ms=state.deadline_ms - 1) is state


@pytest.mark.parametrize(("keys", "end"), [("", Ended("", "timeout", "5")), ("12", Ended("12", "interdigit", "5"))])
def test_a_key_at_the_deadline_comes_too_late(keys: str, end: Ended) -> None:
    state = typed(collecting(), keys)
    assert isinstance(state, Collector)

    assert press(state, "5", now_ms=state.deadline_ms) == end
    assert isinstance(press(state, "5", now_ms=state.deadline_ms - 1), Collector)


def test_buffered_keys_count_as_pressed_and_stop_the_speech() -> None:
    state = started(collecting(6, use_buffer=True), buffered="1234")

    assert (state.typed, state.speech_ends_ms, state.deadline_ms) == ("1234", START, START + BETWEEN)


@pytest.mark.parametrize(
    ("buffered", "end"),
    [
        ("1234", Ended("1234", "length")),
        ("123456", Ended("1234", "length", "56")),
        ("12#34", Ended("12", "terminator", "34")),
        ("1*2#", Ended("2", "terminator")),
    ],
)
def test_buffered_keys_may_be_the_whole_answer_and_leave_the_rest(buffered: str, end: Ended) -> None:
    assert begin(collecting(use_buffer=True), now_ms=START, speech_ms=SPEECH, buffered=buffered) == end


def test_a_buffered_key_takes_each_menu_one_level_further() -> None:
    menu = msgspec.structs.replace(MENU, use_buffer=True)

    assert begin(menu, now_ms=START, speech_ms=SPEECH, buffered="123") == Ended("1", "length", "23")


def test_keys_that_outgrow_the_answer_come_before_the_rest_of_the_buffer() -> None:
    effect = collecting(terminator="##", use_buffer=True)

    assert begin(effect, now_ms=START, speech_ms=0, buffered="123#45") == Ended("123#", "length", "45")


def test_without_type_ahead_the_buffer_is_not_looked_at() -> None:
    assert started(collecting(), buffered="1234").typed == ""


def test_the_buffer_keeps_the_first_thirty_keys() -> None:
    buffered = ""
    for key in "0123456789" * 4:
        buffered = keep(buffered, key)

    assert buffered == "0123456789" * 3
    assert len(buffered) == MAX_BUFFERED
    assert keep("1", "A") == "1"


EFFECTS = st.builds(
    CollectInput,
    id=st.just("c/1"),
    line=st.just("customer"),
    speech=st.none(),
    first_ms=st.integers(1, 180_000),
    between_ms=st.integers(1000, 20_000),
    max_digits=st.integers(1, 20),
    terminator=st.text("0123456789*#", max_size=5),
    cancel_key=st.booleans(),
    use_buffer=st.booleans(),
)
HAPPENINGS = st.lists(st.tuples(st.sampled_from([*sorted(KEYS), "x", "12", ""]), st.integers(0, 25_000)), max_size=40)
BUFFERS = st.text("0123456789*#", max_size=MAX_BUFFERED)


@given(EFFECTS, BUFFERS, HAPPENINGS)
def test_every_history_keeps_the_promises(
    effect: CollectInput, buffered: str, happenings: list[tuple[str, int]]
) -> None:
    now_ms = START
    state = begin(effect, now_ms=now_ms, speech_ms=SPEECH, buffered=buffered)
    for key, pause_ms in happenings:
        if isinstance(state, Ended):
            break
        assert state.deadline_ms > now_ms
        assert msgspec.json.decode(msgspec.json.encode(state), type=Collector) == state
        now_ms += pause_ms
        before, state = state, press(state, key, now_ms=now_ms)
        assert (state is before) == (key not in KEYS)
        assert press(before, key, now_ms=now_ms) == state
        if state is before:
            state = expire(state, now_ms=now_ms)
    end = waited(state) if isinstance(state, Collector) else state

    assert end.by in ("terminator", "length", "interdigit", "timeout", "cancel")
    assert len(end.value) <= effect.max_digits
    assert not (effect.cancel_key and "*" in end.value)
    assert bool(end.value) or end.by in ("terminator", "timeout", "cancel")
    assert end.by != "length" or len(end.value) == effect.max_digits


@given(EFFECTS, BUFFERS)
def test_no_key_of_the_buffer_gets_lost(effect: CollectInput, buffered: str) -> None:
    state = begin(
        msgspec.structs.replace(effect, use_buffer=True, cancel_key=False), now_ms=0, speech_ms=0, buffered=buffered
    )

    if isinstance(state, Collector):
        assert state.typed == buffered
    else:
        ending = effect.terminator if state.by == "terminator" else ""
        assert state.value + ending + state.unused == buffered


@given(st.text("0123456789", max_size=12), st.integers(1, 12))
def test_typing_ahead_gives_the_same_answer_as_typing(keys: str, max_digits: int) -> None:
    effect = collecting(max_digits, use_buffer=True)
    ahead = begin(effect, now_ms=START, speech_ms=0, buffered=keys)
    later: Collector | Ended = started(effect, speech_ms=0)
    for key in keys:
        if isinstance(later, Collector):
            later = press(later, key, now_ms=START)

    assert msgspec.structs.replace(ahead, unused="") == later if isinstance(ahead, Ended) else ahead == later
