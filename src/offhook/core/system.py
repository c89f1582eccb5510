"""System attributes whose value is an object, as references and the events of functions show them.

Source: adminguide/connect-attrib-list.html; spec/lambda-block.md section 4 (that an e-mail endpoint has the type
EMAIL_ADDRESS is the SDK's word, not seen in an event).
"""

from typing import Any

from offhook.model.contact import Agent, Queue
from offhook.model.instance import Instance


def endpoint(address: str | None, channel: str = "VOICE") -> dict[str, str] | None:
    """`{"Address": …, "Type": …}`, None where there is no address."""
    if address is None:
        return None
    return {"Address": address, "Type": "EMAIL_ADDRESS" if channel == "EMAIL" else "TELEPHONE_NUMBER"}


def queue(queue: Queue | None, instance: Instance) -> dict[str, Any] | None:
    """`{"ARN": …, "Name": …, "OutboundCallerId": endpoint or None}`, None where no queue is set."""
    if queue is None:
        return None
    settings = instance.queues.get(queue.name)
    caller_id = settings.outbound_caller_id if settings is not None else None
    return {"ARN": queue.arn, "Name": queue.name, "OutboundCallerId": endpoint(caller_id)}


def agent(agent: Agent | None) -> dict[str, str] | None:
    """The agent who has the contact, or to whom it shall go; None where there is none."""
    if agent is None:
        return None
    return {"UserName": agent.name, "ARN": agent.arn, "FirstName": agent.first_name, "LastName": agent.last_name}
