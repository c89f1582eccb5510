"""The old console export, module by module: what each becomes, and what is then heard.

For each module type there is an export of our own in legacy_flows/<Type>[.<Target>].json, and beside it, in
legacy_flows/expected, what was derived by hand from the facts on the format:

- `converted`: action by identifier, with type, parameters and branches (`next`, error types, `Operator operand`);
- `runs`: contacts, each with `case`, what `hear` is given (`inputs`, `functions`, `attributes`, `channel`, `strict`,
  `hours`, `queues`, `queue`; `others`: types of flows by name, here or for all runs) and its `transcript`.

Every run is made twice: on the old form, and on the Flow language that it is converted to.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from offhook.blocks import catalogue
from offhook.core import calendar
from offhook.flowjson.problems import structure_problems
from offhook.flowjson.read import read_flow
from offhook.flowjson.text import write
from offhook.flowjson.write import to_language
from offhook.model.contact import Queue
from offhook.model.flow import Action, Flow
from offhook.model.instance import QueueSettings

from .stage import Played
from .transcripts import hear, sentences

FOLDER = Path(__file__).parent / "legacy_flows"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
# the facts know them, the public files that are kept beside offhook have none
RARE = {
    "PlayAudio",
    "StoreCustomerInput",
    "SetScreenPop",
    "TransferToFlow",
    "CustomerInQueue",
    "PercentileBranching",
    "GetMetricData",
}


def _load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _old(name: str) -> Flow:
    return read_flow((FOLDER / f"{name}.json").read_bytes(), catalogue())


def _converted(name: str) -> dict[str, Any]:
    """As `offhook convert` writes it."""
    document: dict[str, Any] = json.loads(write(to_language(_old(name), catalogue())))
    return document


def _branches(action: Action) -> dict[str, str]:
    found = {"next": action.next_action} if action.next_action else {}
    found |= {f"{each.operator} {each.operands[0]}": each.next_action for each in action.conditions}
    return found | {arrow.error_type: arrow.next_action for arrow in action.errors}


def _summary(action: Action) -> dict[str, Any]:
    return {"type": action.type, "parameters": action.parameters, "branches": _branches(action)}


@pytest.mark.parametrize("name", NAMES)
def test_a_module_becomes_the_action_that_was_written_down(name: str) -> None:
    expected = _load(FOLDER / "expected" / f"{name}.json")["converted"]

    old = _old(name)
    new = read_flow(json.dumps(_converted(name)), catalogue())

    assert {key: _summary(old.actions[key]) for key in expected} == expected
    assert {key: _summary(each) for key, each in new.actions.items()} == {
        key: _summary(each) for key, each in old.actions.items()
    }
    assert all(each.hints.items() <= new.actions[key].hints.items() for key, each in old.actions.items())
    assert (new.type, new.name, new.start_action) == (old.type, old.name, old.start_action)
    assert (old.problems, new.problems, structure_problems(new)) == ((), (), [])


def _runs() -> list[Any]:
    return [
        pytest.param(name, index, form, id=f"{name}: {run['case']} ({form})")
        for name in NAMES
        for index, run in enumerate(_load(FOLDER / "expected" / f"{name}.json")["runs"])
        for form in ("old", "converted")
    ]


@pytest.mark.parametrize(("name", "index", "form"), _runs())
def test_a_contact_hears_what_was_written_down(name: str, index: int, form: str) -> None:
    expected = _load(FOLDER / "expected" / f"{name}.json")
    document = _load(FOLDER / f"{name}.json") if form == "old" else _converted(name)
    run = {"others": expected.get("others", {}), **expected["runs"][index]}

    played = _hear(document, run)

    assert sentences(played) == run["transcript"]


def _hear(document: Any, run: dict[str, Any]) -> Played:
    instance: dict[str, Any] = {
        "strict": run.get("strict", False),
        "hours": {name: calendar.parse_hours(name, table) for name, table in run.get("hours", {}).items()},
        "queues": {name: QueueSettings(name, **settings) for name, settings in run.get("queues", {}).items()},
    }
    more: dict[str, Any] = {"queue": Queue(**run["queue"])} if "queue" in run else {}
    return hear(
        document,
        functions=tuple(run.get("functions", ())),
        inputs=tuple(run.get("inputs", ())),
        others={name: _other(name, kind) for name, kind in run["others"].items()},
        instance=instance,
        attributes=run.get("attributes", {}),
        channel=run.get("channel", "VOICE"),
        customer_endpoint="+12065550100",
        **more,
    )


def _other(name: str, kind: str) -> dict[str, Any]:
    """A flow that says its name and hangs up."""
    it = {
        "Identifier": "it",
        "Type": "MessageParticipant",
        "Parameters": {"Text": f"This is {name}"},
        "Transitions": {"NextAction": "bye"},
    }
    bye = {"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
    return {"Version": "2019-10-30", "StartAction": "it", "Metadata": {"type": kind}, "Actions": [it, bye]}


def test_every_module_type_that_the_public_files_have_is_here(flows_folder: Path) -> None:
    found = {
        ".".join(filter(None, (module["type"], module.get("target"))))
        for path in flows_folder.glob("legacy-*.json")
        for module in _load(path)["modules"]
    }

    assert len(found) > 20
    # Lambda is the only target that Invoke external resource has
    assert {name.removesuffix(".Lambda") for name in found} | RARE == {name.partition(" ")[0] for name in NAMES}
