"""Contact flows, their versions and aliases, asked by unmodified boto3."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.connect_samples import FLOW, NOBODY, code, new_instance, new_name, refusal
from tests.server import ACCOUNT, REGION, Server

TEXTS = [FLOW, FLOW.replace("end", "Grüße, 世界 🙂"), f"\n\t {FLOW}\r\n  ", json.dumps(json.loads(FLOW), indent=4)]


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
    """Makes a flow of its own for a test, and gives its id."""

    def make(content: str = FLOW, **more: Any) -> str:
        asked = {"Name": new_name("flow"), "Type": "CONTACT_FLOW", "Content": content, **more}
        return str(connect.create_contact_flow(InstanceId=instance, **asked)["ContactFlowId"])

    return make


def described(connect: Any, instance: str, flow: str) -> Any:
    return connect.describe_contact_flow(InstanceId=instance, ContactFlowId=flow)["ContactFlow"]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_new_flow_is_published_and_active(connect: Any, instance: str) -> None:
    asked = {"Name": new_name("flow"), "Type": "CUSTOMER_QUEUE", "Description": "waits", "Tags": {"team": "sales"}}
    answer = connect.create_contact_flow(InstanceId=instance, Content=FLOW, **asked)
    found = described(connect, instance, answer["ContactFlowId"])

    arn = f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/{instance}/contact-flow/{answer['ContactFlowId']}"
    assert answer["ContactFlowArn"] == found["Arn"] == arn
    assert answer["FlowContentSha256"] == found["FlowContentSha256"] == sha256(FLOW)
    assert found.items() >= {**asked, "State": "ACTIVE", "Status": "PUBLISHED", "Content": FLOW}.items()
    assert found["LastModifiedRegion"] == REGION
    assert "Version" not in found
    assert described(connect, instance, arn) == found


@pytest.mark.parametrize("text", TEXTS)
def test_content_comes_back_byte_for_byte(connect: Any, instance: str, made: Any, text: str) -> None:
    flow = made(text, Status="SAVED")

    found = described(connect, instance, f"{flow}:$SAVED")
    assert (found["Content"], found["FlowContentSha256"]) == (text, sha256(text))


def test_content_and_all_around_it_is_the_same_after_a_restart(tmp_path: Path) -> None:
    first = Server(tmp_path)
    connect = first.client("connect")
    instance = new_instance(connect)
    flows = []
    for number, text in enumerate(TEXTS):
        asked = {"Name": f"flow {number}", "Type": "CONTACT_FLOW", "Content": text, "Status": "SAVED"}
        flows.append(connect.create_contact_flow(InstanceId=instance, **asked)["ContactFlowId"])
    published = {"InstanceId": instance, "ContactFlowId": flows[0]}
    connect.update_contact_flow_content(Content=FLOW, **published)
    connect.create_contact_flow_version(**published)
    connect.create_contact_flow_alias(ContactFlowVersion=1, AliasName="prod", **published)
    before = [described(connect, instance, f"{flow}:$SAVED") for flow in flows]
    assert first.stop() == 0
    second = Server(tmp_path)
    connect = second.client("connect")
    after = [described(connect, instance, f"{flow}:$SAVED") for flow in flows]
    of_alias = described(connect, instance, f"{flows[0]}:prod")
    assert second.stop() == 0

    assert after == before
    assert [flow["Content"] for flow in after] == TEXTS
    assert (of_alias["Content"], of_alias["Version"]) == (FLOW, 1)


# --- saved and published ---


def test_what_is_saved_may_be_nonsense(connect: Any, instance: str, made: Any) -> None:
    """P54."""
    flow = made("no flow at all {", Status="SAVED")

    assert code(connect.describe_contact_flow, InstanceId=instance, ContactFlowId=flow) == (
        "ContactFlowNotPublishedException"
    )
    found = described(connect, instance, f"{flow}:$SAVED")
    assert (found["Status"], found["Content"]) == ("SAVED", "no flow at all {")


def test_a_draft_stands_beside_what_is_published_until_it_is(connect: Any, instance: str, made: Any) -> None:
    flow = made()
    draft = FLOW.replace("end", "later")
    connect.update_contact_flow_content(InstanceId=instance, ContactFlowId=f"{flow}:$SAVED", Content=draft)
    live, saved = described(connect, instance, flow), described(connect, instance, f"{flow}:$SAVED")
    assert (live["Content"], live["Status"]) == (FLOW, "PUBLISHED")
    assert (saved["Content"], saved["Status"]) == (draft, "SAVED")
    connect.update_contact_flow_content(InstanceId=instance, ContactFlowId=flow, Content=draft)

    for name in (flow, f"{flow}:$SAVED", f"{flow}:$LATEST"):
        found = described(connect, instance, name)
        assert (found["Content"], found["Status"]) == (draft, "PUBLISHED")


@pytest.mark.parametrize("content", ["", "x" * 256_001])
def test_content_has_a_length(connect: Any, instance: str, content: str) -> None:
    asked = {"InstanceId": instance, "Name": new_name("flow"), "Type": "CONTACT_FLOW", "Content": content}

    assert code(connect.create_contact_flow, **asked, Status="SAVED") == "InvalidParameterException"


def test_the_type_never_changes(connect: Any, instance: str, made: Any) -> None:
    """P56: no operation takes another one, and what a client sends beside the model is ignored."""
    flow = made(Type="QUEUE_TRANSFER")
    inputs = ("UpdateContactFlowContent", "UpdateContactFlowMetadata", "UpdateContactFlowName")
    members = {name for operation in inputs for name in connect.meta.service_model.operation_model(operation).input_shape.members}  # noqa: E501  # fmt: skip
    connect.update_contact_flow_metadata(InstanceId=instance, ContactFlowId=flow, Description="other")

    assert not {"Type", "ContactFlowType"} & members
    assert described(connect, instance, flow)["Type"] == "QUEUE_TRANSFER"


def test_a_flow_that_is_refused_is_not_made(connect: Any, instance: str) -> None:
    name = new_name("flow")
    asked = {"InstanceId": instance, "Name": name, "Type": "CONTACT_FLOW", "Content": "{}"}
    with pytest.raises(connect.exceptions.ClientError):
        connect.create_contact_flow(**asked)

    listed = connect.list_contact_flows(InstanceId=instance, MaxResults=1000)["ContactFlowSummaryList"]
    assert name not in [each["Name"] for each in listed]


# --- metadata ---


def test_names_differ_within_an_instance_only(connect: Any, instance: str, made: Any) -> None:
    flow = made(Name="the only one")
    asked = {"Name": "the only one", "Type": "CONTACT_FLOW", "Content": FLOW}
    other = made()

    assert code(connect.create_contact_flow, InstanceId=instance, **asked) == "DuplicateResourceException"
    rename = {"InstanceId": instance, "ContactFlowId": other, "Name": "the only one"}
    assert code(connect.update_contact_flow_name, **rename) == "DuplicateResourceException"
    connect.update_contact_flow_name(InstanceId=instance, ContactFlowId=flow, Name="the only one")
    connect.create_contact_flow(InstanceId=new_instance(connect), **asked)


def test_a_flow_is_renamed_described_and_archived(connect: Any, instance: str, made: Any) -> None:
    flow = made(Description="before")
    call = {"InstanceId": instance, "ContactFlowId": flow}
    connect.update_contact_flow_name(**call, Name=f"renamed {flow}", Description="after")
    connect.update_contact_flow_metadata(**call, ContactFlowState="ARCHIVED")
    found = described(connect, instance, flow)
    assert (found["Name"], found["Description"], found["State"]) == (f"renamed {flow}", "after", "ARCHIVED")
    assert found["Content"] == FLOW
    connect.update_contact_flow_metadata(**call, ContactFlowState="ACTIVE", Description="")

    found = described(connect, instance, flow)
    assert (found["State"], found["Description"]) == ("ACTIVE", "")


def test_a_deleted_flow_is_gone_with_its_versions_and_aliases(connect: Any, instance: str, made: Any) -> None:
    flow = made()
    call = {"InstanceId": instance, "ContactFlowId": flow}
    connect.create_contact_flow_version(**call)
    alias = connect.create_contact_flow_alias(**call, ContactFlowVersion=1, AliasName="prod")["Id"]
    connect.delete_contact_flow(**call)

    for name in (flow, f"{flow}:1", f"{flow}:{alias}", f"{flow}:$SAVED"):
        asked = {"InstanceId": instance, "ContactFlowId": name}
        assert code(connect.describe_contact_flow, **asked) == "ResourceNotFoundException"
    assert code(connect.list_contact_flow_versions, **call) == "ResourceNotFoundException"


# --- lists and searches ---


def test_flows_are_listed_by_type_and_in_pages(connect: Any) -> None:
    instance = new_instance(connect)
    before = len(connect.list_contact_flows(InstanceId=instance)["ContactFlowSummaryList"])
    for number in range(5):
        kind, status = ("CONTACT_FLOW", "SAVED") if number % 2 else ("QUEUE_TRANSFER", "PUBLISHED")
        asked = {"Name": f"my flow {number}", "Type": kind, "Content": FLOW, "Status": status}
        connect.create_contact_flow(InstanceId=instance, **asked)
    pages = connect.get_paginator("list_contact_flows").paginate(InstanceId=instance, PaginationConfig={"PageSize": 2})
    listed = [flow for page in pages for flow in page["ContactFlowSummaryList"]]
    types = connect.list_contact_flows(InstanceId=instance, ContactFlowTypes=["CONTACT_FLOW", "CAMPAIGN"])

    assert len(listed) == len({flow["Id"] for flow in listed}) == before + 5
    mine = [flow for flow in types["ContactFlowSummaryList"] if flow["Name"].startswith("my flow")]
    assert [flow["Name"] for flow in mine] == ["my flow 1", "my flow 3"]
    assert {(flow["ContactFlowStatus"], flow["ContactFlowState"]) for flow in mine} == {("SAVED", "ACTIVE")}


def test_flows_are_searched_by_name_type_status_and_tags(connect: Any) -> None:
    instance = new_instance(connect)
    for name, kind, status, tags in (
        ("Sales in", "CONTACT_FLOW", "PUBLISHED", {"team": "sales"}),
        ("Sales out", "CAMPAIGN", "SAVED", {"team": "sales"}),
        ("Support", "CONTACT_FLOW", "SAVED", {"team": "support"}),
    ):
        asked = {"Name": name, "Type": kind, "Status": status, "Content": FLOW, "Tags": tags}
        connect.create_contact_flow(InstanceId=instance, **asked)

    def search(criteria: Any = None, filters: Any = None) -> list[str]:
        more = {"SearchCriteria": criteria} if criteria else {}
        more |= {"SearchFilter": filters} if filters else {}
        found = connect.search_contact_flows(InstanceId=instance, **more)
        assert found["ApproximateTotalCount"] == len(found["ContactFlows"])
        return [flow["Name"] for flow in found["ContactFlows"]]

    named = {"StringCondition": {"FieldName": "Name", "Value": "sales", "ComparisonType": "CONTAINS"}}
    assert search(named) == ["Sales in", "Sales out"]
    assert search({"AndConditions": [named, {"TypeCondition": "CONTACT_FLOW"}]}) == ["Sales in"]
    assert search({"StatusCondition": "SAVED"}) == ["Sales out", "Support"]
    assert search({"StateCondition": "ARCHIVED"}) == []
    team = {"TagKey": "team", "TagValue": "support"}
    assert search(None, {"TagFilter": {"TagCondition": team}}) == ["Support"]
    campaign = {"ContactFlowTypeCondition": {"ContactFlowType": "CAMPAIGN"}}
    either = {"OrConditions": [{"TagConditions": [team]}, campaign]}
    assert search(None, {"FlowAttributeFilter": either}) == ["Sales out", "Support"]
    assert search(None, {"FlowAttributeFilter": {"AndCondition": {"TagConditions": [team], **campaign}}}) == []


# --- versions and aliases ---


def test_a_version_keeps_what_was_published(connect: Any, instance: str, made: Any) -> None:
    flow = made()
    call = {"InstanceId": instance, "ContactFlowId": flow}
    first = connect.create_contact_flow_version(**call, Description="first", FlowContentSha256=sha256(FLOW))
    changed = FLOW.replace("end", "later")
    connect.update_contact_flow_content(**call, Content=changed)
    second = connect.create_contact_flow_version(**call)
    connect.update_contact_flow_content(InstanceId=instance, ContactFlowId=f"{flow}:$SAVED", Content="draft")

    arn = described(connect, instance, flow)["Arn"]
    assert [each["Version"] for each in (first, second)] == [1, 2]
    assert second["ContactFlowArn"] == f"{arn}:2"
    one = described(connect, instance, f"{arn}:1")
    assert (one["Content"], one["Version"], one["VersionDescription"]) == (FLOW, 1, "first")
    assert described(connect, instance, f"{flow}:2")["Content"] == changed
    listed = connect.list_contact_flow_versions(**call)["ContactFlowVersionSummaryList"]
    assert [each["Arn"] for each in listed] == [f"{arn}:2", f"{arn}:1"]


def test_a_version_is_made_of_what_is_published_only(connect: Any, instance: str, made: Any) -> None:
    flow = made()
    call = {"InstanceId": instance, "ContactFlowId": flow}
    draft = {"InstanceId": instance, "ContactFlowId": made(Status="SAVED")}

    wrong = {"FlowContentSha256": "0" * 64}
    assert code(connect.create_contact_flow_version, **call, **wrong) == "InvalidRequestException"
    assert code(connect.create_contact_flow_version, **draft) == "InvalidRequestException"
    assert code(connect.describe_contact_flow, InstanceId=instance, ContactFlowId=f"{flow}:1") == (
        "ResourceNotFoundException"
    )


def test_numbers_of_versions_are_never_given_twice(connect: Any, instance: str, made: Any) -> None:
    call = {"InstanceId": instance, "ContactFlowId": made()}
    connect.create_contact_flow_version(**call)
    connect.create_contact_flow_version(**call)
    connect.delete_contact_flow_version(**call, ContactFlowVersion=2)

    assert connect.create_contact_flow_version(**call)["Version"] == 3
    assert connect.create_contact_flow_version(**call, ContactFlowVersion=7)["Version"] == 7
    again = {**call, "ContactFlowVersion": 7}
    assert code(connect.create_contact_flow_version, **again) == "InvalidParameterException"
    assert code(connect.delete_contact_flow_version, **call, ContactFlowVersion=2) == "ResourceNotFoundException"


def test_an_alias_leads_where_it_is_told(connect: Any, instance: str, made: Any) -> None:
    flow = made()
    call = {"InstanceId": instance, "ContactFlowId": flow}
    connect.create_contact_flow_version(**call)
    changed = FLOW.replace("end", "later")
    connect.update_contact_flow_content(**call, Content=changed)
    connect.create_contact_flow_version(**call)
    made_alias = connect.create_contact_flow_alias(**call, AliasName="prod", ContactFlowVersion=1, Description="live")
    alias = {**call, "AliasId": made_alias["Id"]}
    contents = {described(connect, instance, f"{flow}:{name}")["Content"] for name in ("prod", made_alias["Id"])}
    assert contents == {described(connect, instance, made_alias["ContactFlowArn"])["Content"]} == {FLOW}
    connect.update_contact_flow_alias(**alias, ContactFlowVersion=2)

    assert described(connect, instance, f"{flow}:prod")["Content"] == changed
    found = connect.describe_contact_flow_alias(**alias)["ContactFlowAlias"]
    assert found.items() >= {
        "ContactFlowId": flow, "AliasId": made_alias["Id"], "Version": 2, "Name": "prod", "Description": "live",
    }.items()  # fmt: skip
    [listed] = connect.list_contact_flow_aliases(**call)["ContactFlowAliasSummaryList"]
    assert (listed["AliasName"], listed["Version"], listed["Arn"]) == ("prod", 2, made_alias["ContactFlowArn"])


def test_what_an_alias_leads_to_stays_until_the_alias_is_gone(connect: Any, instance: str, made: Any) -> None:
    call = {"InstanceId": instance, "ContactFlowId": made()}
    connect.create_contact_flow_version(**call)
    alias = connect.create_contact_flow_alias(**call, AliasName="prod", ContactFlowVersion=1)["Id"]

    assert code(connect.delete_contact_flow_version, **call, ContactFlowVersion=1) == "InvalidRequestException"
    missing = {"AliasName": "next", "ContactFlowVersion": 9}
    assert code(connect.create_contact_flow_alias, **call, **missing) == "ResourceNotFoundException"
    same = {"AliasName": "prod", "ContactFlowVersion": 1}
    assert code(connect.create_contact_flow_alias, **call, **same) == "DuplicateResourceException"
    connect.delete_contact_flow_alias(**call, AliasId=alias)
    connect.delete_contact_flow_version(**call, ContactFlowVersion=1)
    assert connect.list_contact_flow_versions(**call)["ContactFlowVersionSummaryList"] == []


def test_only_the_draft_and_the_whole_are_changed(connect: Any, instance: str, made: Any) -> None:
    flow = made()
    connect.create_contact_flow_version(InstanceId=instance, ContactFlowId=flow)
    version = {"InstanceId": instance, "ContactFlowId": f"{flow}:1"}

    assert code(connect.update_contact_flow_content, **version, Content=FLOW) == "InvalidRequestException"
    assert code(connect.delete_contact_flow, **version) == "InvalidRequestException"
    assert described(connect, instance, f"{flow}:1")["Content"] == FLOW


# --- publishing ---


def test_every_problem_of_a_flow_is_told(connect: Any, instance: str) -> None:
    """P52: a list with a sentence for each, and the first of them where clients print the error."""
    flow = json.loads(FLOW)
    flow["Actions"][0] = {"Identifier": "end", "Type": "Wait", "Parameters": {"Nothing": "x"}, "Transitions": {}}
    asked = {"InstanceId": instance, "Name": new_name("flow"), "Type": "CONTACT_FLOW", "Content": json.dumps(flow)}
    with pytest.raises(connect.exceptions.InvalidContactFlowException) as caught:
        connect.create_contact_flow(**asked)

    problems = [problem["message"] for problem in caught.value.response["problems"]]
    assert 1 <= len(problems) <= 50
    assert all(0 < len(problem) <= 256 for problem in problems)
    assert problems[0] in str(caught.value)
    assert "Parameters.Nothing" in " ".join(problems)


def test_a_reference_to_nothing_is_refused_at_publish_only(connect: Any, instance: str, made: Any) -> None:
    """P54."""
    target = made()
    arn = described(connect, instance, target)["Arn"]

    def transfer(to: str) -> str:
        errors = [{"NextAction": "end", "ErrorType": "NoMatchingError"}]
        steps = {"NextAction": "end", "Errors": errors}
        flow = json.loads(FLOW)
        action = {"Identifier": "go", "Type": "TransferToFlow", "Parameters": {"ContactFlowId": to}}
        actions = [{**action, "Transitions": steps}, *flow["Actions"]]
        return json.dumps({**flow, "StartAction": "go", "Actions": actions})

    nowhere = transfer(arn.replace(target, NOBODY))
    flow = made(nowhere, Status="SAVED")
    call = {"InstanceId": instance, "ContactFlowId": flow}
    assert code(connect.update_contact_flow_content, **call, Content=nowhere) == "InvalidContactFlowException"
    assert code(connect.update_contact_flow_content, **call, Content=transfer(f"{arn}:9")) == (
        "InvalidContactFlowException"
    )
    connect.update_contact_flow_content(**call, Content=transfer(arn))
    assert described(connect, instance, flow)["Status"] == "PUBLISHED"


def test_an_old_export_is_refused_by_its_name(connect: Any, instance: str) -> None:
    """P51."""
    old = json.dumps({"modules": [], "version": "1", "type": "contactFlow", "start": "a", "metadata": {}})
    asked = {"InstanceId": instance, "Name": new_name("flow"), "Type": "CONTACT_FLOW", "Content": old}
    response = refusal(connect.create_contact_flow, **asked)

    assert response["Error"]["Code"] in ("InvalidContactFlowException", "InvalidRequestException")
    assert "export" in str(response)


def test_a_template_in_the_arn_of_a_function_is_refused(connect: Any, instance: str, made: Any) -> None:
    """P12."""

    def invoke(arn: str) -> str:
        parameters = {"LambdaFunctionARN": arn, "InvocationTimeLimitSeconds": "3"}
        errors = [{"NextAction": "end", "ErrorType": "NoMatchingError"}]
        steps = {"NextAction": "end", "Errors": errors}
        action = {"Identifier": "fn", "Type": "InvokeLambdaFunction", "Parameters": parameters, "Transitions": steps}
        flow = json.loads(FLOW)
        return json.dumps({**flow, "StartAction": "fn", "Actions": [action, *flow["Actions"]]})

    flow = made(invoke("$.Attributes.fnArn"))
    mixed = invoke("arn:aws:lambda:$.AwsRegion:111122223333:function:f")
    call = {"InstanceId": instance, "ContactFlowId": flow}
    assert code(connect.update_contact_flow_content, **call, Content=mixed) == "InvalidContactFlowException"


# --- default flows ---


def test_default_flows_are_there_and_could_be_published_as_they_are(connect: Any) -> None:
    instance = new_instance(connect)
    listed = connect.list_contact_flows(InstanceId=instance)["ContactFlowSummaryList"]
    types = [each["ContactFlowType"] for each in listed]

    assert len(types) == len(set(types)) == 8
    for each in listed:
        call = {"InstanceId": instance, "ContactFlowId": each["Id"]}
        content = described(connect, instance, each["Id"])["Content"]
        connect.update_contact_flow_content(**call, Content=content)
        assert code(connect.delete_contact_flow, **call) == "InvalidRequestException"
        archive = {**call, "ContactFlowState": "ARCHIVED"}
        assert code(connect.update_contact_flow_metadata, **archive) == "InvalidRequestException"


# --- isolation ---


def test_nothing_is_seen_from_another_instance(connect: Any, instance: str, made: Any) -> None:
    flow = made(Name="isolated")
    arn = described(connect, instance, flow)["Arn"]
    other = new_instance(connect)

    for name in (flow, arn, f"{flow}:$SAVED"):
        asked = {"InstanceId": other, "ContactFlowId": name}
        assert code(connect.describe_contact_flow, **asked) == "ResourceNotFoundException"
        assert code(connect.update_contact_flow_content, **asked, Content=FLOW) == "ResourceNotFoundException"
    assert code(connect.delete_contact_flow, InstanceId=other, ContactFlowId=flow) == "ResourceNotFoundException"
    names = [each["Name"] for each in connect.list_contact_flows(InstanceId=other)["ContactFlowSummaryList"]]
    assert "isolated" not in names
    assert described(connect, instance, flow)["Content"] == FLOW
