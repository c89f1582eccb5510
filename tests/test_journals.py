"""Contacts that were stored before go on as they began: tests/journals, which no test writes."""

from pathlib import Path

import msgspec
import pytest

from offhook.blocks import catalogue
from offhook.core.birth import BEHAVIOUR
from offhook.core.program import Compiled
from offhook.model.instance import Instance
from tests.record_journals import EVENTS, FOLDER, SCENES, Journal, replayed

FILES = sorted(FOLDER.glob("*/*.journal.json"))


def test_there_are_journals_of_every_behaviour() -> None:
    assert {int(file.parent.name) for file in FILES} == set(range(1, BEHAVIOUR + 1))
    assert {file.name.partition(".")[0] for file in FILES if file.parent.name == str(BEHAVIOUR)} == set(SCENES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name.partition('.')[0]}")
def test_a_stored_contact_orders_what_it_ordered_before(file: Path) -> None:
    journal = msgspec.json.decode(file.read_bytes(), type=Journal)
    whole = msgspec.json.decode((file.parent / "instance.json").read_bytes(), type=Instance)
    events = [EVENTS.decode(event) for event in journal.events]

    orders, ended = replayed(Compiled(whole, catalogue()), bytes(journal.began), events)

    plain = [[msgspec.json.decode(effect) for effect in each] for each in orders]
    assert plain == [[msgspec.json.decode(effect) for effect in each] for each in journal.orders]
    assert msgspec.json.decode(ended) == msgspec.json.decode(journal.ended)
