"""Contact records and contact events: what is written down of a contact, and when."""

from typing import Any

import pytest
from msgspec.structs import replace

from offhook.core.birth import new_contact
from offhook.model import effect as effects
from offhook.model import event as events
from offhook.model.contact import Agent, Callback
from offhook.model.flow import Action
from offhook.model.instance import AgentSettings, Instance

from .floor import END, SALES, SUPPORT, TO_QUEUE, centre, named
from .records import FIRST, Desk
from .stage import BYE, action

INSTANCE = Instance()
ARN = INSTANCE.arn
JANE = INSTANCE.resource("agent", "jane")
PROFILE = INSTANCE.resource("routing-profile", "Calls")
TAGS = {"aws:connect:instanceId": INSTANCE.id, "aws:connect:systemEndpoint": "+15550111"}
WORKS = {"agents": {"jane": AgentSettings("jane", "Calls"), "joe": AgentSettings("joe")}}
# an inbound call that nobody took; a test says what is different
RECORD: dict[str, Any] = {
    "AWSAccountId": "111122223333",
    "AWSContactTraceRecordFormatVersion": "2017-03-10",
    "Agent": None,
    "AgentConnectionAttempts": 0,
    "Attributes": {},
    "Channel": "VOICE",
    "ConnectedToSystemTimestamp": "2026-01-05T15:00:00Z",
    "ContactDetails": {},
    "ContactId": FIRST,
    "CustomerEndpoint": {"Address": "+15550100", "Type": "TELEPHONE_NUMBER"},
    "CustomerId": None,
    "DisconnectReason": "CUSTOMER_DISCONNECT",
    "DisconnectTimestamp": "2026-01-05T15:00:30Z",
    "InitialContactId": None,
    "InitiationMethod": "INBOUND",
    "InitiationTimestamp": "2026-01-05T15:00:00Z",
    "InstanceARN": ARN,
    "LastUpdateTimestamp": "2026-01-05T15:00:30Z",
    "MediaStreams": [{"Type": "AUDIO"}],
    "NextContactId": None,
    "PreviousContactId": None,
    "Queue": {
        "ARN": SUPPORT.arn,
        "DequeueTimestamp": "2026-01-05T15:00:30Z",
        "Duration": 30,
        "EnqueueTimestamp": "2026-01-05T15:00:00Z",
        "Name": "Support",
    },
    "Recording": None,
    "Recordings": None,
    "References": [],
    "RelatedContactId": None,
    "RoutingCriteria": None,
    "ScheduledTimestamp": None,
    "SegmentAttributes": {"connect:Subtype": {"ValueString": "connect:Telephony"}},
    "SystemEndpoint": {"Address": "+15550111", "Type": "TELEPHONE_NUMBER"},
    "Tags": TAGS,
    "TransferCompletedTimestamp": None,
    "TransferredToEndpoint": None,
}


def main(*actions: Action) -> Any:
    return named("CONTACT_FLOW", "Main", *actions)


def talking(desk: Desk, second: float = 10, agent: str = "jane", *, to: str = FIRST) -> Desk:
    """The agent takes the contact."""
    desk.happen(second, events.AgentJoined, agent, to=to)
    return desk


MOVE = action("move", "DequeueContactAndTransferToQueue", {"QueueId": SALES.arn}, errors={"NoMatchingError": "move"})


# --- whole records


def test_a_call_that_its_customer_gives_up_in_the_queue() -> None:
    desk = Desk(centre())
    desk.start()

    desk.happen(30, events.HungUp)

    assert desk.record() == RECORD
    assert desk.told() == [
        "00:00 INITIATED",
        "00:00 QUEUED",
        "00:30 DISCONNECTED",
        "00:30 COMPLETED",
    ]


def test_a_call_that_its_queue_flow_drops() -> None:
    desk = Desk(centre(named("CUSTOMER_QUEUE", "Default customer queue", BYE)))

    desk.start()

    at = "2026-01-05T15:00:00Z"
    assert desk.record() == {
        **RECORD,
        "DisconnectReason": "CONTACT_FLOW_DISCONNECT",
        "DisconnectTimestamp": at,
        "LastUpdateTimestamp": at,
        "Queue": {**RECORD["Queue"], "DequeueTimestamp": at, "Duration": 0},
    }


def test_a_call_with_an_agent_is_complete_after_the_work_that_follows_it() -> None:
    """What stands between the agent's arrival and the end is interaction, but for the holds."""
    desk = Desk(centre(**WORKS))
    desk.start()
    desk.happen(4, events.Offered, "jane")
    desk.happen(6, events.OfferEnded, "jane", "missed")
    desk.happen(8, events.Offered, "jane")
    talking(desk)
    desk.happen(20, events.Held)
    desk.happen(25.5, events.Resumed)
    desk.happen(40, events.Held, "agent")
    desk.happen(50, events.Held)
    desk.happen(65, events.Resumed)
    desk.happen(100, events.HungUp, "agent")

    assert desk.told()[2:] == ["00:10 CONNECTED_TO_AGENT", "01:40 DISCONNECTED"]
    desk.cleared(130.9, since=100)

    assert desk.record() == {
        **RECORD,
        "Agent": {
            "ARN": JANE.arn,
            "AfterContactWorkDuration": 30,
            "AfterContactWorkEndTimestamp": "2026-01-05T15:02:10Z",
            "AfterContactWorkStartTimestamp": "2026-01-05T15:01:40Z",
            "AgentInteractionDuration": 70,
            "ConnectedToAgentTimestamp": "2026-01-05T15:00:10Z",
            "CustomerHoldDuration": 20,
            "HierarchyGroups": None,
            "LongestHoldDuration": 15,
            "NumberOfHolds": 2,
            "RoutingProfile": {"ARN": PROFILE.arn, "Name": "Calls"},
            "Username": "jane",
        },
        "AgentConnectionAttempts": 2,
        "DisconnectReason": "AGENT_DISCONNECT",
        "DisconnectTimestamp": "2026-01-05T15:01:40Z",
        "LastUpdateTimestamp": "2026-01-05T15:02:10Z",
        "Queue": {**RECORD["Queue"], "DequeueTimestamp": "2026-01-05T15:00:10Z", "Duration": 10},
    }
    assert desk.told()[-1] == "02:10 COMPLETED"


def test_a_transfer_from_queue_to_queue_has_two_records_that_know_each_other() -> None:
    pause = action(
        "wait",
        "MessageParticipantIteratively",
        {"Messages": [{"Text": "Please wait"}], "InterruptFrequencySeconds": "30"},
        when=(("Equals", "MessagesInterrupted", "move"),),
    )
    desk = Desk(centre(named("CUSTOMER_QUEUE", "Default customer queue", pause, MOVE)))
    desk.start()
    desk.answer(30, events.TimerFired, asks=effects.StartTimer)
    (second,) = desk.made
    desk.happen(45, events.HungUp, to=second)

    assert desk.record() == {**RECORD, "DisconnectReason": None, "NextContactId": second}
    assert desk.record(second) == {
        **RECORD,
        "ContactId": second,
        "ConnectedToSystemTimestamp": "2026-01-05T15:00:30Z",
        "DisconnectTimestamp": "2026-01-05T15:00:45Z",
        "InitialContactId": FIRST,
        "InitiationMethod": "QUEUE_TRANSFER",
        "InitiationTimestamp": "2026-01-05T15:00:30Z",
        "LastUpdateTimestamp": "2026-01-05T15:00:45Z",
        "PreviousContactId": FIRST,
        "Queue": {
            "ARN": SALES.arn,
            "DequeueTimestamp": "2026-01-05T15:00:45Z",
            "Duration": 15,
            "EnqueueTimestamp": "2026-01-05T15:00:30Z",
            "Name": "Sales",
        },
        "SystemEndpoint": None,
    }


def test_a_disconnect_flow_is_another_contact() -> None:
    desk = Desk(centre(named("CONTACT_FLOW", "After", BYE)))
    desk.start(hooks={"CustomerRemaining": "flow:After"})
    talking(desk)
    desk.happen(20, events.HungUp, "agent")
    desk.cleared(20, since=20)

    (second,) = desk.made
    assert desk.part("NextContactId", "DisconnectReason") == [second, "AGENT_DISCONNECT"]
    assert desk.record(second) == {
        **RECORD,
        "ContactId": second,
        "ConnectedToSystemTimestamp": "2026-01-05T15:00:20Z",
        "DisconnectReason": "CONTACT_FLOW_DISCONNECT",
        "DisconnectTimestamp": "2026-01-05T15:00:20Z",
        "InitialContactId": FIRST,
        "InitiationMethod": "DISCONNECT",
        "InitiationTimestamp": "2026-01-05T15:00:20Z",
        "LastUpdateTimestamp": "2026-01-05T15:00:20Z",
        "PreviousContactId": FIRST,
        "Queue": None,
    }


TASK: dict[str, Any] = {
    "channel": "TASK",
    "initiation_method": "API",
    "customer_endpoint": None,
    "system_endpoint": None,
    "name": "Call Ann",
    "description": "She waits",
    "references": {"form": {"Type": "URL", "Value": "https://example.com"}},
    "related_id": "contact-0",
    "customer_id": "C-77",
}


def test_a_task_says_what_it_is_about_and_how_long_it_was_paused() -> None:
    desk = Desk(centre(**WORKS))
    desk.start(**TASK)
    desk.happen(5, events.Paused)
    desk.happen(10, events.Continued)
    talking(desk, 20)
    desk.happen(30, events.Paused)
    desk.happen(42, events.Continued)
    desk.happen(60, events.Paused)
    desk.happen(70, events.HungUp, "agent")
    desk.cleared(80, since=70)

    assert desk.told() == [
        "00:00 INITIATED",
        "00:00 CONNECTED_TO_SYSTEM",
        "00:00 QUEUED",
        "00:05 PAUSED",
        "00:10 RESUMED",
        "00:20 CONNECTED_TO_AGENT",
        "00:30 PAUSED",
        "00:42 RESUMED",
        "01:00 PAUSED",
        "01:10 DISCONNECTED",
        "01:20 COMPLETED",
    ]
    agent = desk.record()["Agent"]
    assert desk.record() == {
        **RECORD,
        "Agent": agent,
        "AgentConnectionAttempts": 1,
        "Channel": "TASK",
        "ContactDetails": {"Name": "Call Ann", "Description": "She waits"},
        "CustomerEndpoint": None,
        "CustomerId": "C-77",
        "DisconnectReason": "AGENT_DISCONNECT",
        "DisconnectTimestamp": "2026-01-05T15:01:10Z",
        "InitiationMethod": "API",
        "LastPausedTimestamp": "2026-01-05T15:01:00Z",
        "LastResumedTimestamp": "2026-01-05T15:00:42Z",
        "LastUpdateTimestamp": "2026-01-05T15:01:20Z",
        "MediaStreams": [],
        "Queue": {**RECORD["Queue"], "DequeueTimestamp": "2026-01-05T15:00:20Z", "Duration": 20},
        "References": [{"Name": "form", "Type": "URL", "Value": "https://example.com"}],
        "RelatedContactId": "contact-0",
        "SegmentAttributes": {},
        "SystemEndpoint": None,
        "Tags": {"aws:connect:instanceId": INSTANCE.id},
        "TotalPauseCount": 3,
        "TotalPauseDurationInSeconds": 27,
    }
    assert agent["AgentPauseDuration"] == 22
    assert agent["AgentInteractionDuration"] == 28


# --- contact events


def test_an_event_has_the_shape_of_eventbridge() -> None:
    desk = Desk(centre(**WORKS))
    desk.start(tags={"Dept": "Finance"})
    talking(desk)
    desk.happen(15, events.Held)
    desk.happen(25, events.HungUp)
    desk.cleared(40, since=25)

    (completed,) = desk.events(kind="COMPLETED")
    assert completed == {
        "version": "0",
        "id": completed["id"],
        "detail-type": "Amazon Connect Contact Event",
        "source": "aws.connect",
        "account": "111122223333",
        "time": "2026-01-05T15:00:40Z",
        "region": "us-east-1",
        "resources": [ARN, f"{ARN}/contact/{FIRST}"],
        "detail": {
            "eventType": "COMPLETED",
            "contactId": FIRST,
            "channel": "VOICE",
            "instanceArn": ARN,
            "initiationMethod": "INBOUND",
            "initiationTimestamp": "2026-01-05T15:00:00.000Z",
            "connectedToSystemTimestamp": "2026-01-05T15:00:00.000Z",
            "disconnectTimestamp": "2026-01-05T15:00:25.000Z",
            "queueInfo": {
                "queueArn": SUPPORT.arn,
                "queueType": "STANDARD",
                "enqueueTimestamp": "2026-01-05T15:00:00.000Z",
            },
            "agentInfo": {
                "agentArn": JANE.arn,
                "connectedToAgentTimestamp": "2026-01-05T15:00:10.000Z",
                "agentInitiatedHoldDuration": 10,
                "afterContactWorkStartTimestamp": "2026-01-05T15:00:25.000Z",
                "afterContactWorkEndTimestamp": "2026-01-05T15:00:40.000Z",
                "afterContactWorkDuration": 15,
            },
            "segmentAttributes": {"connect:Subtype": {"ValueString": "connect:Telephony"}},
            "tags": {**TAGS, "Dept": "Finance"},
        },
    }
    ids = [event["id"] for event in desk.events()]
    assert len(set(ids)) == len(ids)


def test_updates_are_told_whoever_makes_them() -> None:
    note = action(
        "note", "UpdateContactAttributes", {"Attributes": {"a": "1"}}, then="tag", errors={"NoMatchingError": "bye"}
    )
    tag = action("tag", "TagContact", {"Tags": {"Dept": "Sales"}}, then="queue", errors={"NoMatchingError": "bye"})
    desk = Desk(centre(main(note, tag, TO_QUEUE, BYE)))
    desk.contacts[FIRST] = new_contact(id=FIRST, seed="1", flow="flow:Main", flow_type="CONTACT_FLOW")
    desk.happen(0, events.AttributesUpdated, {"before": "it began"})
    desk.start()
    desk.happen(5, events.AttributesUpdated, {"b": "2"})
    desk.happen(9, events.HungUp)

    updates = desk.events(kind="CONTACT_DATA_UPDATED")
    assert [event["detail"]["updatedProperties"] for event in updates] == [
        ["UserDefinedAttributes", "Tags"],
        ["UserDefinedAttributes"],
    ]
    assert desk.told()[0] == "00:00 INITIATED"
    assert desk.part("Attributes", "Tags") == [{"a": "1", "b": "2"}, {**TAGS, "Dept": "Sales"}]


# --- how it begins


def test_a_call_to_a_customer_is_connected_to_the_system_when_they_answer() -> None:
    desk = Desk(centre(**WORKS))
    desk.start(flow="", initiation_method="OUTBOUND", is_reached=False, agent=Agent("jane", JANE.arn))
    desk.answer(5, events.CallEnded, asks=effects.PlaceCall, status="answered")
    desk.happen(20, events.HungUp)
    desk.cleared(21, since=20)

    assert desk.told() == [
        "00:00 INITIATED",
        "00:00 CONNECTED_TO_AGENT",
        "00:05 CONNECTED_TO_SYSTEM",
        "00:20 DISCONNECTED",
        "00:21 COMPLETED",
    ]
    assert desk.part("ConnectedToSystemTimestamp", "Queue", "AgentConnectionAttempts") == [
        "2026-01-05T15:00:05Z",
        None,
        0,
    ]
    assert desk.record()["Agent"]["AgentInteractionDuration"] == 20


CALLBACK: dict[str, Any] = {"flow": "", "initiation_method": "CALLBACK", "is_reached": False}


def test_a_callback_is_in_its_queue_after_its_delay_and_with_the_last_agent_in_the_end() -> None:
    desk = Desk(centre(**WORKS))
    desk.start(**CALLBACK, callback=Callback(attempts=2, retry_ms=60_000, delay_ms=5_000))
    talking(desk, 10)
    desk.answer(15, events.CallEnded, asks=effects.PlaceCall, status="busy")
    desk.cleared(16, since=15)
    talking(desk, 90, "joe")
    desk.answer(95, events.CallEnded, asks=effects.PlaceCall, status="answered")
    desk.happen(100, events.HungUp)
    desk.cleared(101, since=15)
    desk.cleared(110, since=100, agent="joe")

    assert desk.told() == [
        "00:00 INITIATED",
        "00:05 QUEUED",
        "00:10 CONNECTED_TO_AGENT",
        "01:30 CONNECTED_TO_AGENT",
        "01:35 CONNECTED_TO_SYSTEM",
        "01:40 DISCONNECTED",
        "01:50 COMPLETED",
    ]
    assert desk.record()["Agent"]["Username"] == "joe"
    assert desk.record()["Agent"]["RoutingProfile"] is None
    assert desk.part("AgentConnectionAttempts", "SystemEndpoint") == [2, None]
    queue = {**RECORD["Queue"], "EnqueueTimestamp": "2026-01-05T15:00:05Z"}
    assert desk.record()["Queue"] == {**queue, "DequeueTimestamp": "2026-01-05T15:01:30Z", "Duration": 85}


@pytest.mark.parametrize(
    ("status", "reason"),
    [("busy", "TELECOM_BUSY"), ("no_answer", "TELECOM_UNANSWERED"), ("failed", "TELECOM_PROBLEM")],
)
def test_a_customer_who_does_not_answer_is_a_matter_of_the_telephone(status: str, reason: str) -> None:
    desk = Desk(centre())
    desk.start(**CALLBACK, callback=Callback())
    talking(desk)
    desk.answer(15, events.CallEnded, asks=effects.PlaceCall, status=status)
    desk.cleared(20, since=15)

    assert desk.part("DisconnectReason", "ConnectedToSystemTimestamp") == [reason, None]


def test_a_contact_for_later_was_initiated_when_it_was_ordered() -> None:
    make = action(
        "make",
        "CreateTask",
        {"Name": "Later", "ContactFlowId": "After", "DelaySeconds": "60"},
        then="bye",
        errors={"NoMatchingError": "bye"},
    )
    after = replace(INSTANCE.resource("flow", "After"), arn="flow:After")
    desk = Desk(centre(main(make, BYE), named("CONTACT_FLOW", "After", BYE), resources=(after,)))
    desk.start()

    (task,) = desk.made
    assert desk.part("InitiationTimestamp", "ScheduledTimestamp", "DisconnectTimestamp", of=task) == [
        "2026-01-05T15:00:00Z",
        "2026-01-05T15:01:00Z",
        "2026-01-05T15:01:00Z",
    ]
    assert desk.part("RelatedContactId", "PreviousContactId", of=task) == [FIRST, None]
    assert desk.record()["NextContactId"] is None


def test_a_stored_contact_goes_on_without_beginning_again() -> None:
    before = Desk(centre())
    before.start()
    after = Desk(before.stage)
    after.contacts = before.contacts

    after.happen(20, events.Offered, "jane")
    after.happen(30, events.HungUp)

    assert after.told() == ["00:00 QUEUED", "00:30 DISCONNECTED", "00:30 COMPLETED"]
    assert after.part("InitiationTimestamp", "ConnectedToSystemTimestamp") == ["2026-01-05T15:00:00Z"] * 2


def test_a_task_that_was_stored_while_paused_was_paused_for_nobody_knows_how_long() -> None:
    before = Desk(centre())
    before.start(**TASK)
    before.happen(5, events.Paused)
    after = Desk(before.stage)
    after.contacts = before.contacts

    after.happen(20, events.Offered, "jane")
    after.happen(25, events.Continued)
    after.happen(30, events.Stopped)

    assert after.part("TotalPauseCount", "LastPausedTimestamp") == [0, None]
    assert after.part("LastResumedTimestamp") == ["2026-01-05T15:00:25Z"]


# --- where it goes


def test_a_cold_transfer_is_complete_when_the_agent_leaves_and_a_warm_one_is_not_told() -> None:
    cold, warm = Desk(centre(**WORKS)), Desk(centre(**WORKS))
    for desk in (cold, warm):
        desk.start()
        talking(desk)
        desk.happen(20, events.TransferStarted, "Joe")
    talking(warm, 25, "joe", to=warm.made[0])
    for desk in (cold, warm):
        desk.happen(30, events.HungUp, "agent")
        desk.cleared(30, since=30)

    keys = ("NextContactId", "DisconnectReason", "TransferCompletedTimestamp", "TransferredToEndpoint")
    assert cold.part(*keys) == [cold.made[0], "AGENT_DISCONNECT", "2026-01-05T15:00:30Z", None]
    assert warm.part(*keys) == [warm.made[0], "AGENT_DISCONNECT", None, None]
    assert cold.record()["Agent"]["CustomerHoldDuration"] == 10


def test_the_queue_of_an_agent_is_an_agents_queue() -> None:
    desk = Desk(centre(**WORKS))
    desk.start()
    talking(desk)
    desk.happen(20, events.TransferStarted, "Joe")

    (queued,) = desk.events(desk.made[0], "QUEUED")
    joe = INSTANCE.resource("agent", "joe").arn
    at = "2026-01-05T15:00:20.000Z"
    assert queued["detail"]["queueInfo"] == {"queueArn": joe, "queueType": "AGENT", "enqueueTimestamp": at}


def test_a_number_that_an_agent_calls_out_of_a_contact_is_a_contact_without_an_agent_of_its_own() -> None:
    desk = Desk(centre(**WORKS))
    desk.start()
    talking(desk)
    desk.happen(20, events.TransferStarted, "Home")
    (home,) = desk.made
    desk.answer(25, events.CallEnded, home, asks=effects.PlaceCall, status="answered")
    desk.happen(30, events.HungUp, "agent")
    desk.happen(50, events.HungUp, to=home)
    desk.cleared(60, since=30)

    endpoint = {"Address": "+15550199", "Type": "TELEPHONE_NUMBER"}
    assert desk.part("TransferredToEndpoint", "TransferCompletedTimestamp") == [endpoint, None]
    keys = ("InitiationMethod", "CustomerEndpoint", "Agent", "DisconnectReason", "ConnectedToSystemTimestamp")
    expected = ["EXTERNAL_OUTBOUND", endpoint, None, "THIRD_PARTY_DISCONNECT", "2026-01-05T15:00:25Z"]
    assert desk.part(*keys, of=home) == expected


def test_a_transfer_to_a_number_names_the_number_and_when_it_was_reached() -> None:
    go = action(
        "go",
        "TransferParticipantToThirdParty",
        {
            "ThirdPartyPhoneNumber": "+15550123",
            "ThirdPartyConnectionTimeLimitSeconds": "30",
            "ContinueFlowExecution": "False",
        },
        errors={"NoMatchingError": "bye"},
    )
    desk = Desk(centre(main(go, BYE)))
    desk.start()
    desk.answer(8, events.CallEnded, asks=effects.PlaceCall, status="answered")
    desk.answer(60, events.TalkEnded, asks=effects.Talk)

    assert desk.part("TransferredToEndpoint", "TransferCompletedTimestamp", "DisconnectReason", "Queue") == [
        {"Address": "+15550123", "Type": "TELEPHONE_NUMBER"},
        "2026-01-05T15:00:08Z",
        "THIRD_PARTY_DISCONNECT",
        None,
    ]


@pytest.mark.parametrize(
    ("channel", "happens", "reason"),
    [
        ("VOICE", events.Stopped, "OTHER"),
        ("CHAT", events.Stopped, "API"),
        ("TASK", events.Stopped, "API"),
        ("CHAT", events.HungUp, "CUSTOMER_DISCONNECT"),
        ("EMAIL", events.Stopped, "API"),
    ],
)
def test_why_it_ended_is_said_in_the_words_of_the_channel(channel: str, happens: type, reason: str) -> None:
    desk = Desk(centre())
    desk.start(channel=channel)

    desk.happen(30, happens)

    assert desk.part("DisconnectReason", "Channel") == [reason, channel]
    assert desk.record()["MediaStreams"] == {"VOICE": [{"Type": "AUDIO"}], "CHAT": [{"Type": "CHAT"}]}.get(channel, [])


def test_a_chat_that_ends_for_no_reason_of_aws_has_none_and_an_email_that_moves_on_was_transferred() -> None:
    ask = action("ask", "InvokeLambdaFunction", {"LambdaFunctionARN": "lookup"}, then="end")
    slow, moved = (
        Desk(centre(named("AGENT_WHISPER", "Slow", ask, END), functions=("lookup",))),
        Desk(centre(named("CUSTOMER_QUEUE", "Queue", MOVE))),
    )
    slow.start(channel="CHAT", hooks={"AgentWhisper": "flow:Slow"})
    talking(slow)
    slow.answer(130, events.TimerFired, asks=effects.StartTimer)
    moved.start(channel="EMAIL", hooks={"CustomerQueue": "flow:Queue"})

    assert slow.part("DisconnectReason", "Agent", "AgentConnectionAttempts") == [None, None, 1]
    assert moved.part("DisconnectReason") == ["TRANSFERRED"]


def test_a_task_expires() -> None:
    desk = Desk(centre())
    desk.start(**TASK)

    desk.answer(7 * 86_400, events.TimerFired, asks=effects.StartTimer)

    assert desk.part("DisconnectReason", "DisconnectTimestamp") == ["EXPIRED", "2026-01-12T15:00:00Z"]


# --- routing criteria


def step_of(seconds: int | None, value: str) -> dict[str, Any]:
    condition = {"Name": "Language", "Value": value, "ProficiencyLevel": 3.0}
    made: dict[str, Any] = {"Expression": {"AttributeCondition": condition}}
    return made if seconds is None else {**made, "Expiry": {"DurationInSeconds": seconds}}


STEPS = (step_of(10, "Norwegian"), step_of(20, "Danish"), step_of(None, "English"))


def statuses(desk: Desk) -> list[list[str]]:
    return [[step["Status"] for step in criteria["Steps"]] for criteria in desk.record()["RoutingCriteria"]]


def test_steps_of_routing_criteria_expire_until_an_agent_joins() -> None:
    desk = Desk(centre(**WORKS))
    desk.start(routing_criteria=STEPS)
    talking(desk, 15)
    desk.happen(100, events.HungUp)
    desk.cleared(100, since=100)

    (criteria,) = desk.record()["RoutingCriteria"]
    assert (criteria["ActivationTimestamp"], criteria["Index"]) == ("2026-01-05T15:00:00Z", 0)
    assert statuses(desk) == [["EXPIRED", "JOINED", "INACTIVE"]]
    (connected,) = desk.events(kind="CONNECTED_TO_AGENT")
    assert connected["detail"]["routingCriteria"]["steps"][1] == {
        "expression": {"attributeCondition": {"name": "Language", "value": "Danish", "proficiencyLevel": 3.0}},
        "expiry": {"durationInSeconds": 20},
        "status": "JOINED",
    }


def test_criteria_that_were_replaced_are_told_and_those_that_never_counted_are_inactive() -> None:
    first, last = Desk(centre()), Desk(centre(main(BYE)))
    first.start(routing_criteria=STEPS[2:])
    for second in (5, 10, 15):
        held = first.contacts[FIRST]
        first.contacts[FIRST] = replace(held, routing_criteria=(step_of(2, str(second)), *STEPS[:1]))
        first.happen(second, events.Offered, "jane")
    first.happen(30, events.HungUp)
    last.start(routing_criteria=STEPS[:1])

    assert [each["Index"] for each in first.record()["RoutingCriteria"]] == [1, 2, 3]
    assert statuses(first) == [["EXPIRED", "DEACTIVATED"], ["EXPIRED", "DEACTIVATED"], ["EXPIRED", "EXPIRED"]]
    assert statuses(last) == [["INACTIVE"]]
    assert last.record()["RoutingCriteria"][0]["ActivationTimestamp"] is None


def test_a_customer_who_leaves_leaves_a_step_active() -> None:
    desk = Desk(centre())
    desk.start(routing_criteria=STEPS)
    desk.happen(5, events.HungUp)

    assert statuses(desk) == [["ACTIVE", "INACTIVE", "INACTIVE"]]


# --- when a record is complete


def test_records_wait_for_the_agent_who_had_the_contact_and_for_nobody_else() -> None:
    desk = Desk(centre(**WORKS))
    desk.start()
    desk.cleared(1, since=0)
    talking(desk)
    desk.cleared(11, since=0)
    desk.happen(20, events.HungUp)
    desk.cleared(21, since=20, agent="joe")
    desk.cleared(21, since=20, of="nobody")
    assert desk.told()[-1] == "00:20 DISCONNECTED"

    desk.cleared(22, since=20, agent="")
    desk.cleared(23, since=20)

    assert desk.record()["LastUpdateTimestamp"] == "2026-01-05T15:00:22Z"


def test_who_does_not_wait_for_agents_gets_the_records_without_the_end_of_their_work() -> None:
    desk = Desk(centre(**WORKS))
    desk.start()
    talking(desk)
    desk.happen(20, events.HungUp)
    desk.start(id="contact-2")
    desk.entries += desk.records.rest()
    desk.entries += desk.records.rest()

    agent = desk.record()["Agent"]
    assert agent["AfterContactWorkStartTimestamp"] == "2026-01-05T15:00:20Z"
    assert (agent["AfterContactWorkEndTimestamp"], agent["AfterContactWorkDuration"]) == (None, None)
    assert desk.told("contact-2")[-1] == "00:00 QUEUED"


# --- what CloudWatch counts


def test_error_branches_and_failures_are_counted_by_flow() -> None:
    wrong = action(
        "fn", "InvokeLambdaFunction", {"LambdaFunctionARN": "no"}, then="bye", errors={"NoMatchingError": "fn2"}
    )
    fatal = action("fn2", "InvokeLambdaFunction", {"LambdaFunctionARN": "no"}, then="bye")
    desk = Desk(centre(main(wrong, fatal, BYE), replace(main(fatal, BYE), name="", arn="flow:nameless")))
    desk.start()
    desk.start(id="contact-2")
    desk.start(id="contact-3", flow="flow:nameless")

    assert {name: dict(counts) for name, counts in desk.records.metrics.items()} == {
        "Main": {"ContactFlowErrors": 2, "ContactFlowFatalErrors": 2},
        "flow:nameless": {"ContactFlowFatalErrors": 1},
    }
