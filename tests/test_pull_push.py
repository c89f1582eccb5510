"""Whole instances between two endpoints: `offhook pull` and `offhook push`, by a real server.

Cases P51, P52, P54, P56, P58, P59 and P60: what people met when they moved flows between instances and Regions.
"""

import json
import os
import socket
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import create_loader
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.cli.mirror import token
from offhook.cli.mirror.filename import decoded, encoded
from offhook.cli.mirror.thing import Copy, Thing
from tests.command_line import Called, call
from tests.connect_samples import FLOW, MODULE, VIEW, new_instance, refusal
from tests.server import ACCOUNT, REGION, ROLE, Server, package

NAMES = [
    "Default customer queue 2", "A/B %20 test", "受付", "Main", "main", "MAIN", ".hidden", "..", "ends.", " spaces ",
    "x" * 127, "ü" * 127, "q\\u0022 \"quoted\" \\", "${queue:Support}", "%2F", "a:b*c?", "Grüße 🙂",
]  # fmt: skip
LOADER = create_loader()
END = {"Identifier": "end", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
NINE = {"Hours": 9, "Minutes": 0}
FIVE = {"Hours": 17, "Minutes": 0}
MONDAY = [{"Day": "MONDAY", "StartTime": NINE, "EndTime": FIVE}]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = Server(tmp_path_factory.mktemp("project"))
    yield served
    assert served.stop() == 0


@pytest.fixture(scope="module")
def connect(server: Server) -> Any:
    return server.client("connect")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in [key for key in os.environ if key.upper().startswith(("AWS_", "HTTP"))]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # a process reads botocore's models once; here many calls are one process
    monkeypatch.setattr("botocore.session.create_loader", lambda paths: LOADER)


def flow_of(kind: str, **parameters: Any) -> str:
    """A flow of one action, with the errors that Connect asks for."""
    errors = [{"NextAction": "end", "ErrorType": "NoMatchingError"}]
    action = {
        "Identifier": "a", "Type": kind, "Parameters": parameters,
        "Transitions": {"NextAction": "end", "Errors": errors, "Conditions": []},
    }  # fmt: skip
    return json.dumps({"Version": "2019-10-30", "StartAction": "a", "Metadata": {}, "Actions": [action, END]})


def create(connect: Any, instance: str, name: str, content: str, **more: Any) -> Any:
    asked = {"Name": name, "Type": "CONTACT_FLOW", "Content": content, **more}
    return connect.create_contact_flow(InstanceId=instance, **asked)


def flows(connect: Any, instance: str) -> dict[str, Any]:
    """By name, as they are published; of one that is not, its draft."""
    found = {}
    for each in (
        connect.get_paginator("list_contact_flows").paginate(InstanceId=instance).search("ContactFlowSummaryList[]")
    ):
        id = each["Id"] + (":$SAVED" if each["ContactFlowStatus"] == "SAVED" else "")
        found[each["Name"]] = connect.describe_contact_flow(InstanceId=instance, ContactFlowId=id)["ContactFlow"]
    return found


def pull(server: Server, instance: str, folder: Path) -> Called:
    return call("pull", "--from", server.url, "--instance", instance, "--to", str(folder))


def push(server: Server, folder: Path, instance: str, *words: str) -> Called:
    return call("push", str(folder), "--to", server.url, "--instance", instance, *words)


def said(called: Called) -> Any:
    return json.loads(called.out)


def nothing_to_do(server: Server, folder: Path, instance: str) -> bool:
    found = said(push(server, folder, instance, "--json"))
    return bool(found["steps"] == found["unresolved"] == found["failed"] == [] and found["unchanged"])


# --- a whole instance ---


@pytest.fixture(scope="module")
def rich(connect: Any, server: Server) -> str:
    """An instance with one of everything, in circles wherever circles can be."""
    instance = new_instance(connect)
    functions = server.client("lambda")
    code = {"ZipFile": package({"app.py": "def handler(event, context):\n    return {}\n"})}
    functions.create_function(
        FunctionName="lookup", Runtime="python3.11", Role=ROLE, Handler="app.handler", Code=code, Publish=True
    )
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:lookup"
    connect.associate_lambda_function(InstanceId=instance, FunctionArn=f"{function}:1")
    connect.update_instance_attribute(InstanceId=instance, AttributeType="CONTACTFLOW_LOGS", Value="true")
    hours = connect.create_hours_of_operation(
        InstanceId=instance, Name="Büro / office", TimeZone="Europe/Oslo", Config=MONDAY, Tags={"team": "ivr"}
    )["HoursOfOperationId"]
    connect.create_hours_of_operation_override(
        InstanceId=instance, HoursOfOperationId=hours, Name="Christmas", Config=[], EffectiveFrom="2026-12-25",
        EffectiveTill="2026-12-26",
    )  # fmt: skip
    view = connect.create_view(InstanceId=instance, Name="Card", Status="PUBLISHED", Content=VIEW)["View"]
    one = create(connect, instance, "One", FLOW, Status="SAVED")
    queue = connect.create_queue(
        InstanceId=instance, Name="Support", HoursOfOperationId=hours, MaxContacts=7,
        OutboundCallerConfig={"OutboundCallerIdName": "Shop", "OutboundFlowId": one["ContactFlowId"]},
    )  # fmt: skip
    two = create(connect, instance, "Two", flow_of("TransferToFlow", ContactFlowId=one["ContactFlowArn"]))
    circle = flow_of("TransferToFlow", ContactFlowId=two["ContactFlowArn"])
    connect.update_contact_flow_content(InstanceId=instance, ContactFlowId=one["ContactFlowId"], Content=circle)
    create(connect, instance, "Queue", flow_of("UpdateContactTargetQueue", QueueId=queue["QueueArn"]))
    create(connect, instance, "By id", flow_of("UpdateContactTargetQueue", QueueId=queue["QueueId"]))
    create(connect, instance, "Hours", flow_of("CheckHoursOfOperation", HoursOfOperationId=hours), Status="SAVED")
    lookup = flow_of("InvokeLambdaFunction", LambdaFunctionARN=f"{function}:1", InvocationTimeLimitSeconds="3")
    create(connect, instance, "Lookup", lookup)
    create(connect, instance, "Text", flow_of("MessageParticipant", Text="${queue:Support} $${queue:Support}"))
    create(connect, instance, "View", flow_of("ShowView", ViewResource={"Id": view["Arn"]}), Status="SAVED")
    create(connect, instance, "Draft", '{"nothing": "yet"}', Status="SAVED")
    module = connect.create_contact_flow_module(InstanceId=instance, Name="Steps", Content=MODULE)
    create(connect, instance, "Module", flow_of("InvokeFlowModule", FlowModuleId=module["Id"]), Status="SAVED")
    profile = connect.create_routing_profile(
        InstanceId=instance, Name="Agents", Description="of the shop", DefaultOutboundQueueId=queue["QueueId"],
        MediaConcurrencies=[{"Channel": "VOICE", "Concurrency": 1}],
        QueueConfigs=[
            {"QueueReference": {"QueueId": queue["QueueId"], "Channel": "VOICE"}, "Priority": 2, "Delay": 5}
        ],
    )["RoutingProfileId"]  # fmt: skip
    [security] = [
        each["Id"]
        for each in connect.list_security_profiles(InstanceId=instance)["SecurityProfileSummaryList"]
        if each["Name"] == "Agent"
    ]
    user = connect.create_user(
        InstanceId=instance, Username="jane", Password="Secret123", RoutingProfileId=profile,
        SecurityProfileIds=[security], IdentityInfo={"FirstName": "Jane", "LastName": "Doe"},
        PhoneConfig={"PhoneType": "SOFT_PHONE", "AutoAccept": False},
    )["UserId"]  # fmt: skip
    config = {"QuickConnectType": "USER", "UserConfig": {"UserId": user, "ContactFlowId": one["ContactFlowId"]}}
    transfer = connect.create_quick_connect(InstanceId=instance, Name="To Jane", QuickConnectConfig=config)
    connect.associate_queue_quick_connects(
        InstanceId=instance, QueueId=queue["QueueId"], QuickConnectIds=[transfer["QuickConnectId"]]
    )
    for name in NAMES:
        create(connect, instance, name, FLOW)
    return instance


@pytest.fixture(scope="module")
def pulled(server: Server, rich: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pulled") / "here"
    done = pull(server, rich, folder)
    assert (done.code, done.err) == (0, "")
    return folder


def test_files_have_names_in_place_of_ids(pulled: Path, rich: str) -> None:
    text = "".join(path.read_text() for path in pulled.rglob("*.json") if path.name != "instance.json")
    references = json.loads((pulled / "references.json").read_text())

    assert f'"QueueId": "{"${queue:Support}"}"' in (pulled / "flows" / "Queue.json").read_text()
    assert f'"QueueId": "{"${queue-id:Support}"}"' in (pulled / "flows" / "By id.json").read_text()
    assert '"${function:lookup}:1"' in (pulled / "flows" / "Lookup.json").read_text()
    queues = json.loads((pulled / "queues.json").read_text())
    assert queues["Support"]["HoursOfOperationId"] == "${hours:Büro / office}"
    assert references["names"]["${queue:Support}"].startswith(
        f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/{rich}/queue/"
    )
    without = text.replace((pulled / "references.json").read_text(), "")
    assert f"instance/{rich}" not in without


def test_the_first_time_it_is_only_shown(server: Server, connect: Any, pulled: Path) -> None:
    other = new_instance(connect)
    before = connect.list_contact_flows(InstanceId=other)["ContactFlowSummaryList"]
    shown = push(server, pulled, other)

    assert shown.code == 0
    assert "Would make or change" in shown.out
    assert connect.list_contact_flows(InstanceId=other)["ContactFlowSummaryList"] == before


@pytest.fixture(scope="module")
def copied(server: Server, connect: Any, pulled: Path) -> str:
    other = new_instance(connect)
    done = push(server, pulled, other, "--apply", "--json")
    assert (done.code, done.err, said(done)["unresolved"], said(done)["failed"]) == (0, "", [], [])
    return other


def test_a_copy_of_the_copy_is_the_same_files(server: Server, pulled: Path, copied: str, tmp_path: Path) -> None:
    """Whatever the ids are: names, contents and all that leads to something."""
    assert pull(server, copied, tmp_path / "again").code == 0

    def files(folder: Path) -> dict[str, bytes]:
        paths = (path for path in folder.rglob("*.json") if path.name not in ("instance.json", "references.json"))
        return {str(path.relative_to(folder)): path.read_bytes() for path in paths}

    assert files(tmp_path / "again") == files(pulled)


def test_flows_lead_to_what_is_in_their_own_instance(connect: Any, rich: str, copied: str) -> None:
    mine, theirs = flows(connect, rich), flows(connect, copied)

    assert theirs.keys() == mine.keys()
    for name, flow in theirs.items():
        assert (flow["Type"], flow["Status"]) == (mine[name]["Type"], mine[name]["Status"])
        assert f"instance/{rich}" not in flow["Content"]
    [action, _] = json.loads(theirs["One"]["Content"])["Actions"]
    assert action["Parameters"]["ContactFlowId"] == theirs["Two"]["Arn"]
    [action, _] = json.loads(theirs["Two"]["Content"])["Actions"]
    assert action["Parameters"]["ContactFlowId"] == theirs["One"]["Arn"]


def test_the_second_time_there_is_nothing_to_do(server: Server, pulled: Path, copied: str) -> None:
    again = push(server, pulled, copied, "--apply")

    assert (again.code, again.err) == (0, "")
    assert again.out.startswith("Nothing to do: ")
    assert nothing_to_do(server, pulled, copied)


def test_names_survive_files(pulled: Path, connect: Any, copied: str) -> None:
    """P60: the copy stopped at a name with %20 in it."""
    assert set(NAMES) <= flows(connect, copied).keys()
    names = [path.name for path in (pulled / "flows").rglob("*.json")]
    assert {"A%2FB %2520 test.json", "受付.json", "%2Ehidden.json"} <= set(names)
    assert len({name.casefold() for name in names}) == len(names)


def test_a_change_is_made_and_shown_by_member(server: Server, connect: Any, pulled: Path, tmp_path: Path) -> None:
    other = new_instance(connect)
    folder = tmp_path / "own"
    push(server, pulled, other, "--apply")
    pull(server, other, folder)
    for name, old, new in (
        ("queues.json", '"MaxContacts": 7', '"MaxContacts": 8'), ("hours.json", "2026-12-26", "2026-12-27"),
        ("routing-profiles.json", '"Priority": 2', '"Priority": 3'), ("users.json", "Jane", "Janet"),
        ("flows/Queue.json", "Support", "BasicQueue"), ("attributes.json", '"EARLY_MEDIA": {\n    "Value": "true"',
         '"EARLY_MEDIA": {\n    "Value": "false"'), ("views.json", "State", "Status"),
        ("modules/Steps.json", '"end"', '"stop"'), ("hours.json", '"ivr"', '"desk"'),
    ):  # fmt: skip
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))
    done = push(server, folder, other, "--apply", "--json")

    assert (done.code, said(done)["failed"]) == (0, [])
    changed = {(step["kind"], step["name"]): step["members"] for step in said(done)["steps"]}
    assert changed == {
        ("attribute", "EARLY_MEDIA"): ["Value"], ("hours", "Büro / office"): ["Tags", "Overrides"],
        ("view", "Card"): ["Content"], ("queue", "Support"): ["MaxContacts"],
        ("routing-profile", "Agents"): ["QueueConfigs"], ("user", "jane"): ["IdentityInfo"],
        ("module", "Steps"): ["content"], ("flow", "Queue"): ["content"],
    }  # fmt: skip
    assert nothing_to_do(server, folder, other)


def test_one_kind_can_be_moved_alone_and_what_only_the_target_has_stays(
    server: Server, connect: Any, pulled: Path
) -> None:
    other = new_instance(connect)
    connect.create_hours_of_operation(InstanceId=other, Name="Theirs", TimeZone="UTC", Config=MONDAY)
    done = said(push(server, pulled, other, "--only", "hours", "--apply", "--json"))

    assert [(step["kind"], step["name"]) for step in done["steps"]] == [("hours", "Büro / office")]
    there = connect.list_hours_of_operations(InstanceId=other)["HoursOfOperationSummaryList"]
    assert {each["Name"] for each in there} == {"Basic Hours", "Büro / office", "Theirs"}


def test_flows_that_are_no_more_leave_the_folder(server: Server, connect: Any, tmp_path: Path) -> None:
    instance = new_instance(connect)
    made = create(connect, instance, "a/b", FLOW)
    pull(server, instance, tmp_path)
    (tmp_path / "flows" / "mine.txt").write_text("stays")
    connect.delete_contact_flow(InstanceId=instance, ContactFlowId=made["ContactFlowId"])
    pull(server, instance, tmp_path)

    assert not (tmp_path / "flows" / "a%2Fb.json").exists()
    assert (tmp_path / "flows" / "mine.txt").exists()


def test_modules_that_lead_to_each_other_are_moved(server: Server, connect: Any, tmp_path: Path) -> None:
    instance, other = new_instance(connect), new_instance(connect)
    ids = {
        name: connect.create_contact_flow_module(InstanceId=instance, Name=name, Content=MODULE)["Id"]
        for name in ("A", "B")
    }
    (tmp_path / "modules").mkdir()
    for name, next_name in (("A", "B"), ("B", "A")):
        document = json.loads(MODULE)
        document["Metadata"] = {"ActionMetadata": {"end": {"of": ids[next_name]}}}
        connect.update_contact_flow_module_content(
            InstanceId=instance, ContactFlowModuleId=ids[name], Content=json.dumps(document)
        )
    pull(server, instance, tmp_path)
    done = push(server, tmp_path, other, "--apply")

    assert (done.code, done.err) == (0, "")
    assert nothing_to_do(server, tmp_path, other)


# --- what leads nowhere ---


def folder_of(path: Path, contents: dict[str, str]) -> Path:
    """Flows from elsewhere, without anything beside them."""
    (path / "flows").mkdir(parents=True)
    for name, content in contents.items():
        (path / "flows" / f"{name}.json").write_text(content)
    return path


def elsewhere(kind: str, number: int = 1) -> str:
    return (
        f"arn:aws:connect:ap-northeast-1:999988887777:instance/{number:08d}-1111-4111-8111-111111111111/{kind}/"
        f"{number:08d}-2222-4222-8222-222222222222"
    )


def test_p59_ids_of_another_region_are_resolved_by_the_names_beside_them(
    server: Server, connect: Any, tmp_path: Path
) -> None:
    """With a name the flow leads to the thing of that name; without, it is listed and not published."""
    instance = new_instance(connect)
    named = json.loads(flow_of("UpdateContactTargetQueue", QueueId=elsewhere("queue")))
    named["Metadata"] = {"ActionMetadata": {"a": {"parameters": {"QueueId": {"displayName": "BasicQueue"}}}}}
    bare = flow_of("UpdateContactTargetQueue", QueueId=elsewhere("queue", 2))
    done = push(server, folder_of(tmp_path, {"Named": json.dumps(named), "Bare": bare}), instance, "--apply", "--json")

    assert done.code == 1
    [loose] = said(done)["unresolved"]
    assert (loose["kind"], loose["name"]) == ("flow", "Bare")
    assert elsewhere("queue", 2) in loose["reason"]
    there = flows(connect, instance)
    assert (there["Named"]["Status"], there["Bare"]["Status"]) == ("PUBLISHED", "SAVED")
    assert f"instance/{instance}/queue/" in there["Named"]["Content"]
    assert said(push(server, tmp_path, instance, "--json"))["steps"] == []


def test_p59_functions_of_another_region_are_those_of_the_same_name(
    server: Server, connect: Any, rich: str, tmp_path: Path
) -> None:
    instance = new_instance(connect)
    contents = {
        name: flow_of(
            "InvokeLambdaFunction", InvocationTimeLimitSeconds="3",
            LambdaFunctionARN=f"arn:aws:lambda:ap-northeast-1:999988887777:function:{name}",
        )
        for name in ("lookup", "nobody")
    }  # fmt: skip
    done = push(server, folder_of(tmp_path, contents), instance, "--apply")

    assert done.code == 1
    assert done.err == "offhook: flow 'nobody' leads to ${function:nobody}, which is not there.\n"
    assert f"lambda:{REGION}:{ACCOUNT}:function:lookup" in flows(connect, instance)["lookup"]["Content"]


def test_what_leads_to_what_is_left_out_is_left_out_too(server: Server, connect: Any, tmp_path: Path) -> None:
    instance = new_instance(connect)
    (tmp_path / "queues.json").write_text('{"Q": {"HoursOfOperationId": "${hours:None}"}}')
    contents = {"F": flow_of("UpdateContactTargetQueue", QueueId="${queue:Q}")}
    done = push(server, folder_of(tmp_path, contents), instance, "--json")

    assert done.code == 1
    reasons = {each["name"]: each["reason"] for each in said(done)["unresolved"]}
    assert reasons == {
        "Q": "leads to ${hours:None}, which is not there", "F": "leads to ${queue:Q}, which is not there"
    }  # fmt: skip


def test_p58_two_maps_make_two_renderings_of_one_flow(server: Server, connect: Any, tmp_path: Path) -> None:
    """The names behave alike everywhere: pulled from either, the file is the same."""
    folder = folder_of(tmp_path / "own", {"F": flow_of("UpdateContactTargetQueue", QueueId="${queue:Support}")})
    contents, files = [], []
    for name in ("test", "production"):
        instance = new_instance(connect)
        [hours] = connect.list_hours_of_operations(InstanceId=instance)["HoursOfOperationSummaryList"]
        queue = connect.create_queue(InstanceId=instance, Name="Support", HoursOfOperationId=hours["Id"])
        (tmp_path / f"{name}.json").write_text(json.dumps({"${queue:Support}": queue["QueueArn"]}))
        done = push(server, folder, instance, "--map", str(tmp_path / f"{name}.json"), "--apply")
        assert (done.code, done.err) == (0, "")
        contents.append(flows(connect, instance)["F"]["Content"])
        assert queue["QueueArn"] in contents[-1]
        pull(server, instance, tmp_path / name)
        files.append((tmp_path / name / "flows" / "F.json").read_bytes())

    assert contents[0] != contents[1]
    assert files[0] == files[1] == (folder / "flows" / "F.json").read_bytes()


def test_a_map_decides_about_names_and_arns(server: Server, connect: Any, tmp_path: Path) -> None:
    instance = new_instance(connect)
    bot = "arn:aws:lex:us-east-1:111122223333:bot-alias/ABCDEFGHIJ/TSTALIASID"
    connect.associate_bot(InstanceId=instance, LexV2Bot={"AliasArn": bot})
    old = "arn:aws:lex:eu-west-2:999988887777:bot-alias/KLMNOPQRST/TSTALIASID"
    document = json.loads(FLOW)
    document["Metadata"] = {"bot": old, "queue": "${queue:Old name}"}
    folder = folder_of(tmp_path / "own", {"F": json.dumps(document)})
    [queue] = connect.list_queues(InstanceId=instance, QueueTypes=["STANDARD"])["QueueSummaryList"]
    given = {old: bot, "${queue:Old name}": queue["Arn"]}
    (tmp_path / "map.json").write_text(json.dumps(given))

    assert push(server, folder, instance).code == 1
    assert push(server, folder, instance, "--map", str(tmp_path / "map.json"), "--apply").code == 0
    assert json.loads(flows(connect, instance)["F"]["Content"])["Metadata"] == {"bot": bot, "queue": queue["Arn"]}


def test_what_cannot_be_made_by_the_api_is_listed(server: Server, connect: Any, tmp_path: Path) -> None:
    instance = new_instance(connect)
    (tmp_path / "prompts.json").write_text('{"Hello": {}, "Music": {"S3Uri": "s3://bucket/music.wav"}}')
    (tmp_path / "phone-numbers.json").write_text('{"+15550100077": {}}')
    (tmp_path / "functions.json").write_text('{"nobody": {}}')
    (tmp_path / "users.json").write_text('{"joe": {}}')
    done = push(server, tmp_path, instance, "--apply")

    assert done.code == 1
    assert done.err.splitlines() == [
        "offhook: function 'nobody' is not among the functions there; deploy it first.",
        "offhook: prompt 'Hello' has no \"S3Uri\" in prompts.json, where its audio would be taken from.",
        "offhook: user 'joe' has no routing profile or no security profile, and cannot be created without.",
        "offhook: phone-number '+15550100077' is not claimed there; numbers are claimed by hand.",
    ]
    assert "Music" in {each["Name"] for each in connect.list_prompts(InstanceId=instance)["PromptSummaryList"]}


def test_a_number_that_is_claimed_leads_to_its_flow(server: Server, connect: Any, tmp_path: Path) -> None:
    instance = new_instance(connect)
    number = connect.claim_phone_number(InstanceId=instance, PhoneNumber="+15550100088")
    (tmp_path / "phone-numbers.json").write_text('{"+15550100088": {"ContactFlowId": "${flow:Main}"}}')
    done = push(server, tmp_path, instance, "--apply")
    assert done.code == 1
    folder_of(tmp_path, {"Main": FLOW})
    assert push(server, tmp_path, instance, "--apply").code == 0

    [led] = connect.list_flow_associations(InstanceId=instance)["FlowAssociationSummaryList"]
    assert led["ResourceId"] == number["PhoneNumberArn"]
    assert led["FlowId"] == flows(connect, instance)["Main"]["Arn"]


def test_files_may_say_little(server: Server, connect: Any, tmp_path: Path) -> None:
    """As those of an instance that came out of offhook.toml do."""
    instance = new_instance(connect)
    profile = {
        "DefaultOutboundQueueId": "${queue:BasicQueue}", "MediaConcurrencies": [{"Channel": "VOICE", "Concurrency": 1}],
        "QueueConfigs": [],
    }  # fmt: skip
    (tmp_path / "routing-profiles.json").write_text(json.dumps({"Bare": profile}))
    (tmp_path / "views.json").write_text(json.dumps({"Card": {"Status": "SAVED", "Content": {"Template": "{}"}}}))

    assert push(server, tmp_path, instance, "--apply").code == 0
    assert nothing_to_do(server, tmp_path, instance)


def test_what_is_no_request_is_a_failure_of_one_thing(server: Server, connect: Any, tmp_path: Path) -> None:
    instance = new_instance(connect)
    queues = {
        "Wrong": {"HoursOfOperationId": "${hours:Basic Hours}", "MaxContacts": "many"},
        "Right": {"HoursOfOperationId": "${hours:Basic Hours}"},
    }  # fmt: skip
    (tmp_path / "queues.json").write_text(json.dumps(queues))
    done = push(server, tmp_path, instance, "--apply")

    [sentence] = done.err.splitlines()
    assert done.code == 1
    assert sentence.startswith("offhook: queue 'Wrong': create: CreateQueue: ParamValidation: Invalid type for")
    assert "Right" in {each.get("Name") for each in connect.list_queues(InstanceId=instance)["QueueSummaryList"]}


# --- what is refused ---


def test_p51_old_exports_are_read_here_and_refused_by_the_api(server: Server, connect: Any, tmp_path: Path) -> None:
    module = {"id": "end", "type": "Disconnect", "branches": [], "parameters": [], "metadata": {}}
    old = {
        "modules": [module], "version": "1", "type": "contactFlow", "start": "end", "metadata": {"name": "Old"},
    }  # fmt: skip
    instance = new_instance(connect)

    found = refusal(
        connect.create_contact_flow, InstanceId=instance, Name="F", Type="CONTACT_FLOW", Content=json.dumps(old)
    )
    assert found["Error"]["Code"] == "InvalidContactFlowException"
    assert "old export format" in found["problems"][0]["message"]
    assert push(server, folder_of(tmp_path, {"file": json.dumps(old)}), instance, "--apply").code == 0
    assert json.loads(flows(connect, instance)["Old"]["Content"])["Version"] == "2019-10-30"


def test_p52_every_problem_of_a_flow_is_named(server: Server, connect: Any, tmp_path: Path) -> None:
    """A client shows them, and so does push; the flow is there as a draft."""
    instance = new_instance(connect)
    wrong = json.loads(flow_of("UpdateContactTargetQueue", QueueId="${queue:BasicQueue}"))
    wrong["Actions"][0]["Transitions"]["Errors"] = []
    found = refusal(
        connect.create_contact_flow, InstanceId=instance, Name="F", Type="CONTACT_FLOW", Content=json.dumps(wrong)
    )
    done = push(server, folder_of(tmp_path, {"F": json.dumps(wrong)}), instance, "--apply")

    message = "Action is missing required error. Error: NoMatchingError, Path: Actions[0]"
    assert message in [each["message"] for each in found["problems"]]
    assert done.code == 1
    assert "flow 'F': publish: UpdateContactFlowContent: InvalidContactFlowException" in done.err
    assert message in done.err
    assert flows(connect, instance)["F"]["Status"] == "SAVED"


def test_p54_drafts_may_lead_nowhere_and_are_not_published(connect: Any) -> None:
    instance = new_instance(connect)
    content = flow_of("TransferToFlow", ContactFlowId=elsewhere("contact-flow"))
    made = create(connect, instance, "F", content, Status="SAVED")["ContactFlowId"]

    found = refusal(connect.update_contact_flow_content, InstanceId=instance, ContactFlowId=made, Content=content)
    assert found["Error"]["Code"] == "InvalidContactFlowException"
    saved = connect.describe_contact_flow(InstanceId=instance, ContactFlowId=f"{made}:$SAVED")["ContactFlow"]
    assert (saved["Content"], saved["Status"]) == (content, "SAVED")


def test_p56_a_type_is_never_changed(server: Server, connect: Any, tmp_path: Path) -> None:
    instance = new_instance(connect)
    create(connect, instance, "F", FLOW, Type="CUSTOMER_QUEUE")
    (tmp_path / "flows.json").write_text('{"F": {"Type": "CONTACT_FLOW", "Status": "PUBLISHED"}}')
    done = push(server, folder_of(tmp_path, {"F": FLOW}), instance, "--apply")

    assert done.code == 1
    assert "is of type CONTACT_FLOW here and CUSTOMER_QUEUE there; no type can be changed" in done.err
    assert "recreates it" in done.err
    assert flows(connect, instance)["F"]["Type"] == "CUSTOMER_QUEUE"


# --- bad input ---


def test_bad_calls_are_one_sentence(server: Server, connect: Any, tmp_path: Path) -> None:
    instance = new_instance(connect)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    good, to = folder_of(tmp_path / "good", {"F": FLOW}), str(tmp_path / "to")
    (tmp_path / "map.json").write_text('{"queue": "arn"}')
    broken = folder_of(tmp_path / "broken", {"F": FLOW})
    (broken / "queues.json").write_text("[1]")
    absent = folder_of(tmp_path / "absent", {"F": FLOW})
    (absent / "flows.json").write_text('{"F": {}, "G": {}}')
    (tmp_path / "file").write_text("")
    for called, expected in (
        (pull(server, "nobody", tmp_path / "to"), "--instance 'nobody': there is no such instance; there is: "),
        (call("pull", "--from", "ftp://x", "--instance", "i", "--to", to), "--from 'ftp://x': must be aws, or a URL"),
        (call("pull", "--from", "aws", "--instance", "i", "--to", to), "--from aws: give --region, or set AWS_REGION."),
        (
            call("pull", "--from", f"http://127.0.0.1:{port}", "--instance", instance, "--to", to),
            f"Could not connect to the endpoint URL: \"http://127.0.0.1:{port}",
        ),
        (pull(server, instance, tmp_path / "file"), "file"),
        (push(server, tmp_path / "none", instance), "there is no such folder."),
        (push(server, tmp_path, instance), "holds no instance; `offhook pull` writes one."),
        (push(server, good, instance, "--map", str(tmp_path / "map.json")), "'queue' is neither a token such as"),
        (push(server, good, instance, "--only", "queues"), "--only 'queues': must be one of attribute, "),
        (push(server, broken, instance), "queues.json: must be an object."),
        (push(server, absent, instance), "flows.json: 'G' has no file in "),
    ):  # fmt: skip
        assert (called.code, called.out) == (2, "")
        [sentence] = called.err.splitlines()
        assert expected in sentence


# --- names and tokens ---

ANY_TEXT = st.text(st.characters(exclude_categories=()), min_size=1, max_size=255)


@settings(max_examples=50)
@given(st.sets(ANY_TEXT | st.sampled_from(NAMES), min_size=1, max_size=8))
def test_any_name_is_a_file_name_and_comes_back(names: set[str]) -> None:
    paths = encoded(names)

    assert {decoded(path) for path in paths.values()} == names
    assert all(decoded(path) == name for name, path in paths.items())
    assert len({unicodedata.normalize("NFD", path).casefold() for path in paths.values()}) == len(names)
    for path in paths.values():
        assert all(part and len(f"{part}.json".encode()) <= 255 for part in path.split("/"))
        assert not any(part in (".", "..") for part in path.split("/"))


IDS = [f"{number:08d}-1111-4111-8111-111111111111" for number in range(4)]
COPY = Copy(
    id=IDS[0], arn=f"arn:aws:connect:us-east-1:111122223333:instance/{IDS[0]}", alias="a",
    things=(
        Thing(kind="queue", name='a}"%', id=IDS[1], arn="x"), Thing(kind="user", name="受付", id=IDS[2], arn="x"),
        Thing(kind="function", name="f:live", arn="arn:aws:lambda:us-east-1:111122223333:function:f:live"),
    ),
)  # fmt: skip
PIECES = [
    f"{COPY.arn}/queue/{IDS[1]}", f"{COPY.arn}/queue/agent/{IDS[2]}", IDS[1], IDS[3], f"{COPY.arn}/queue/{IDS[3]}",
    "arn:aws:lambda:us-east-1:111122223333:function:f:live", "arn:aws:lambda:eu-west-1:111122223333:function:f",
    "arn:aws:connect:us-east-1:aws:view/form:1", COPY.arn, IDS[0], "${queue:x}", "$${queue:x}", "${other}", "$", "{",
]  # fmt: skip


@settings(max_examples=50)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=6))
def test_tokens_go_back_to_what_they_stood_for(pieces: list[str]) -> None:
    text = json.dumps({"a": "".join(pieces), "b": pieces})
    names = token.names_of(COPY)
    tokenised = token.tokenised(text, names)

    json.loads(tokenised)
    assert token.resolved(tokenised, names) == text


def test_only_what_the_instance_has_becomes_a_token() -> None:
    text = json.dumps(PIECES)

    assert json.loads(token.tokenised(text, token.names_of(COPY))) == [
        "${queue:a%7D%22%25}", "${user-queue:受付}", "${queue-id:a%7D%22%25}", IDS[3], f"{COPY.arn}/queue/{IDS[3]}",
        "${function:f}:live", "arn:aws:lambda:eu-west-1:111122223333:function:f", "${aws-view:form}:1",
        "${instance:arn}", "${instance:id}", "$${queue:x}", "$$${queue:x}", "${other}", "$", "{",
    ]  # fmt: skip
