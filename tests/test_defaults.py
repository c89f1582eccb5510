"""The flows and prompts that every instance has: there in every project, free of problems, replaced by name."""

import json
from pathlib import Path

import pytest

from offhook.blocks import catalogue
from offhook.cli.project import load_project
from offhook.core.phases import DEFAULT_FLOWS
from offhook.core.resolve import Resolver
from offhook.drivers.defaults import LIBRARY_PROMPTS, default_flows, with_defaults
from offhook.flowjson.lint import known_in, lint
from offhook.flowjson.write import write_flow
from offhook.model.flow import FLOW_TYPES, Flow
from offhook.model.instance import Instance
from tests.command_line import call

OTHER = Instance(alias="other", id="00000000-0000-4000-8000-000000000000", account="999999999999", region="eu-west-2")
FLOWS = default_flows(Instance())


def flow_file(folder: Path, name: str) -> Path:
    document = {
        "Version": "2019-10-30",
        "StartAction": "bye",
        "Metadata": {"name": name, "type": "customerQueue"},
        "Actions": [{"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}],
    }
    file = folder / "flow.json"
    file.write_text(json.dumps(document))
    return file


def test_there_is_one_for_each_type_but_the_contacts_own_flow() -> None:
    assert {flow.type: flow.name for flow in FLOWS} == DEFAULT_FLOWS
    assert set(DEFAULT_FLOWS) == set(FLOW_TYPES) - {"CONTACT_FLOW"}


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
@pytest.mark.parametrize("strict", [False, True])
def test_none_has_a_problem_in_a_project_or_alone(flow: Flow, strict: bool) -> None:
    known = known_in(with_defaults(Instance(strict=strict)), {}, {})

    assert lint(flow, catalogue(), strict=strict, known=known) == []
    assert lint(flow, catalogue(), strict=strict) == []


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_each_is_written_as_offhook_writes_it(flow: Flow) -> None:
    (file,) = (each for each in _files() if json.loads(each.read_text("utf-8"))["Metadata"]["name"] == flow.name)

    assert write_flow(flow) == file.read_text("utf-8")


def _files() -> list[Path]:
    import offhook.drivers.defaults as package

    return sorted(Path(package.__file__).parent.glob("*.json"))


def test_an_instance_has_them_under_its_own_arns_and_finds_them_in_every_way() -> None:
    instance = with_defaults(OTHER)
    resolver = Resolver(instance)

    for flow in instance.flows.values():
        found = [resolver.find("flow", text).resource for text in (flow.arn, flow.id, flow.name)]
        assert [each.arn if each else "" for each in found] == [flow.arn] * 3
        assert flow.arn.startswith("arn:aws:connect:eu-west-2:999999999999:instance/00000000-")
    assert len(instance.flows) == 8


def test_prompts_of_the_library_are_known_and_those_in_the_flows_are_found_in_every_instance() -> None:
    resolver = Resolver(with_defaults(OTHER))
    named = [
        part["PromptId"]
        for flow in FLOWS
        for action in flow.actions.values()
        for part in (action.parameters, *action.parameters.get("Messages", ()))
        if "PromptId" in part
    ]
    found = [resolver.find("prompt", raw) for raw in (*LIBRARY_PROMPTS, *named)]

    assert [each.resource.name for each in found[: len(LIBRARY_PROMPTS)] if each.resource] == list(LIBRARY_PROMPTS)
    assert len(named) == 3
    assert not [each for each in found if each.assumed or each.resource is None]


def test_a_flow_of_the_project_wins_over_the_default_of_its_name(tmp_path: Path) -> None:
    flow_file(tmp_path, "Default customer queue")
    (tmp_path / "offhook.toml").write_text('[flows]\npaths = ["*.json"]\n[prompts."Beep.wav"]\nmatches = ["${Beep}"]\n')

    instance = load_project(tmp_path).instance

    assert list(instance.flows[instance.resource("flow", "Default customer queue").arn].actions) == ["bye"]
    assert len(instance.flows) == 8
    names = [(each.kind, each.name) for each in instance.resources]
    assert len(names) == len(set(names)) == 15
    found = [Resolver(instance).find("prompt", text).resource for text in ("${Beep}", "Beep.wav")]
    assert found == [instance.resource("prompt", "Beep.wav", matches=("${Beep}",))] * 2


def test_a_file_that_is_run_alone_wins_too(tmp_path: Path) -> None:
    project, flow = load_project(tmp_path).with_flow(flow_file(tmp_path, "Default customer queue"))

    assert project.find_flow("Default customer queue") is flow
    assert project.source(flow).endswith("flow.json")


def test_a_project_may_say_what_else_means_a_default_flow(tmp_path: Path) -> None:
    (tmp_path / "offhook.toml").write_text('[flows."Default outbound"]\nmatches = ["{{outbound}}"]\n')

    project = load_project(tmp_path)

    assert project.find_flow("{{outbound}}").name == "Default outbound"


def test_a_default_flow_can_be_called_and_run_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "offhook.toml").write_text('[numbers]\n"+15550100000" = "Default outbound"\n')
    monkeypatch.chdir(tmp_path)

    called = call("run", "+15550100000", "--silent")

    assert called.code == 0
    assert "This call is not recorded." in called.out


def test_they_are_not_offered_for_a_flow_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    called = call("run", "Nothing", "--silent")

    assert called.err.rstrip().endswith("the project has none at all.")
