"""Contacts, asked by unmodified boto3: begun, changed, paused, transferred, stopped, looked for."""

import json
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.centre_samples import Centre, block, content, until
from tests.connect_samples import NOBODY, code, new_name
from tests.server import Server, package

LONG = "x" * 20_000
REFERENCES = {
    "page": {"Type": "URL", "Value": "https://example.com"},
    "case": {"Type": "STRING", "Value": "42"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = Server(tmp_path_factory.mktemp("project"))
    yield served
    assert served.stop() == 0


@pytest.fixture(scope="module")
def centre(server: Server) -> Centre:
    return Centre(server)


@pytest.fixture
def waiting(centre: Centre) -> str:
    """A task in the queue."""
    contact = centre.task()
    centre.queued(contact)
    return contact


def ahead(**lengths: Any) -> datetime:
    return datetime.fromtimestamp(time.time(), UTC) + timedelta(**lengths)


# --- beginning and ending ---


def test_a_task_is_as_it_was_asked_for(centre: Centre) -> None:
    """P12's kind: what is given at the start arrives."""
    related = centre.task(Attributes={"a": "1", "b": "old"})
    contact = centre.task(
        Name="Call back", Description="about the bill", References=REFERENCES, Attributes={"b": "2"},
        RelatedContactId=related, SegmentAttributes={"mine": {"ValueString": "x"}},
    )  # fmt: skip

    found = centre.described(contact)
    assert (found["Name"], found["Description"], found["RelatedContactId"]) == ("Call back", "about the bill", related)
    assert (found["Channel"], found["InitiationMethod"]) == ("TASK", "API")
    assert found["SegmentAttributes"] == {"mine": {"ValueString": "x"}}
    attributes = centre("get_contact_attributes", InitialContactId=contact)["Attributes"]
    assert attributes == {"a": "1", "b": "2"}


def test_a_task_that_follows_another_is_in_its_chain(centre: Centre) -> None:
    first = centre.task(Attributes={"a": "1"})
    second = centre.task(PreviousContactId=first, Attributes={"b": "2"})

    found = centre.described(second)
    assert (found["InitialContactId"], found["PreviousContactId"]) == (first, first)
    assert centre("get_contact_attributes", InitialContactId=first)["Attributes"] == {"a": "1", "b": "2"}
    kin = {each["ContactId"] for each in centre("list_associated_contacts", ContactId=first)["ContactSummaryList"]}
    assert kin == {first, second}


def test_a_repeated_request_gives_the_same_contact(centre: Centre) -> None:
    token = str(uuid.uuid4())

    assert centre.task(ClientToken=token) == centre.task(ClientToken=token)
    assert centre.task(ClientToken=token) != centre.task(ClientToken=str(uuid.uuid4()))


def test_a_quick_connect_takes_a_task_to_its_queue(centre: Centre) -> None:
    other = centre.new_queue()
    flow = centre.flow(block("queue", "TransferContactToQueue", {}, "bye"), kind="QUEUE_TRANSFER")
    config = {"QuickConnectType": "QUEUE", "QueueConfig": {"QueueId": other, "ContactFlowId": flow}}
    connection = centre("create_quick_connect", Name=new_name("to"), QuickConnectConfig=config)["QuickConnectId"]

    started = centre("start_task_contact", Name="t", QuickConnectId=connection)["ContactId"]

    assert centre.queued(started)["QueueInfo"]["Id"] == other


def test_what_has_ended_cannot_be_stopped_again(centre: Centre, waiting: str) -> None:
    centre("stop_contact", ContactId=waiting)

    assert centre.described(waiting)["DisconnectReason"] == "API"
    with pytest.raises(centre.connect.exceptions.ContactNotFoundException) as caught:
        centre("stop_contact", ContactId=waiting)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "InvalidRequestException"),
        ({"ContactFlowId": NOBODY}, "ResourceNotFoundException"),
        ({"TaskTemplateId": NOBODY}, "ResourceNotFoundException"),
        ({"ContactFlowId": "to_queue", "QuickConnectId": NOBODY}, "InvalidRequestException"),
        ({"ContactFlowId": "to_queue", "PreviousContactId": NOBODY}, "ResourceNotFoundException"),
        ({"ContactFlowId": "to_queue", "RelatedContactId": NOBODY}, "ResourceNotFoundException"),
        ({"ContactFlowId": "to_queue", "ScheduledTime": datetime(2020, 1, 1, tzinfo=UTC)}, "InvalidRequestException"),
        ({"ContactFlowId": "to_queue", "Attributes": {"a": LONG, "b": LONG}}, "InvalidRequestException"),
    ],
)
def test_a_task_that_cannot_begin_is_refused(centre: Centre, more: dict[str, Any], expected: str) -> None:
    asked = {name: centre.to_queue if value == "to_queue" else value for name, value in more.items()}

    assert code(centre.connect.start_task_contact, InstanceId=centre.instance, Name="t", **asked) == expected


def test_a_contact_of_another_instance_is_none(centre: Centre, waiting: str) -> None:
    other = Centre(centre.server)
    calls = {
        "describe_contact": {}, "update_contact": {"Name": "n"}, "tag_contact": {"Tags": {"a": "b"}},
        "untag_contact": {"TagKeys": ["a"]}, "pause_contact": {}, "list_associated_contacts": {},
        "list_contact_references": {"ReferenceTypes": ["URL"]},
        "update_contact_routing_data": {"QueuePriority": 1},
        "update_contact_schedule": {"ScheduledTime": ahead(hours=1)},
        "transfer_contact": {"ContactFlowId": other.to_queue},
        "get_contact_metrics": {"Metrics": [{"Name": "POSITION_IN_QUEUE"}]},
    }  # fmt: skip
    codes = {
        name: code(getattr(centre.connect, name), InstanceId=other.instance, ContactId=waiting, **more)
        for name, more in calls.items()
    }

    assert set(codes.values()) == {"ResourceNotFoundException"}, codes


# --- attributes (P37) ---


def test_attributes_of_a_contact_that_has_ended_are_there(centre: Centre) -> None:
    contact = centre.task(Attributes={"state": "WA"})
    centre("stop_contact", ContactId=contact)

    assert centre("get_contact_attributes", InitialContactId=contact)["Attributes"] == {"state": "WA"}
    centre("update_contact_attributes", InitialContactId=contact, Attributes={"rating": "5"})
    found = centre("get_contact_attributes", InitialContactId=contact)["Attributes"]
    assert found == {"state": "WA", "rating": "5"}


# --- names and ARNs (P46, P58, P59, P60) ---


def test_a_flow_is_found_by_its_name_and_entered_by_its_arn_alone(centre: Centre) -> None:
    """P46."""
    mark = block("mark", "UpdateContactAttributes", {"Attributes": {"came": "yes"}}, "bye")
    name = new_name("callee")
    centre.flow(mark, name=name)
    go = {"ContactFlowId": "$.Attributes.next"}
    caller = centre.flow(block("go", "TransferToFlow", go, "bye"))
    condition = {"StringCondition": {"FieldName": "name", "Value": name, "ComparisonType": "EXACT"}}
    [found] = centre("search_contact_flows", SearchCriteria=condition)["ContactFlows"]

    def came(text: str) -> Any:
        contact = centre.task(caller, Attributes={"next": text})
        centre.ended(contact)
        return centre("get_contact_attributes", InitialContactId=contact)["Attributes"].get("came")

    assert came(found["Arn"]) == "yes"
    assert came(name) is None


def test_the_same_text_with_the_names_of_two_instances_leads_to_the_queue_of_each(centre: Centre) -> None:
    """P58: ids differ, names and behaviour do not."""
    centres = (centre, Centre(centre.server))
    found = []
    for each in centres:
        [queue] = [one for one in each("list_queues")["QueueSummaryList"] if one.get("Name") == "BasicQueue"]
        target = block("set", "UpdateContactTargetQueue", {"QueueId": queue["Arn"]}, "queue")
        flow = each.flow(target, block("queue", "TransferContactToQueue", {}, "bye"))
        info = each.queued(each.task(flow))["QueueInfo"]
        found.append(each("describe_queue", QueueId=info["Id"])["Queue"]["Name"])
        assert info["Id"] == queue["Id"]

    assert found == ["BasicQueue", "BasicQueue"]


def test_a_flow_that_came_from_another_region_finds_the_function_by_its_name(centre: Centre) -> None:
    """P59."""
    away = "arn:aws:lambda:eu-central-1:999988887777:function:lookup"
    centre.server.client("lambda").create_function(
        FunctionName="lookup", Runtime="python3.11", Role="arn:aws:iam::111122223333:role/r", Handler="app.handler",
        Code={"ZipFile": package({"app.py": "def handler(event, context):\n    return {'state': 'WA'}\n"})},
    )  # fmt: skip
    call = {"LambdaFunctionARN": away, "InvocationTimeLimitSeconds": "8"}
    keep = {"Attributes": {"state": "$.External.state"}}
    blocks = [block("fn", "InvokeLambdaFunction", call, "keep"), block("keep", "UpdateContactAttributes", keep, "bye")]
    contact = centre.task(centre.flow(*blocks))
    centre.ended(contact)

    assert centre("get_contact_attributes", InitialContactId=contact)["Attributes"] == {"state": "WA"}


@pytest.mark.parametrize("name", ["A/B %20 test", "受付", "Default customer queue 2", "a  b", "q?x=1&y#z"])
def test_a_flow_of_any_name_comes_back_as_it_was_and_runs(centre: Centre, name: str) -> None:
    """P60."""
    text = content(block("mark", "UpdateContactAttributes", {"Attributes": {"name": name}}, "bye"))
    asked = {"Name": name, "Type": "CONTACT_FLOW", "Content": text, "Status": "PUBLISHED"}
    flow = centre("create_contact_flow", **asked)["ContactFlowId"]

    found = centre("describe_contact_flow", ContactFlowId=flow)["ContactFlow"]
    assert (found["Name"], json.loads(found["Content"])) == (name, json.loads(text))
    pages = centre.connect.get_paginator("list_contact_flows").paginate(InstanceId=centre.instance)
    assert name in [each["Name"] for page in pages for each in page["ContactFlowSummaryList"]]
    contact = centre.task(flow)
    centre.ended(contact)
    assert centre("get_contact_attributes", InitialContactId=contact)["Attributes"] == {"name": name}


# --- changing ---


@pytest.mark.parametrize("is_over", [False, True])
def test_a_contact_is_changed_while_it_lives_and_after(centre: Centre, waiting: str, is_over: bool) -> None:
    if is_over:
        centre("stop_contact", ContactId=waiting)
    before = centre.described(waiting)
    centre("update_contact", ContactId=waiting, Name="new", References={"page": REFERENCES["page"]})
    centre("update_contact", ContactId=waiting, Description="d", References={"case": REFERENCES["case"]})
    centre("tag_contact", ContactId=waiting, Tags={"team": "north", "tier": "gold"})
    centre("untag_contact", ContactId=waiting, TagKeys=["tier", "nothing"])

    found = centre.described(waiting)
    assert (found["Name"], found["Description"], found["Tags"]) == ("new", "d", {"team": "north"})
    assert found.get("DisconnectTimestamp") == before.get("DisconnectTimestamp")
    types = ["URL", "STRING", "EMAIL"]
    listed = centre("list_contact_references", ContactId=waiting, ReferenceTypes=types)["ReferenceSummaryList"]
    assert listed == [
        {"Url": {"Name": "page", "Value": "https://example.com"}},
        {"String": {"Name": "case", "Value": "42"}},
    ]
    assert centre("list_contact_references", ContactId=waiting, ReferenceTypes=["DATE"])["ReferenceSummaryList"] == []


@pytest.mark.parametrize(
    ("operation", "more", "expected"),
    [
        ("update_contact", {}, "InvalidParameterException"),
        ("update_contact", {"QueueInfo": {"Id": NOBODY}}, "InvalidRequestException"),
        ("tag_contact", {"Tags": {"aws:x": "1"}}, "InvalidParameterException"),
        ("tag_contact", {"Tags": {str(number): "" for number in range(7)}}, "InvalidParameterException"),
        ("update_contact_schedule", {"ScheduledTime": datetime(2020, 1, 1, tzinfo=UTC)}, "InvalidRequestException"),
        ("update_contact_routing_data", {}, "InvalidParameterException"),
        (
            "update_contact_routing_data",
            {"QueuePriority": 1, "QueueTimeAdjustmentSeconds": 1},
            "InvalidParameterException",
        ),
        (
            "update_contact_routing_data",
            {"RoutingCriteria": {"Steps": [{"Expression": {}}]}},
            "InvalidParameterException",
        ),
        ("update_contact_routing_data", {"QueueTimeAdjustmentSeconds": 2**40}, "InvalidParameterException"),
        ("resume_contact", {}, "ConflictException"),
        ("transfer_contact", {"ContactFlowId": "to_queue", "QueueId": NOBODY}, "ResourceNotFoundException"),
        (
            "transfer_contact",
            {"ContactFlowId": "to_queue", "QueueId": NOBODY, "UserId": NOBODY},
            "InvalidRequestException",
        ),
    ],
)
def test_changes_that_cannot_be_are_refused(
    centre: Centre, waiting: str, operation: str, more: dict[str, Any], expected: str
) -> None:
    asked = {name: centre.to_queue if value == "to_queue" else value for name, value in more.items()}
    call = getattr(centre.connect, operation)

    assert code(call, InstanceId=centre.instance, ContactId=waiting, **asked) == expected


def test_a_contact_has_six_tags_at_most(centre: Centre, waiting: str) -> None:
    centre("tag_contact", ContactId=waiting, Tags={str(number): "" for number in range(5)})
    call = {"InstanceId": centre.instance, "ContactId": waiting}

    assert code(centre.connect.tag_contact, **call, Tags={"5": "", "6": ""}) == "InvalidRequestException"
    assert len(centre.described(waiting)["Tags"]) == 5


def test_a_scheduled_task_begins_when_its_last_schedule_says(centre: Centre) -> None:
    first, later = ahead(hours=1), ahead(hours=2)
    contact = centre.task(ScheduledTime=first)
    call = {"InstanceId": centre.instance, "ContactId": contact}
    assert code(centre.connect.pause_contact, **call) == "InvalidRequestException"

    for moment in (later, later, ahead(days=1)):
        centre.connect.update_contact_schedule(**call, ScheduledTime=moment)
    centre.connect.update_contact_schedule(**call, ScheduledTime=ahead(seconds=1.5))

    assert "QueueInfo" in centre.queued(contact)
    assert code(centre.connect.update_contact_schedule, **call, ScheduledTime=later) == "InvalidRequestException"


# --- queues ---


def test_criteria_decide_who_is_asked(server: Server) -> None:
    centre = Centre(server)
    ann, bob = centre.agent(status="Offline"), centre.agent(status="Offline")
    contact = centre.task()
    centre.queued(contact)
    only = {"AttributeCondition": {"MatchCriteria": {"AgentsCriteria": {"AgentIds": [bob.id]}}}}
    criteria = {"Steps": [{"Expression": only}]}
    centre("update_contact_routing_data", ContactId=contact, RoutingCriteria=criteria)

    ann.put("Available")
    assert ann.states() == {}
    bob.put("Available")
    assert bob.offered() == contact
    found = centre("update_contact_routing_data", ContactId=contact, QueuePriority=1)
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert centre.described(contact)["QueuePriority"] == 1


def test_a_contact_knows_its_position(server: Server) -> None:
    centre = Centre(server)
    contacts = [centre.task() for _ in range(3)]
    for contact in contacts:
        centre.queued(contact)

    def position(contact: str) -> float:
        asked = {"ContactId": contact, "Metrics": [{"Name": "POSITION_IN_QUEUE"}]}
        [result] = centre("get_contact_metrics", **asked)["MetricResults"]
        return float(result["Value"]["Number"])

    assert sorted(position(contact) for contact in contacts) == [1, 2, 3]
    call = {"InstanceId": centre.instance, "ContactId": contacts[0]}
    metrics = [{"Name": "ESTIMATED_WAIT_TIME"}]
    assert code(centre.connect.get_contact_metrics, **call, Metrics=metrics) == "InvalidParameterException"
    centre("stop_contact", ContactId=contacts[0])
    metrics = [{"Name": "POSITION_IN_QUEUE"}]
    assert code(centre.connect.get_contact_metrics, **call, Metrics=metrics) == "InvalidParameterException"


def test_a_task_is_paused_once_and_resumed_once(centre: Centre, waiting: str) -> None:
    call = {"InstanceId": centre.instance, "ContactId": waiting}
    mark = centre.flow(block("mark", "UpdateContactAttributes", {"Attributes": {"a": "b"}}, "bye"))
    centre.connect.pause_contact(**call, ContactFlowId=mark)

    assert code(centre.connect.pause_contact, **call) == "ConflictException"
    centre.connect.resume_contact(**call)
    found = centre.described(waiting)
    assert found["TotalPauseCount"] == 1
    assert found["LastResumedTimestamp"] >= found["LastPausedTimestamp"]
    kin = until(
        lambda: centre("list_associated_contacts", ContactId=waiting)["ContactSummaryList"], lambda all: len(all) == 2
    )
    assert [each["ContactId"] for each in kin if each.get("RelatedContactId") == waiting]
    chat = centre.chat()["ContactId"]
    assert code(centre.connect.pause_contact, InstanceId=centre.instance, ContactId=chat) == "InvalidRequestException"


def test_a_transferred_task_goes_on_as_another(centre: Centre, waiting: str) -> None:
    other = centre.new_queue()
    flow = centre.flow(block("queue", "TransferContactToQueue", {}, "bye"), kind="QUEUE_TRANSFER")
    call = {"ContactId": waiting, "ContactFlowId": flow, "QueueId": other, "ClientToken": "once"}

    moved = centre("transfer_contact", **call)
    again = centre("transfer_contact", **call)

    assert moved["ContactId"] == again["ContactId"]
    assert moved["ContactArn"].endswith(f"/contact/{moved['ContactId']}")
    found = centre.queued(moved["ContactId"])
    assert found["QueueInfo"]["Id"] == other
    assert (found["PreviousContactId"], found["InitiationMethod"]) == (waiting, "TRANSFER")
    assert "DisconnectTimestamp" in centre.described(waiting)
    gone = {"InstanceId": centre.instance, "ContactId": waiting, "ContactFlowId": flow}
    assert code(centre.connect.transfer_contact, **gone) == "InvalidRequestException"


def test_a_task_is_transferred_to_the_queue_of_one_agent(server: Server) -> None:
    centre = Centre(server)
    centre.agent()
    bob = centre.agent(status="Offline")
    contact = centre.task()
    flow = centre.flow(block("queue", "TransferContactToQueue", {}, "bye"), kind="AGENT_TRANSFER")

    moved = centre("transfer_contact", ContactId=contact, ContactFlowId=flow, UserId=bob.id)["ContactId"]
    centre.queued(moved)
    bob.put("Available")

    assert bob.offered() == moved


def test_a_chat_is_not_transferred_by_this_operation(centre: Centre) -> None:
    chat = centre.chat()["ContactId"]
    call = {"InstanceId": centre.instance, "ContactId": chat, "ContactFlowId": centre.to_queue}

    assert code(centre.connect.transfer_contact, **call) == "InvalidRequestException"


def test_a_flow_of_another_kind_takes_no_transfer(centre: Centre, waiting: str) -> None:
    [whisper, *_] = centre("list_contact_flows", ContactFlowTypes=["AGENT_WHISPER"])["ContactFlowSummaryList"]
    call = {"InstanceId": centre.instance, "ContactId": waiting, "ContactFlowId": whisper["Id"]}

    assert code(centre.connect.transfer_contact, **call) == "InvalidRequestException"


# --- looking for contacts ---


@pytest.fixture(scope="module")
def archive(server: Server) -> tuple[Centre, dict[str, str]]:
    """Contacts to look for, by what is particular about each."""
    centre = Centre(server)
    ann = centre.agent(AutoAccept=True)
    made = {
        "plain": centre.task(Name="Plain"),
        "chat": centre.chat()["ContactId"],
        "bill": centre.task(Name="The bill", Attributes={"state": "WA"}, SegmentAttributes={"s": {"ValueString": "x"}}),
    }
    centre.queued(made["chat"])
    centre("tag_contact", ContactId=made["plain"], Tags={"team": "north"})
    until(ann.states, lambda states: list(states.values()).count("CONNECTED") == 2)
    centre("stop_contact", ContactId=made["plain"])
    made["ann"] = ann.id
    return centre, made


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({}, {"plain", "chat", "bill"}),
        ({"Channels": ["CHAT"]}, {"chat"}),
        ({"InitiationMethods": ["API"]}, {"plain", "chat", "bill"}),
        ({"InitiationMethods": ["INBOUND"]}, set()),
        ({"QueueIds": ["queue"]}, {"plain", "chat", "bill"}),
        ({"QueueIds": [NOBODY]}, set()),
        ({"AgentIds": [NOBODY]}, set()),
        ({"Name": {"SearchText": ["BILL"], "MatchType": "MATCH_ANY"}}, {"bill"}),
        ({"Name": {"SearchText": ["the", "bill"], "MatchType": "MATCH_ALL"}}, {"bill"}),
        ({"Name": {"SearchText": ["bill"], "MatchType": "MATCH_EXACT"}}, set()),
        ({"Name": {"SearchText": ["bill"], "MatchType": "MATCH_NONE"}}, {"plain", "chat"}),
        ({"SearchableContactAttributes": {"Criteria": [{"Key": "state", "Values": ["wa", "or"]}]}}, {"bill"}),
        ({"SearchableContactAttributes": {"Criteria": [{"Key": "state", "Values": ["CA"]}]}}, set()),
        ({"SearchableSegmentAttributes": {"Criteria": [{"Key": "s", "Values": ["x"]}]}}, {"bill"}),
        ({"ContactTags": {"TagCondition": {"TagKey": "team", "TagValue": "north"}}}, {"plain"}),
    ],
)
def test_contacts_are_found(archive: Any, criteria: dict[str, Any], expected: set[str]) -> None:
    centre, made = archive
    if criteria.get("QueueIds") == ["queue"]:
        criteria = {"QueueIds": [centre.queue]}
    names = {contact: name for name, contact in made.items()}
    span = {"Type": "INITIATION_TIMESTAMP", "StartTime": ahead(hours=-1), "EndTime": ahead(hours=1)}
    found = centre("search_contacts", TimeRange=span, SearchCriteria=criteria)

    assert {names[each["Id"]] for each in found["Contacts"]} == expected
    assert found["TotalCount"] == len(expected)


def test_contacts_are_found_by_when_something_happened(archive: Any) -> None:
    centre, made = archive

    def found(kind: str, **criteria: Any) -> set[str]:
        span = {"Type": kind, "StartTime": ahead(hours=-1), "EndTime": ahead(hours=1)}
        return {each["Id"] for each in centre("search_contacts", TimeRange=span, SearchCriteria=criteria)["Contacts"]}

    assert found("DISCONNECT_TIMESTAMP") == {made["plain"]}
    assert found("ENQUEUE_TIMESTAMP") == {made["plain"], made["chat"], made["bill"]}
    assert len(found("CONNECTED_TO_AGENT_TIMESTAMP")) == 2
    assert found("CONNECTED_TO_AGENT_TIMESTAMP") == found("INITIATION_TIMESTAMP", AgentIds=[made["ann"]])
    assert found("SCHEDULED_TIMESTAMP") == set()
    never = [{"TimestampCondition": {"Type": "DISCONNECT_TIMESTAMP", "ConditionType": "NOT_EXISTS"}}]
    still = {"Criteria": never, "MatchType": "MATCH_ALL"}
    assert found("INITIATION_TIMESTAMP", AdditionalTimeRange=still) == {made["chat"], made["bill"]}


def test_contacts_come_in_order_and_in_pages(archive: Any) -> None:
    centre, made = archive
    span = {"Type": "INITIATION_TIMESTAMP", "StartTime": ahead(hours=-1), "EndTime": ahead(hours=1)}
    call = {"InstanceId": centre.instance, "TimeRange": span}

    def ids(order: str) -> list[str]:
        sort = {"FieldName": "INITIATION_TIMESTAMP", "Order": order}
        pages = centre.connect.get_paginator("search_contacts").paginate(
            **call, Sort=sort, PaginationConfig={"PageSize": 1}
        )
        return [each["Id"] for page in pages for each in page["Contacts"]]

    assert ids("ASCENDING") == [made["plain"], made["chat"], made["bill"]]
    assert ids("DESCENDING") == ids("ASCENDING")[::-1]
    search = centre.connect.search_contacts
    by_expiry = {"FieldName": "EXPIRY_TIMESTAMP", "Order": "ASCENDING"}
    assert code(search, **call, Sort=by_expiry) == "InvalidParameterException"
    wrong = {**span, "EndTime": ahead(hours=-2)}
    assert code(search, InstanceId=centre.instance, TimeRange=wrong) == "InvalidParameterException"
    unkept = {"ActiveRegions": ["us-east-1"]}
    assert code(search, **call, SearchCriteria=unkept) == "InvalidParameterException"
