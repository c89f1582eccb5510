"""`offhook graph`: a flow as Mermaid and as text."""

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from offhook.blocks import catalogue
from offhook.cli.graph import mermaid, text
from offhook.flowjson.read import read_flow
from offhook.model.flow import Action, Condition, ErrorArrow, Flow
from tests.command_line import call

BYE = Action("bye", "DisconnectParticipant", {})


def _flow(*actions: Action, start: str = "", name: str = "It") -> Flow:
    named = {action.identifier: action for action in actions}
    return Flow("flow-language", {}, start or actions[0].identifier, named, name=name, type="CONTACT_FLOW")


def _say(identifier: str, words: Any, to: str, error: str = "") -> Action:
    return Action(
        identifier,
        "MessageParticipant",
        {"Text": words},
        next_action=to,
        errors=(ErrorArrow("NoMatchingError", error or to),),
    )


def _compare(identifier: str, *when: tuple[Any, str], no_match: str) -> Action:
    return Action(
        identifier,
        "Compare",
        {"ComparisonValue": "$.Channel"},
        next_action=no_match,
        conditions=tuple(Condition("Equals", (operand,), target) for operand, target in when),
        errors=(ErrorArrow("NoMatchingCondition", no_match),),
    )


def _mermaid(flow: Flow) -> str:
    return "\n".join(mermaid(flow, catalogue())) + "\n"


def _text(flow: Flow) -> str:
    return "\n".join(text(flow, catalogue())) + "\n"


FLOW = _flow(
    _say("lost", "Nobody hears this", "bye"),
    _compare("which", ("VOICE", "hi"), ("CHAT", "hi"), (7, "gone"), no_match="bye"),
    _say("hi", "Hello", "bye", error="which"),
    BYE,
    start="which",
)


def test_mermaid_has_a_node_for_each_action_and_a_line_for_each_branch() -> None:
    assert _mermaid(FLOW) == textwrap.dedent(
        """\
        flowchart TD
          start([start])
          n0["which<br/>Check contact attributes<br/>#34;$.Channel#34;"]
          n1["hi<br/>Play prompt<br/>#34;Hello#34;"]
          n2["bye<br/>Disconnect / hang up"]
          n3["lost<br/>Play prompt<br/>#34;Nobody hears this#34;"]
          missing0["gone (missing)"]
          start --> n0
          n0 -->|"Equals VOICE, Equals CHAT"| n1
          n0 -->|"Equals 7"| missing0
          n0 -.->|"NoMatchingCondition"| n2
          n1 --> n2
          n1 -.->|"NoMatchingError"| n0
          n3 -->|"or NoMatchingError"| n2
          classDef unreachable stroke-dasharray: 5 5, color: #888888
          class n3 unreachable
          classDef missing stroke-dasharray: 5 5, color: #888888
          class missing0 missing
        """
    )


def test_text_has_a_paragraph_for_each_action() -> None:
    assert _text(FLOW) == textwrap.dedent(
        """\
        It (CONTACT_FLOW), starts at which

        which: Check contact attributes "$.Channel"
          Equals VOICE, Equals CHAT -> hi
          Equals 7 -> gone (missing)
          NoMatchingCondition -> bye

        hi: Play prompt "Hello"
          -> bye
          NoMatchingError -> which

        bye: Disconnect / hang up

        lost: Play prompt "Nobody hears this"  (unreachable)
          -> bye (or NoMatchingError)
        """
    )


def test_a_next_action_that_no_other_branch_repeats_is_drawn() -> None:
    action = Action("x", "Compare", {}, next_action="bye", conditions=(Condition("Equals", ("1",), "x"),))

    assert "n0 --> n1" in _mermaid(_flow(action, BYE))


def test_the_friendly_name_stands_for_an_id() -> None:
    action = Action("x", "TransferToFlow", {"ContactFlowId": "arn:x"}, hints={"ContactFlowId": "Main menu"})

    assert 'x: Transfer to flow "Main menu"' in _text(_flow(action))


@pytest.mark.parametrize(
    ("parameters", "gist"),
    [
        ({"Messages": [{"Count": 1}, {"Text": "Hold"}]}, ' "Hold"'),
        ({"Text": "", "Other": None}, ""),
        ({"Text": "word " * 20}, ' "word word word word word word word word word wo…"'),
    ],
)
def test_an_action_of_any_shape_shows_the_first_text_it_has(parameters: dict[str, Any], gist: str) -> None:
    assert f"x: NobodyKnows{gist}\n" in _text(_flow(Action("x", "NobodyKnows", parameters)))


ODD = (
    'say "hi" & <b>bye</b>',
    "a[0] {x} (y) | z",
    "受付 📞 Größe",
    "`md` **bold** 100% ; #1",
    "- item",
    "1. item",
    "$$x$$",
    "12. x",
    "a\nb\x1b[31m",
)


@pytest.mark.parametrize("identifier", ODD)
def test_labels_hold_nothing_that_mermaid_or_a_terminal_would_act_on(identifier: str) -> None:
    flow = _flow(_say(identifier, identifier, "bye"), BYE, name=identifier)
    (label,) = re.findall(r'  n0\["(.*)"\]', _mermaid(flow))

    assert not re.search(r'["&<>\[\]{}|`;%\\]', re.sub(r"#\d+;|<br/>", "", label))
    assert "$$" not in label
    assert not re.match(r"[-*+] |\d+\. ", label)
    assert all(sign.isprintable() for line in _text(flow).splitlines() for sign in line)
    shown = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), label.split("<br/>")[0])
    assert shown == " ".join(identifier.replace("\x1b", " ").split())


def test_a_flow_without_a_start_is_drawn_too() -> None:
    empty = Flow("flow-language", {}, "", {})

    assert _mermaid(empty).splitlines()[2] == '  missing0["(missing)"]'
    assert _text(empty) == "A flow without a name, starts at (missing)\n"


def test_the_command_draws_files_and_flows_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("init", str(tmp_path / "sample")).code == 0
    monkeypatch.chdir(tmp_path / "sample")

    by_file = call("graph", "flows/main.json")
    by_name = call("graph", "Lambda integration", "--format", "mermaid")

    assert by_file.code == 0
    assert by_file.out.startswith("flowchart TD\n")
    assert by_name.out == by_file.out
    assert call("graph", "+15550100000", "--format", "text").out.startswith(
        "Lambda integration (CONTACT_FLOW), starts at "
    )
    assert "unreachable" not in by_file.out
    assert call("graph", "Nothing").code == 2


def test_every_public_flow_is_drawn_the_same_way_twice(flows_folder: Path) -> None:
    for file in sorted(flows_folder.glob("*.json")):
        flow = read_flow(file.read_bytes(), catalogue())
        again = read_flow(json.dumps(json.loads(file.read_bytes())), catalogue())
        drawn = _mermaid(flow)

        assert drawn == _mermaid(again)
        nodes = set(re.findall(r"^  (\w+)[\[(]", drawn, re.MULTILINE))
        ends = {name for line in re.findall(r"^  (\w+) -.*> (\w+)$", drawn, re.MULTILINE) for name in line}
        assert ends <= nodes
        assert len(nodes) >= len(flow.actions) + 1
        assert _text(flow).count("\n\n") == len(flow.actions)
