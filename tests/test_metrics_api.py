"""Numbers of queues and agents, asked by unmodified boto3: of this moment, and of what is over."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.centre_samples import Centre
from tests.connect_samples import NOBODY, code
from tests.server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = Server(tmp_path_factory.mktemp("project"))
    yield served
    assert served.stop() == 0


@pytest.fixture
def centre(server: Server) -> Centre:
    return Centre(server)


def ago(**lengths: Any) -> datetime:
    return datetime.fromtimestamp(time.time(), UTC) - timedelta(**lengths)


# --- now ---


def now(centre: Centre, *metrics: str, groupings: tuple[str, ...] = (), **filters: Any) -> dict[Any, dict[str, float]]:
    """The values by metric, by what they are grouped by."""
    asked = [{"Name": name, "Unit": "COUNT"} for name in metrics]
    found = centre(
        "get_current_metric_data", CurrentMetrics=asked, Groupings=list(groupings),
        Filters=filters or {"Queues": [centre.queue]},
    )  # fmt: skip
    return {
        _group(each["Dimensions"]): {one["Metric"]["Name"]: one["Value"] for one in each["Collections"]}
        for each in found["MetricResults"]
    }


def _group(dimensions: dict[str, Any]) -> Any:
    return tuple(value["Id"] if isinstance(value, dict) else value for value in dimensions.values())


COUNTS = (
    "CONTACTS_IN_QUEUE", "AGENTS_ONLINE", "AGENTS_AVAILABLE", "AGENTS_ON_CONTACT", "AGENTS_AFTER_CONTACT_WORK",
    "AGENTS_STAFFED", "SLOTS_ACTIVE",
)  # fmt: skip


def test_numbers_follow_a_contact_from_the_queue_to_its_end(centre: Centre) -> None:
    contact = centre.task()
    centre.queued(contact)
    assert now(centre, *COUNTS)[()] == dict.fromkeys(COUNTS, 0) | {"CONTACTS_IN_QUEUE": 1}

    ann = centre.agent()
    ann.does("accept", ann.offered())
    there = dict.fromkeys(COUNTS, 0) | {"AGENTS_ONLINE": 1, "AGENTS_STAFFED": 1, "SLOTS_ACTIVE": 1}
    assert now(centre, *COUNTS)[()] == there | {"AGENTS_ON_CONTACT": 1}
    ann.does("hangup", contact)
    assert now(centre, *COUNTS)[()] == there | {"AGENTS_AFTER_CONTACT_WORK": 1}
    ann.does("clear", contact)
    assert now(centre, *COUNTS)[()] == there | {"AGENTS_AVAILABLE": 1, "SLOTS_ACTIVE": 0}


def test_numbers_are_told_by_queue_and_channel(centre: Centre) -> None:
    other = centre.new_queue()
    centre.queued(centre.task())
    centre.queued(centre.chat()["ContactId"])
    queues = {"Queues": [centre.queue, centre.arn("queue", other)]}

    by_queue = now(centre, "CONTACTS_IN_QUEUE", groupings=("QUEUE",), **queues)
    by_channel = now(centre, "CONTACTS_IN_QUEUE", groupings=("QUEUE", "CHANNEL"), **queues, Channels=["CHAT", "VOICE"])
    together = now(centre, "CONTACTS_IN_QUEUE", **queues)
    chats = now(centre, "CONTACTS_IN_QUEUE", **queues, Channels=["CHAT"])

    assert {key[0]: value["CONTACTS_IN_QUEUE"] for key, value in by_queue.items()} == {centre.queue: 2, other: 0}
    assert by_channel[(centre.queue, "CHAT")] == {"CONTACTS_IN_QUEUE": 1}
    assert by_channel[(centre.queue, "VOICE")] == by_channel[(other, "CHAT")] == {"CONTACTS_IN_QUEUE": 0}
    assert together == {(): {"CONTACTS_IN_QUEUE": 2}}
    assert chats == {(): {"CONTACTS_IN_QUEUE": 1}}


def test_numbers_are_told_by_routing_profile(centre: Centre) -> None:
    other = centre.new_profile(centre.queue)
    centre.agent()
    centre.agent(profile=other)

    found = now(
        centre, "AGENTS_ONLINE", groupings=("ROUTING_PROFILE",), RoutingProfiles=[centre.profile, other]
    )  # fmt: skip
    assert found == {(centre.profile,): {"AGENTS_ONLINE": 1}, (other,): {"AGENTS_ONLINE": 1}}
    assert now(centre, "AGENTS_ONLINE") == {(): {"AGENTS_ONLINE": 2}}


@pytest.mark.parametrize(
    "more",
    [
        {"Filters": {}},
        {"Filters": {"Queues": [NOBODY], "RoutingProfiles": [NOBODY]}},
        {"Filters": {"Queues": ["queue"], "AgentStatuses": [NOBODY]}},
        {"Filters": {"Queues": ["queue"], "Channels": ["CHAT", "VOICE"]}},
        {"Groupings": ["AGENT_STATUS"]},
        {"CurrentMetrics": [{"Name": "ESTIMATED_WAIT_TIME", "Unit": "SECONDS"}]},
        {"CurrentMetrics": [{"MetricId": NOBODY}]},
    ],
)
def test_current_numbers_that_are_not_counted_are_refused(centre: Centre, more: dict[str, Any]) -> None:
    usual = {"Filters": {"Queues": [centre.queue]}, "CurrentMetrics": [{"Name": "AGENTS_ONLINE", "Unit": "COUNT"}]}
    asked = {**usual, **more}
    if asked["Filters"].get("Queues") == ["queue"]:
        asked["Filters"] = {**asked["Filters"], "Queues": [centre.queue]}
    call = centre.connect.get_current_metric_data

    assert code(call, InstanceId=centre.instance, **asked) == "InvalidParameterException"


# --- what is over ---


@pytest.fixture(scope="module")
def past(server: Server) -> tuple[Centre, str]:
    """One task handled, with hold and work after it, one chat given up in the queue, one stopped; and the agent."""
    centre = Centre(server)
    chat = centre.chat()
    centre.queued(chat["ContactId"])
    participant = server.client("connectparticipant")
    asked = {"ParticipantToken": chat["ParticipantToken"], "Type": ["CONNECTION_CREDENTIALS"]}
    token = participant.create_participant_connection(**asked)["ConnectionCredentials"]["ConnectionToken"]
    participant.disconnect_participant(ConnectionToken=token)
    centre.ended(chat["ContactId"])
    stopped = centre.task()
    centre.queued(stopped)
    centre("stop_contact", ContactId=stopped)
    ann = centre.agent()
    contact = centre.task()
    ann.does("accept", ann.offered())
    for verb in ("hold", "resume", "hangup", "clear"):
        assert ann.does(verb, contact).status_code == 200
    return centre, ann.id


def over(past: tuple[Centre, str], *metrics: Any, groupings: tuple[str, ...] = (), **more: Any) -> dict[Any, Any]:
    """The values by metric, by what they are grouped by."""
    centre, _ = past
    asked = [{"Name": each} if isinstance(each, str) else each for each in metrics]
    usual = {
        "StartTime": ago(hours=1), "EndTime": ago(hours=-1), "Groupings": list(groupings),
        "Filters": [{"FilterKey": "QUEUE", "FilterValues": [centre.queue]}],
    }  # fmt: skip
    found = centre.connect.get_metric_data_v2(
        ResourceArn=centre.arn("", "").rstrip("/"), Metrics=asked, **{**usual, **more}
    )  # fmt: skip
    return {
        tuple(each["Dimensions"].values()): {
            one["Metric"]["Name"]: one.get("Value") for one in each["Collections"]
        }
        for each in found["MetricResults"]
    }  # fmt: skip


def test_contacts_that_are_over_are_counted(past: Any) -> None:
    expected = {
        "CONTACTS_CREATED": 3, "CONTACTS_QUEUED": 3, "CONTACTS_HANDLED": 1, "CONTACTS_ABANDONED": 1,
        "SUM_CONTACTS_DISCONNECTED": 3, "CONTACTS_PUT_ON_HOLD": 1, "AVG_HOLDS": 1, "AGENT_NON_RESPONSE": 0,
        "CONTACTS_QUEUED_BY_ENQUEUE": 3, "CONTACTS_HANDLED_BY_CONNECTED_TO_AGENT": 1,
    }  # fmt: skip
    found = over(past, *expected, "ABANDONMENT_RATE")[()]

    assert found.pop("ABANDONMENT_RATE") == pytest.approx(100 / 3)
    assert found == expected


def test_times_of_contacts_that_are_over_fit_together(past: Any) -> None:
    found = over(
        past, "AVG_HANDLE_TIME", "AVG_INTERACTION_TIME", "AVG_HOLD_TIME", "AVG_AFTER_CONTACT_WORK_TIME",
        "AVG_INTERACTION_AND_HOLD_TIME", "AVG_QUEUE_ANSWER_TIME", "AVG_ABANDON_TIME", "MAX_QUEUED_TIME",
        "AVG_CONTACT_DURATION",
    )[()]  # fmt: skip

    talked = found["AVG_INTERACTION_TIME"] + found["AVG_HOLD_TIME"]
    assert talked == pytest.approx(found["AVG_INTERACTION_AND_HOLD_TIME"])
    assert found["AVG_HANDLE_TIME"] == pytest.approx(talked + found["AVG_AFTER_CONTACT_WORK_TIME"])
    assert 0 < found["AVG_QUEUE_ANSWER_TIME"] <= found["MAX_QUEUED_TIME"] < 60
    assert 0 < found["AVG_ABANDON_TIME"] <= found["MAX_QUEUED_TIME"]
    assert found["AVG_CONTACT_DURATION"] > 0


def test_a_threshold_says_who_was_in_time(past: Any) -> None:
    in_time = [{"Comparison": "LT", "ThresholdValue": 600}]
    found = over(
        past,
        {"Name": "SERVICE_LEVEL", "Threshold": in_time},
        {"Name": "SUM_CONTACTS_ANSWERED_IN_X", "Threshold": in_time},
    )[()]

    assert found["SERVICE_LEVEL"] == pytest.approx(200 / 3)
    assert found["SUM_CONTACTS_ANSWERED_IN_X"] == 1


def test_what_is_over_is_told_by_what_it_is(past: Any) -> None:
    centre, ann = past
    by_channel = over(past, "CONTACTS_QUEUED", "CONTACTS_HANDLED", groupings=("QUEUE", "CHANNEL"))
    by_agent = over(past, "CONTACTS_HANDLED", groupings=("AGENT",))
    by_reason = over(past, "SUM_CONTACTS_DISCONNECTED", groupings=("DISCONNECT_REASON",))
    of_agent = over(
        past, "CONTACTS_HANDLED", groupings=("ROUTING_PROFILE",),
        Filters=[{"FilterKey": "AGENT", "FilterValues": [ann]}, {"FilterKey": "CHANNEL", "FilterValues": ["TASK"]}],
    )  # fmt: skip
    stops = [{"MetricFilterKey": "DISCONNECT_REASON", "MetricFilterValues": ["API"]}]
    others = [{**stops[0], "Negate": True}]

    assert by_channel == {
        (centre.queue, "CHAT"): {"CONTACTS_QUEUED": 1, "CONTACTS_HANDLED": 0},
        (centre.queue, "TASK"): {"CONTACTS_QUEUED": 2, "CONTACTS_HANDLED": 1},
    }
    assert by_agent == {(ann,): {"CONTACTS_HANDLED": 1}}
    assert set(by_reason) == {("API",), ("CUSTOMER_DISCONNECT",), ("AGENT_DISCONNECT",)}
    assert of_agent == {(centre.profile,): {"CONTACTS_HANDLED": 1}}
    assert over(past, {"Name": "SUM_CONTACTS_DISCONNECTED", "MetricFilters": stops}) == {
        (): {"SUM_CONTACTS_DISCONNECTED": 1}
    }
    assert over(past, {"Name": "SUM_CONTACTS_DISCONNECTED", "MetricFilters": others}) == {
        (): {"SUM_CONTACTS_DISCONNECTED": 2}
    }
    assert over(past, "CONTACTS_HANDLED", StartTime=ago(hours=3), EndTime=ago(hours=2)) == {}


def test_intervals_begin_where_calendars_do(past: Any) -> None:
    centre, _ = past
    start = ago(hours=2).replace(minute=7, second=0, microsecond=0)
    found = centre.connect.get_metric_data_v2(
        ResourceArn=centre.arn("", "").rstrip("/"), StartTime=start, EndTime=ago(hours=-1),
        Interval={"IntervalPeriod": "HOUR", "TimeZone": "Europe/Berlin"}, Metrics=[{"Name": "CONTACTS_CREATED"}],
        Filters=[{"FilterKey": "QUEUE", "FilterValues": [centre.queue]}],
    )["MetricResults"]  # fmt: skip

    assert sum(each["Collections"][0]["Value"] for each in found) == 3
    for each in found:
        interval = each["MetricInterval"]
        assert interval["Interval"] == "HOUR"
        assert interval["StartTime"].minute == 0
        assert interval["EndTime"] - interval["StartTime"] <= timedelta(hours=1)


@pytest.mark.parametrize("period", ["FIFTEEN_MIN", "DAY", "WEEK", "TOTAL"])
def test_every_interval_counts_everything_once(past: Any, period: str) -> None:
    interval = {"IntervalPeriod": period, "TimeZone": "America/New_York"}
    centre, _ = past
    found = centre.connect.get_metric_data_v2(
        ResourceArn=centre.arn("", "").rstrip("/"), StartTime=ago(days=2), EndTime=ago(hours=-1), Interval=interval,
        Metrics=[{"Name": "SUM_CONTACTS_DISCONNECTED"}],
        Filters=[{"FilterKey": "QUEUE", "FilterValues": [centre.arn("queue", centre.queue)]}],
    )["MetricResults"]  # fmt: skip

    assert sum(each["Collections"][0]["Value"] for each in found) == 3


@pytest.mark.parametrize(
    "more",
    [
        {"Metrics": [{"Name": "AGENT_ADHERENT_TIME"}]},
        {"Metrics": [{"MetricId": NOBODY}]},
        {"Metrics": [{"Name": "SERVICE_LEVEL"}]},
        {"Metrics": [{"Name": "SERVICE_LEVEL", "Threshold": [{"Comparison": "GT", "ThresholdValue": 9}]}]},
        {"Metrics": [{"Name": "SERVICE_LEVEL", "Threshold": [{"Comparison": "LT", "ThresholdValue": 0}]}]},
        {"Metrics": [{"Name": "CONTACTS_HANDLED", "Threshold": [{"Comparison": "LT", "ThresholdValue": 9}]}]},
        {"Groupings": ["BOT_ID"]},
        {"Filters": [{"FilterKey": "CHANNEL", "FilterValues": ["CHAT"]}]},
        {"Filters": [{"FilterKey": "CAMPAIGN", "FilterValues": ["c"]}]},
        {"Interval": {"TimeZone": "Mars/Olympus"}},
        {"EndTime": ago(hours=2)},
        {"StartTime": ago(days=40)},
    ],
)
def test_past_numbers_that_are_not_counted_are_refused(past: Any, more: dict[str, Any]) -> None:
    centre, _ = past
    usual = {
        "ResourceArn": centre.arn("", "").rstrip("/"), "StartTime": ago(hours=1), "EndTime": ago(hours=-1),
        "Metrics": [{"Name": "CONTACTS_HANDLED"}],
        "Filters": [{"FilterKey": "QUEUE", "FilterValues": [centre.queue]}],
    }  # fmt: skip

    assert code(centre.connect.get_metric_data_v2, **{**usual, **more}) == "InvalidParameterException"


# --- the older operation ---


def rounded(moment: datetime) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() // 300 * 300, UTC)


def historical(past: tuple[Centre, str], *metrics: dict[str, Any], **more: Any) -> Any:
    centre, _ = past
    usual = {
        "InstanceId": centre.instance, "StartTime": rounded(ago(hours=1)), "EndTime": rounded(ago(minutes=-10)),
        "Filters": {"Queues": [centre.queue]}, "HistoricalMetrics": list(metrics),
    }  # fmt: skip
    return {**usual, **more}


HANDLED = {"Name": "CONTACTS_HANDLED", "Statistic": "SUM", "Unit": "COUNT"}


def test_the_older_operation_says_the_same(past: Any) -> None:
    centre, _ = past
    level = {
        "Name": "SERVICE_LEVEL", "Statistic": "AVG", "Unit": "PERCENT",
        "Threshold": {"Comparison": "LT", "ThresholdValue": 600.0},
    }  # fmt: skip
    asked = historical(past, HANDLED, level, Groupings=["QUEUE", "CHANNEL"])
    found = centre.connect.get_metric_data(**asked)["MetricResults"]

    assert [each["Dimensions"] for each in found] == [
        {"Queue": {"Id": centre.queue, "Arn": centre.arn("queue", centre.queue)}, "Channel": channel}
        for channel in ("CHAT", "TASK")
    ]
    assert found[1]["Collections"] == [{"Metric": HANDLED, "Value": 1.0}, {"Metric": level, "Value": 50.0}]


@pytest.mark.parametrize(
    "more",
    [
        {"HistoricalMetrics": [{"Name": "OCCUPANCY", "Statistic": "AVG", "Unit": "PERCENT"}]},
        {"HistoricalMetrics": [{**HANDLED, "Statistic": "MAX"}]},
        {"HistoricalMetrics": [{"Name": "SERVICE_LEVEL", "Statistic": "AVG", "Unit": "PERCENT"}]},
        {"Groupings": ["ROUTING_PROFILE"]},
        {"Filters": {"RoutingProfiles": [NOBODY]}},
        {"StartTime": rounded(ago(hours=1)) + timedelta(seconds=1)},
        {"StartTime": rounded(ago(hours=-2))},
        {"StartTime": rounded(ago(days=3)), "EndTime": rounded(ago(days=2.5))},
    ],
)
def test_older_questions_that_have_no_answer_are_refused(past: Any, more: dict[str, Any]) -> None:
    centre, _ = past

    assert code(centre.connect.get_metric_data, **historical(past, HANDLED, **more)) == "InvalidParameterException"
