"""A flow that is published anew changes nothing for contacts that are in it, not even after a restart."""

import json
from pathlib import Path
from typing import Any

from tests.server import Server


def content(word: str) -> str:
    """Waits for the customer, and then says the word."""
    back = {"NextAction": "say", "Condition": {"Operator": "Equals", "Operands": ["CustomerReturned"]}}
    over = {"NextAction": "bye", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}}
    error = [{"NextAction": "bye", "ErrorType": "NoMatchingError"}]
    actions = [
        {
            "Identifier": "wait", "Type": "Wait",
            "Parameters": {"TimeLimitSeconds": "600", "Events": ["CustomerReturned"]},
            "Transitions": {"NextAction": "bye", "Errors": error, "Conditions": [back, over]},
        },
        {
            "Identifier": "say", "Type": "MessageParticipant", "Parameters": {"Text": word},
            "Transitions": {"NextAction": "wait", "Errors": error},
        },
        {"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}},
    ]  # fmt: skip
    return json.dumps({"Version": "2019-10-30", "StartAction": "wait", "Metadata": {}, "Actions": actions})


class Chatter:
    """A customer of a flow."""

    def __init__(self, server: Server, instance: str, flow: str) -> None:
        began = server.client("connect").start_chat_contact(
            InstanceId=instance, ContactFlowId=flow, ParticipantDetails={"DisplayName": "Ann"}
        )
        made = server.client("connectparticipant").create_participant_connection(
            Type=["CONNECTION_CREDENTIALS"], ParticipantToken=began["ParticipantToken"]
        )
        self.token = made["ConnectionCredentials"]["ConnectionToken"]

    def hears(self, server: Server) -> list[str]:
        """What the flow has said after one more message."""
        participant: Any = server.client("connectparticipant")
        participant.send_message(ConnectionToken=self.token, ContentType="text/plain", Content="?")
        items = participant.get_transcript(ConnectionToken=self.token, SortOrder="ASCENDING")["Transcript"]
        return [item["Content"] for item in items if item["ParticipantRole"] == "SYSTEM"]


def test_contacts_stay_in_the_flow_they_came_to(tmp_path: Path) -> None:
    server = Server(tmp_path)
    connect = server.client("connect")
    instance = connect.list_instances()["InstanceSummaryList"][0]["Id"]
    flow = connect.create_contact_flow(InstanceId=instance, Name="It", Type="CONTACT_FLOW", Content=content("first"))
    flow_id = flow["ContactFlowId"]
    early = Chatter(server, instance, flow_id)
    connect.update_contact_flow_content(InstanceId=instance, ContactFlowId=flow_id, Content=content("second"))
    late = Chatter(server, instance, flow_id)

    assert early.hears(server) == ["first"]
    assert late.hears(server) == ["second"]

    server.process.kill()
    server.stop()
    server = Server(tmp_path)

    assert early.hears(server) == ["first", "first"]
    assert late.hears(server) == ["second", "second"]
    server.client("connect").delete_contact_flow(InstanceId=instance, ContactFlowId=flow_id)
    assert early.hears(server) == ["first", "first", "first"]
    assert late.hears(server)[-1] == "second"
    assert server.stop() == 0
