"""The same contact gives the same trace, to the byte: in another process, under another hash seed, a second time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from offhook.blocks import catalogue
from offhook.core.trace import Renderer, encode
from offhook.flowjson.read import read_flow
from offhook.model.flow import Flow

from .conftest import ROOT
from .stage import BYE, action, call, flow, say
from .virtual_customers import at_random, serve, surroundings

# One of everything that has an order or a chance of its own.
EVERYTHING = flow(
    action("log", "UpdateFlowLoggingBehavior", {"FlowLoggingBehavior": "Enabled"}, then="queue"),
    action(
        "queue", "UpdateContactTargetQueue", {"QueueId": "Sales"}, then="split", errors={"NoMatchingError": "split"}
    ),
    action(
        "split",
        "DistributeByPercentage",
        then="set",
        when=(("NumericLessThan", "34", "set"), ("NumericLessThan", "67", "look")),
        errors={"NoMatchingCondition": "menu", "NoMatchingError": "bye"},
    ),
    action(
        "set",
        "UpdateContactAttributes",
        {"Attributes": {"z": "1", "a": "$.External.answer", "m-$.Channel": "$.Queue.Name"}},
        then="look",
        errors={"NoMatchingError": "look"},
    ),
    call("look", "heard", "sorry", LambdaInvocationAttributes={"z": "$.Attributes.z", "a": "b"}),
    action(
        "heard",
        "Compare",
        {"ComparisonValue": "$.External.answer"},
        when=(("Equals", "yes", "menu"), ("TextStartsWith", "n", "again")),
        errors={"NoMatchingCondition": "menu", "NoMatchingError": "bye"},
    ),
    say("sorry", "Sorry, $.Attributes.z.", "again"),
    action(
        "again",
        "Loop",
        {"LoopCount": "3"},
        when=(("Equals", "ContinueLooping", "look"), ("Equals", "DoneLooping", "module")),
    ),
    action(
        "menu",
        "GetParticipantInput",
        {"Text": "Press 1 or 2.", "StoreInput": "False", "InputTimeLimitSeconds": "5"},
        then="module",
        when=(("Equals", "1", "set"), ("Equals", "2", "again")),
        errors={"NoMatchingCondition": "bye", "InputTimeLimitExceeded": "again", "NoMatchingError": "module"},
    ),
    action("module", "InvokeFlowModule", {"FlowModuleId": "any"}, then="sell", errors={"NoMatchingError": "sell"}),
    action("sell", "TransferContactToQueue", errors={"QueueAtCapacity": "bye", "NoMatchingError": "bye"}),
    BYE,
    name="everything",
    arn="arn:everything",
)


def lines(flows: list[Flow], *, customers: int) -> Iterator[bytes]:
    """The traces of so many customers of each flow, line by line."""
    for each in flows:
        for number in range(customers):
            stage = surroundings(each, "plain")
            program = stage.program(each.arn)
            assert program is not None
            life = serve(each, stage, at_random(program, number))
            yield from (encode(event) + b"\n" for event in Renderer().render(life.trace, life.contact))


def public_flows(folder: Path) -> list[Flow]:
    return [
        replace(read_flow(path.read_bytes(), catalogue()), arn=f"arn:{path.stem}", name=path.stem)
        for path in sorted(folder.glob("*.json"))
    ]


def elsewhere(hash_seed: str, expression: str) -> bytes:
    """What another process writes under that hash seed."""
    imports = "import sys; from pathlib import Path; from tests.test_determinism import *"
    code = f"{imports}; sys.stdout.buffer.writelines({expression})"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_a_second_time_gives_the_same_bytes() -> None:
    once = b"".join(lines([EVERYTHING], customers=20))

    assert once.count(b'"type":"contact.ended"') + once.count(b'"phase":"queued"') == 20
    assert all(f'"action":"{identifier}"'.encode() in once for identifier in EVERYTHING.actions)
    assert b"".join(lines([EVERYTHING], customers=20)) == once


def test_another_process_with_another_hash_seed_gives_the_same_bytes() -> None:
    here = b"".join(lines([EVERYTHING], customers=20))

    assert [elsewhere(seed, "lines([EVERYTHING], customers=20)") for seed in ("0", "4711")] == [here, here]


def test_public_flows_give_the_same_bytes_under_every_hash_seed(flows_folder: Path) -> None:
    expression = f"lines(public_flows(Path({str(flows_folder)!r})), customers=2)"

    first, second = (elsewhere(seed, expression) for seed in ("1", "2"))

    assert first.count(b'"type":"contact.started"') == 2 * len(list(flows_folder.glob("*.json")))
    assert first == second


def test_another_seed_is_another_chance() -> None:
    program = surroundings(EVERYTHING, "plain").program(EVERYTHING.arn)
    assert program is not None
    ways = set()
    for number in range(12):
        errand = at_random(program, number)
        trace = serve(EVERYTHING, surroundings(EVERYTHING, "plain"), errand).trace
        ways.add(
            tuple(entry[6] for entry in trace if entry[0] == "block.left" and entry[2].action.identifier == "split")
        )

    assert len(ways) > 1
