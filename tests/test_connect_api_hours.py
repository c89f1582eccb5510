"""Hours of operation, their overrides, and which hours are effective, asked by unmodified boto3."""

from collections.abc import Iterator
from typing import Any

import pytest

from offhook.api.effective import changes
from tests.connect_samples import NOBODY, code, new_instance, new_name
from tests.server import Server

NINE, FIVE = {"Hours": 9, "Minutes": 0}, {"Hours": 17, "Minutes": 0}
MIDNIGHT = {"Hours": 0, "Minutes": 0}
WEEK = [{"Day": day, "StartTime": NINE, "EndTime": FIVE} for day in ("MONDAY", "TUESDAY", "FRIDAY")]


@pytest.fixture(scope="module")
def connect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    served = Server(tmp_path_factory.mktemp("project"))
    yield served.client("connect")
    assert served.stop() == 0


@pytest.fixture(scope="module")
def instance(connect: Any) -> str:
    return new_instance(connect)


def new_hours(connect: Any, instance: str, **more: Any) -> str:
    asked = {"Name": new_name("hours"), "TimeZone": "America/New_York", "Config": WEEK, **more}
    return str(connect.create_hours_of_operation(InstanceId=instance, **asked)["HoursOfOperationId"])


def new_override(connect: Any, instance: str, hours: str, **more: Any) -> str:
    asked = {"Name": new_name("override"), "EffectiveFrom": "2026-01-01", "EffectiveTill": "2026-12-31", "Config": []}
    call = {"InstanceId": instance, "HoursOfOperationId": hours, **asked, **more}
    return str(connect.create_hours_of_operation_override(**call)["HoursOfOperationOverrideId"])


def effective(connect: Any, instance: str, hours: str, first: str, last: str = "") -> dict[str, list[tuple[str, str]]]:
    """Spans by date."""
    found = connect.get_effective_hours_of_operations(
        InstanceId=instance, HoursOfOperationId=hours, FromDate=first, ToDate=last or first
    )
    return {
        each["Date"]: [(clock(span["Start"]), clock(span["End"])) for span in each["OperationalHours"]]
        for each in found["EffectiveHoursOfOperationList"]
    }


def clock(slice: dict[str, int]) -> str:
    return f"{slice['Hours']:02d}:{slice['Minutes']:02d}"


def span(start: int, end: int, **more: Any) -> dict[str, Any]:
    return {"StartTime": {"Hours": start, "Minutes": 0}, "EndTime": {"Hours": end, "Minutes": 30}, **more}


# --- the week ---


def test_hours_are_told_as_they_were_made(connect: Any, instance: str) -> None:
    asked = {"Name": new_name("hours"), "Description": "of the shop", "TimeZone": "Europe/Berlin", "Tags": {"a": "1"}}
    made = connect.create_hours_of_operation(InstanceId=instance, Config=WEEK, **asked)
    call = {"InstanceId": instance, "HoursOfOperationId": made["HoursOfOperationId"]}
    found = connect.describe_hours_of_operation(**call)["HoursOfOperation"]

    assert {name: found[name] for name in asked} == asked
    assert (found["HoursOfOperationArn"], found["Config"]) == (made["HoursOfOperationArn"], WEEK)
    by_arn = {**call, "HoursOfOperationId": made["HoursOfOperationArn"]}
    assert connect.describe_hours_of_operation(**by_arn)["HoursOfOperation"] == found


def test_a_change_leaves_what_it_does_not_name(connect: Any, instance: str) -> None:
    hours = new_hours(connect, instance, Description="old")
    call = {"InstanceId": instance, "HoursOfOperationId": hours}
    name = new_name("changed")
    connect.update_hours_of_operation(**call, Name=name, TimeZone="Asia/Tokyo", Config=WEEK[:1])
    found = connect.describe_hours_of_operation(**call)["HoursOfOperation"]

    assert (found["Name"], found["TimeZone"], found["Config"]) == (name, "Asia/Tokyo", WEEK[:1])
    assert found["Description"] == "old"
    assert code(connect.update_hours_of_operation, **call, Name="Basic Hours") == "DuplicateResourceException"
    assert code(connect.update_hours_of_operation, **call, TimeZone="Mars/North") == "InvalidParameterException"


def test_hours_are_listed_found_and_deleted(connect: Any, instance: str) -> None:
    hours = new_hours(connect, instance, TimeZone="Africa/Nairobi")
    condition = {"FieldName": "timezone", "Value": "nairobi", "ComparisonType": "CONTAINS"}
    found = connect.search_hours_of_operations(InstanceId=instance, SearchCriteria={"StringCondition": condition})
    pages = connect.get_paginator("list_hours_of_operations").paginate(
        InstanceId=instance, PaginationConfig={"PageSize": 1}
    )

    assert [each["HoursOfOperationId"] for each in found["HoursOfOperations"]] == [hours]
    assert found["ApproximateTotalCount"] == 1
    assert hours in [each["Id"] for page in pages for each in page["HoursOfOperationSummaryList"]]
    new_override(connect, instance, hours)
    connect.delete_hours_of_operation(InstanceId=instance, HoursOfOperationId=hours)
    call = {"InstanceId": instance, "HoursOfOperationId": hours}
    assert code(connect.describe_hours_of_operation, **call) == "ResourceNotFoundException"
    assert connect.search_hours_of_operation_overrides(
        InstanceId=instance, SearchCriteria={"StringCondition": {**condition, "FieldName": "hoursOfOperationId",
                                                                 "Value": hours}},
    )["ApproximateTotalCount"] == 0  # fmt: skip


def test_hours_that_a_queue_needs_stay(connect: Any, instance: str) -> None:
    hours = new_hours(connect, instance)
    connect.create_queue(InstanceId=instance, Name=new_name("queue"), HoursOfOperationId=hours)

    call = {"InstanceId": instance, "HoursOfOperationId": hours}
    assert code(connect.delete_hours_of_operation, **call) == "InvalidRequestException"


# --- overrides ---


def test_an_override_is_told_changed_listed_and_deleted(connect: Any, instance: str) -> None:
    hours = new_hours(connect, instance)
    override = new_override(connect, instance, hours, Name="Christmas", Description="shut", OverrideType="CLOSED")
    call = {"InstanceId": instance, "HoursOfOperationId": hours, "HoursOfOperationOverrideId": override}
    connect.update_hours_of_operation_override(**call, EffectiveFrom="2026-12-24", Config=[span(9, 12)])
    found = connect.describe_hours_of_operation_override(**call)["HoursOfOperationOverride"]
    listed = connect.list_hours_of_operation_overrides(InstanceId=instance, HoursOfOperationId=hours)

    assert (found["EffectiveFrom"], found["EffectiveTill"]) == ("2026-12-24", "2026-12-31")
    assert (found["Name"], found["Description"], found["OverrideType"]) == ("Christmas", "shut", "CLOSED")
    assert found["Config"] == [span(9, 12)]
    assert listed["HoursOfOperationOverrideList"] == [found]
    connect.delete_hours_of_operation_override(**call)
    assert code(connect.describe_hours_of_operation_override, **call) == "ResourceNotFoundException"


def test_overrides_of_other_hours_are_theirs(connect: Any, instance: str) -> None:
    hours, others = new_hours(connect, instance), new_hours(connect, instance)
    override = new_override(connect, instance, hours, Name="Same")
    new_override(connect, instance, others, Name="Same")

    call = {"InstanceId": instance, "HoursOfOperationId": others, "HoursOfOperationOverrideId": override}
    assert code(connect.describe_hours_of_operation_override, **call) == "ResourceNotFoundException"
    asked = {"InstanceId": instance, "HoursOfOperationId": hours, "Config": []}
    dates = {"EffectiveFrom": "2026-01-01", "EffectiveTill": "2026-01-01"}
    create = connect.create_hours_of_operation_override
    assert code(create, Name="Same", **asked, **dates) == "DuplicateResourceException"
    assert code(create, Name="x", **asked, **{**dates, "EffectiveFrom": "2026-02-30"}) == "InvalidParameterException"
    assert code(create, Name="x", **asked, **{**dates, "EffectiveTill": "2025-12-31"}) == "InvalidParameterException"


def test_overrides_are_found_by_date(connect: Any, instance: str) -> None:
    hours = new_hours(connect, instance, Tags={"of": new_name("tag")})
    late = new_override(connect, instance, hours, EffectiveFrom="2031-05-01", EffectiveTill="2031-05-02")
    new_override(connect, instance, hours)

    def found(comparison: str, date: str) -> list[str]:
        condition = {"FieldName": "EffectiveFrom", "Value": date, "ComparisonType": comparison}
        answer = connect.search_hours_of_operation_overrides(
            InstanceId=instance, SearchCriteria={"DateCondition": condition}
        )
        return [each["HoursOfOperationOverrideId"] for each in answer["HoursOfOperationOverrides"]]

    assert found("GREATER_THAN_OR_EQUAL_TO", "2031-05-01") == found("EQUAL_TO", "2031-05-01") == [late]
    assert found("GREATER_THAN", "2031-05-01") == []


def test_more_than_fifty_overrides_are_refused(connect: Any, instance: str) -> None:
    hours = new_hours(connect, instance)
    for _ in range(50):
        new_override(connect, instance, hours)

    asked = {"InstanceId": instance, "HoursOfOperationId": hours, "Name": "one more", "Config": []}
    dates = {"EffectiveFrom": "2026-01-01", "EffectiveTill": "2026-01-01"}
    assert code(connect.create_hours_of_operation_override, **asked, **dates) == "LimitExceededException"


# --- effective hours ---


def test_without_overrides_the_week_is_effective(connect: Any, instance: str) -> None:
    night = {"Day": "SATURDAY", "StartTime": {"Hours": 22, "Minutes": 0}, "EndTime": {"Hours": 6, "Minutes": 0}}
    whole = {"Day": "SUNDAY", "StartTime": MIDNIGHT, "EndTime": MIDNIGHT}
    hours = new_hours(connect, instance, Config=[*WEEK, night, whole])

    assert effective(connect, instance, hours, "2026-11-26", "2026-11-30") == {
        "2026-11-26": [],  # a Thursday
        "2026-11-27": [("09:00", "17:00")],
        "2026-11-28": [("22:00", "06:00")],
        "2026-11-29": [("00:00", "00:00")],
        "2026-11-30": [("09:00", "17:00")],
    }


def test_temporary_hours_replace_the_day_and_every_event(connect: Any, instance: str) -> None:
    hours = new_hours(connect, instance)
    new_override(connect, instance, hours, OverrideType="OPEN", Config=[span(7, 8)])
    short = {"EffectiveFrom": "2026-11-27", "EffectiveTill": "2026-11-27", "Name": "Black Friday"}
    new_override(connect, instance, hours, **short, Config=[span(6, 22, Day="FRIDAY")])
    answer = connect.get_effective_hours_of_operations(
        InstanceId=instance, HoursOfOperationId=hours, FromDate="2026-11-27", ToDate="2026-11-27"
    )
    [rules] = answer["EffectiveOverrideHoursList"]

    assert effective(connect, instance, hours, "2026-11-27") == {"2026-11-27": [("06:00", "22:30")]}
    assert answer["TimeZone"] == "America/New_York"
    assert [(each["OverrideName"], each["OperationalStatus"]) for each in rules["OverrideHours"]][1] == (
        "Black Friday", "OPEN",
    )  # fmt: skip


def test_what_opens_is_added_and_what_closes_is_taken_away(connect: Any, instance: str) -> None:
    hours = new_hours(connect, instance)
    new_override(connect, instance, hours, OverrideType="OPEN", Config=[span(18, 20)])
    lunch = span(12, 12, Day="TUESDAY")
    new_override(connect, instance, hours, OverrideType="CLOSED", Config=[lunch])

    assert effective(connect, instance, hours, "2026-11-23", "2026-11-25") == {
        "2026-11-23": [("09:00", "17:00"), ("18:00", "20:30")],
        "2026-11-24": [("09:00", "12:00"), ("12:30", "17:00"), ("18:00", "20:30")],
        "2026-11-25": [("18:00", "20:30")],
    }
    new_override(connect, instance, hours, OverrideType="CLOSED", EffectiveFrom="2026-11-24",
                 EffectiveTill="2026-11-24")  # fmt: skip
    assert effective(connect, instance, hours, "2026-11-24") == {"2026-11-24": []}


@pytest.mark.parametrize(
    ("first", "pattern", "shut"),
    [
        ("2026", {"Frequency": "WEEKLY", "Interval": 2}, ["01-02", "01-16", "01-30", "07-31"]),
        ("2026", {"Frequency": "MONTHLY", "Interval": 1, "ByMonthDay": [-1]}, ["07-31"]),
        ("2026", {"Frequency": "MONTHLY", "Interval": 2, "ByMonthDay": [16]}, ["01-16"]),
        ("2026", {"Frequency": "MONTHLY", "Interval": 5, "ByMonthDay": [-1]}, []),
        ("2026", {"Frequency": "MONTHLY", "Interval": 1, "ByWeekdayOccurrence": [-1]}, ["01-30", "07-31"]),
        ("2026", {"Frequency": "MONTHLY", "Interval": 1, "ByWeekdayOccurrence": [2]}, ["01-09"]),
        ("2026", {"Frequency": "YEARLY", "Interval": 1, "ByMonth": [1], "ByMonthDay": [23]}, ["01-23"]),
        ("2026", {"Frequency": "YEARLY", "Interval": 1, "ByMonth": [2], "ByMonthDay": [23]}, []),
        ("2025", {"Frequency": "YEARLY", "Interval": 2, "ByMonth": [1], "ByMonthDay": [23]}, []),
    ],
)
def test_events_recur(connect: Any, instance: str, first: str, pattern: dict[str, Any], shut: list[str]) -> None:
    hours = new_hours(connect, instance)
    new_override(
        connect, instance, hours, OverrideType="CLOSED", EffectiveFrom=f"{first}-01-01",
        Config=[{"Day": "FRIDAY", "StartTime": MIDNIGHT, "EndTime": MIDNIGHT}],
        RecurrenceConfig={"RecurrencePattern": pattern},
    )  # fmt: skip
    found = effective(connect, instance, hours, "2026-01-01", "2026-07-31")

    fridays = ["01-02", "01-09", "01-16", "01-23", "01-30", "07-31"]
    assert [day for day in fridays if found[f"2026-{day}"] == []] == shut


def test_days_that_overrides_rule_alike_are_one_range() -> None:
    """What contacts are routed by."""
    dates = {"EffectiveFrom": "2026-11-23", "EffectiveTill": "2026-11-29"}
    closed = {**dates, "OverrideType": "CLOSED", "Config": [span(12, 12, Day="TUESDAY")]}
    night = {"Day": "SATURDAY", "StartTime": {"Hours": 22, "Minutes": 0}, "EndTime": {"Hours": 6, "Minutes": 0}}
    found = list(changes([*WEEK, night], [("lunch", closed)]))

    assert [(first.day, last.day, spans) for first, last, spans in found] == [
        (23, 23, ((540, 1020),)),
        (24, 24, ((540, 720), (750, 1020))),
        (25, 26, ()),
        (27, 27, ((540, 1020),)),
        (28, 28, ((1320, 1800),)),
        (29, 29, ()),
    ]
    whole = {"EffectiveFrom": "2026-01-01", "EffectiveTill": "2026-12-31", "Config": []}
    assert [(str(first), str(last)) for first, last, _ in changes(WEEK, [("shut", whole)])] == [
        ("2026-01-01", "2026-12-31")
    ]
    assert list(changes(WEEK, [])) == []


def test_overrides_of_parents_count_too(connect: Any, instance: str) -> None:
    parent, child = new_hours(connect, instance), new_hours(connect, instance)
    new_override(connect, instance, parent, EffectiveFrom="2026-11-27", EffectiveTill="2026-11-27")
    call = {"InstanceId": instance, "HoursOfOperationId": child}
    configs = [{"HoursOfOperationId": parent}]
    connect.associate_hours_of_operations(**call, ParentHoursOfOperationConfigs=configs)
    described = connect.describe_hours_of_operation(**call)["HoursOfOperation"]
    children = connect.list_child_hours_of_operations(InstanceId=instance, HoursOfOperationId=parent)

    assert [each["Id"] for each in described["ParentHoursOfOperations"]] == [parent]
    assert [each["Id"] for each in children["ChildHoursOfOperationsSummaryList"]] == [child]
    assert effective(connect, instance, child, "2026-11-27") == {"2026-11-27": []}
    of_parent = {"InstanceId": instance, "HoursOfOperationId": parent}
    assert code(connect.delete_hours_of_operation, **of_parent) == "InvalidRequestException"
    back = {"ParentHoursOfOperationConfigs": [{"HoursOfOperationId": child}]}
    assert code(connect.associate_hours_of_operations, **of_parent, **back) == "InvalidRequestException"
    connect.disassociate_hours_of_operations(**call, ParentHoursOfOperationIds=[parent])
    assert effective(connect, instance, child, "2026-11-27") == {"2026-11-27": [("09:00", "17:00")]}
    connect.delete_hours_of_operation(**of_parent)


def test_dates_that_are_none_are_refused(connect: Any, instance: str) -> None:
    call = {"InstanceId": instance, "HoursOfOperationId": new_hours(connect, instance)}
    ask = connect.get_effective_hours_of_operations

    for first, last in (("2026-13-01", "2026-12-01"), ("2026-12-02", "2026-12-01"), ("2026-01-01", "2028-01-01")):
        assert code(ask, **call, FromDate=first, ToDate=last) == "InvalidParameterException"
    unknown = {**call, "HoursOfOperationId": NOBODY, "FromDate": "2026-01-01", "ToDate": "2026-01-01"}
    assert code(ask, **unknown) == "ResourceNotFoundException"
