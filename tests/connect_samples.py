"""What tests of Connect's control plane send: the least that can be published, and an instance of their own."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

FLOW = json.dumps(
    {
        "Version": "2019-10-30",
        "StartAction": "end",
        "Metadata": {},
        "Actions": [{"Identifier": "end", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}],
    }
)
MODULE = json.dumps(
    {
        "Version": "2019-10-30",
        "StartAction": "end",
        "Metadata": {},
        "Settings": {"InputParameters": [], "OutputParameters": [], "Transitions": []},
        "Actions": [{"Identifier": "end", "Type": "EndFlowModuleExecution", "Parameters": {}, "Transitions": {}}],
    }
)
VIEW = {"Template": json.dumps({"Head": {"Title": "State"}, "Body": []}), "Actions": ["Next"]}
TEST_CASE = json.dumps({"Version": "2019-10-30", "Metadata": {}, "Observations": []})
NOBODY = "11111111-2222-4333-8444-555555555555"


def new_name(word: str) -> str:
    return f"{word} {uuid.uuid4().hex[:8]}"


def new_instance(connect: Any, **more: Any) -> str:
    """The id of an instance that nobody else uses."""
    alias = f"i-{uuid.uuid4().hex[:12]}"
    asked = {"IdentityManagementType": "CONNECT_MANAGED", "InstanceAlias": alias}
    return str(connect.create_instance(InboundCallsEnabled=True, OutboundCallsEnabled=True, **{**asked, **more})["Id"])


def refusal(call: Any, **parameters: Any) -> Any:
    """The whole response of a call that must be refused."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response


def code(call: Any, **parameters: Any) -> str:
    return str(refusal(call, **parameters)["Error"]["Code"])
