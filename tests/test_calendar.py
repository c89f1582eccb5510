from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.core.calendar import is_open, parse_hours, parse_instant, text_of
from offhook.model.errors import UsageError
from offhook.model.instance import WEEKDAYS, Hours, Override, Span

HOUR_MS = 3_600_000
OFFICE = {day: "09:00-17:00" for day in WEEKDAYS[:5]}


def hours(**table: Any) -> Hours:
    return parse_hours("Office", {"time_zone": "America/New_York", **table})


def open_at(schedule: Hours, text: str) -> bool:
    return is_open(schedule, parse_instant(text))


def problems(**table: Any) -> tuple[str, ...]:
    with pytest.raises(UsageError) as raised:
        hours(**table)
    return raised.value.problems


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("2026-01-05T08:59:59.999-05:00", False),
        ("2026-01-05T09:00:00-05:00", True),
        ("2026-01-05T14:00:00Z", True),
        ("2026-01-05T16:59:59.999-05:00", True),
        ("2026-01-05T17:00:00-05:00", False),
        ("2026-01-06T00:30:00+01:00", False),
        ("2026-01-10T12:00:00-05:00", False),
        ("1969-12-31T12:00:00-05:00", True),
    ],
)
def test_an_office_is_open_from_its_first_to_before_its_last_minute(text: str, opened: bool) -> None:
    assert open_at(hours(**OFFICE), text) is opened


def test_the_same_wall_clock_is_another_instant_in_summer() -> None:
    office = hours(**OFFICE)

    assert not open_at(office, "2026-01-05T13:30:00Z")
    assert open_at(office, "2026-07-06T13:30:00Z")


def test_the_zone_decides_which_day_it_is() -> None:
    tokyo = parse_hours("Tokyo", {"time_zone": "Asia/Tokyo", "monday": "24h"})

    assert open_at(tokyo, "2026-01-04T15:00:00Z")
    assert not open_at(tokyo, "2026-01-05T15:00:00Z")


def test_an_hour_that_the_clocks_repeat_is_open_twice() -> None:
    """1 November 2026 in New York: 01:30 comes at 05:30Z and again at 06:30Z."""
    night = hours(sunday="01:00-02:00")

    times = ("04:59", "05:00", "05:30", "06:30", "06:59", "07:00")
    opened = [open_at(night, f"2026-11-01T{time}Z") for time in times]

    assert opened == [False, True, True, True, True, False]


def test_an_hour_that_the_clocks_repeat_is_closed_twice_for_an_office() -> None:
    office = hours(**OFFICE, sunday="09:00-17:00")

    assert not open_at(office, "2026-11-01T05:30:00Z")
    assert not open_at(office, "2026-11-01T06:30:00Z")
    assert open_at(office, "2026-11-01T14:00:00Z")


def test_an_hour_that_the_clocks_skip_never_comes() -> None:
    """8 March 2026 in New York: 02:00 is 03:00 already."""
    night = hours(sunday="02:00-03:00")
    minutes = [parse_instant("2026-03-08T00:00:00-05:00") + minute * 60_000 for minute in range(23 * 60)]

    assert not any(is_open(night, at_ms) for at_ms in minutes)


def test_a_span_over_a_skipped_hour_is_an_hour_shorter() -> None:
    night = hours(sunday="01:00-04:00")

    assert open_at(night, "2026-03-08T06:30:00Z")
    assert open_at(night, "2026-03-08T07:30:00Z")
    assert not open_at(night, "2026-03-08T08:00:00Z")


def test_a_break_closes_the_office_in_the_middle_of_the_day() -> None:
    office = hours(monday=["09:00-12:00", "13:00-17:00"])

    assert [open_at(office, f"2026-01-05T{hour}:00-05:00") for hour in (11, 12, 13, 17)] == [True, False, True, False]


@pytest.mark.parametrize("value", ["24h", "00:00-24:00", "00:00-00:00", "09:00-09:00"])
def test_a_whole_day_is_open_from_midnight_to_midnight(value: str) -> None:
    always = hours(monday=value)

    assert not open_at(always, "2026-01-04T23:59:59-05:00")
    assert open_at(always, "2026-01-05T00:00:00-05:00")
    assert open_at(always, "2026-01-05T23:59:59-05:00")
    assert not open_at(always, "2026-01-06T00:00:00-05:00")


@pytest.mark.parametrize("value", ["10:00-24:00", "10:00-00:00"])
def test_midnight_as_an_end_is_the_end_of_the_day(value: str) -> None:
    evening = hours(monday=value)

    assert open_at(evening, "2026-01-05T23:59:59-05:00")
    assert not open_at(evening, "2026-01-06T00:00:00-05:00")
    assert not open_at(evening, "2026-01-05T09:59:00-05:00")


def test_a_span_that_ends_before_it_starts_ends_on_the_next_day() -> None:
    night = hours(monday="22:00-06:00")
    times = ("05T05:00", "05T22:00", "06T05:59", "06T06:00", "06T22:00")
    opened = [open_at(night, f"2026-01-{time}-05:00") for time in times]

    assert opened == [False, True, True, False, False]


def test_sunday_night_reaches_into_monday() -> None:
    assert open_at(hours(sunday="22:00-06:00"), "2026-01-05T03:00-05:00")


def test_an_override_wins_over_the_week() -> None:
    office = hours(
        **OFFICE,
        overrides=[
            {"name": "Christmas", "date": "2026-12-25"},
            {"name": "Eve", "date": "2026-12-24", "open": "09:00-12:00"},
            {"name": "Fair", "date": "2026-12-26", "open": "10:00-11:00"},
        ],
    )

    assert not open_at(office, "2026-12-25T10:00-05:00")
    assert [open_at(office, f"2026-12-24T{hour}:00-05:00") for hour in ("10", "13")] == [True, False]
    assert open_at(office, "2026-12-26T10:30-05:00")
    assert open_at(office, "2026-12-28T10:00-05:00")


def test_an_override_rules_local_dates() -> None:
    always = hours(**dict.fromkeys(WEEKDAYS, "24h"), overrides=[{"date": "2026-12-25", "open": "closed"}])

    assert open_at(always, "2026-12-25T04:59:59Z")
    assert not open_at(always, "2026-12-25T05:00:00Z")
    assert not open_at(always, "2026-12-26T04:59:59Z")
    assert open_at(always, "2026-12-26T05:00:00Z")


def test_an_override_from_one_date_to_another_includes_both() -> None:
    shut = hours(**dict.fromkeys(WEEKDAYS, "24h"), overrides=[{"from": "2026-08-03", "to": "2026-08-05"}])

    assert [open_at(shut, f"2026-08-0{day}T12:00Z") for day in range(2, 7)] == [True, False, False, False, True]


def test_the_evening_before_does_not_reach_into_an_override() -> None:
    night = hours(**dict.fromkeys(WEEKDAYS, "22:00-06:00"), overrides=[{"date": "2026-12-25"}])

    assert open_at(night, "2026-12-24T23:00-05:00")
    assert not open_at(night, "2026-12-25T03:00-05:00")
    assert not open_at(night, "2026-12-25T23:00-05:00")
    assert not open_at(night, "2026-12-26T03:00-05:00")


def test_an_override_reaches_into_its_own_next_day_and_into_the_week() -> None:
    feast = hours(overrides=[{"from": "2026-12-30", "to": "2026-12-31", "open": "20:00-02:00"}])

    assert not open_at(feast, "2026-12-30T01:00-05:00")
    assert open_at(feast, "2026-12-31T01:00-05:00")
    assert open_at(feast, "2027-01-01T01:00-05:00")
    assert not open_at(feast, "2027-01-01T21:00-05:00")


def test_where_overrides_overlap_the_first_wins() -> None:
    twice = hours(overrides=[{"date": "2026-07-04"}, {"from": "2026-07-01", "to": "2026-07-31", "open": "24h"}])

    assert open_at(twice, "2026-07-03T12:00Z")
    assert not open_at(twice, "2026-07-04T12:00Z")


def test_hours_without_days_are_closed() -> None:
    assert not open_at(hours(), "2026-01-05T12:00-05:00")


def test_a_table_becomes_hours() -> None:
    parsed = parse_hours(
        "Office",
        {
            "time_zone": "Europe/Berlin",
            "monday": ["9:00-12:00", " 13:00 - 24:00 "],
            "tuesday": "closed",
            "wednesday": [],
            "overrides": [
                {"name": "Xmas", "date": date(2026, 12, 25)},
                {"from": "2026-08-01", "to": date(2026, 8, 14), "open": ["10:00-12:00"]},
            ],
            "matches": ["arn:*"],
        },
    )

    assert parsed == Hours(
        "Office",
        "Europe/Berlin",
        {"monday": (Span(540, 720), Span(780, 1440)), "tuesday": (), "wednesday": ()},
        (
            Override("Xmas", "2026-12-25", "2026-12-25"),
            Override("2026-08-01", "2026-08-01", "2026-08-14", (Span(600, 720),)),
        ),
    )


@pytest.mark.parametrize(
    "zone", ["America/NewYork", "", "America", "../UTC", "/UTC", "a" * 5000, "UTC\0", "Utc/", None, 5, ["UTC"]]
)
def test_a_zone_that_does_not_exist_is_a_problem(zone: Any) -> None:
    assert "time_zone" in problems(time_zone=zone)[0]


@pytest.mark.parametrize(
    "value",
    [
        "9-17",
        "09:00",
        "",
        "25:00-26:00",
        "24:00-25:00",
        "09:60-10:00",
        "09:00-24:01",
        "09:00-17:00-18:00",
        "always",
        "٠٩:00-17:00",
        9,
        None,
        ["closed"],
        [["09:00-17:00"]],
    ],
)
def test_a_span_that_cannot_be_read_is_a_problem(value: Any) -> None:
    assert [text.startswith("hours 'Office': monday is ") for text in problems(monday=value)] == [True]


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        ({"date": "2026-12-25"}, "list of tables"),
        (["2026-12-25"], "list of tables"),
        ([{}], "from is None"),
        ([{"from": "2026-12-25"}], "to is None"),
        ([{"date": "25.12.2026"}], "date is '25.12.2026'"),
        ([{"from": "2026-12-25", "to": "2026-12-24"}], "must not be before 2026-12-25"),
        ([{"date": "2026-12-25", "to": "2026-12-26"}], "'to' is not a setting"),
        ([{"date": "2026-12-25", "open": "late"}], "open is 'late'"),
        ([{"date": "2026-12-25", "closed": True}], "'closed' is not a setting"),
    ],
)
def test_an_override_that_cannot_be_read_is_a_problem(overrides: Any, why: str) -> None:
    assert any(why in text for text in problems(overrides=overrides))


def test_all_problems_come_at_once() -> None:
    found = problems(
        time_zone="Mars",
        mondays="09:00-17:00",
        tuesday=["9", "10:00-11:00", "x"],
        overrides=[{"date": "never", "open": "no"}, {"from": "2026-01-02", "to": "soon"}],
    )

    assert len(found) == 7
    assert all(text.startswith("hours 'Office': ") and text.endswith(".") for text in found)


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_767_625_200_000, "2026-01-05T15:00:00.000Z"),
        (1_767_625_200_007, "2026-01-05T15:00:00.007Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_an_instant_is_spelled_in_utc_with_milliseconds(at_ms: int, text: str) -> None:
    assert text_of(at_ms) == text
    assert parse_instant(text) == at_ms


@pytest.mark.parametrize("text", ["2026-01-05T10:00:00-05:00", "2026-01-05T15:00:00Z", "2026-01-05T15:00+00:00"])
def test_an_instant_may_have_any_offset(text: str) -> None:
    assert parse_instant(text) == 1_767_625_200_000


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999-14:00"])
def test_the_ends_of_the_calendar_are_instants(text: str) -> None:
    assert abs(parse_instant(text)) > 60_000_000_000_000


@pytest.mark.parametrize("text", ["", "now", "2026-01-05", "2026-01-05T10:00:00", "2026-13-05T10:00:00Z", "10:00Z"])
def test_a_text_that_leaves_the_instant_open_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_instant(text)

    assert repr(text) in raised.value.problems[0]


@given(st.integers(-(2**45), 2**47))
def test_an_instant_survives_its_spelling(at_ms: int) -> None:
    assert parse_instant(text_of(at_ms)) == at_ms


SPANS = st.builds(Span, st.integers(0, 1439), st.integers(0, 1440))
ZONES = st.sampled_from(
    ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]
)


@given(SPANS, ZONES, st.integers(1_700_000_000_000, 1_900_000_000_000))
def test_a_span_on_every_day_is_open_by_the_wall_clock_alone(span: Span, zone: str, at_ms: int) -> None:
    """Yesterday's rest and today's beginning together are the span on a round dial."""
    every = Hours("h", zone, dict.fromkeys(WEEKDAYS, (span,)))
    inverse = Hours("h", zone, dict.fromkeys(WEEKDAYS, (Span(span.end_minute % 1440, span.start_minute),)))

    if span.start_minute == span.end_minute % 1440:
        assert is_open(every, at_ms)
    else:
        assert is_open(every, at_ms) is not is_open(inverse, at_ms)


@given(SPANS, ZONES, st.integers(1_700_000_000_000, 1_900_000_000_000))
def test_an_override_of_all_dates_is_the_week(span: Span, zone: str, at_ms: int) -> None:
    week = Hours("h", zone, dict.fromkeys(WEEKDAYS, (span,)))
    ruled = Hours("h", zone, {}, (Override("all", "2000-01-01", "2099-12-31", (span,)),))

    assert is_open(ruled, at_ms) is is_open(week, at_ms)
