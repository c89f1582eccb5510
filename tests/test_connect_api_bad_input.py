"""What cannot be asked of flows, modules, views, users and test cases: every operation, made from AWS's own model."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

from offhook.api.connect_api import (
    agent_status,
    contact_flow,
    flow_alias,
    flow_module,
    flow_version,
    hierarchy,
    predefined_attribute,
    proficiency,
    security_profile,
    test_case,
    user,
    user_search,
    view,
)
from tests.connect_samples import FLOW, MODULE, NOBODY, TEST_CASE, VIEW, code, new_instance, new_name
from tests.server import Server

SUBJECTS = (
    agent_status, contact_flow, flow_alias, flow_module, flow_version, hierarchy, predefined_attribute, proficiency,
    security_profile, test_case, user, user_search, view,
)  # fmt: skip
BUILT = sorted(name for subject in SUBJECTS for name in subject.OPERATIONS)
MODEL = ServiceModel(Loader().load_service_model("connect", "service-2"), "connect")
# What must be there, or must make sense, for an operation to come as far as to look for something
PER_OPERATION: dict[str, Any] = {
    "CreateContactFlow": {"Content": FLOW},
    "UpdateContactFlowContent": {"Content": FLOW},
    "CreateContactFlowModule": {"Content": MODULE},
    "CreateTestCase": {"Content": TEST_CASE},
    "CreateView": {"Content": VIEW},
    "UpdateViewContent": {"Content": VIEW},
    "CreateUser": {"Password": "Passw0rd!", "IdentityInfo": {"FirstName": "a", "LastName": "b"}},
    "UpdateContactFlowModuleContent": {"Content": MODULE},
    "UpdateViewMetadata": {"Description": "d"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = Server(tmp_path_factory.mktemp("project"))
    yield served
    assert served.stop() == 0


@pytest.fixture(scope="module")
def connect(server: Server) -> Any:
    """Sends whatever it is told to."""
    return server.client("connect", parameter_validation=False)


@pytest.fixture(scope="module")
def instance(connect: Any) -> str:
    return new_instance(connect)


def sample(shape: Any, name: str) -> Any:
    """The least value that the model takes; ids are those of nobody."""
    if "enum" in shape.metadata:
        return shape.metadata["enum"][0]
    match shape.type_name:
        case "structure":
            return {member: sample(shape.members[member], member) for member in shape.required_members}
        case "list":
            return [sample(shape.member, name.removesuffix("s"))]
        case "string":
            return NOBODY if name.endswith("Id") else new_name("x")[:10]
        case "boolean":
            return True
        case _:
            return 1


def least(operation: str, instance: str) -> dict[str, Any]:
    """The parameters without which an operation cannot be asked for, and what we need beside them."""
    shape = MODEL.operation_model(operation).input_shape
    asked = {name: sample(shape.members[name], name) for name in shape.required_members}
    return {**asked, **PER_OPERATION.get(operation, {}), "InstanceId": instance}


def call_of(connect: Any, operation: str) -> Any:
    return getattr(connect, xform_name(operation))


def members(operation: str, *, enumerations: bool) -> list[str]:
    """Those of the body that are required, or that are one of some words."""
    shape = MODEL.operation_model(operation).input_shape
    in_body = {name: member for name, member in shape.members.items() if "location" not in member.serialization}
    if enumerations:
        return [name for name, member in in_body.items() if "enum" in member.metadata]
    return [name for name in shape.required_members if name in in_body]


def is_of_all(operation: str) -> bool:
    """Whether it is about all things of the instance, not about one that must be there first."""
    return list(MODEL.operation_model(operation).input_shape.required_members) == ["InstanceId"]


REQUIRED = [(operation, name) for operation in BUILT for name in members(operation, enumerations=False)]
WORDS = [(operation, name) for operation in BUILT for name in members(operation, enumerations=True)]


@pytest.mark.parametrize(("operation", "name"), REQUIRED)
def test_what_is_required_must_be_there(connect: Any, instance: str, operation: str, name: str) -> None:
    asked = least(operation, instance)
    del asked[name]

    assert code(call_of(connect, operation), **asked) == "InvalidParameterException"


@pytest.mark.parametrize(("operation", "name"), WORDS)
def test_a_word_must_be_one_that_aws_knows(connect: Any, instance: str, operation: str, name: str) -> None:
    asked = {**least(operation, instance), name: "NONE_OF_THEM"}

    assert code(call_of(connect, operation), **asked) == "InvalidParameterException"


@pytest.mark.parametrize("operation", BUILT)
def test_an_unknown_instance_is_not_found(connect: Any, operation: str) -> None:
    assert code(call_of(connect, operation), **least(operation, NOBODY)) == "ResourceNotFoundException"


@pytest.mark.parametrize("operation", [name for name in BUILT if not name.startswith(("List", "Search", "Create"))])
def test_an_unknown_thing_is_not_found(connect: Any, instance: str, operation: str) -> None:
    """The hierarchy has a structure in every instance."""
    asked = least(operation, instance)
    if operation.endswith("UserHierarchyStructure"):
        assert call_of(connect, operation)(**asked)["ResponseMetadata"]["HTTPStatusCode"] == 200
        return

    assert code(call_of(connect, operation), **asked) == "ResourceNotFoundException"


@pytest.mark.parametrize("operation", [name for name in BUILT if name.startswith("Search")])
def test_a_field_that_is_not_there_is_not_searched(connect: Any, instance: str, operation: str) -> None:
    condition = {"FieldName": "shoe size", "Value": "x", "ComparisonType": "CONTAINS"}
    asked = {"InstanceId": instance, "SearchCriteria": {"StringCondition": condition}}

    assert code(call_of(connect, operation), **asked) == "InvalidParameterException"


@pytest.mark.parametrize("operation", [name for name in BUILT if name.startswith("List") and is_of_all(name)])
def test_a_token_of_somebody_elses_is_refused(connect: Any, instance: str, operation: str) -> None:
    asked = {"InstanceId": instance, "NextToken": "bm90IG91cnM="}
    assert code(call_of(connect, operation), **asked) == "InvalidParameterException"


def everything(connect: Any, instance: str) -> dict[str, tuple[str, str]]:
    """One thing of each kind: the operation that describes it, and by which member, to its id."""
    call = {"InstanceId": instance}
    profiles = connect.list_routing_profiles(**call)["RoutingProfileSummaryList"]
    security = connect.list_security_profiles(**call)["SecurityProfileSummaryList"]
    connect.update_user_hierarchy_structure(**call, HierarchyStructure={"LevelOne": {"Name": "Country"}})
    user = {"Username": "u", "RoutingProfileId": profiles[0]["Id"], "SecurityProfileIds": [security[0]["Id"]]}
    flow = connect.create_contact_flow(**call, Name="f", Type="CONTACT_FLOW", Content=FLOW)
    module = connect.create_contact_flow_module(**call, Name="m", Content=MODULE)
    view = connect.create_view(**call, Name="v", Status="PUBLISHED", Content=VIEW)["View"]
    case = connect.create_test_case(**call, Name="t", Content=TEST_CASE)
    status = connect.create_agent_status(**call, Name="s", State="ENABLED")
    group = connect.create_user_hierarchy_group(**call, Name="g")
    agent = connect.create_user(**call, **user, **PER_OPERATION["CreateUser"])
    return {
        "DescribeContactFlow": ("ContactFlowId", flow["ContactFlowArn"]),
        "DescribeContactFlowModule": ("ContactFlowModuleId", module["Arn"]),
        "DescribeView": ("ViewId", view["Arn"]),
        "DescribeTestCase": ("TestCaseId", case["TestCaseArn"]),
        "DescribeAgentStatus": ("AgentStatusId", status["AgentStatusARN"]),
        "DescribeSecurityProfile": ("SecurityProfileId", security[0]["Arn"]),
        "DescribeUserHierarchyGroup": ("HierarchyGroupId", group["HierarchyGroupArn"]),
        "DescribeUser": ("UserId", agent["UserArn"]),
    }


def test_nothing_of_one_instance_is_there_in_another(connect: Any) -> None:
    """Neither by its id nor by its ARN; in its own instance it is there by both, and takes tags."""
    own, other = new_instance(connect), new_instance(connect)

    for operation, (member, arn) in everything(connect, own).items():
        call = call_of(connect, operation)
        for text in (arn, arn.rpartition("/")[2]):
            assert code(call, InstanceId=other, **{member: text}) == "ResourceNotFoundException", operation
            assert call(InstanceId=own, **{member: text})["ResponseMetadata"]["HTTPStatusCode"] == 200
        connect.tag_resource(resourceArn=arn, tags={"team": "sales"})
        found = call(InstanceId=own, **{member: arn})
        [described] = [value for name, value in found.items() if name != "ResponseMetadata"]
        assert described["Tags"] == {"team": "sales"}, operation


def test_a_deleted_instance_takes_everything_with_it(connect: Any) -> None:
    instance = new_instance(connect)
    things = everything(connect, instance)
    connect.delete_instance(InstanceId=instance)

    for operation, (member, arn) in things.items():
        asked = {"InstanceId": instance, member: arn}
        assert code(call_of(connect, operation), **asked) == "ResourceNotFoundException"
