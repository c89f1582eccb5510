"""What every operation that makes something refuses, what a restart keeps, and what another instance does not see."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from tests.connect_samples import FLOW, NOBODY, code, new_instance, new_name
from tests.server import ACCOUNT, REGION, Server

MODEL = ServiceModel(Loader().load_service_model("connect", "service-2"), "connect")
MIDNIGHT = {"Hours": 0, "Minutes": 0}
S3 = {"StorageType": "S3", "S3Config": {"BucketName": "b", "BucketPrefix": "p"}}
QUICK = {"QuickConnectType": "PHONE_NUMBER", "PhoneConfig": {"PhoneNumber": "+15550100000"}}
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:lookup"

# What makes something: the least that it takes, with NOBODY where an id stands that nobody has, and the words for
# which other values are an enumeration's
LEAST: dict[str, dict[str, Any]] = {
    "AssociateApprovedOrigin": {"Origin": "https://example.com"},
    "AssociateFlow": {"ResourceId": "arn:x", "FlowId": NOBODY, "ResourceType": "SMS_PHONE_NUMBER"},
    "AssociateInstanceStorageConfig": {"ResourceType": "ATTACHMENTS", "StorageConfig": S3},
    "AssociateLambdaFunction": {"FunctionArn": FUNCTION},
    "AssociateLexBot": {"LexBot": {"Name": "b", "LexRegion": REGION}},
    "AssociateSecurityKey": {"Key": "-----BEGIN PUBLIC KEY-----"},
    "ClaimPhoneNumber": {"PhoneNumber": "+15550100042"},
    "CreateHoursOfOperation": {
        "Name": "h", "TimeZone": "UTC", "Config": [{"Day": "MONDAY", "StartTime": MIDNIGHT, "EndTime": MIDNIGHT}],
    },
    "CreateHoursOfOperationOverride": {
        "HoursOfOperationId": NOBODY, "Name": "o", "Config": [{"Day": "MONDAY"}], "EffectiveFrom": "2026-01-01",
        "EffectiveTill": "2026-01-01",
    },
    "CreateIntegrationAssociation": {"IntegrationType": "CASES_DOMAIN", "IntegrationArn": "arn:aws:cases:x"},
    "CreatePrompt": {"Name": "p", "S3Uri": "s3://b/p.wav"},
    "CreateQueue": {"Name": "q", "HoursOfOperationId": NOBODY},
    "CreateQuickConnect": {"Name": "q", "QuickConnectConfig": QUICK},
    "CreateRoutingProfile": {
        "Name": "r", "Description": "d", "DefaultOutboundQueueId": NOBODY,
        "MediaConcurrencies": [{"Channel": "VOICE", "Concurrency": 1}],
    },
}  # fmt: skip
NEEDS_OTHERS = [name for name, asked in LEAST.items() if NOBODY in asked.values()]


@pytest.fixture(scope="module")
def connect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    served = Server(tmp_path_factory.mktemp("project"))
    yield served.client("connect", parameter_validation=False)
    assert served.stop() == 0


@pytest.fixture(scope="module")
def instance(connect: Any) -> str:
    return new_instance(connect)


def call(connect: Any, operation: str, asked: dict[str, Any]) -> str:
    """The code of the error; an operation by its name."""
    method = next(name for name, known in connect.meta.method_to_api_mapping.items() if known == operation)
    return code(getattr(connect, method), **asked)


def without(value: Any, shape: Any) -> Iterator[Any]:
    """The value with one required member missing, at every depth; members of a path cannot be left out."""
    if shape.type_name == "structure":
        for name, each in value.items():
            if name in shape.required_members and shape.members[name].serialization.get("location") is None:
                yield {key: other for key, other in value.items() if key != name}
            yield from ({**value, name: lesser} for lesser in without(each, shape.members[name]))
    if shape.type_name == "list":
        yield from ([lesser] for each in value for lesser in without(each, shape.member))


def misspelled(value: Any, shape: Any) -> Iterator[Any]:
    """The value with a word in it that no enumeration has."""
    if shape.type_name == "structure":
        for name, each in value.items():
            yield from ({**value, name: wrong} for wrong in misspelled(each, shape.members[name]))
    elif shape.type_name == "list":
        yield from ([wrong] for each in value for wrong in misspelled(each, shape.member))
    elif shape.metadata.get("enum"):
        yield "NO_SUCH_WORD"


@pytest.mark.parametrize("operation", LEAST)
def test_a_required_member_must_be_there(connect: Any, instance: str, operation: str) -> None:
    shape = MODEL.operation_model(operation).input_shape
    lesser = list(without(LEAST[operation], shape))

    assert lesser
    assert {call(connect, operation, {"InstanceId": instance, **asked}) for asked in lesser} == {
        "InvalidParameterException"
    }


@pytest.mark.parametrize("operation", LEAST)
def test_a_word_must_be_one_of_its_enumeration(connect: Any, instance: str, operation: str) -> None:
    wrong = misspelled(LEAST[operation], MODEL.operation_model(operation).input_shape)

    codes = {call(connect, operation, {"InstanceId": instance, **asked}) for asked in wrong}
    assert codes <= {"InvalidParameterException"}


@pytest.mark.parametrize("operation", LEAST)
def test_the_instance_must_be_there(connect: Any, operation: str) -> None:
    assert call(connect, operation, {"InstanceId": NOBODY, **LEAST[operation]}) == "ResourceNotFoundException"


@pytest.mark.parametrize("operation", NEEDS_OTHERS)
def test_what_is_named_must_be_there(connect: Any, instance: str, operation: str) -> None:
    assert call(connect, operation, {"InstanceId": instance, **LEAST[operation]}) == "ResourceNotFoundException"


@pytest.mark.parametrize("operation", ["CreateHoursOfOperation", "CreatePrompt", "CreateQuickConnect"])
def test_a_name_is_of_one_thing(connect: Any, operation: str) -> None:
    asked = {"InstanceId": new_instance(connect), **LEAST[operation]}
    method = next(name for name, known in connect.meta.method_to_api_mapping.items() if known == operation)
    getattr(connect, method)(**asked)

    assert call(connect, operation, asked) == "DuplicateResourceException"
    getattr(connect, method)(**{**asked, "InstanceId": new_instance(connect)})


# --- a restart, and another instance ---


class Filled:
    """An instance with one of everything, and every question about it."""

    def __init__(self, connect: Any, number: str = "+15550100007") -> None:
        self.instance = instance = new_instance(connect)
        here = {"InstanceId": instance}
        self.hours = connect.create_hours_of_operation(**here, **LEAST["CreateHoursOfOperation"])["HoursOfOperationId"]
        override = {**LEAST["CreateHoursOfOperationOverride"], "HoursOfOperationId": self.hours}
        self.override = connect.create_hours_of_operation_override(**here, **override)["HoursOfOperationOverrideId"]
        self.prompt = connect.create_prompt(**here, **LEAST["CreatePrompt"])["PromptId"]
        self.quick = connect.create_quick_connect(**here, **LEAST["CreateQuickConnect"])["QuickConnectId"]
        queue = {
            "Name": "Süd 🙂",
            "HoursOfOperationId": self.hours,
            "QuickConnectIds": [self.quick],
            "Tags": {"a": "b"},
        }
        self.queue = connect.create_queue(**here, **queue)["QueueId"]
        profile = {**LEAST["CreateRoutingProfile"], "DefaultOutboundQueueId": self.queue}
        routes = [{"QueueReference": {"QueueId": self.queue, "Channel": "VOICE"}, "Priority": 1, "Delay": 3}]
        self.profile = connect.create_routing_profile(**here, **profile, QueueConfigs=routes)["RoutingProfileId"]
        self.number = connect.claim_phone_number(**here, PhoneNumber=number)
        self.flow = connect.create_contact_flow(
            **here, Name=new_name("flow"), Type="CONTACT_FLOW", Content=FLOW, Status="SAVED"
        )["ContactFlowId"]
        connect.associate_phone_number_contact_flow(
            **here, PhoneNumberId=self.number["PhoneNumberId"], ContactFlowId=self.flow
        )
        storage = LEAST["AssociateInstanceStorageConfig"]
        self.storage = connect.associate_instance_storage_config(**here, **storage)["AssociationId"]
        connect.associate_lambda_function(**here, FunctionArn=FUNCTION)
        connect.associate_approved_origin(**here, Origin="https://example.com")
        connect.associate_lex_bot(**here, **LEAST["AssociateLexBot"])
        connect.create_integration_association(**here, **LEAST["CreateIntegrationAssociation"])

    def questions(self) -> dict[str, dict[str, Any]]:
        """Parameters by method, without the instance: all of them name something of it."""
        hours, queue, profile = {"HoursOfOperationId": self.hours}, {"QueueId": self.queue}, {
            "RoutingProfileId": self.profile
        }  # fmt: skip
        return {
            "describe_hours_of_operation": hours,
            "describe_hours_of_operation_override": {**hours, "HoursOfOperationOverrideId": self.override},
            "get_effective_hours_of_operations": {**hours, "FromDate": "2026-01-01", "ToDate": "2026-01-07"},
            "describe_prompt": {"PromptId": self.prompt},
            "describe_quick_connect": {"QuickConnectId": self.quick},
            "describe_queue": queue,
            "list_queue_quick_connects": queue,
            "describe_routing_profile": profile,
            "list_routing_profile_queues": profile,
            "describe_instance_storage_config": {"AssociationId": self.storage, "ResourceType": "ATTACHMENTS"},
        }

    def answers(self, connect: Any) -> dict[str, Any]:
        """To those questions, and to what is asked of a whole instance."""
        lists = (
            "list_lambda_functions", "list_approved_origins", "list_lex_bots", "list_integration_associations",
            "list_queues", "list_hours_of_operations", "list_routing_profiles", "list_prompts", "list_quick_connects",
            "list_phone_numbers", "list_flow_associations", "search_resource_tags",
        )  # fmt: skip
        asked = {**self.questions(), **{name: {} for name in lists}}
        found = {name: getattr(connect, name)(InstanceId=self.instance, **more) for name, more in asked.items()}
        found["number"] = connect.describe_phone_number(PhoneNumberId=self.number["PhoneNumberId"])
        return {name: {key: each for key, each in answer.items() if key != "ResponseMetadata"}
                for name, answer in found.items()}  # fmt: skip


def test_everything_is_the_same_after_a_restart(tmp_path: Path) -> None:
    first = Server(tmp_path)
    connect = first.client("connect")
    filled = Filled(connect)
    before = filled.answers(connect)
    first.stop()
    second = Server(tmp_path)
    try:
        after = filled.answers(second.client("connect"))
    finally:
        second.stop()

    assert after == before


def test_nothing_of_an_instance_is_seen_from_another(connect: Any) -> None:
    filled, other = Filled(connect), new_instance(connect)
    described = {name: code(getattr(connect, name), InstanceId=other, **asked)
                 for name, asked in filled.questions().items()}  # fmt: skip
    named = filled.answers(connect)["describe_queue"]["Queue"]["QueueArn"]

    assert set(described.values()) == {"ResourceNotFoundException"}
    assert code(connect.describe_queue, InstanceId=other, QueueId=named) == "ResourceNotFoundException"
    lists = {
        "list_lambda_functions": "LambdaFunctions", "list_quick_connects": "QuickConnectSummaryList",
        "list_phone_numbers": "PhoneNumberSummaryList", "search_resource_tags": "Tags",
        "list_integration_associations": "IntegrationAssociationSummaryList",
    }  # fmt: skip
    for listed, key in lists.items():
        assert getattr(connect, listed)(InstanceId=other)[key] == []
    hours = {"InstanceId": other, "Name": "q", "HoursOfOperationId": filled.hours}
    assert code(connect.create_queue, **hours) == "ResourceNotFoundException"
    call = {"InstanceId": other, "PhoneNumberId": filled.number["PhoneNumberId"], "ContactFlowId": filled.flow}
    assert code(connect.associate_phone_number_contact_flow, **call) == "ResourceNotFoundException"
    connect.delete_instance(InstanceId=other)
    assert filled.answers(connect)["describe_queue"]["Queue"]["Name"] == "Süd 🙂"
