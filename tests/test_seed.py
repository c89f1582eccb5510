"""What a server puts into its store when it starts: the project, as if the API had made it."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from offhook.adapters.lambdas.registry import Registry
from offhook.adapters.lambdas.store import Store
from offhook.adapters.store.opened import opened
from offhook.adapters.store.shelf import ACCOUNT, Record, Shelf
from offhook.api.connect_api.connect import Connect
from offhook.api.connect_api.hours import OVERRIDE
from offhook.api.instances import Instances
from offhook.api.seed import seed
from offhook.cli.flow_text import texts
from offhook.cli.project import Project, load_project
from offhook.core.calendar import is_open
from offhook.model.errors import UsageError
from offhook.model.instance import Instance, QueueRoute, derived_id
from tests.connect_samples import FLOW, MODULE
from tests.server import ACCOUNT as ACCOUNT_ID
from tests.server import PATIENCE_SECONDS, REGION, Server, environment

PROJECT = """
[instance]
alias = "shop"
[flows]
paths = ["flows/*.json"]
[flows.types]
Steps = "MODULE"
[numbers]
"+15550100001" = "Main"
[functions.lookup]
stub = 1
[hours.Office]
time_zone = "America/New_York"
monday = ["09:00-12:00", "13:00-24:00"]
friday = "22:00-02:00"
sunday = "24h"
overrides = [{ name = "Christmas", date = 2026-12-25 }, { from = 2026-12-24, to = 2027-01-02, open = "10:00-12:00" }]
[queues.Support]
hours = "Office"
max_contacts = 5
outbound_caller_id = "+15550100002"
outbound_flow = "Main"
[queues.Sales]
[routing_profiles.Basic]
queues = [{ queue = "Support", priority = 1, delay = "10s", channels = ["voice"] }, { queue = "Sales", priority = 2 }]
concurrency = { voice = 1, chat = 3 }
cross_channel = ["chat"]
outbound_queue = "Support"
[agents.jane]
routing_profile = "Basic"
first_name = "Jane"
last_name = "Doe"
[agents.jane.proficiencies]
Language = { Norwegian = 4 }
[quick_connects.Jane]
agent = "jane"
[quick_connects.Billing]
queue = "Sales"
[quick_connects.Home]
number = "+15550100009"
[prompts.Welcome]
matches = ["welcome"]
[views.Card]
matches = ["card"]
"""
LEGACY = {
    "modules": [{"id": "end", "type": "Disconnect", "branches": [], "parameters": [], "metadata": {}}],
    "version": "1", "type": "contactFlow", "start": "end", "metadata": {"name": "Old", "description": "of 2019"},
}  # fmt: skip
CLOCK = count(1_000_000, 1_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "flows").mkdir()
    (tmp_path / "offhook.toml").write_text(PROJECT)
    (tmp_path / "flows" / "Main.json").write_text(f"\n  {FLOW}\r\n", newline="")
    (tmp_path / "flows" / "Steps.json").write_text(MODULE)
    (tmp_path / "flows" / "Old.json").write_text(json.dumps(LEGACY))
    return tmp_path


def seeded(folder: Path, look: Callable[[Project, Connect], Any] = lambda project, connect: None) -> Any:
    """What `look` finds after a start; what it changes is kept."""

    async def start() -> Any:
        project = load_project(folder)
        kept = await opened("", folder / ".offhook", lambda: next(CLOCK))
        made = Connect(
            kept.shelf, ACCOUNT_ID, REGION, lambda: next(CLOCK), lambda: "x", None, None, None, None,  # type: ignore[arg-type]
        )  # fmt: skip
        try:
            await seed(made, project.instance, texts(project))
            found = look(project, made)
            await kept.shelf.commit()
            return found
        finally:
            await kept.database.close()

    return asyncio.run(start())


def rewrite(folder: Path, old: str, new: str) -> None:
    text = (folder / "offhook.toml").read_text()
    assert old in text
    (folder / "offhook.toml").write_text(text.replace(old, new))


def everything(shelf: Shelf, instance: str) -> list[Record]:
    kinds = sorted(set(shelf.kinds(instance)) | {"instance"})
    return [
        record for kind in kinds for record in (*shelf.all(ACCOUNT, kind), *shelf.all(instance, kind))
    ]  # fmt: skip


def compiled(project: Project, connect: Connect) -> Instance:
    store = Store(project.root / ".offhook" / "lambda")
    try:
        registry = Registry(store, project.functions, account=ACCOUNT_ID, region=REGION)
        return Instances(connect.shelf, registry, project.instance).compiled(project.instance.id).instance
    finally:
        store.close()


# --- what is there ---


def test_the_store_gives_the_instance_of_the_project_back(folder: Path) -> None:
    """Beside what every instance has from its beginning, and what the API must always have."""
    project, made = seeded(folder, lambda project, connect: (project, compiled(project, connect)))
    said = project.instance

    assert (made.id, made.alias, made.arn) == (said.id, "shop", said.arn)
    assert made.flows.keys() == said.flows.keys()
    assert {arn: flow.name for arn, flow in made.flows.items()} == {arn: flow.name for arn, flow in said.flows.items()}
    assert all(flow.actions == said.flows[arn].actions for arn, flow in made.flows.items())
    ours, theirs = made.hours["Office"], said.hours["Office"]
    assert (ours.time_zone, ours.week) == (theirs.time_zone, theirs.week)
    assert made.numbers == said.numbers
    assert made.agents == said.agents
    assert made.queues["Support"] == said.queues["Support"]
    assert made.queues["Sales"].hours == "Basic Hours"  # always open, as a queue without hours is
    basic, wanted = made.routing_profiles["Basic"], said.routing_profiles["Basic"]
    assert (basic.concurrency, basic.outbound_queue) == (wanted.concurrency, wanted.outbound_queue)
    assert basic.cross_channel == wanted.cross_channel
    assert basic.queues == (wanted.queues[0], QueueRoute("Sales", 2, channels=("VOICE", "CHAT")))
    assert made.quick_connects["Home"] == said.quick_connects["Home"]
    assert made.quick_connects["Jane"].agent == "jane"
    assert made.quick_connects["Billing"].flow == "Default queue transfer"
    resources = {(each.kind, each.name): each for each in made.resources}
    for each in said.resources:
        assert resources[each.kind, each.name] == each
    assert made.associated == {"lookup"}


def test_hours_of_the_store_are_open_when_those_of_the_project_are(folder: Path) -> None:
    project, made = seeded(folder, lambda project, connect: (project, compiled(project, connect)))
    hour = 3_600_000
    first = 1_798_000_000_000  # 2026-12-23

    for at_ms in range(first, first + 15 * 24 * hour, hour // 2):
        assert is_open(made.hours["Office"], at_ms) == is_open(project.instance.hours["Office"], at_ms)


def test_overrides_keep_their_order_when_they_are_read_again(folder: Path) -> None:
    """The first of two that meet counts."""
    seeded(folder)

    overrides = seeded(folder, lambda project, connect: connect.shelf.all(project.instance.id, OVERRIDE))
    assert [each.name for each in overrides] == ["Christmas", "2026-12-24"]


def test_a_project_without_anything_is_an_instance_as_new(tmp_path: Path) -> None:
    records = seeded(tmp_path, lambda project, connect: everything(connect.shelf, project.instance.id))

    names = {record.name for record in records}
    assert {"demo", "BasicQueue", "Basic Hours", "Basic Routing Profile", "Default customer queue"} <= names
    assert [record.name for record in records if record.managed] == ["demo"]


# --- starting again ---


def test_starting_again_changes_nothing(folder: Path) -> None:
    first = seeded(folder, lambda project, connect: everything(connect.shelf, project.instance.id))
    second = seeded(folder, lambda project, connect: everything(connect.shelf, project.instance.id))

    key = lambda record: (record.instance, record.kind, record.id)  # noqa: E731
    assert sorted(second, key=key) == sorted(first, key=key)
    managed = {record.kind for record in first if record.managed}
    assert {"contact-flow", "flow-module", "queue", "agent", "view", "lambda-function"} <= managed


def test_a_changed_file_changes_what_came_from_it(folder: Path) -> None:
    seeded(folder)
    (folder / "flows" / "Main.json").write_text(FLOW)
    rewrite(folder, "max_contacts = 5\n", "")
    rewrite(folder, 'first_name = "Jane"', 'first_name = "Janet"')
    flow, queue, agent = seeded(
        folder,
        lambda project, connect: [
            connect.shelf.named(project.instance.id, kind, name)
            for kind, name in (("contact-flow", "Main"), ("queue", "Support"), ("agent", "jane"))
        ],
    )

    assert (flow.body["Published"], flow.body["Revision"]) == (FLOW, 2)
    assert "MaxContacts" not in queue.body
    assert agent.body["IdentityInfo"] == {"FirstName": "Janet", "LastName": "Doe"}


def test_what_the_api_made_or_added_stays(folder: Path) -> None:
    def change(project: Project, connect: Connect) -> None:
        own = connect.shelf.named(project.instance.id, "queue", "Support")
        assert own is not None
        connect.change(own, Description="by the API", Status="DISABLED")
        connect.shelf.put(Record(instance=project.instance.id, kind="prompt", id="p", name="Theirs", body={}))

    seeded(folder, change)
    records = seeded(folder, lambda project, connect: everything(connect.shelf, project.instance.id))

    [queue] = [record for record in records if (record.kind, record.name) == ("queue", "Support")]
    assert (queue.body["Description"], queue.body["Status"]) == ("by the API", "DISABLED")
    assert "Theirs" in {record.name for record in records}


def test_what_the_api_changed_in_a_file_is_as_the_file_again(folder: Path) -> None:
    def change(project: Project, connect: Connect) -> None:
        own = connect.shelf.named(project.instance.id, "queue", "Support")
        assert own is not None
        connect.change(own, name="Renamed", MaxContacts=99)

    seeded(folder, change)

    assert seeded(folder, lambda project, connect: compiled(project, connect).queues["Support"].max_contacts) == 5


def test_what_is_no_more_in_the_project_goes_and_the_rest_stays(folder: Path) -> None:
    seeded(folder)
    (folder / "flows" / "Old.json").unlink()
    (folder / "offhook.toml").write_text('[instance]\nalias = "shop"\n[flows]\npaths = ["flows/*.json"]\n')
    records = seeded(folder, lambda project, connect: everything(connect.shelf, project.instance.id))

    left = {(record.kind, record.name) for record in records if record.managed}
    assert left == {("instance", "shop"), ("contact-flow", "Main"), ("flow-module", "Steps")}
    assert "BasicQueue" in {record.name for record in records}


def test_what_something_else_leads_to_stays_and_is_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    def lead(project: Project, connect: Connect) -> None:
        profile = connect.shelf.named(project.instance.id, "routing-profile", "Basic Routing Profile")
        queue = connect.shelf.named(project.instance.id, "queue", "Sales")
        assert profile is not None and queue is not None
        connect.change(profile, DefaultOutboundQueueId=queue.id)

    seeded(folder, lead)
    (folder / "offhook.toml").write_text('[instance]\nalias = "shop"\n')
    before = caplog.messages.copy()
    for _ in range(2):
        queue = seeded(folder, lambda project, connect: connect.shelf.named(project.instance.id, "queue", "Sales"))

    assert before == []
    assert set(caplog.messages) == {
        "queue 'Sales' is in the project no more and stays: 'Basic Routing Profile' leads to it."
    }
    assert queue.modified_ms < next(CLOCK) - 1_000 * 50


def test_a_name_that_the_api_has_taken_is_one_sentence(folder: Path) -> None:
    def take(project: Project, connect: Connect) -> None:
        connect.shelf.put(Record(instance=project.instance.id, kind="queue", id="q", name="Late", body={}))

    seeded(folder, take)
    rewrite(folder, "[queues.Sales]", "[queues.Late]\n[queues.Sales]")

    with pytest.raises(UsageError) as refused:
        seeded(folder)
    [sentence] = refused.value.problems
    assert sentence.startswith("queue 'Late': something that was made by the API has this name: q;")
    rewrite(folder, "[queues.Late]\n", "")
    seeded(folder)  # nothing was changed


def test_a_thing_of_the_project_takes_the_place_of_one_from_the_beginning(folder: Path) -> None:
    seeded(folder)
    rewrite(folder, "[queues.Sales]", "[queues.BasicQueue]\nmax_contacts = 1\n[queues.Sales]")

    made = seeded(folder, lambda project, connect: compiled(project, connect))
    [resource] = [each for each in made.resources if (each.kind, each.name) == ("queue", "BasicQueue")]
    assert resource.id == derived_id("queue", "BasicQueue")
    assert made.queues["BasicQueue"].max_contacts == 1
    assert made.routing_profiles["Basic Routing Profile"].outbound_queue == "BasicQueue"


def test_a_default_flow_that_was_replaced_comes_back(folder: Path) -> None:
    def default(project: Project, connect: Connect) -> Any:
        found = connect.shelf.named(project.instance.id, "contact-flow", "Default customer hold")
        assert found is not None
        return found.managed, found.body["Published"], found.body["IsDefault"]

    first = seeded(folder, default)
    named = {**json.loads(FLOW), "Metadata": {"name": "Default customer hold", "type": "customerHold"}}
    (folder / "flows" / "hold.json").write_text(json.dumps(named))
    second = seeded(folder, default)
    (folder / "flows" / "hold.json").unlink()

    assert second == (True, json.dumps(named), True)
    assert seeded(folder, default) == first != second


# --- by the API ---


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("project")
    (root / "flows").mkdir()
    (root / "offhook.toml").write_text(PROJECT + '[server]\ndatabase = "kept/here.db"\n')
    (root / "flows" / "Main.json").write_bytes(f"\n  {FLOW}\r\n".encode())
    (root / "flows" / "Steps.json").write_text(MODULE)
    (root / "flows" / "Old.json").write_text(json.dumps(LEGACY))
    served = Server(root)
    yield served
    served.stop()


def test_the_api_shows_the_project(server: Server) -> None:
    connect = server.client("connect")
    instance = server.ready["instance"]["id"]
    flows = {each["Name"]: each for each in connect.list_contact_flows(InstanceId=instance)["ContactFlowSummaryList"]}

    assert (server.ready["instance"]["alias"], server.ready["flows"]) == ("shop", len(flows))
    main = connect.describe_contact_flow(InstanceId=instance, ContactFlowId=flows["Main"]["Id"])["ContactFlow"]
    assert main["Content"] == f"\n  {FLOW}\r\n"
    old = connect.describe_contact_flow(InstanceId=instance, ContactFlowId=flows["Old"]["Id"])["ContactFlow"]
    assert json.loads(old["Content"])["Version"] == "2019-10-30"
    assert old["Description"] == "of 2019"
    [number] = connect.list_phone_numbers_v2(InstanceId=instance, PhoneNumberPrefix="+15550100001")[
        "ListPhoneNumbersSummaryList"
    ]
    assert connect.describe_phone_number(PhoneNumberId=number["PhoneNumberId"])["ClaimedPhoneNumberSummary"]
    [user] = connect.list_users(InstanceId=instance)["UserSummaryList"]
    found = connect.describe_user(InstanceId=instance, UserId=user["Id"])["User"]
    assert (found["Username"], found["PhoneConfig"]["PhoneType"]) == ("jane", "SOFT_PHONE")
    assert len(connect.list_lambda_functions(InstanceId=instance)["LambdaFunctions"]) == 1
    for kind, summary in (
        ("hours_of_operations", "HoursOfOperationSummaryList"), ("queues", "QueueSummaryList"),
        ("routing_profiles", "RoutingProfileSummaryList"), ("quick_connects", "QuickConnectSummaryList"),
        ("prompts", "PromptSummaryList"), ("views", "ViewsSummaryList"),
        ("contact_flow_modules", "ContactFlowModulesSummaryList"),
    ):  # fmt: skip
        assert getattr(connect, f"list_{kind}")(InstanceId=instance)[summary]


def test_the_database_of_the_project_is_where_it_says(server: Server) -> None:
    assert (server.folder / "kept" / "here.db").is_file()
    assert not (server.folder / ".offhook" / "offhook.db").exists()


# --- databases that cannot be used ---


def refusal(folder: Path, database: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "offhook", "serve", "--port", "0", "--database", database], cwd=folder,
        env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    [sentence] = done.stderr.splitlines()
    return sentence


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "newer.db"
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    connection.commit()
    connection.close()

    assert refusal(tmp_path, "newer.db").endswith("was written by a newer offhook (revision 9999); update this one.")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("text.db", "text.db: file is not a database."),
        ("folder", "unable to open database file."),
        ("text.db/below.db", "cannot be opened: File exists."),
        ("mysql://here/db", "mysql://here/db: must begin with sqlite:// or postgresql://."),
    ],
)
def test_what_is_no_database_is_one_sentence(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "text.db").write_text("this is no database, and long enough to tell\n" * 100)
    (tmp_path / "folder").mkdir()

    assert refusal(tmp_path, name).endswith(said)


def test_a_file_that_may_not_be_read_is_one_sentence(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (tmp_path / "own.db").touch(mode=0o000)

    assert "own.db" in refusal(tmp_path, "own.db")
