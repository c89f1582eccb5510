"""`python -m tests.record_journals`: writes the journals of tests/journals that are not there yet.

Contacts of the sample project live in the durable driver, in virtual time, and their journals are what it has kept.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sql
from msgspec.structs import replace

import offhook.cli
from offhook.adapters.store.database import Database
from offhook.adapters.store.schema import EVENT
from offhook.blocks import catalogue
from offhook.cli.project import load_project
from offhook.core.birth import BEHAVIOUR, new_contact
from offhook.core.machine import step
from offhook.core.program import Compiled
from offhook.core.snapshot import Snapshots
from offhook.drivers.sim.customer import Script
from offhook.model.contact import Contact
from offhook.model.event import AttributesUpdated, Event, HungUp, Resumed
from offhook.model.event import Held as OnHold
from offhook.model.instance import AgentSettings, Instance
from tests.durable import INSTANCE, Kept, run
from tests.stage import CONTACT_ID, Stubs

FOLDER = Path(__file__).parent / "journals"
EVENTS = msgspec.json.Decoder(Event)


class Journal(msgspec.Struct):
    """`about` is a sentence; `began` and `ended` are snapshots; `orders` are the effects of each event, in order."""

    about: str
    began: msgspec.Raw
    events: list[msgspec.Raw]
    orders: list[list[msgspec.Raw]]
    ended: msgspec.Raw


def instance() -> Instance:
    """That of the sample project, with an agent who takes whatever comes."""
    made = load_project(Path(offhook.cli.__file__).parent / "sample").instance
    return replace(made, agents={"jane": AgentSettings("jane", accepts=("VOICE", "CHAT"), work_ms={"VOICE": 5_000})})


def replayed(compiled: Compiled, began: bytes, events: list[Event]) -> tuple[list[list[bytes]], bytes]:
    """What the contact orders when these events happen to it, and how it stands then."""
    snapshots = Snapshots(compiled.catalogue)
    contact = snapshots.decode(began)
    orders = []
    for event in events:
        stepped = step(compiled, contact, event)
        contact = snapshots.decode(snapshots.encode(stepped.contact))
        orders.append([msgspec.json.encode(effect) for effect in stepped.effects])
    return orders, snapshots.encode(contact)


async def _nothing(kept: Kept) -> None:
    pass


async def _agent(kept: Kept) -> None:
    """An agent takes it, holds it, resumes, and hangs up."""
    await asyncio.sleep(60)
    for happening in (OnHold, Resumed):
        await kept.happen(CONTACT_ID, happening)
        await asyncio.sleep(7)
    await kept.happen(CONTACT_ID, lambda at_ms: HungUp(at_ms, "agent"))


async def _told(kept: Kept) -> None:
    await asyncio.sleep(3)
    await kept.happen(CONTACT_ID, lambda at_ms: AttributesUpdated(at_ms, {"from": "outside"}))


SCENES: dict[str, tuple[str, dict[str, Any], tuple[str, ...], Callable[[Kept], Awaitable[None]]]] = {
    "function": ("A caller is told what a function answered.", {"flow": "Lambda integration"}, ("1", "2#"), _nothing),
    "agent": ("A caller is queued, talks to an agent and is put on hold.", {"flow": "Queue a customer"}, (), _agent),
    "chat": ("A chat is queued.", {"flow": "Queue configurations", "channel": "CHAT"}, (), _agent),
    "callback": ("A caller asks to be called back.", {"flow": "Queued callback"}, ("1", "2", "5550123#"), _agent),
    "attributes": ("Attributes come from outside.", {"flow": "AB test"}, ("1",), _told),
    "task": ("A task runs the same flow.", {"flow": "AB test", "channel": "TASK"}, (), _nothing),
}


def record(name: str, compiled: Compiled) -> Journal:
    about, fields, inputs, deed = SCENES[name]
    flow = next(flow for flow in compiled.instance.flows.values() if flow.name == fields["flow"])
    began = new_contact(
        **{
            "id": CONTACT_ID, "seed": name, "flow_type": flow.type or "CONTACT_FLOW",
            "customer_endpoint": "+12065550100", **fields, "flow": flow.arn,
        }
    )  # fmt: skip

    def callee(contact: Contact, marks: Any) -> Script:
        script = Script(inputs)
        script.used = marks.used
        return script

    async def live(kept: Kept) -> None:
        await kept.runtime.begin(began, INSTANCE)
        await deed(kept)
        await asyncio.sleep(900)
        await kept.happen(CONTACT_ID, HungUp)

    with tempfile.TemporaryDirectory() as folder:
        functions = Stubs(**{"state-lookup": {"State": "Washington"}}, takes_ms=120)
        run(live, compiled, functions, folder=Path(folder), staff={"jane": "Available"}, callee=callee)
        events = asyncio.run(_events(Path(folder) / "test.db"))
    start = Snapshots(compiled.catalogue).encode(began)
    orders, ended = replayed(compiled, start, [EVENTS.decode(each) for each in events])
    raw = msgspec.Raw
    return Journal(
        about, raw(start), [raw(each) for each in events], [[raw(o) for o in os] for os in orders], raw(ended)
    )


async def _events(file: Path) -> list[bytes]:
    database = Database.opened(str(file))
    try:
        asked = sql.select(EVENT.c.body).where(EVENT.c.contact_id == CONTACT_ID).order_by(EVENT.c.seq)
        return await database.read(lambda connection: list(connection.execute(asked).scalars()))
    finally:
        await database.close()


def main() -> None:
    folder = FOLDER / str(BEHAVIOUR)
    folder.mkdir(exist_ok=True)
    file = folder / "instance.json"
    if not file.exists():
        file.write_bytes(msgspec.json.format(msgspec.json.encode(instance()), indent=1))
    compiled = Compiled(msgspec.json.decode(file.read_bytes(), type=Instance), catalogue())
    for name in SCENES:
        path = folder / f"{name}.journal.json"
        if not path.exists():
            path.write_bytes(msgspec.json.format(msgspec.json.encode(record(name, compiled)), indent=1))


if __name__ == "__main__":
    main()
