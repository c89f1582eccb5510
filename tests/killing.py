"""Contacts on a server that is killed: a small contact centre, its customers, and what must hold of each contact after.

Customers do what they do until it is accepted: they ask again, with the same ClientToken, whoever answers. `Centre`
remembers what was accepted, and when the server was down. What happened to contacts is read from the database when all
is over (`Kept`), where the journal must lead to the stored contact, and transcript and attributes to what an
undisturbed contact has, or one whose function answered while nobody was there to hear it.
"""

import asyncio
import json
import random
import signal
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sql

from offhook.adapters.lambdas.registry import Registry
from offhook.adapters.lambdas.store import Store
from offhook.adapters.store.opened import opened
from offhook.adapters.store.schema import CONTACT, DUE, EVENT, ITEM, OUTBOX
from offhook.api.instances import Instances
from offhook.blocks import catalogue
from offhook.cli.project import load_project
from offhook.core.birth import born, new_contact
from offhook.core.machine import step
from offhook.core.program import Compiled
from offhook.core.snapshot import Snapshots
from offhook.model.contact import Contact
from offhook.model.effect import CreateContact
from offhook.model.event import Event, LambdaEnded, TimerFired
from tests.caller import Caller
from tests.server import Server

AGENTS = 8
LIMIT_SECONDS = 8
SLOW_SECONDS = 0.25
AGAIN_MS = 6_000  # so long after a start whatever was asked again has answered, however busy the machine is
PATIENCE_SECONDS = 120
NUMBER = "+12065550100"
_EVENT = msgspec.json.Decoder(Event)
_POLL_SECONDS = 0.1

CODE = f"""
import hashlib, json, os, time

def handler(event, context):
    text = json.dumps(event, sort_keys=True).encode()
    contact = event["Details"]["ContactData"]["ContactId"]
    line = json.dumps([context.aws_request_id, contact, hashlib.sha256(text).hexdigest(), time.time_ns() // 1_000_000])
    file = os.open(os.environ["INVOCATIONS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line.encode() + b"\\n")
    os.close(file)
    do = event["Details"]["Parameters"]["do"]
    if do == "slow":
        time.sleep({SLOW_SECONDS})
    if do == "fail":
        raise RuntimeError("on purpose")
    return {{"answer": do}}
"""


# --- the project ---


def _block(
    identifier: str,
    kind: str,
    then: str = "",
    *,
    otherwise: str = "",
    when: dict[str, str] | None = None,
    **parameters: Any,
) -> dict[str, Any]:
    transitions: dict[str, Any] = {"NextAction": then} if then else {}
    transitions["Errors"] = (
        [{"ErrorType": "NoMatchingError", "NextAction": otherwise or then}] if then or otherwise else []
    )
    transitions["Conditions"] = [
        {"NextAction": target, "Condition": {"Operator": "Equals", "Operands": [operand]}}
        for operand, target in (when or {}).items()
    ]
    return {"Identifier": identifier, "Type": kind, "Parameters": parameters, "Transitions": transitions}


def _say(identifier: str, text: str, then: str) -> dict[str, Any]:
    return _block(identifier, "MessageParticipant", then, Text=text)


def _note(identifier: str, then: str, **attributes: str) -> dict[str, Any]:
    return _block(identifier, "UpdateContactAttributes", then, Attributes=attributes)


def _call(identifier: str, function: str, then: str, sorry: str) -> dict[str, Any]:
    return _block(
        identifier, "InvokeLambdaFunction", then, otherwise=sorry, LambdaFunctionARN=function,
        InvocationTimeLimitSeconds=str(LIMIT_SECONDS), LambdaInvocationAttributes={"do": "$.Attributes.do"},
    )  # fmt: skip


def _listen(identifier: str, then: str) -> dict[str, Any]:
    """Until the customer writes."""
    return _block(
        identifier, "Wait", otherwise="bye", when={"CustomerReturned": then, "WaitCompleted": "bye"},
        TimeLimitSeconds="3600", Events=["CustomerReturned"],
    )  # fmt: skip


_BYE = _block("bye", "DisconnectParticipant")
FLOWS: dict[str, tuple[dict[str, Any], ...]] = {
    "Talk": (
        _say("hello", "Hello", "first"), _listen("first", "met"), _note("met", "ask", met="yes"),
        _call("ask", "work", "answer", "sorry"), _say("answer", "Answer $.External.answer", "keep"),
        _note("keep", "second", answer="$.External.answer"), _say("sorry", "Sorry", "second"),
        _listen("second", "last"), _say("last", "Bye", "bye"), _BYE,
    ),
    "Work": (
        _call("look", "lookup", "found", "bye"), _note("found", "ask", found="$.External.found"),
        _call("ask", "work", "keep", "sorry"), _note("keep", "bye", answer="$.External.answer"),
        _note("sorry", "bye", answer="none"), _BYE,
    ),
    "Pause": (
        _block("wait", "Wait", otherwise="bye", when={"WaitCompleted": "waited"}, TimeLimitSeconds="2"),
        _note("waited", "another", waited="yes"),
        _block(
            "another", "CreateTask", "go", ContactFlowId="Work", Name="After $.Attributes.n",
            Attributes={"do": "$.Attributes.do", "of": "$.ContactId", "note": "$.Attributes.note"},
        ),
        _block("go", "TransferToFlow", otherwise="bye", ContactFlowId="Last"), _BYE,
    ),
    "Last": (_note("note", "bye", last="yes"), _BYE),
    "Hold": (
        _say("hold", "Please hold", "queue"), _block("queue", "UpdateContactTargetQueue", "to", QueueId="BasicQueue"),
        _block("to", "TransferContactToQueue", "bye"), _BYE,
    ),
    "Ring": (
        _say("hello", "Hello, this is a call", "ask"), _call("ask", "work", "keep", "sorry"),
        _note("keep", "bye", answer="$.External.answer"), _note("sorry", "bye", answer="none"), _BYE,
    ),
}  # fmt: skip


def write_project(folder: Path) -> None:
    (folder / "flows").mkdir(parents=True)
    for name, blocks in FLOWS.items():
        metadata = {"name": name, "type": "contactFlow"}
        flow = {
            "Version": "2019-10-30", "StartAction": blocks[0]["Identifier"], "Metadata": metadata, "Actions": blocks,
        }  # fmt: skip
        (folder / "flows" / f"{name}.json").write_text(json.dumps(flow))
    (folder / "code").mkdir()
    (folder / "code" / "app.py").write_text(CODE)
    (folder / "offhook.toml").write_text(f"""
[flows]
paths = ["flows/*.json"]

[queues.BasicQueue]

[functions.lookup]
stub = {{ found = "yes" }}

[functions.work]
code = "code"
handler = "app.handler"
client = "own"
timeout_seconds = 20
environment = {{ INVOCATIONS = '{folder / "invocations"}' }}
""")


# --- customers ---


@dataclass(slots=True)
class Customer:
    """`kind` is the flow; `sent` the messages that were accepted, by id, in order; `updates` the attributes."""

    number: int
    kind: str
    do: str
    contact_id: str = ""
    participant_id: str = ""
    sent: dict[str, str] = field(default_factory=dict)
    updates: dict[str, str] = field(default_factory=dict)

    @property
    def attributes(self) -> dict[str, str]:
        return {"do": self.do, "n": str(self.number)}


@dataclass(slots=True)
class Centre:
    """A server that goes down, and comes up again. `downs`: from when until when (ms) it was not there."""

    folder: Path
    location: str
    server: Server
    caller: Caller
    instance: str = ""
    flows: dict[str, str] = field(default_factory=dict)
    customers: list[Customer] = field(default_factory=list)
    downs: list[tuple[int, int]] = field(default_factory=list)
    is_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, method: str, path: str, body: dict[str, Any], *, token: str = "", late: bool = False) -> Any:
        """Until it is accepted. `late`: it may have been too late when it was accepted first, and is not again."""
        headers = {"X_Amz_Bearer": token} if token else {}
        tries = 0
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                status, answer = await asyncio.wait_for(self.caller.call(method, path, body, **headers), 30)
            except (OSError, EOFError, TimeoutError):
                status, answer = 503, {}
            if status == 200:
                return answer
            if status < 500:
                assert late and tries, f"{method} {path}: {status} {answer}"
                return None
            assert time.monotonic() < deadline, f"{method} {path}: {status} {answer}"
            tries += 1
            await asyncio.sleep(0.05)
            await self.is_up.wait()

    # --- what customers do ---

    async def talk(self, customer: Customer) -> None:
        token = await self._chat(customer)
        await self._write(customer, token, "first")
        if customer.number % 3 == 0:
            customer.updates = {"update": f"of {customer.number}"}
            where = {"InstanceId": self.instance, "InitialContactId": customer.contact_id}
            await self.ask("POST", "/contact/attributes", {**where, "Attributes": customer.updates})
        await self._until_said(token, ("Answer", "Sorry"))
        await self._write(customer, token, "second")

    async def hold(self, customer: Customer) -> None:
        token = await self._chat(customer)
        await self._write(customer, token, "one")
        path = f"/contacts/{self.instance}/{customer.contact_id}"
        await self._until(lambda: self.ask("GET", path, {}), lambda found: "AgentInfo" in found["Contact"])
        await self._write(customer, token, "two")
        await self.ask("POST", "/participant/disconnect", {}, token=token, late=True)

    async def task(self, customer: Customer) -> None:
        asked = {"Name": customer.kind, "ContactFlowId": self.flows[customer.kind]}
        await self._start("PUT", "/contact/task", customer, asked)

    async def ring(self, customer: Customer) -> None:
        asked = {"DestinationPhoneNumber": NUMBER, "SourcePhoneNumber": "+12065550199"}
        await self._start("PUT", "/contact/outbound-voice", customer, {**asked, "ContactFlowId": self.flows["Ring"]})

    async def _start(self, method: str, path: str, customer: Customer, asked: dict[str, Any]) -> dict[str, Any]:
        usual = {
            "InstanceId": self.instance, "Attributes": customer.attributes, "ClientToken": f"start {customer.number}",
        }  # fmt: skip
        answer: dict[str, Any] = await self.ask(method, path, {**usual, **asked})
        assert customer.contact_id in ("", answer["ContactId"])
        customer.contact_id = answer["ContactId"]
        return answer

    async def _chat(self, customer: Customer) -> str:
        asked = {"ContactFlowId": self.flows[customer.kind], "ParticipantDetails": {"DisplayName": "Ann"}}
        begun = await self._start("PUT", "/contact/chat", customer, asked)
        customer.participant_id = begun["ParticipantId"]
        wanted = {"Type": ["CONNECTION_CREDENTIALS"]}
        made = await self.ask("POST", "/participant/connection", wanted, token=begun["ParticipantToken"])
        return str(made["ConnectionCredentials"]["ConnectionToken"])

    async def _write(self, customer: Customer, token: str, text: str) -> None:
        """Once: a message that is repeated is the same."""
        message = {"ContentType": "text/plain", "Content": text, "ClientToken": f"{customer.number} {text}"}
        answer = await self.ask("POST", "/participant/message", message, token=token, late=text == "second")
        if answer is not None:
            customer.sent[answer["Id"]] = text

    async def _until_said(self, token: str, words: tuple[str, ...]) -> None:
        def has_said(page: dict[str, Any]) -> bool:
            return any(item.get("Content", "").startswith(words) for item in page["Transcript"])

        wanted = {"MaxResults": 3}
        await self._until(lambda: self.ask("POST", "/participant/transcript", wanted, token=token), has_said)

    async def _until(self, ask: Callable[[], Any], check: Callable[[Any], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not check(await ask()):
            assert time.monotonic() < deadline, "it never came"
            await asyncio.sleep(_POLL_SECONDS)

    # --- the server ---

    async def set_up(self) -> None:
        """Agents who take whatever comes, and the ids of flows."""
        self.is_up.set()
        self.instance = self.server.ready["instance"]["id"]
        listed = (await self._list("/contact-flows-summary"))["ContactFlowSummaryList"]
        self.flows = {each["Name"]: each["Id"] for each in listed}
        profile = (await self._list("/routing-profiles-summary"))["RoutingProfileSummaryList"][0]["Id"]
        statuses = (await self._list("/agent-status"))["AgentStatusSummaryList"]
        available = next(each["Id"] for each in statuses if each["Name"] == "Available")
        security = (await self._list("/security-profiles-summary"))["SecurityProfileSummaryList"][0]["Id"]
        for number in range(AGENTS):
            user = {
                "Username": f"agent{number}", "RoutingProfileId": profile, "SecurityProfileIds": [security],
                "Password": "Secret-1234", "IdentityInfo": {"FirstName": "Ann", "LastName": "Lee"},
                "PhoneConfig": {"PhoneType": "SOFT_PHONE", "AutoAccept": True, "AfterContactWorkTimeLimit": 1},
            }  # fmt: skip
            made = await self.ask("PUT", f"/users/{self.instance}", user)
            path = f"/users/{self.instance}/{made['UserId']}/status"
            await self.ask("PUT", path, {"AgentStatusId": available})

    async def _list(self, what: str) -> Any:
        return await self.ask("GET", f"{what}/{self.instance}", {})

    async def kill(self) -> None:
        """At once, as a power cut; and start another."""
        down_ms = _now_ms()
        self.is_up.clear()
        self.server.stop(signal.SIGKILL)
        self.server = await asyncio.to_thread(serve, self.folder, self.location)
        self.caller.url = self.server.url
        self.downs.append((down_ms, _now_ms()))
        self.is_up.set()

    async def without(self, deed: Awaitable[Any]) -> None:
        """What is done to the server's database meanwhile."""
        down_ms = _now_ms()
        await deed
        self.downs.append((down_ms, _now_ms()))

    async def is_ready(self) -> bool:
        return (await self.caller.call("GET", "/readyz"))[0] == 200


def serve(folder: Path, location: str) -> Server:
    # compiled once, because there are so many
    return Server(folder, "--database", location, PYTHONDONTWRITEBYTECODE="")


_KINDS = ("Talk",) * 9 + ("Hold",) * 4 + ("Work",) * 3 + ("Pause",) * 3 + ("Ring",)
_DOES = ("quick",) * 7 + ("slow",) * 2 + ("fail",)


def customers(count: int, chance: random.Random) -> list[Customer]:
    return [Customer(number, chance.choice(_KINDS), chance.choice(_DOES)) for number in range(count)]


async def live(centre: Centre, customer: Customer) -> None:
    deeds = {"Talk": centre.talk, "Hold": centre.hold, "Work": centre.task, "Pause": centre.task, "Ring": centre.ring}
    centre.customers.append(customer)
    await deeds[customer.kind](customer)


async def until_over(database: sql.Engine, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Until every contact has ended, and nothing is left to be done for any."""
    deadline = time.monotonic() + patience_seconds

    shown = (CONTACT.c.id, CONTACT.c.is_open, CONTACT.c.channel, CONTACT.c.agent, CONTACT.c.seq, CONTACT.c.marks)
    open_ones = sql.select(*shown).where(CONTACT.c.is_open | CONTACT.c.needs_floor)

    def left() -> list[Any]:
        statements = (open_ones, sql.select(DUE.c.id), sql.select(OUTBOX.c.id))
        with database.connect() as connection:
            return [tuple(row) for statement in statements for row in connection.execute(statement)]

    while found := await asyncio.to_thread(left):
        assert time.monotonic() < deadline, f"not over: {found[:20]}"
        await asyncio.sleep(0.2)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


# --- afterwards ---


@dataclass(slots=True)
class Kept:
    """What the database has. Rows by contact id; `items` by initial contact id, in order."""

    compiled: Compiled
    snapshots: Snapshots
    rows: dict[str, Any]
    contacts: dict[str, Contact]
    events: dict[str, list[Event]]
    items: dict[str, list[dict[str, Any]]]
    instance: str


def read(folder: Path, location: str) -> Kept:
    """Everything, once the server is gone."""

    async def main() -> Kept:
        project = load_project(folder, env=None)
        kept = await opened(location, folder / ".offhook", _now_ms)
        store = Store(folder / ".offhook" / "lambda")
        try:
            registry = Registry(
                store, project.functions, account=project.instance.account, region=project.instance.region
            )
            compiled = Instances(kept.shelf, registry, project.instance).compiled(project.instance.id)
            snapshots = Snapshots(catalogue())

            def all_of(table: sql.Table, *order: Any) -> Any:
                return kept.database.read(
                    lambda connection: [
                        dict(row) for row in connection.execute(sql.select(table).order_by(*order)).mappings()
                    ]
                )

            rows = {row["id"]: row for row in await all_of(CONTACT)}
            events = defaultdict(list)
            for row in await all_of(EVENT, EVENT.c.contact_id, EVENT.c.seq):
                events[row["contact_id"]].append(_EVENT.decode(kept.seal.open(row["body"])))
            items = defaultdict(list)
            for row in await all_of(ITEM, ITEM.c.n):
                items[row["initial_id"]].append(msgspec.json.decode(kept.seal.open(row["body"])))
            contacts = {id: snapshots.decode(kept.seal.open(row["snapshot"])) for id, row in rows.items()}
            return Kept(compiled, snapshots, rows, contacts, events, items, project.instance.id)
        finally:
            store.close()
            await kept.database.close()

    return asyncio.run(main())


def problems(centre: Centre, kept: Kept, invocations: Path, *, is_killed: bool = True) -> list[str]:
    """Every promise that was broken. A server that is not killed repeats nothing."""
    found = [f"{customer}: {text}" for customer in centre.customers for text in _of_customer(customer, centre, kept)]
    found += _of_journals(centre, kept)
    found += _of_invocations(invocations.read_text().splitlines(), centre.downs if is_killed else ())
    return found


def _of_customer(customer: Customer, centre: Centre, kept: Kept) -> Iterator[str]:
    contact = kept.contacts.get(customer.contact_id)
    if contact is None:
        yield "the contact is lost"
        return
    if contact.phase != "ended":
        yield f"the contact is {contact.phase}"
    items = kept.items[contact.id]
    by_id = {item["Id"]: item for item in items}
    for id, text in customer.sent.items():
        if by_id.get(id, {}).get("Content") != text:
            yield f"the message {text!r} was accepted and is lost"
    said = [item["Content"] for item in items if item["Type"] == "MESSAGE"]
    answered = _answer(customer, centre, kept.events[contact.id])
    if answered is None:
        yield f"the function did not answer, and nothing was down: {kept.events[contact.id]}"
    expected = _expected_texts(customer, answered or "none")
    if expected is not None and said != expected:
        yield f"the transcript is {said}, must be {expected}"
    if customer.kind == "Hold":
        yield from _of_queued(customer, kept, said)
    attributes = {**customer.attributes, **customer.updates, **_expected_attributes(customer, answered or "none")}
    if contact.attributes != attributes:
        yield f"the attributes are {contact.attributes}, must be {attributes}"
    if customer.kind in ("Talk", "Hold") and [item["ContentType"].rpartition(".")[2] for item in items][-1] != "ended":
        yield "the transcript does not end with chat.ended"


def _of_queued(customer: Customer, kept: Kept, said: list[str]) -> Iterator[str]:
    if [text for text in said if text in ("one", "two")] != ["one", "two"]:
        yield f"the customer wrote one and two, the transcript has {said}"
    row = kept.rows[customer.contact_id]
    if row["agent"] is None or row["needs_floor"]:
        yield "no agent had it, or one still has"


def _answer(customer: Customer, centre: Centre, events: Sequence[Event]) -> str | None:
    """What the function has answered; "none" where it failed, or its answer was due while nobody was there; None where
    an answer was missed that nothing kept away.
    """
    heard = [event for event in events if isinstance(event, LambdaEnded)]
    if customer.kind == "Hold" or customer.kind == "Pause":
        return ""
    if any(customer.do in event.body and event.status == 200 and not event.function_error for event in heard):
        return customer.do
    ended_ms = max((event.at_ms for event in events if isinstance(event, LambdaEnded | TimerFired)), default=0)
    was_down = any(down <= ended_ms and up >= ended_ms - AGAIN_MS for down, up in centre.downs)
    return "none" if customer.do == "fail" or was_down else None


def _expected_texts(customer: Customer, answer: str) -> list[str] | None:
    if customer.kind == "Talk":
        return ["Hello", "first", "Sorry" if answer == "none" else f"Answer {answer}", "second", "Bye"]
    return None if customer.kind == "Hold" else []


def _expected_attributes(customer: Customer, answer: str) -> dict[str, str]:
    match customer.kind:
        case "Talk":
            return {"met": "yes", **({"answer": answer} if answer != "none" else {})}
        case "Work":
            return {"found": "yes", "answer": answer}
        case "Ring":
            return {"answer": answer}
        case "Pause":
            return {"waited": "yes", "last": "yes"}
    return {}


# --- the journal leads to the contact ---


def _of_journals(centre: Centre, kept: Kept) -> Iterator[str]:
    begun = {customer.contact_id: _begun(customer, centre, kept) for customer in centre.customers}
    seen = set()
    while begun:
        contact_id, contact = begun.popitem()
        if contact_id not in kept.contacts:
            yield f"the contact {contact_id}, which another ordered, is lost"
            continue
        seen.add(contact_id)
        for event in kept.events[contact_id]:
            stepped = step(kept.compiled, contact, event)
            contact = stepped.contact
            for effect in stepped.effects:
                if isinstance(effect, CreateContact):
                    begun[effect.contact_id] = born(effect, contact, kept.compiled.instance)
        stored = kept.contacts[contact_id]
        if kept.snapshots.encode(contact) != kept.snapshots.encode(stored):
            yield f"the journal of {contact_id} leads to {contact}, stored is {stored}"
        if kept.rows[contact_id]["seq"] != len(kept.events[contact_id]):
            yield f"the journal of {contact_id} has gaps"
    if len(seen) != len(kept.contacts):
        yield f"nobody began {set(kept.contacts) - seen}"


def _begun(customer: Customer, centre: Centre, kept: Kept) -> Contact:
    """As the API began it."""
    flow = next(flow for flow in kept.compiled.instance.flows.values() if flow.name == customer.kind)
    fields: dict[str, Any] = {"channel": "TASK", "name": customer.kind}
    if customer.kind in ("Talk", "Hold"):
        fields = {"channel": "CHAT", "name": "Ann"}
    elif customer.kind == "Ring":
        fields = {
            "channel": "VOICE", "customer_endpoint": NUMBER, "system_endpoint": "+12065550199", "is_reached": False,
        }  # fmt: skip
    return new_contact(
        id=customer.contact_id, seed=customer.contact_id, flow=flow.arn, flow_type=flow.type,
        initiation_method="API", attributes=customer.attributes, **fields,
    )  # fmt: skip


# --- functions are asked again under the same id, and only by another process ---


def _of_invocations(lines: Sequence[str], downs: Sequence[tuple[int, int]]) -> Iterator[str]:
    seen: dict[str, tuple[str, str, int]] = {}
    for line in lines:
        request_id, contact_id, digest, at_ms = json.loads(line)
        if request_id in seen:
            before = seen[request_id]
            if before[:2] != (contact_id, digest):
                yield f"the request {request_id} was repeated with something else"
            if not any(before[2] <= up and down <= at_ms for down, up in downs):
                yield f"the request {request_id} was repeated by the same process"
        seen[request_id] = contact_id, digest, at_ms
