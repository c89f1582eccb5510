"""Associations, storage configurations, phone numbers and tags, asked by unmodified boto3."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.connect_samples import FLOW, NOBODY, code, new_instance, new_name
from tests.server import ACCOUNT, REGION, Server

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:lookup"
ALIAS = f"arn:aws:lex:{REGION}:{ACCOUNT}:bot-alias/ABCDEFGHIJ/TSTALIASID"
KEY = "-----BEGIN PUBLIC KEY-----\nMIIB{}\n-----END PUBLIC KEY-----"


@pytest.fixture(scope="module")
def connect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    served = Server(tmp_path_factory.mktemp("project"))
    yield served.client("connect")
    assert served.stop() == 0


@pytest.fixture
def instance(connect: Any) -> str:
    return new_instance(connect)


@pytest.fixture
def flow(connect: Any, instance: str) -> str:
    asked = {"Name": new_name("flow"), "Type": "CONTACT_FLOW", "Content": FLOW}
    return str(connect.create_contact_flow(InstanceId=instance, **asked)["ContactFlowId"])


def arn(instance: str, *rest: str) -> str:
    return "/".join((f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/{instance}", *rest))


# --- functions and bots ---


def test_functions_are_associated_with_and_without_a_qualifier(connect: Any, instance: str) -> None:
    arns = [FUNCTION, f"{FUNCTION}:prod", f"{FUNCTION}:7", f"{FUNCTION}:$LATEST"]
    for each in arns:
        connect.associate_lambda_function(InstanceId=instance, FunctionArn=each)
    call = {"InstanceId": instance, "FunctionArn": arns[0]}

    assert connect.list_lambda_functions(InstanceId=arn(instance))["LambdaFunctions"] == arns
    assert code(connect.associate_lambda_function, **call) == "ResourceConflictException"
    connect.disassociate_lambda_function(**call)
    assert connect.list_lambda_functions(InstanceId=instance)["LambdaFunctions"] == arns[1:]
    assert code(connect.disassociate_lambda_function, **call) == "ResourceNotFoundException"
    for wrong in ("lookup", FUNCTION.replace(":function:", ":layer:"), f"{FUNCTION}:", arn(instance)):
        call = {"InstanceId": instance, "FunctionArn": wrong}
        assert code(connect.associate_lambda_function, **call) == "InvalidParameterException"


def test_fifty_functions_are_listed_in_pages_and_one_more_is_refused(connect: Any, instance: str) -> None:
    for number in range(50):
        connect.associate_lambda_function(InstanceId=instance, FunctionArn=f"{FUNCTION}-{number}")
    first = connect.list_lambda_functions(InstanceId=instance)
    pages = connect.get_paginator("list_lambda_functions").paginate(InstanceId=instance)

    assert len(first["LambdaFunctions"]) == 25
    listed = [each for page in pages for each in page["LambdaFunctions"]]
    assert listed == [f"{FUNCTION}-{number}" for number in range(50)]
    call = {"InstanceId": instance, "FunctionArn": FUNCTION}
    assert code(connect.associate_lambda_function, **call) == "ServiceQuotaExceededException"


def test_bots_of_both_versions_are_associated(connect: Any, instance: str) -> None:
    old = {"Name": "Orders", "LexRegion": "us-east-1"}
    connect.associate_bot(InstanceId=instance, LexBot=old)
    connect.associate_lex_bot(InstanceId=instance, LexBot={**old, "LexRegion": "us-west-2"})
    connect.associate_bot(InstanceId=instance, LexV2Bot={"AliasArn": ALIAS})

    assert [bot["LexRegion"] for bot in connect.list_lex_bots(InstanceId=instance)["LexBots"]] == [
        "us-east-1", "us-west-2",
    ]  # fmt: skip
    assert connect.list_bots(InstanceId=instance, LexVersion="V1")["LexBots"][0] == {"LexBot": old}
    new = connect.list_bots(InstanceId=instance, LexVersion="V2")["LexBots"]
    assert new == [{"LexV2Bot": {"AliasArn": ALIAS}}]
    again = {"InstanceId": instance, "LexV2Bot": {"AliasArn": ALIAS}}
    assert code(connect.associate_bot, **again) == "ResourceConflictException"
    connect.disassociate_bot(**again)
    connect.disassociate_lex_bot(InstanceId=instance, BotName="Orders", LexRegion="us-west-2")
    connect.disassociate_bot(InstanceId=instance, LexBot=old)
    assert connect.list_lex_bots(InstanceId=instance)["LexBots"] == []
    assert code(connect.disassociate_bot, **again) == "ResourceNotFoundException"
    for wrong in ({}, {"LexBot": old, "LexV2Bot": {"AliasArn": ALIAS}}, {"LexV2Bot": {"AliasArn": "bot"}}):
        assert code(connect.associate_bot, InstanceId=instance, **wrong) == "InvalidRequestException"


# --- other services, origins, keys, storage ---


def test_integrations_are_listed_by_type_and_arn(connect: Any, instance: str) -> None:
    asked = {"IntegrationType": "CASES_DOMAIN", "IntegrationArn": f"arn:aws:cases:{REGION}:{ACCOUNT}:domain/one"}
    made = connect.create_integration_association(InstanceId=instance, Tags={"a": "b"}, **asked)
    event = {"IntegrationType": "EVENT", "IntegrationArn": f"arn:aws:app-integrations:{REGION}:{ACCOUNT}:e/two"}
    source = {"SourceApplicationUrl": "https://s", "SourceApplicationName": "S", "SourceType": "SALESFORCE"}
    connect.create_integration_association(InstanceId=instance, **event, **source)

    def listed(**more: Any) -> list[Any]:
        found = connect.list_integration_associations(InstanceId=instance, **more)
        return list(found["IntegrationAssociationSummaryList"])

    assert len(listed()) == 2
    [found] = listed(IntegrationType="CASES_DOMAIN")
    assert found["IntegrationAssociationArn"] == made["IntegrationAssociationArn"]
    assert found.items() >= {**asked, "InstanceId": instance}.items()
    assert listed(IntegrationArn=event["IntegrationArn"])[0].items() >= source.items()
    create = connect.create_integration_association
    assert code(create, InstanceId=instance, **asked) == "DuplicateResourceException"
    assert code(create, InstanceId=instance, **{**event, "IntegrationArn": "arn:x"}) == "InvalidRequestException"
    call = {"InstanceId": instance, "IntegrationAssociationId": made["IntegrationAssociationId"]}
    connect.delete_integration_association(**call)
    assert code(connect.delete_integration_association, **call) == "ResourceNotFoundException"


def test_origins_and_keys_are_associated_once(connect: Any, instance: str) -> None:
    call = {"InstanceId": instance, "Origin": "https://example.com:8443"}
    connect.associate_approved_origin(**call)
    assert connect.list_approved_origins(InstanceId=instance)["Origins"] == ["https://example.com:8443"]
    assert code(connect.associate_approved_origin, **call) == "ResourceConflictException"
    wrong = {"InstanceId": instance, "Origin": "example.com"}
    assert code(connect.associate_approved_origin, **wrong) == "InvalidParameterException"
    connect.disassociate_approved_origin(**call)
    assert code(connect.disassociate_approved_origin, **call) == "ResourceNotFoundException"

    first = connect.associate_security_key(InstanceId=instance, Key=KEY.format("one"))["AssociationId"]
    same = {"InstanceId": instance, "Key": KEY.format("one")}
    assert code(connect.associate_security_key, **same) == "ResourceConflictException"
    connect.associate_security_key(InstanceId=instance, Key=KEY.format("two"))
    third = {"InstanceId": instance, "Key": KEY.format("three")}
    assert code(connect.associate_security_key, **third) == "ServiceQuotaExceededException"
    assert code(connect.associate_security_key, InstanceId=instance, Key="abc") == "InvalidParameterException"
    connect.disassociate_security_key(InstanceId=instance, AssociationId=first)
    assert [each["Key"] for each in connect.list_security_keys(InstanceId=instance)["SecurityKeys"]] == [
        KEY.format("two")
    ]


def test_a_resource_type_has_one_storage_configuration(connect: Any, instance: str) -> None:
    config = {"StorageType": "S3", "S3Config": {"BucketName": "b", "BucketPrefix": "p"}}
    asked = {"InstanceId": instance, "ResourceType": "CHAT_TRANSCRIPTS"}
    id = connect.associate_instance_storage_config(**asked, StorageConfig=config)["AssociationId"]
    call = {**asked, "AssociationId": id}

    assert connect.describe_instance_storage_config(**call)["StorageConfig"] == {**config, "AssociationId": id}
    assert code(connect.associate_instance_storage_config, **asked, StorageConfig=config) == "ResourceConflictException"
    stream = {"StorageType": "KINESIS_STREAM", "KinesisStreamConfig": {"StreamArn": "arn:aws:kinesis:x"}}
    connect.update_instance_storage_config(**call, StorageConfig=stream)
    assert connect.list_instance_storage_configs(**asked)["StorageConfigs"] == [{**stream, "AssociationId": id}]
    other = {**call, "ResourceType": "CALL_RECORDINGS"}
    assert code(connect.describe_instance_storage_config, **other) == "ResourceNotFoundException"
    wrong = {**other, "StorageConfig": {**config, "StorageType": "KINESIS_STREAM"}}
    del wrong["AssociationId"]
    assert code(connect.associate_instance_storage_config, **wrong) == "InvalidParameterException"
    connect.disassociate_instance_storage_config(**call)
    assert connect.list_instance_storage_configs(**asked)["StorageConfigs"] == []


# --- phone numbers ---


def claimed(connect: Any, instance: str, kind: str = "DID", country: str = "US", **more: Any) -> str:
    asked = {"PhoneNumberCountryCode": country, "PhoneNumberType": kind}
    [free] = connect.search_available_phone_numbers(TargetArn=arn(instance), MaxResults=1, **asked)[
        "AvailableNumbersList"
    ]
    made = connect.claim_phone_number(TargetArn=arn(instance), PhoneNumber=free["PhoneNumber"], **more)
    return str(made["PhoneNumberId"])


@pytest.mark.parametrize(("country", "kind", "code"), [("US", "TOLL_FREE", "+1"), ("DE", "DID", "+49")])
def test_a_number_that_is_found_can_be_claimed(connect: Any, instance: str, country: str, kind: str, code: str) -> None:
    number = claimed(connect, instance, kind, country, PhoneNumberDescription="main", Tags={"a": "b"})
    found = connect.describe_phone_number(PhoneNumberId=number)["ClaimedPhoneNumberSummary"]
    asked = {"PhoneNumberCountryCode": country, "PhoneNumberType": kind}
    free = connect.search_available_phone_numbers(InstanceId=instance, **asked)["AvailableNumbersList"]

    assert found["PhoneNumberArn"] == f"arn:aws:connect:{REGION}:{ACCOUNT}:phone-number/{number}"
    assert found.items() >= {**asked, "PhoneNumberDescription": "main", "Tags": {"a": "b"}}.items()
    assert found["PhoneNumber"].startswith(code)
    assert (found["TargetArn"], found["InstanceId"]) == (arn(instance), instance)
    assert found["PhoneNumberStatus"] == {"Status": "CLAIMED"}
    assert len(free) == 10
    assert found["PhoneNumber"] not in [each["PhoneNumber"] for each in free]
    assert connect.describe_phone_number(PhoneNumberId=found["PhoneNumberArn"])["ClaimedPhoneNumberSummary"] == found


def test_numbers_are_found_by_prefix_and_page(connect: Any, instance: str) -> None:
    asked = {"InstanceId": instance, "PhoneNumberCountryCode": "US", "PhoneNumberType": "DID"}
    first = connect.search_available_phone_numbers(**asked, PhoneNumberPrefix="+1206555", MaxResults=2)
    second = connect.search_available_phone_numbers(
        **asked, PhoneNumberPrefix="+1206555", MaxResults=2, NextToken=first["NextToken"]
    )
    numbers = [each["PhoneNumber"] for page in (first, second) for each in page["AvailableNumbersList"]]

    assert len(set(numbers)) == 4
    assert all(number.startswith("+1206555") for number in numbers)
    search = connect.search_available_phone_numbers
    assert code(search, **asked, PhoneNumberPrefix="+49") == "InvalidParameterException"
    assert code(search, **asked, PhoneNumberPrefix="206") == "InvalidParameterException"
    rare = {**asked, "PhoneNumberType": "SHORT_CODE"}
    assert connect.search_available_phone_numbers(**rare)["AvailableNumbersList"] == []


def test_a_number_is_claimed_once(connect: Any, instance: str) -> None:
    number = claimed(connect, instance)
    spelled = connect.describe_phone_number(PhoneNumberId=number)["ClaimedPhoneNumberSummary"]["PhoneNumber"]
    claim = connect.claim_phone_number
    other = new_instance(connect)

    assert code(claim, InstanceId=other, PhoneNumber=spelled) == "InvalidParameterException"
    assert code(claim, InstanceId=instance, PhoneNumber=spelled) == "DuplicateResourceException"
    assert code(claim, InstanceId=instance, PhoneNumber="911") == "InvalidParameterException"
    assert code(claim, PhoneNumber="+15550100077") == "InvalidParameterException"
    assert code(claim, TargetArn=arn(NOBODY), PhoneNumber="+15550100077") == "ResourceNotFoundException"
    both = {"TargetArn": arn(instance), "InstanceId": instance}
    assert code(claim, **both, PhoneNumber="+15550100077") == "InvalidParameterException"
    asked = {"InstanceId": instance, "PhoneNumber": "+15550100078", "ClientToken": "same"}
    assert claim(**asked)["PhoneNumberId"] == claim(**asked)["PhoneNumberId"]
    connect.release_phone_number(PhoneNumberId=number)
    assert code(connect.describe_phone_number, PhoneNumberId=number) == "ResourceNotFoundException"
    assert claim(InstanceId=other, PhoneNumber=spelled)["PhoneNumberId"] != number


def test_numbers_are_listed_by_what_they_are(connect: Any, instance: str) -> None:
    free, local = claimed(connect, instance, "TOLL_FREE"), claimed(connect, instance, "DID", "GB")
    elsewhere = claimed(connect, new_instance(connect))

    def listed(**more: Any) -> set[str]:
        found = connect.list_phone_numbers_v2(**more)["ListPhoneNumbersSummaryList"]
        return {each["PhoneNumberId"] for each in found}

    assert listed(TargetArn=arn(instance)) == listed(InstanceId=instance) == {free, local}
    assert {free, local, elsewhere} <= listed()
    assert listed(InstanceId=instance, PhoneNumberTypes=["DID"]) == {local}
    assert listed(InstanceId=instance, PhoneNumberCountryCodes=["US"]) == {free}
    assert listed(InstanceId=instance, PhoneNumberPrefix="+44") == {local}
    old = connect.list_phone_numbers(InstanceId=instance, PhoneNumberTypes=["TOLL_FREE"])["PhoneNumberSummaryList"]
    assert [(each["Id"], each["Arn"]) for each in old] == [(free, arn(instance, "phone-number", free))]


def test_a_number_leads_to_a_flow_until_it_moves(connect: Any, instance: str, flow: str) -> None:
    number, other = claimed(connect, instance), new_instance(connect)
    call = {"PhoneNumberId": number, "InstanceId": instance}
    connect.associate_phone_number_contact_flow(**call, ContactFlowId=flow)
    own = f"arn:aws:connect:{REGION}:{ACCOUNT}:phone-number/{number}"
    voice = [{"ResourceId": own, "FlowId": arn(instance, "contact-flow", flow), "ResourceType": "VOICE_PHONE_NUMBER"}]

    assert connect.list_flow_associations(InstanceId=instance)["FlowAssociationSummaryList"] == voice
    got = connect.batch_get_flow_association(InstanceId=instance, ResourceIds=[own, "arn:none"])
    assert got["FlowAssociationSummaryList"] == voice
    associate = connect.associate_phone_number_contact_flow
    assert code(associate, **call, ContactFlowId=NOBODY) == "ResourceNotFoundException"
    connect.disassociate_phone_number_contact_flow(**call)
    assert connect.list_flow_associations(InstanceId=instance)["FlowAssociationSummaryList"] == []
    connect.associate_phone_number_contact_flow(**call, ContactFlowId=flow)
    connect.update_phone_number(PhoneNumberId=number, TargetArn=arn(other))
    connect.update_phone_number_metadata(PhoneNumberId=number, PhoneNumberDescription="moved")
    found = connect.describe_phone_number(PhoneNumberId=number)["ClaimedPhoneNumberSummary"]
    assert (found["InstanceId"], found["PhoneNumberDescription"]) == (other, "moved")
    assert connect.list_flow_associations(InstanceId=other)["FlowAssociationSummaryList"] == []
    assert code(associate, **call, ContactFlowId=flow) == "ResourceNotFoundException"


def test_numbers_of_a_deleted_instance_are_free(connect: Any) -> None:
    instance = new_instance(connect)
    number = connect.claim_phone_number(InstanceId=instance, PhoneNumber="+15550100123")["PhoneNumberId"]
    connect.delete_instance(InstanceId=instance)

    assert code(connect.describe_phone_number, PhoneNumberId=number) == "ResourceNotFoundException"
    connect.claim_phone_number(InstanceId=new_instance(connect), PhoneNumber="+15550100123")


def test_flows_take_what_other_services_send(connect: Any, instance: str, flow: str) -> None:
    asked = {"ResourceId": "arn:aws:sms-voice:us-east-1:1:phone-number/one", "ResourceType": "SMS_PHONE_NUMBER"}
    call = {"InstanceId": instance, **asked}
    connect.associate_flow(**call, FlowId=arn(instance, "contact-flow", flow))
    found = connect.get_flow_association(**call)

    assert {name: found[name] for name in (*asked, "FlowId")} == {
        **asked, "FlowId": arn(instance, "contact-flow", flow),
    }  # fmt: skip
    assert len(connect.list_flow_associations(InstanceId=instance)["FlowAssociationSummaryList"]) == 1
    voice = connect.list_flow_associations(InstanceId=instance, ResourceType="VOICE_PHONE_NUMBER")
    assert voice["FlowAssociationSummaryList"] == []
    assert code(connect.associate_flow, **call, FlowId=NOBODY) == "ResourceNotFoundException"
    connect.disassociate_flow(**call)
    assert code(connect.get_flow_association, **call) == "ResourceNotFoundException"
    assert code(connect.disassociate_flow, **call) == "ResourceNotFoundException"


# --- tags ---


def test_whatever_has_an_arn_has_tags(connect: Any, instance: str, flow: str) -> None:
    number = claimed(connect, instance)
    arns = [
        arn(instance),
        arn(instance, "contact-flow", flow),
        connect.describe_phone_number(PhoneNumberId=number)["ClaimedPhoneNumberSummary"]["PhoneNumberArn"],
        connect.list_queues(InstanceId=instance)["QueueSummaryList"][0]["Arn"],
        connect.list_hours_of_operations(InstanceId=instance)["HoursOfOperationSummaryList"][0]["Arn"],
        connect.list_routing_profiles(InstanceId=instance)["RoutingProfileSummaryList"][0]["Arn"],
        connect.list_prompts(InstanceId=instance)["PromptSummaryList"][0]["Arn"],
    ]
    for each in arns:
        connect.tag_resource(resourceArn=each, tags={"team": "sales", "stage": "test"})
        connect.tag_resource(resourceArn=each, tags={"team": "support"})
        connect.untag_resource(resourceArn=each, tagKeys=["stage", "never there"])

        assert connect.list_tags_for_resource(resourceArn=each)["tags"] == {"team": "support"}
    assert connect.describe_contact_flow(InstanceId=instance, ContactFlowId=flow)["ContactFlow"]["Tags"] == {
        "team": "support"
    }


def test_tags_have_limits(connect: Any, instance: str) -> None:
    queue = connect.list_queues(InstanceId=instance)["QueueSummaryList"][0]["Arn"]
    connect.tag_resource(resourceArn=queue, tags={f"k{number}": "v" for number in range(50)})

    assert code(connect.tag_resource, resourceArn=queue, tags={"more": "v"}) == "InvalidParameterException"
    assert code(connect.tag_resource, resourceArn=queue, tags={"aws:x": "v"}) == "InvalidParameterException"
    made = {"InstanceId": instance, "Name": "p", "S3Uri": "s3://b/p.wav", "Tags": {"AWS:x": "v"}}
    assert code(connect.create_prompt, **made) == "InvalidParameterException"
    assert code(connect.tag_resource, resourceArn="queue", tags={"a": "b"}) == "InvalidParameterException"
    for absent in (arn(NOBODY), arn(instance, "queue", NOBODY), arn(instance, "phone-number", NOBODY)):
        assert code(connect.list_tags_for_resource, resourceArn=absent) == "ResourceNotFoundException"


def test_tags_are_searched_by_key_value_and_kind(connect: Any, instance: str) -> None:
    queue = connect.list_queues(InstanceId=instance)["QueueSummaryList"][0]["Arn"]
    prompts = connect.list_prompts(InstanceId=instance)["PromptSummaryList"]
    connect.tag_resource(resourceArn=queue, tags={"team": "sales", "stage": "test"})
    for prompt in prompts[:2]:
        connect.tag_resource(resourceArn=prompt["Arn"], tags={"team": "voice"})

    def found(condition: dict[str, str], *kinds: str) -> list[tuple[str, str]]:
        criteria = {"TagSearchCondition": condition}
        answer = connect.search_resource_tags(InstanceId=instance, ResourceTypes=kinds, SearchCriteria=criteria)
        return [(each["key"], each["value"]) for each in answer["Tags"]]

    assert found({}) == [("stage", "test"), ("team", "sales"), ("team", "voice")]
    assert found({}, "standard-queue") == [("stage", "test"), ("team", "sales")]
    assert found({"tagKey": "team", "tagKeyComparisonType": "EXACT"}, "prompt") == [("team", "voice")]
    assert found({"tagValue": "SA", "tagValueComparisonType": "STARTS_WITH"}) == [("team", "sales")]
    wrong = {"InstanceId": instance, "ResourceTypes": ["house"]}
    assert code(connect.search_resource_tags, **wrong) == "InvalidParameterException"
