"""Flow modules, views and test cases, asked by unmodified boto3."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.connect_samples import MODULE, NOBODY, TEST_CASE, VIEW, code, new_instance, new_name, refusal
from tests.server import ACCOUNT, REGION, Server

SETTINGS = json.dumps({"InputParameters": [], "Name": "Überweisung"}, ensure_ascii=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = Server(tmp_path_factory.mktemp("project"))
    yield served
    assert served.stop() == 0


@pytest.fixture(scope="module")
def connect(server: Server) -> Any:
    return server.client("connect")


@pytest.fixture(scope="module")
def instance(connect: Any) -> str:
    return new_instance(connect)


@pytest.fixture
def made(connect: Any, instance: str) -> Any:
    """Makes a module of its own for a test, and gives its id."""

    def make(**more: Any) -> str:
        asked = {"Name": new_name("module"), "Content": MODULE, **more}
        return str(connect.create_contact_flow_module(InstanceId=instance, **asked)["Id"])

    return make


def described(connect: Any, instance: str, module: str) -> Any:
    call = {"InstanceId": instance, "ContactFlowModuleId": module}
    return connect.describe_contact_flow_module(**call)["ContactFlowModule"]


# --- modules ---


def test_a_new_module_is_published_with_its_settings(connect: Any, instance: str) -> None:
    asked = {
        "Name": new_name("module"), "Description": "looks up", "Tags": {"team": "sales"}, "Settings": SETTINGS,
        "ExternalInvocationConfiguration": {"Enabled": True},
    }  # fmt: skip
    answer = connect.create_contact_flow_module(InstanceId=instance, Content=MODULE, **asked)
    found = described(connect, instance, answer["Id"])

    arn = f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/{instance}/flow-module/{answer['Id']}"
    assert found == {
        **asked, "Id": answer["Id"], "Arn": arn, "State": "ACTIVE", "Status": "PUBLISHED", "Content": MODULE,
        "FlowModuleContentSha256": hashlib.sha256(MODULE.encode()).hexdigest(),
    }  # fmt: skip
    assert answer["Arn"] == arn


def test_a_repeated_request_makes_one_module(connect: Any, instance: str) -> None:
    asked = {"InstanceId": instance, "Name": new_name("module"), "Content": MODULE, "ClientToken": new_name("token")}

    ids = {connect.create_contact_flow_module(**asked)["Id"] for _ in range(2)}
    assert len(ids) == 1
    again = {**asked, "ClientToken": new_name("token")}
    assert code(connect.create_contact_flow_module, **again) == "DuplicateResourceException"


def test_a_draft_of_a_module_has_settings_of_its_own(connect: Any, instance: str, made: Any) -> None:
    module = made(Settings=SETTINGS)
    draft = {"InstanceId": instance, "ContactFlowModuleId": f"{module}:$SAVED"}
    connect.update_contact_flow_module_content(**draft, Content="no module", Settings='{"a": 1}')
    saved, live = described(connect, instance, f"{module}:$SAVED"), described(connect, instance, module)
    assert (saved["Content"], saved["Settings"], saved["Status"]) == ("no module", '{"a": 1}', "SAVED")
    assert (live["Content"], live["Settings"], live["Status"]) == (MODULE, SETTINGS, "PUBLISHED")
    connect.update_contact_flow_module_content(InstanceId=instance, ContactFlowModuleId=module, Settings='{"b": 2}')

    found = described(connect, instance, f"{module}:$SAVED")
    assert (found["Content"], found["Settings"], found["Status"]) == (MODULE, '{"b": 2}', "PUBLISHED")


def test_a_version_of_a_module_keeps_content_and_settings(connect: Any, instance: str, made: Any) -> None:
    module = made(Settings=SETTINGS)
    call = {"InstanceId": instance, "ContactFlowModuleId": module}
    assert connect.create_contact_flow_module_version(**call, Description="first")["Version"] == 1
    alias = connect.create_contact_flow_module_alias(**call, ContactFlowModuleVersion=1, AliasName="prod")
    connect.update_contact_flow_module_content(**call, Content=MODULE.replace("end", "later"), Settings="{}")

    for name in (f"{module}:1", f"{module}:prod", alias["ContactFlowModuleArn"]):
        found = described(connect, instance, name)
        assert (found["Content"], found["Settings"], found["Version"]) == (MODULE, SETTINGS, 1)
        assert found["VersionDescription"] == "first"
    [version] = connect.list_contact_flow_module_versions(**call)["ContactFlowModuleVersionSummaryList"]
    assert version == {"Arn": f"{found['Arn']}:1", "Version": 1, "VersionDescription": "first"}
    [listed] = connect.list_contact_flow_module_aliases(**call)["ContactFlowModuleAliasSummaryList"]
    assert (listed["AliasId"], listed["AliasName"], listed["Version"]) == (alias["Id"], "prod", 1)


def test_an_alias_of_a_module_is_changed_and_deleted(connect: Any, instance: str, made: Any) -> None:
    call = {"InstanceId": instance, "ContactFlowModuleId": made()}
    connect.create_contact_flow_module_version(**call)
    id = connect.create_contact_flow_module_alias(**call, ContactFlowModuleVersion=1, AliasName="prod")["Id"]
    connect.update_contact_flow_module_alias(**call, AliasId=id, Name="live", Description="for all")
    found = connect.describe_contact_flow_module_alias(**call, AliasId=id)["ContactFlowModuleAlias"]

    assert (found["Name"], found["Description"], found["Version"]) == ("live", "for all", 1)
    in_use = {"ContactFlowModuleVersion": 1}
    assert code(connect.delete_contact_flow_module_version, **call, **in_use) == "InvalidRequestException"
    connect.delete_contact_flow_module_alias(**call, AliasId=id)
    connect.delete_contact_flow_module_version(**call, **in_use)
    assert code(connect.describe_contact_flow_module_alias, **call, AliasId=id) == "ResourceNotFoundException"


def test_modules_are_listed_and_searched_by_state(connect: Any) -> None:
    instance = new_instance(connect)
    for name in ("Sales", "Support"):
        connect.create_contact_flow_module(InstanceId=instance, Name=name, Content=MODULE)
    listed = connect.list_contact_flow_modules(InstanceId=instance)["ContactFlowModulesSummaryList"]
    call = {"InstanceId": instance, "ContactFlowModuleId": listed[0]["Id"]}
    connect.update_contact_flow_module_metadata(**call, State="ARCHIVED", Name="Old sales")

    assert [each["Name"] for each in listed] == ["Sales", "Support"]
    archived = connect.list_contact_flow_modules(InstanceId=instance, ContactFlowModuleState="ARCHIVED")
    assert [each["Name"] for each in archived["ContactFlowModulesSummaryList"]] == ["Old sales"]
    active = connect.search_contact_flow_modules(InstanceId=instance, SearchCriteria={"StateCondition": "ACTIVE"})
    assert [each["Name"] for each in active["ContactFlowModules"]] == ["Support"]
    connect.delete_contact_flow_module(**call)
    assert code(connect.describe_contact_flow_module, **call) == "ResourceNotFoundException"


def test_settings_of_a_module_are_an_object(connect: Any, instance: str) -> None:
    asked = {"InstanceId": instance, "Name": new_name("module"), "Content": MODULE}

    for settings in ("[]", "no JSON", "null"):
        assert code(connect.create_contact_flow_module, **asked, Settings=settings) == "InvalidRequestException"


def test_every_problem_of_a_module_is_told(connect: Any, instance: str) -> None:
    """P52; the member has another letter case than that of a flow."""
    module = json.loads(MODULE)
    module["Actions"][0]["Transitions"] = {"NextAction": "nowhere"}
    asked = {"InstanceId": instance, "Name": new_name("module"), "Content": json.dumps(module)}
    response = refusal(connect.create_contact_flow_module, **asked)

    assert response["Error"]["Code"] == "InvalidContactFlowModuleException"
    assert response["Problems"][0]["message"]


def test_a_module_returns_and_a_flow_passes_what_the_module_declares(connect: Any, instance: str) -> None:
    module = json.loads(MODULE)
    end = {"Identifier": "done", "Type": "EndFlowModuleExecution", "Transitions": {}, "Parameters": {"Result": "found"}}
    module |= {"StartAction": "done", "Actions": [end]}
    asked = {"InstanceId": instance, "Name": new_name("module"), "Content": json.dumps(module)}
    said = "Invalid Action property value. Path: Actions[0].Parameters.Result"
    assert refusal(connect.create_contact_flow_module, **asked)["Problems"] == [{"message": said}]
    declared = {"transitions": {"results": [{"name": "found"}]}}
    id = connect.create_contact_flow_module(**asked, Settings=json.dumps(declared))["Id"]

    call = {"Identifier": "a", "Type": "InvokeFlowModule", "Parameters": {"FlowModuleId": id, "Input": {"x": "1"}}}
    call["Transitions"] = {"NextAction": "a", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "a"}]}
    flow = {"Version": "2019-10-30", "StartAction": "a", "Actions": [call]}
    more = {"InstanceId": instance, "Name": new_name("flow"), "Type": "CONTACT_FLOW"}
    said = "Invalid Action property value. Path: Actions[0].Parameters.Input"
    assert refusal(connect.create_contact_flow, **more, Content=json.dumps(flow))["problems"] == [{"message": said}]
    del call["Parameters"]["Input"]
    assert connect.create_contact_flow(**more, Content=json.dumps(flow))["ContactFlowId"]


# --- views ---


def test_a_view_is_saved_then_published(connect: Any, instance: str) -> None:
    asked = {"InstanceId": instance, "Name": new_name("view"), "Content": VIEW, "Tags": {"team": "sales"}}
    view = connect.create_view(**asked, Status="SAVED", Description="asks")["View"]
    call = {"InstanceId": instance, "ViewId": view["Id"]}
    assert (view["Status"], view["Type"], view["Content"]) == ("SAVED", "CUSTOMER_MANAGED", VIEW)
    assert code(connect.describe_view, **call) == "ResourceNotFoundException"
    assert connect.describe_view(InstanceId=instance, ViewId=f"{view['Id']}:$SAVED")["View"]["Content"] == VIEW
    connect.update_view_content(**call, Status="PUBLISHED", Content=VIEW)
    draft = {**VIEW, "Actions": ["Back"]}
    connect.update_view_content(**call, Status="SAVED", Content=draft)

    live = connect.describe_view(**call)["View"]
    assert (live["Status"], live["Content"], live["Description"]) == ("PUBLISHED", VIEW, "asks")
    assert connect.describe_view(InstanceId=instance, ViewId=f"{view['Arn']}:$SAVED")["View"]["Content"] == draft
    assert live["Tags"] == {"team": "sales"}


def test_a_version_of_a_view_is_new_only_where_its_content_is(connect: Any, instance: str) -> None:
    view = connect.create_view(InstanceId=instance, Name=new_name("view"), Status="PUBLISHED", Content=VIEW)["View"]
    call = {"InstanceId": instance, "ViewId": view["Id"]}
    sha = view["ViewContentSha256"]
    first = connect.create_view_version(**call, VersionDescription="first", ViewContentSha256=sha)["View"]
    again = connect.create_view_version(**call)["View"]
    connect.update_view_content(**call, Status="PUBLISHED", Content={**VIEW, "Actions": ["Back"]})
    second = connect.create_view_version(**call)["View"]

    assert [each["Version"] for each in (first, again, second)] == [1, 1, 2]
    old = connect.describe_view(InstanceId=instance, ViewId=f"{view['Id']}:1")["View"]
    assert (old["Content"], old["Version"], old["VersionDescription"]) == (VIEW, 1, "first")
    assert code(connect.create_view_version, **call, ViewContentSha256=sha) == "InvalidRequestException"
    listed = connect.list_view_versions(**call)["ViewVersionSummaryList"]
    assert [each["Version"] for each in listed] == [2, 1]
    connect.delete_view_version(**call, ViewVersion=1)
    assert code(connect.describe_view, InstanceId=instance, ViewId=f"{view['Id']}:1") == "ResourceNotFoundException"


def test_views_of_aws_are_in_every_instance(connect: Any) -> None:
    instance = new_instance(connect)
    connect.create_view(InstanceId=instance, Name="A view of ours", Status="PUBLISHED", Content=VIEW)
    listed = connect.list_views(InstanceId=instance)["ViewsSummaryList"]
    form = next(each for each in listed if each["Id"] == "form")

    assert [each["Name"] for each in listed] == ["Cards", "Confirmation", "Detail", "Form", "List", "A view of ours"]
    assert form["Arn"] == f"arn:aws:connect:{REGION}:aws:view/form:1"
    found = connect.describe_view(InstanceId=instance, ViewId=form["Arn"])["View"]
    assert (found["Name"], found["Type"], found["Version"]) == ("Form", "AWS_MANAGED", 1)
    assert code(connect.delete_view, InstanceId=instance, ViewId=form["Arn"]) == "InvalidRequestException"
    ours = connect.list_views(InstanceId=instance, Type="CUSTOMER_MANAGED")["ViewsSummaryList"]
    assert [each["Name"] for each in ours] == ["A view of ours"]


def test_views_are_renamed_searched_and_deleted(connect: Any) -> None:
    instance = new_instance(connect)
    ids = [
        connect.create_view(InstanceId=instance, Name=name, Status=status, Content=VIEW)["View"]["Id"]
        for name, status in (("Sales", "SAVED"), ("Support", "PUBLISHED"))
    ]
    connect.update_view_metadata(InstanceId=instance, ViewId=ids[0], Name="Selling", Description="sells")

    saved = connect.search_views(InstanceId=instance, SearchCriteria={"ViewStatusCondition": "SAVED"})["Views"]
    assert [(each["Name"], each["Description"]) for each in saved] == [("Selling", "sells")]
    taken = {"InstanceId": instance, "ViewId": ids[0], "Name": "Support"}
    assert code(connect.update_view_metadata, **taken) == "DuplicateResourceException"
    connect.delete_view(InstanceId=instance, ViewId=ids[0])
    gone = {"InstanceId": instance, "ViewId": f"{ids[0]}:$SAVED"}
    assert code(connect.describe_view, **gone) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("status", "content"),
    [
        ("SAVED", {"Actions": []}),
        ("SAVED", {"Template": "no JSON"}),
        ("SAVED", {"Template": "[]"}),
        ("SAVED", {"Template": json.dumps({"Body": "x" * 400_000})}),
        ("PUBLISHED", {"Template": "{}"}),
    ],
)
def test_what_cannot_be_a_view_is_refused(connect: Any, instance: str, status: str, content: Any) -> None:
    asked = {"InstanceId": instance, "Name": new_name("view"), "Status": status, "Content": content}

    assert code(connect.create_view, **asked) == "InvalidParameterException"


# --- test cases ---


def test_a_test_case_has_a_draft_and_a_published_form(connect: Any, instance: str) -> None:
    entry = {"Type": "CHAT", "ChatEntryPointParameters": {"FlowId": NOBODY}}
    asked = {"Name": new_name("test"), "Description": "tries", "Content": TEST_CASE, "Tags": {"team": "sales"}}
    more = {"EntryPoint": entry, "InitializationData": '{"Attributes": {}}'}
    answer = connect.create_test_case(InstanceId=instance, **asked, **more)
    call = {"InstanceId": instance, "TestCaseId": answer["TestCaseId"]}
    connect.update_test_case(**call, Content="any text", Status="SAVED")
    live, draft = (connect.describe_test_case(**call, Status=status)["TestCase"] for status in ("PUBLISHED", "SAVED"))

    assert answer["TestCaseArn"] == live["Arn"]
    assert live["Arn"].endswith(f"/test-case/{answer['TestCaseId']}")
    assert live.items() >= {**asked, **more, "Status": "PUBLISHED"}.items()
    assert live["TestCaseSha256"] == hashlib.sha256(TEST_CASE.encode()).hexdigest()
    assert (draft["Content"], draft["Status"], draft["EntryPoint"]) == ("any text", "SAVED", entry)
    assert connect.describe_test_case(**call)["TestCase"] == live
    assert code(connect.update_test_case, **call, Status="PUBLISHED") == "InvalidTestCaseException"


def test_a_test_case_that_is_no_test_is_refused_with_its_problem(connect: Any, instance: str) -> None:
    asked = {"InstanceId": instance, "Name": new_name("test"), "Status": "PUBLISHED"}

    for content in ("no JSON", "[]", "{}", '{"Version": "2019-10-30"}'):
        response = refusal(connect.create_test_case, **asked, Content=content)
        assert response["Error"]["Code"] == "InvalidTestCaseException"
        assert response["Problems"][0]["message"] in response["Error"]["Message"]


def test_test_cases_are_listed_searched_and_deleted(connect: Any) -> None:
    instance = new_instance(connect)
    for name, status in (("Sales", "SAVED"), ("Support", "PUBLISHED")):
        connect.create_test_case(InstanceId=instance, Name=name, Status=status, Content=TEST_CASE)
    listed = connect.list_test_cases(InstanceId=instance)["TestCaseSummaryList"]
    saved = connect.search_test_cases(InstanceId=instance, SearchCriteria={"StatusCondition": "SAVED"})["TestCases"]

    assert [(each["Name"], each["Status"]) for each in listed] == [("Sales", "SAVED"), ("Support", "PUBLISHED")]
    assert [each["Name"] for each in saved] == ["Sales"]
    call = {"InstanceId": instance, "TestCaseId": listed[0]["Id"]}
    published = {**call, "Status": "PUBLISHED"}
    assert code(connect.describe_test_case, **published) == "ResourceNotFoundException"
    connect.delete_test_case(**call)
    assert code(connect.describe_test_case, **call) == "ResourceNotFoundException"
