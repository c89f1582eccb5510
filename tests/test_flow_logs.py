"""The flow log: every block writes a line under the name that Connect gives it, and no secret is in any output."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.blocks import catalogue
from offhook.cli import example
from offhook.cli.summary import Summary
from offhook.cli.terminal import Transcript, console_for
from offhook.core import trace
from offhook.core.record import Records
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.customer import Script
from offhook.model.contact import Queue
from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded
from offhook.model.flow import Action

from .floor import SUPPORT, centre, jane, named
from .stage import BYE, START_MS, Stubs, action, call, contact, say

BUILT = [action for action, spec in sorted(catalogue().items()) if spec.enter is not None]
# spec: the names that real logs show, which are those of the old modules
SEEN = {
    "UpdateContactTargetQueue": "SetQueue",
    "MessageParticipant": "PlayPrompt",
    "GetParticipantInput": "GetUserInput",
    "ConnectParticipantWithLexBot": "GetUserInput",
    "Compare": "CheckAttribute",
    "UpdateContactAttributes": "SetAttributes",
    "UpdateFlowLoggingBehavior": "SetLoggingBehavior",
    "UpdateContactTextToSpeechVoice": "SetVoice",
    "InvokeLambdaFunction": "InvokeExternalResource",
    "TransferToFlow": "Transfer",
    "DisconnectParticipant": "Disconnect",
}
NO_MODULE_SAYS_SO = {"MessageParticipantIteratively": {"LoopPrompts"}}


def logged(name: str) -> list[dict[str, Any]]:
    """The lines of a block's example."""
    life = example.played(catalogue()[name], logging=True)
    events = trace.Renderer().render(life.trace, life.contact)
    return [event.entry for event in events if isinstance(event, trace.Log) and event.action == "it"]


@pytest.mark.parametrize("name", BUILT)
def test_every_block_writes_a_line_of_text(name: str) -> None:
    entries = logged(name)

    assert entries
    for entry in entries:
        assert entry["Identifier"] == "it"
        assert all(isinstance(value, str) for value in entry["Parameters"].values())
        assert isinstance(entry.get("Results", ""), str)


@pytest.mark.parametrize("name", BUILT)
def test_a_block_is_logged_under_the_name_of_its_old_module(name: str) -> None:
    modules = {each.module for each in catalogue()[name].legacy} | NO_MODULE_SAYS_SO.get(name, set())

    (found,) = {entry["ContactFlowModuleType"] for entry in logged(name)}

    assert found == SEEN.get(name, found)
    assert found in (modules or {name, catalogue()[name].log_name})


def test_blocks_that_were_two_modules_are_logged_as_the_one_they_are() -> None:
    def name_of(kind: str, **parameters: Any) -> str:
        it = action("it", kind, parameters, then="bye", errors={"NoMatchingError": "bye", "NoMatchingCondition": "bye"})
        (line,) = (line for line in outputs(it, BYE, press="1")["log"] if line["Identifier"] == "it")
        return str(line["ContactFlowModuleType"])

    streams = {"MediaStreamType": "Audio", "Participants": []}
    assert name_of("UpdateContactMediaStreamingBehavior", MediaStreamingState="Enabled", **streams) == (
        "StartMediaStreaming"
    )
    assert name_of("UpdateContactMediaStreamingBehavior", MediaStreamingState="Disabled", **streams) == (
        "StopMediaStreaming"
    )
    assert name_of("CheckMetricData", MetricType="NumberOfAgentsAvailable") == "CheckStaffing"
    assert name_of("CheckMetricData", MetricType="NumberOfContactsInQueue") == "CheckQueueStatus"


def outputs(*actions: Action, press: str, stubs: Stubs | None = None) -> dict[str, Any]:
    """All that is shown of one contact on these actions, whose customer presses this, and who comes to an agent."""
    stage = centre(named("CONTACT_FLOW", "Main", *actions), functions=("lookup",))
    records, summary, screen = Records(stage.instance), Summary(), io.StringIO()
    sinks = [Transcript(console_for(screen), full=True), summary]
    renderers: dict[str, trace.Renderer] = {}
    told: dict[str, Any] = {"trace": [], "log": [], "written": []}

    def watch(life: Any, tuples: Any) -> None:
        renderer = renderers.setdefault(life.contact.id, trace.Renderer())
        events = list(renderer.render(tuples, life.contact))
        for event in events:
            for sink in sinks:
                sink(event)
        told["trace"] += [json.loads(trace.encode(event)) for event in events]
        told["log"] += [event.entry for event in events if isinstance(event, trace.Log)]
        told["written"] += records.take(events, life.contact)

    def cleared(contact_id: str, agent: str, from_ms: int, until_ms: int) -> None:
        told["written"] += records.cleared(contact_id, from_ms, until_ms, agent=agent)

    simulator = Simulator(
        stage,
        stubs or Stubs(lookup={}),
        encrypt=lambda digits, key_id, pem: f"<{len(digits)} digits>",
        agents={"jane": jane("transfer:Joe")},
        watch=watch,
        on_cleared=cleared,
    )
    fields = {"flow": "flow:Main", "logging": True, "queue": Queue(SUPPORT.arn, "Support")}
    life = simulator.start(contact(**fields), Script((press,)), at_ms=START_MS)
    simulator.run()
    told["screen"], told["summary"] = screen.getvalue(), dict(summary.rows())
    told["held"] = life.contact.attributes
    return told


ENTER = {
    "Text": "Your number?",
    "StoreInput": "True",
    "InputTimeLimitSeconds": "5",
    "InputValidation": {"CustomValidation": {"MaximumLength": "12"}},
}
KEY = {"InputEncryption": {"EncryptionKeyId": "key-1", "Key": "-----BEGIN CERTIFICATE-----"}}
OR_BYE = {"errors": {"NoMatchingError": "bye"}}
WAYS = {
    "encrypted": (action("enter", "GetParticipantInput", {**ENTER, **KEY}, then="use", **OR_BYE),),
    "unlogged": (
        action("off", "UpdateFlowLoggingBehavior", {"FlowLoggingBehavior": "Disabled"}, then="enter"),
        action("enter", "GetParticipantInput", ENTER, then="on", **OR_BYE),
        action("on", "UpdateFlowLoggingBehavior", {"FlowLoggingBehavior": "Enabled"}, then="use"),
    ),
}
INPUT = "$.StoredCustomerInput"
GOES: dict[str, Any] = {"then": "call", "errors": {"NoMatchingError": "call"}}
USES = {
    "attributes": action("use", "UpdateContactAttributes", {"Attributes": {"n": f"it is {INPUT}"}}, **GOES),
    "data": action("use", "UpdateContactData", {"CustomerId": INPUT}, **GOES),
    "tags": action("use", "TagContact", {"Tags": {"n": INPUT}}, **GOES),
    "callback": action("use", "UpdateContactCallbackNumber", {"CallbackNumber": INPUT}, **GOES),
    "prompt": say("use", f"You said {INPUT}", "call"),
    "comparison": action(
        "use",
        "Compare",
        {"ComparisonValue": INPUT},
        when=(("Equals", INPUT, "call"),),
        errors={"NoMatchingCondition": "call"},
    ),
}


def answered_by_echo(effect: InvokeLambda) -> LambdaEnded:
    """A function that answers with its parameters."""
    return LambdaEnded(0, effect.id, 200, body=json.dumps(effect.event["Details"]["Parameters"]))


@settings(deadline=None, max_examples=60)
@given(digits=st.integers(10**6, 10**12 - 1), way=st.sampled_from(sorted(WAYS)), use=st.sampled_from(sorted(USES)))
def test_no_output_holds_what_was_entered_in_secret(digits: int, way: str, use: str) -> None:
    """Trace, flow log, transcript, summary, records and events; whatever a flow makes of the input."""
    secret = str(digits)
    stubs = Stubs(lookup=answered_by_echo)
    ask = call("call", "keep", LambdaInvocationAttributes={"again": "$.StoredCustomerInput"})
    keep = action("keep", "UpdateContactAttributes", {"Attributes": {"again": "$.External.again"}}, then="queue",
                  errors={"NoMatchingError": "queue"})  # fmt: skip
    queue = action("queue", "TransferContactToQueue", then="bye", errors={"NoMatchingError": "bye"})

    told = outputs(*WAYS[way], USES[use], ask, keep, queue, BYE, press=f"{secret}#", stubs=stubs)

    known = {"unlogged": secret, "encrypted": f"<{len(secret)} digits>"}
    assert told.pop("held")["again"] == known[way], "the flow itself goes on with it"
    assert {each["detail"]["eventType"] for each in told["written"] if "detail" in each} >= {"QUEUED", "COMPLETED"}
    assert sum("Attributes" in each for each in told["written"]) >= 1
    for name, value in told.items():
        assert secret not in json.dumps(value), name
