"""Public flows: every one loads, is written back as it was, and only the broken ones are refused."""

import json
from pathlib import Path
from typing import Any

from offhook.blocks import catalogue
from offhook.flowjson.problems import refusals
from offhook.flowjson.read import read_flow
from offhook.flowjson.write import to_language, write_flow


def spelled(text: str) -> Any:
    """The value with order of keys and spelling of numbers, by means of the standard library alone."""
    return json.loads(
        text,
        object_pairs_hook=lambda pairs: ("object", pairs),
        parse_int=lambda n: ("n", n),
        parse_float=lambda n: ("n", n),
    )


def test_every_public_flow_is_written_back_as_it_was(flows_folder: Path) -> None:
    files = sorted(flows_folder.glob("*.json"))

    assert len(files) >= 170
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert spelled(write_flow(read_flow(text, catalogue()))) == spelled(text), file.name


def test_only_the_three_broken_flows_are_refused(flows_folder: Path) -> None:
    flows = {file.stem: read_flow(file.read_bytes(), catalogue()) for file in flows_folder.glob("*.json")}

    refused = sorted(name for name, flow in flows.items() if refusals(flow))

    assert refused == ["flow-language-009", "flow-language-044", "flow-language-117"]


def test_every_converted_legacy_flow_is_closed_and_keeps_all_its_modules(flows_folder: Path) -> None:
    for file in flows_folder.glob("legacy-*.json"):
        flow = read_flow(file.read_bytes(), catalogue())

        again = read_flow(json.dumps(to_language(flow, catalogue())), catalogue())

        assert again.format == "flow-language"
        assert again.type == flow.type
        assert again.name == flow.name
        assert list(again.actions) == [module["id"] for module in flow.document["modules"]], file.name
        assert refusals(again) == [], file.name
        assert {key: action.targets() for key, action in again.actions.items()} == {
            key: action.targets() for key, action in flow.actions.items()
        }


def test_the_type_of_modules_is_found_without_a_wrapper(flows_folder: Path) -> None:
    flows = [read_flow(file.read_bytes(), catalogue()) for file in flows_folder.glob("module-*.json")]

    assert {flow.type for flow in flows} == {"MODULE"}
