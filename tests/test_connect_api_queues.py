"""Queues, quick connects, routing profiles and prompts, asked by unmodified boto3."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.connect_samples import FLOW, NOBODY, code, new_instance, new_name, refusal
from tests.server import ACCOUNT, REGION, Server


@pytest.fixture(scope="module")
def connect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    served = Server(tmp_path_factory.mktemp("project"))
    yield served.client("connect", parameter_validation=False)
    assert served.stop() == 0


@pytest.fixture(scope="module")
def instance(connect: Any) -> str:
    return new_instance(connect)


@pytest.fixture(scope="module")
def hours(connect: Any, instance: str) -> str:
    return hours_of(connect, instance)


def hours_of(connect: Any, instance: str) -> str:
    """Those that every instance has from its beginning."""
    return str(connect.list_hours_of_operations(InstanceId=instance)["HoursOfOperationSummaryList"][0]["Id"])


def new_queue(connect: Any, instance: str, **more: Any) -> str:
    asked = {"Name": new_name("queue"), "HoursOfOperationId": hours_of(connect, instance), **more}
    return str(connect.create_queue(InstanceId=instance, **asked)["QueueId"])


def new_quick_connect(connect: Any, instance: str, **more: Any) -> str:
    config = {"QuickConnectType": "PHONE_NUMBER", "PhoneConfig": {"PhoneNumber": "+15550100000"}}
    asked = {"Name": new_name("quick"), "QuickConnectConfig": config, **more}
    return str(connect.create_quick_connect(InstanceId=instance, **asked)["QuickConnectId"])


def new_profile(connect: Any, instance: str, queue: str, **more: Any) -> str:
    asked = {
        "Name": new_name("profile"), "Description": "p", "DefaultOutboundQueueId": queue,
        "MediaConcurrencies": [{"Channel": "VOICE", "Concurrency": 1}, {"Channel": "CHAT", "Concurrency": 3}], **more,
    }  # fmt: skip
    return str(connect.create_routing_profile(InstanceId=instance, **asked)["RoutingProfileId"])


def new_flow(connect: Any, instance: str) -> str:
    asked = {"Name": new_name("flow"), "Type": "CONTACT_FLOW", "Content": FLOW}
    return str(connect.create_contact_flow(InstanceId=instance, **asked)["ContactFlowId"])


def route(queue: str, channel: str = "VOICE", priority: int = 1, delay: int = 0) -> dict[str, Any]:
    return {"QueueReference": {"QueueId": queue, "Channel": channel}, "Priority": priority, "Delay": delay}


def named(value: str, field: str = "name", comparison: str = "EXACT") -> dict[str, Any]:
    return {"StringCondition": {"FieldName": field, "Value": value, "ComparisonType": comparison}}


# --- an instance at its beginning ---


def test_a_new_instance_has_a_queue_hours_a_profile_and_prompts(connect: Any) -> None:
    instance = new_instance(connect)
    [queue] = connect.list_queues(InstanceId=instance, QueueTypes=["STANDARD"])["QueueSummaryList"]
    [hours] = connect.list_hours_of_operations(InstanceId=instance)["HoursOfOperationSummaryList"]
    [profile] = connect.list_routing_profiles(InstanceId=instance)["RoutingProfileSummaryList"]
    described = connect.describe_queue(InstanceId=instance, QueueId=queue["Id"])["Queue"]
    prompts = connect.list_prompts(InstanceId=instance)["PromptSummaryList"]

    assert (queue["Name"], hours["Name"], profile["Name"]) == ("BasicQueue", "Basic Hours", "Basic Routing Profile")
    assert (described["HoursOfOperationId"], described["Status"]) == (hours["Id"], "ENABLED")
    assert {"Beep.wav", "CustomerQueue.wav"} <= {prompt["Name"] for prompt in prompts}
    served = connect.list_routing_profile_queues(InstanceId=instance, RoutingProfileId=profile["Id"])
    assert {each["QueueName"] for each in served["RoutingProfileQueueConfigSummaryList"]} == {"BasicQueue"}
    connect.delete_instance(InstanceId=instance)
    assert code(connect.list_queues, InstanceId=instance) == "ResourceNotFoundException"


def test_a_repeated_request_finds_the_instance_as_it_is(connect: Any) -> None:
    token = new_name("token")
    instance = new_instance(connect, ClientToken=token, InstanceAlias="repeated")
    prompt = connect.list_prompts(InstanceId=instance)["PromptSummaryList"][0]
    connect.delete_prompt(InstanceId=instance, PromptId=prompt["Id"])

    assert new_instance(connect, ClientToken=token, InstanceAlias="repeated") == instance
    assert prompt not in connect.list_prompts(InstanceId=instance)["PromptSummaryList"]


# --- queues ---


def test_a_queue_is_told_as_it_was_made(connect: Any, instance: str, hours: str) -> None:
    flow = new_flow(connect, instance)
    number = connect.claim_phone_number(InstanceId=instance, PhoneNumber="+12065550001")
    asked = {"Name": new_name("queue"), "Description": "waits", "HoursOfOperationId": hours, "MaxContacts": 7,
             "Tags": {"team": "sales"}}  # fmt: skip
    caller = {"OutboundCallerIdName": "Shop", "OutboundCallerIdNumberId": number["PhoneNumberArn"]}
    config = {**caller, "OutboundFlowId": f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/{instance}/contact-flow/{flow}"}
    made = connect.create_queue(InstanceId=instance, OutboundCallerConfig=config, **asked)
    found = connect.describe_queue(InstanceId=instance, QueueId=made["QueueId"])["Queue"]

    assert {name: found[name] for name in asked} == asked
    assert found["OutboundCallerConfig"] == {
        "OutboundCallerIdName": "Shop", "OutboundCallerIdNumberId": number["PhoneNumberId"], "OutboundFlowId": flow,
    }  # fmt: skip
    assert (found["QueueArn"], found["Status"]) == (made["QueueArn"], "ENABLED")
    connect.release_phone_number(PhoneNumberId=number["PhoneNumberId"])
    left = connect.describe_queue(InstanceId=instance, QueueId=made["QueueId"])["Queue"]["OutboundCallerConfig"]
    assert "OutboundCallerIdNumberId" not in left


def test_each_update_of_a_queue_changes_its_part(connect: Any, instance: str) -> None:
    call = {"InstanceId": instance, "QueueId": new_queue(connect, instance, MaxContacts=3)}
    other = connect.create_hours_of_operation(
        InstanceId=instance, Name=new_name("hours"), TimeZone="UTC", Config=[]
    )["HoursOfOperationId"]  # fmt: skip
    name = new_name("renamed")
    connect.update_queue_name(**call, Name=name, Description="new")
    connect.update_queue_status(**call, Status="DISABLED")
    connect.update_queue_max_contacts(**call, MaxContacts=0)
    connect.update_queue_hours_of_operation(**call, HoursOfOperationId=other)
    connect.update_queue_outbound_caller_config(**call, OutboundCallerConfig={"OutboundCallerIdName": "Us"})
    found = connect.describe_queue(**call)["Queue"]

    assert (found["Name"], found["Description"], found["Status"]) == (name, "new", "DISABLED")
    assert (found["MaxContacts"], found["HoursOfOperationId"]) == (0, other)
    assert found["OutboundCallerConfig"] == {"OutboundCallerIdName": "Us"}
    connect.update_queue_max_contacts(**call)
    assert "MaxContacts" not in connect.describe_queue(**call)["Queue"]
    assert code(connect.update_queue_name, **call, Name="BasicQueue") == "DuplicateResourceException"
    assert code(connect.update_queue_name, **call) == "InvalidRequestException"


def test_a_description_may_be_empty(connect: Any, instance: str) -> None:
    """Terraform sends it so where there is none."""
    call = {"InstanceId": instance, "QueueId": new_queue(connect, instance, Description="old")}
    connect.update_queue_name(**call, Name=new_name("queue"), Description="")

    assert connect.describe_queue(**call)["Queue"]["Description"] == ""
    profile = {"Name": "p", "Description": "", "DefaultOutboundQueueId": call["QueueId"], "MediaConcurrencies": []}
    assert code(connect.create_routing_profile, InstanceId=instance, **profile) == "InvalidParameterException"


def test_queues_are_paged_and_found(connect: Any, instance: str) -> None:
    word = new_name("found").replace(" ", "-")
    made = {new_queue(connect, instance, Name=f"{word}-{n}", Tags={"n": str(n % 2)}) for n in range(5)}
    pages = connect.get_paginator("list_queues").paginate(InstanceId=instance, PaginationConfig={"PageSize": 2})
    listed = [each["Id"] for page in pages for each in page["QueueSummaryList"]]

    assert made <= set(listed)
    assert len(set(listed)) == len(listed)

    def found(criteria: dict[str, Any], **more: Any) -> set[str]:
        answer = connect.search_queues(InstanceId=instance, SearchCriteria=criteria, **more)
        return {each["Name"].removeprefix(f"{word}-") for each in answer["Queues"]}

    start = named(word.upper(), comparison="STARTS_WITH")
    assert found(start) == set("01234")
    assert found(named(f"{word}-3")) == {"3"}
    assert found({"AndConditions": [start, {"OrConditions": [named(f"{word}-1"), named(f"{word}-4")]}]}) == set("14")
    odd = {"TagFilter": {"TagCondition": {"TagKey": "n", "TagValue": "1"}}}
    assert found(start, SearchFilter=odd) == set("13")
    both = {"TagFilter": {"OrConditions": [[{"TagKey": "n", "TagValue": "1"}], [{"TagKey": "n", "TagValue": "0"}]]}}
    assert found(start, SearchFilter=both) == set("01234")
    assert found({**start, "QueueTypeCondition": "STANDARD"}) == set("01234")
    two = connect.search_queues(InstanceId=instance, SearchCriteria=start, MaxResults=2)
    assert (len(two["Queues"]), two["ApproximateTotalCount"]) == (2, 5)
    wrong = {"InstanceId": instance, "SearchCriteria": named("x", field="colour")}
    assert code(connect.search_queues, **wrong) == "InvalidParameterException"
    assert code(connect.list_queues, InstanceId=instance, NextToken="none of ours") == "InvalidParameterException"


def test_a_queue_in_use_stays(connect: Any, instance: str) -> None:
    queue = new_queue(connect, instance)
    profile = new_profile(connect, instance, queue)
    response = refusal(connect.delete_queue, InstanceId=instance, QueueId=queue)

    assert response["Error"]["Code"] == "ResourceInUseException"
    assert response["ResourceId"] == profile
    connect.delete_routing_profile(InstanceId=instance, RoutingProfileId=profile)
    connect.delete_queue(InstanceId=instance, QueueId=queue)
    assert code(connect.describe_queue, InstanceId=instance, QueueId=queue) == "ResourceNotFoundException"


# --- quick connects ---


def test_a_quick_connect_leads_to_a_queue_a_number_or_a_flow(connect: Any, instance: str) -> None:
    queue, flow = new_queue(connect, instance), new_flow(connect, instance)
    configs = [
        {"QuickConnectType": "QUEUE", "QueueConfig": {"QueueId": queue, "ContactFlowId": flow}},
        {"QuickConnectType": "PHONE_NUMBER", "PhoneConfig": {"PhoneNumber": "+15550100001"}},
        {"QuickConnectType": "FLOW", "FlowConfig": {"ContactFlowId": flow}},
    ]
    for config in configs:
        call = {"InstanceId": instance, "QuickConnectId": new_quick_connect(
            connect, instance, QuickConnectConfig=config, Description="d", Tags={"a": "b"})}  # fmt: skip
        found = connect.describe_quick_connect(**call)["QuickConnect"]

        assert (found["QuickConnectConfig"], found["Description"], found["Tags"]) == (config, "d", {"a": "b"})
    assert code(connect.delete_queue, InstanceId=instance, QueueId=queue) == "ResourceInUseException"
    listed = connect.list_quick_connects(InstanceId=instance, QuickConnectTypes=["FLOW"])["QuickConnectSummaryList"]
    assert {each["QuickConnectType"] for each in listed} == {"FLOW"}


def test_a_quick_connect_is_changed_found_and_deleted(connect: Any, instance: str) -> None:
    call = {"InstanceId": instance, "QuickConnectId": new_quick_connect(connect, instance)}
    config = {"QuickConnectType": "PHONE_NUMBER", "PhoneConfig": {"PhoneNumber": "+15550100009"}}
    name = new_name("changed")
    connect.update_quick_connect_name(**call, Name=name)
    connect.update_quick_connect_config(**call, QuickConnectConfig=config)
    [found] = connect.search_quick_connects(InstanceId=instance, SearchCriteria=named(name))["QuickConnects"]

    assert (found["QuickConnectId"], found["QuickConnectConfig"]) == (call["QuickConnectId"], config)
    connect.delete_quick_connect(**call)
    assert code(connect.describe_quick_connect, **call) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"QuickConnectType": "QUEUE", "QueueConfig": {"QueueId": NOBODY, "ContactFlowId": NOBODY}},
         "ResourceNotFoundException"),
        ({"QuickConnectType": "USER", "UserConfig": {"UserId": NOBODY, "ContactFlowId": NOBODY}},
         "ResourceNotFoundException"),
        ({"QuickConnectType": "FLOW"}, "InvalidParameterException"),
        ({"QuickConnectType": "FLOW", "PhoneConfig": {"PhoneNumber": "+15550100001"}}, "InvalidParameterException"),
        ({"QuickConnectType": "PHONE_NUMBER", "PhoneConfig": {"PhoneNumber": "555"}}, "InvalidParameterException"),
    ],
)  # fmt: skip
def test_a_quick_connect_that_leads_nowhere_is_refused(
    connect: Any, instance: str, config: dict[str, Any], expected: str
) -> None:
    call = {"InstanceId": instance, "Name": new_name("quick"), "QuickConnectConfig": config}

    assert code(connect.create_quick_connect, **call) == expected


def test_queues_have_quick_connects(connect: Any, instance: str) -> None:
    first, second, third = (new_quick_connect(connect, instance, Name=new_name(f"{n}")) for n in range(3))
    call = {"InstanceId": instance, "QueueId": new_queue(connect, instance, QuickConnectIds=[first])}
    connect.associate_queue_quick_connects(**call, QuickConnectIds=[first, second, third])

    def listed() -> list[str]:
        return [each["Id"] for each in connect.list_queue_quick_connects(**call)["QuickConnectSummaryList"]]

    assert listed() == [first, second, third]
    connect.disassociate_queue_quick_connects(**call, QuickConnectIds=[first])
    connect.delete_quick_connect(InstanceId=instance, QuickConnectId=third)
    assert listed() == [second]
    again = connect.disassociate_queue_quick_connects
    assert code(again, **call, QuickConnectIds=[first]) == "ResourceNotFoundException"
    unknown = connect.associate_queue_quick_connects
    assert code(unknown, **call, QuickConnectIds=[NOBODY]) == "ResourceNotFoundException"


# --- routing profiles ---


def test_a_routing_profile_is_told_as_it_was_made(connect: Any, instance: str) -> None:
    queue, other = new_queue(connect, instance), new_queue(connect, instance)
    behavior = {"CrossChannelBehavior": {"BehaviorType": "ROUTE_ANY_CHANNEL"}}
    profile = new_profile(
        connect, instance, queue, QueueConfigs=[route(queue), route(queue, "CHAT"), route(other, priority=2, delay=9)],
        MediaConcurrencies=[{"Channel": "CHAT", "Concurrency": 4, **behavior}, {"Channel": "VOICE", "Concurrency": 1}],
        AgentAvailabilityTimer="TIME_SINCE_LAST_INBOUND", Tags={"a": "b"},
        ManualAssignmentQueueConfigs=[{"QueueReference": {"QueueId": other, "Channel": "TASK"}}],
    )  # fmt: skip
    call = {"InstanceId": instance, "RoutingProfileId": profile}
    found = connect.describe_routing_profile(**call)["RoutingProfile"]
    queues = connect.list_routing_profile_queues(**call)["RoutingProfileQueueConfigSummaryList"]
    [manual] = connect.list_routing_profile_manual_assignment_queues(**call)[
        "RoutingProfileManualAssignmentQueueConfigSummaryList"
    ]

    assert found["MediaConcurrencies"] == [
        {"Channel": "CHAT", "Concurrency": 4, **behavior},
        {"Channel": "VOICE", "Concurrency": 1,
         "CrossChannelBehavior": {"BehaviorType": "ROUTE_CURRENT_CHANNEL_ONLY"}},
    ]  # fmt: skip
    assert (found["NumberOfAssociatedQueues"], found["NumberOfAssociatedManualAssignmentQueues"]) == (2, 1)
    assert (found["AgentAvailabilityTimer"], found["NumberOfAssociatedUsers"]) == ("TIME_SINCE_LAST_INBOUND", 0)
    assert (found["DefaultOutboundQueueId"], found["IsDefault"]) == (queue, False)
    assert [(each["QueueId"], each["Channel"], each["Priority"], each["Delay"]) for each in queues] == [
        (queue, "VOICE", 1, 0), (queue, "CHAT", 1, 0), (other, "VOICE", 2, 9),
    ]  # fmt: skip
    assert (manual["QueueId"], manual["Channel"]) == (other, "TASK")
    criteria = {"AndConditions": [named(found["Name"]), named(other, "associatedQueueIds")]}
    [searched] = connect.search_routing_profiles(InstanceId=instance, SearchCriteria=criteria)["RoutingProfiles"]
    assert searched["AssociatedQueueIds"] == [queue, other]
    assert "LastModifiedTime" not in searched


def test_each_update_of_a_routing_profile_changes_its_part(connect: Any, instance: str) -> None:
    queue, other = new_queue(connect, instance), new_queue(connect, instance)
    call = {"InstanceId": instance, "RoutingProfileId": new_profile(connect, instance, queue)}
    name = new_name("renamed")
    connect.update_routing_profile_name(**call, Name=name, Description="new")
    connect.update_routing_profile_concurrency(**call, MediaConcurrencies=[{"Channel": "TASK", "Concurrency": 10}])
    connect.update_routing_profile_default_outbound_queue(**call, DefaultOutboundQueueId=other)
    connect.update_routing_profile_agent_availability_timer(**call, AgentAvailabilityTimer="TIME_SINCE_LAST_INBOUND")
    found = connect.describe_routing_profile(**call)["RoutingProfile"]

    assert (found["Name"], found["Description"], found["DefaultOutboundQueueId"]) == (name, "new", other)
    assert [(each["Channel"], each["Concurrency"]) for each in found["MediaConcurrencies"]] == [("TASK", 10)]
    assert found["AgentAvailabilityTimer"] == "TIME_SINCE_LAST_INBOUND"
    change = connect.update_routing_profile_concurrency
    for wrong in ([("VOICE", 2)], [("CHAT", 0)], [("CHAT", 1), ("CHAT", 2)]):
        concurrencies = [{"Channel": channel, "Concurrency": count} for channel, count in wrong]
        assert code(change, **call, MediaConcurrencies=concurrencies) == "InvalidParameterException"


def test_queues_join_and_leave_a_routing_profile(connect: Any, instance: str) -> None:
    queue, other = new_queue(connect, instance), new_queue(connect, instance)
    call = {"InstanceId": instance, "RoutingProfileId": new_profile(connect, instance, queue)}
    connect.associate_routing_profile_queues(**call, QueueConfigs=[route(queue), route(other)])
    connect.update_routing_profile_queues(**call, QueueConfigs=[route(other, priority=5, delay=30)])

    def listed() -> list[Any]:
        found = connect.list_routing_profile_queues(**call)["RoutingProfileQueueConfigSummaryList"]
        return [(each["QueueId"], each["Priority"], each["Delay"]) for each in found]

    assert listed() == [(queue, 1, 0), (other, 5, 30)]
    connect.disassociate_routing_profile_queues(**call, QueueReferences=[{"QueueId": queue, "Channel": "VOICE"}])
    assert listed() == [(other, 5, 30)]
    absent = {"QueueReferences": [{"QueueId": queue, "Channel": "VOICE"}]}
    assert code(connect.disassociate_routing_profile_queues, **call, **absent) == "ResourceNotFoundException"
    assert code(connect.update_routing_profile_queues, **call, QueueConfigs=[route(queue)]) == (
        "ResourceNotFoundException"
    )
    assert code(connect.associate_routing_profile_queues, **call) == "InvalidParameterException"


def test_a_routing_profile_with_a_user_stays(connect: Any, instance: str) -> None:
    queue = new_queue(connect, instance)
    profile = new_profile(connect, instance, queue)
    security = connect.create_security_profile(InstanceId=instance, SecurityProfileName=new_name("security"))
    user = connect.create_user(
        InstanceId=instance, Username=new_name("user").replace(" ", "-"), Password="Secret-1234",
        PhoneConfig={"PhoneType": "SOFT_PHONE"}, SecurityProfileIds=[security["SecurityProfileId"]],
        RoutingProfileId=profile, IdentityInfo={"FirstName": "A", "LastName": "B"},
    )["UserId"]  # fmt: skip
    call = {"InstanceId": instance, "RoutingProfileId": profile}

    assert code(connect.delete_routing_profile, **call) == "ResourceInUseException"
    assert connect.describe_routing_profile(**call)["RoutingProfile"]["NumberOfAssociatedUsers"] == 1
    queues = connect.list_queues(InstanceId=instance, QueueTypes=["AGENT"])["QueueSummaryList"]
    assert [(each["Id"], each["Arn"].rsplit("/", 2)[1]) for each in queues] == [(user, "agent")]
    connect.delete_user(InstanceId=instance, UserId=user)
    connect.delete_routing_profile(**call)


# --- prompts ---


def test_a_prompt_is_made_changed_found_and_deleted(connect: Any, instance: str) -> None:
    asked = {"Name": new_name("prompt"), "Description": "hello", "Tags": {"a": "b"}}
    made = connect.create_prompt(InstanceId=instance, S3Uri="s3://bucket/hello.wav", **asked)
    call = {"InstanceId": instance, "PromptId": made["PromptId"]}
    found = connect.describe_prompt(**call)["Prompt"]

    assert {name: found[name] for name in asked} == asked
    name = new_name("changed")
    changed = connect.update_prompt(**call, Name=name, S3Uri="s3://bucket/other.wav")
    assert changed["PromptARN"] == made["PromptARN"]
    [searched] = connect.search_prompts(InstanceId=instance, SearchCriteria=named(name))["Prompts"]
    assert (searched["PromptId"], searched["Description"]) == (made["PromptId"], "hello")
    assert code(connect.update_prompt, **call, S3Uri="hello.wav") == "InvalidParameterException"
    connect.delete_prompt(**call)
    assert code(connect.describe_prompt, **call) == "ResourceNotFoundException"
