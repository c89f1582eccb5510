"""`offhook run` with agents: a whole life in the terminal, who works and what for, and what is wrong with it."""

import json
from pathlib import Path
from typing import Any

import pytest

from .command_line import Called, call

AGENTS = """
[agents.jane]
routing_profile = "Calls"
first_name = "Jane"
last_name = "Doe"
accept_after = "1s"
handle_time = "fixed:20s"
after_contact = "5s"
then = ["hold:10s", "resume", "transfer:Second line", "conference", "wait:1s", "hangup"]
[agents.jane.proficiencies]
Language = { Norwegian = 4 }
[agents.joe]
routing_profile = "All"
status = "Available"
accept_after = "uniform:1s-2s"
[routing_profiles.Calls]
extends = "All"
concurrency = { voice = 1, chat = 2 }
[routing_profiles.All]
queues = [{ queue = "BasicQueue", priority = 2, delay = "0s", channels = ["voice", "chat"] }]
[quick_connects."Second line"]
agent = "joe"
[quick_connects.Home]
number = "+15550100"
"""
QUEUE = "flows/queue-customer.json"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh project, and agents in a file beside it."""
    assert call("init", str(tmp_path / "p")).code == 0
    monkeypatch.chdir(tmp_path / "p")
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "p" / "agents.toml").write_text(AGENTS)
    return tmp_path / "p"


def run(*words: str, code: int = 0) -> Called:
    called = call("run", *words)
    assert called.code == code, called
    return called


def events(*words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(*words, "--json").out.splitlines()]


def phases(found: list[dict[str, Any]]) -> list[str]:
    return [event["phase"] for event in found if event["type"] == "contact.phase"]


def test_one_agent_takes_what_is_queued(project: Path) -> None:
    lines = run(QUEUE, "--agents", "1").out.splitlines()

    shown = [line[9:].strip() for line in lines]
    wanted = ("= waits in BasicQueue", "= agent-1 is asked", "= agent-1 joins", "agent │   Joanna: BasicQueue",
              "= leaves the queue", "= talks to agent-1", "agent │   > hangs up")  # fmt: skip
    assert [each for each in shown if each in wanted] == list(wanted)
    assert "outcome    hung up: agent hung up" in lines
    assert "waited     2.0 s in the queue, for agent-1" in lines
    assert "contact    DISCONNECT Disconnect: disconnected" in lines
    assert any(line.startswith("         2 │ Disconnect  VOICE DISCONNECT from") for line in lines)


def test_without_agents_the_contact_is_left_in_its_queue(project: Path) -> None:
    lines = run(QUEUE).out.splitlines()

    assert "outcome    queued in 'BasicQueue'" in lines
    assert "outcome    queued in 'BasicQueue'" in run(QUEUE, "--agents", "0").out.splitlines()


def test_patience_ends_when_an_agent_joins(project: Path) -> None:
    """The agent talks for a minute; the customer would wait for half of that."""
    assert "hung up: agent hung up" in run(QUEUE, "--silent", "--agents", "1", "--patience", "30s").out


def test_a_customer_without_patience_gives_up(project: Path) -> None:
    lines = run(QUEUE, "--patience", "50s").out.splitlines()

    assert "outcome    hung up: customer hung up" in lines
    assert lines[-1].startswith("again      offhook run flows/queue-customer.json --patience 50s")


def test_agents_of_a_file_hold_and_transfer(project: Path) -> None:
    found = events(QUEUE, "--agents", "agents.toml")

    assert [each for each in phases(found) if each in ("holding", "transferring", "conference")] == [
        "holding",
        "transferring",
        "conference",
    ]
    started = [event for event in found if event["type"] == "contact.started"]
    assert [event["initiation_method"] for event in started] == ["INBOUND", "TRANSFER", "DISCONNECT"]
    at = [event["at"] for event in found]
    assert at == sorted(at), "what happens to several contacts is in the order of time"


def test_agents_of_the_project_work_without_being_asked_for(project: Path) -> None:
    with (project / "offhook.toml").open("a") as file:
        file.write(AGENTS)

    assert "talks to jane" in run(QUEUE).out
    assert "waits in BasicQueue" in run(QUEUE, "--agents", "0").out


def test_a_phone_in_real_time_has_agents_too(project: Path) -> None:
    quick = '[agents.ann]\naccept_after = "10ms"\nhandle_time = "10ms"\n'
    (project / "quick.toml").write_text(quick)
    flow = {
        "Version": "2019-10-30", "StartAction": "set", "Metadata": {},
        "Actions": [
            {"Identifier": "set", "Type": "UpdateContactTargetQueue", "Parameters": {"QueueId": "BasicQueue"},
             "Transitions": {"NextAction": "go", "Errors": [], "Conditions": []}},
            {"Identifier": "go", "Type": "TransferContactToQueue", "Parameters": {},
             "Transitions": {"NextAction": "go", "Errors": [], "Conditions": []}},
        ],
    }  # fmt: skip
    (project / "go.json").write_text(json.dumps(flow))

    found = events("go.json", "--agents", "quick.toml", "--silent", "--real-time", "--channel", "chat")

    assert phases(found) == ["queued", "agent_whisper", "customer_whisper", "connected"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[agents.ann]\nroutng_profile = 'x'", "[agents.ann] routng_profile is not a setting here; did you mean "
         "routing_profile."),
        ("[agents.ann]\nrouting_profile = 'Cals'\n[routing_profiles.Calls]\n",
         "[agents.ann] routing_profile is 'Cals', which is not there; did you mean 'Calls'."),
        ("[routing_profiles.A]\nqueues = [{ queue = 'BasicQeue' }]",
         "[routing_profiles.A] queue is 'BasicQeue', which is not there; did you mean 'BasicQueue'."),
        ("[routing_profiles]\nA = { extends = 'B' }\nB = { extends = 'C' }\nC = { extends = 'B' }",
         "[routing_profiles.B] extends leads back to itself: B -> C -> B."),
        ("[routing_profiles.A]\nextends = 'Z'",
         "[routing_profiles.A] extends is 'Z', which is no routing profile here."),
        ("[routing_profiles.A]\nqueues = [{ queue = 'BasicQueue', delay = 'soon', channels = ['fax'] }]",
         "[routing_profiles.A.queues[0]] channels has fax, must be of voice, chat, task, email."),
        ("[routing_profiles.A]\nqueues = [{ delay = 'soon' }]",
         "[routing_profiles.A.queues[0]] delay is 'soon', must be a length of time such as 10s, up to 9999s."),
        ("[routing_profiles.A]\nqueues = [{}]", "[routing_profiles.A.queues[0]] queue must name a queue."),
        ("[agents.ann]\nhandle_time = 'long'",
         "[agents.ann] handle_time is 'long': must be a time: 20s, 3m, fixed:60s, uniform:30s-90s or "
         "exponential:180s."),
        ("[agents.ann]\nthen = ['dance']",
         "[agents.ann] then has a step 'dance': must be one of hold:10s, resume, wait:5s, transfer:NAME, conference, "
         "hangup."),
        ("[agents.ann.proficiencies]\nLanguage = { Thai = 9 }",
         "[agents.ann.proficiencies.Language] Thai must be a level from 1 to 5."),
        ("[quick_connects.A]", "[quick_connects.A] must have one of agent, queue and number."),
        ("[quick_connects.A]\nnumber = '911'", "[quick_connects.A] number is '911', must be a number in E.164 such as "
         "+15550100."),
        ("[quick_connects.A]\nagent = 'nobody'", "[quick_connects.A] agent is 'nobody', which is not there; there is "
         "none."),
        ("[agents.ann]\nanswers = 'maybe'", '[agents.ann] answers is "maybe", must be one of accept, miss, reject.'),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_said_in_a_sentence(project: Path, text: str, sentence: str) -> None:
    (project / "wrong.toml").write_text(text)

    refused = run(QUEUE, "--agents", "wrong.toml", code=2)

    assert any(line.endswith(sentence) for line in refused.err.splitlines()), refused.err
    assert "Traceback" not in refused.err


def test_a_file_that_is_not_there_or_no_toml_is_refused(project: Path) -> None:
    (project / "wrong.toml").write_text("[agents")

    assert "cannot be read" in run(QUEUE, "--agents", "no.toml", code=2).err
    assert "not TOML" in run(QUEUE, "--agents", "wrong.toml", code=2).err
    assert "--patience is 'x'" in run(QUEUE, "--patience", "x", code=2).err
