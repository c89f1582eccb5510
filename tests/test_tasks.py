"""Contacts that flows begin: tasks, now, later and out of templates, and chats with a first message."""

from typing import Any

import pytest

from offhook.adapters.services import Services
from offhook.core.trace import encode
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.customer import Script
from offhook.model.contact import Contact
from offhook.model.flow import Action, Flow
from offhook.model.instance import Instance

from .stage import BYE, CONTACT_ID, START_MS, Played, Stubs, action, compiled, contact, flow, say

INSTANCE = Instance()
WRONG = {"NoMatchingError": "wrong"}
TASKS = INSTANCE.resource("flow", "Tasks")
AFTER = (say("after", "task $.Task.ContactId"), say("wrong", "wrong"), BYE)
SEEN = "$.Channel $.Name, $.Description, $.Attributes.order, $.References.page.Value, $.RelatedContactId"
NEW = flow(
    action("new", "UpdateContactAttributes", {"Attributes": {"seen": SEEN}}, then="bye", errors=WRONG),
    say("wrong", "wrong"),
    BYE,
    arn=TASKS.arn,
    name="Tasks",
)


def task(then: str = "after", **raw: Any) -> Action:
    plain = {"Name": "Call $.Attributes.name", "ContactFlowId": "Tasks"}
    kept = {name: value for name, value in {**plain, **raw}.items() if value is not None}
    return action("begin", "CreateTask", kept, then=then, errors=WRONG)


def lives(*flows: Flow, inputs: tuple[str, ...] = (), described: dict[str, Any] | None = None, **fields: Any) -> Any:
    """Every contact that came of one, in the order in which they began."""
    stage = compiled(*flows, resources=(TASKS,))
    services = Services(described or {}, lambda name, event: None)
    simulator = Simulator(stage, Stubs(lookup={}), services=services, store=True)
    given = {"attributes": {"name": "Ann"}, **fields}
    simulator.start(contact(**given), Script(inputs), at_ms=START_MS)
    simulator.run()
    return [Played(life) for life in simulator.lives.values()]


def test_a_task_has_what_the_block_says_and_is_tied_to_its_contact() -> None:
    begin = task(
        Description="soon",
        Attributes={"order": "C-77"},
        References={"page": {"Value": "https://example.com/$.Attributes.name", "Type": "URL"}},
    )
    first, new = lives(flow(begin, *AFTER), NEW)

    made: Contact = new.contact
    assert first.said == [f"task {made.id}"]
    assert made.attributes == {
        "order": "C-77",
        "seen": f"TASK Call Ann, soon, C-77, https://example.com/Ann, {CONTACT_ID}",
    }
    assert (made.related_id, made.initial_id) == (CONTACT_ID, made.id)


@pytest.mark.parametrize("when", [{"DelaySeconds": "90"}, {"ScheduledTime": str(START_MS // 1_000 + 90)}])
def test_a_task_may_begin_later_than_the_contact_goes_on(when: dict[str, str]) -> None:
    first, new = lives(flow(task(**when), *AFTER), NEW)

    assert first.trace[-1].at < "2026-01-05T15:01"
    assert new.of("ContactStarted")[0].at == "2026-01-05T15:01:30.000Z"


@pytest.mark.parametrize(
    ("template", "block", "begun"),
    [
        ({"flow": "Tasks"}, {"ContactFlowId": None}, 2),
        ({}, {}, 2),
        ({"flow": "Tasks"}, {}, 1),
        ({}, {"ContactFlowId": None}, 1),
        ({"flow": "Tasks", "status": "INACTIVE"}, {"ContactFlowId": None}, 1),
        ({"flow": "Tusks"}, {"ContactFlowId": None}, 1),
    ],
)
def test_of_template_and_block_one_names_the_flow(template: dict[str, str], block: dict[str, Any], begun: int) -> None:
    described = {"task-templates": {"templates": {"refund": template}}}
    played = lives(flow(task(TaskTemplateId="refund", **block), *AFTER), NEW, described=described)

    assert len(played) == begun
    assert played[0].way[-2] == ("after" if begun == 2 else "wrong")


def test_a_secret_that_a_task_takes_along_is_shown_there_no_more_than_here() -> None:
    ask = action(
        "ask",
        "ShowView",
        {
            "ViewResource": {"Id": "form"},
            "InvocationTimeLimitSeconds": "30",
            "SensitiveDataConfiguration": {"HideResponseOn": ["TRANSCRIPT"]},
        },
        then="begin",
        errors={"NoMatchingError": "wrong", "NoMatchingCondition": "wrong", "TimeLimitExceeded": "wrong"},
    )
    begin = task(Attributes={"order": "$.Views.ViewResultData.card"})
    played = lives(flow(ask, begin, *AFTER), NEW, inputs=('view:Next {"card": "4111-2222"}',), channel="CHAT")

    assert [each.contact.attributes.get("order") for each in played] == [None, "4111-2222"]
    assert not [event for each in played for event in each.trace if b"4111-2222" in encode(event)]


def message(**raw: Any) -> Action:
    plain = {
        "SourceEndpoint": {"Address": "arn:a-number", "Type": "CONNECT_PHONENUMBER_ARN"},
        "DestinationEndpoint": {"Address": "$.CustomerEndpoint.Address", "Type": "TELEPHONE_NUMBER"},
        "ContactFlowArn": TASKS.arn,
        "ContactSubtype": "connect:SMS",
        "InitialSystemMessage": {"Content": "Hello $.Attributes.name"},
    }
    return action("begin", "StartOutboundChatContact", {**plain, **raw}, then="after", errors=WRONG)


SMS = flow(
    say("new", "$.Channel $.SegmentAttributes['connect:Subtype'] to $.CustomerEndpoint.Address, [$.RelatedContactId]"),
    BYE,
    arn=TASKS.arn,
    name="Tasks",
)


@pytest.mark.parametrize(("more", "related"), [({}, ""), ({"RelatedContact": "CURRENT"}, CONTACT_ID)])
def test_a_message_is_a_chat_that_begins_with_it(more: dict[str, str], related: str) -> None:
    first, chat = lives(flow(message(**more), *AFTER), SMS, customer_endpoint="+12065550100")

    assert first.way == ["begin", "after", "bye"]
    assert chat.said == ["Hello Ann", f"CHAT connect:SMS to +12065550100, [{related}]"]


def test_a_customer_without_a_number_gets_no_message() -> None:
    (first,) = lives(flow(message(), *AFTER), SMS, customer_endpoint=None, channel="CHAT")

    assert first.way == ["begin", "wrong", "bye"]
