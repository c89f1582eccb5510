"""How contacts come to be: from outside, or out of another contact.

Source: adminguide/ctr-data-model.html (initial, previous and related contact ids); spec/flow-types.md section 3.
"""

from typing import Any

import msgspec
from msgspec.structs import replace

from offhook.model.contact import Contact, Run
from offhook.model.effect import CreateContact
from offhook.model.flow import MODULE
from offhook.model.instance import Instance

# Grows when a block emits something else than before: a contact that began under a lesser number goes on as it began,
# because the block asks `ctx.contact.behaviour`. tests/journals has contacts of every number
BEHAVIOUR = 1
SUBTYPES = {"VOICE": "connect:Telephony", "CHAT": "connect:Chat"}
# what goes over to the next segment of the same contact
INHERITED = (
    "attributes", "customer_endpoint", "system_endpoint", "name", "description", "customer_id", "language",
    "references", "tags", "queue", "voice", "logging", "recording", "hooks", "priority", "callback_number",
    "segment_attributes", "secrets", "given", "routing_criteria", "stored_input",
)  # fmt: skip
# and what a contact that is only related has of it
OF_RELATED = ("logging", "given", "secrets")


def new_contact(**fields: Any) -> Contact:
    """A contact that has not started. What is not given: its first and previous contact is itself (decision S14), and
    its subtype is what its channel says (adminguide/connect-attrib-list.html, segment attributes).
    """
    contact = Contact(**fields)
    is_web = contact.initiation_method == "WEBRTC_API"
    subtype = "connect:WebRTC" if is_web else SUBTYPES.get(contact.channel)
    subtypes = {} if subtype is None else {"connect:Subtype": {"ValueString": subtype}}
    return replace(
        contact,
        initial_id=contact.initial_id or contact.id,
        previous_id=contact.previous_id or (None if is_web else contact.id),
        behaviour=BEHAVIOUR,
        segment_attributes={**subtypes, **contact.segment_attributes},
        runs=(Run(line="customer", flow=contact.flow),) if contact.flow else (),
    )


def born(order: CreateContact, parent: Contact, instance: Instance) -> Contact:
    """The contact that `parent` ordered; it has not started."""
    fields: dict[str, Any] = {name: getattr(parent, name) for name in OF_RELATED}
    if order.kin == "previous":
        fields |= {name: getattr(parent, name) for name in INHERITED}
        fields |= {"initial_id": parent.initial_id, "previous_id": parent.id, "segment": parent.segment + 1}
    elif order.kin == "related":
        fields["related_id"] = parent.id
    flow = instance.flows.get(order.flow)
    fields |= {
        "id": order.contact_id,
        "seed": parent.seed,
        "flow": order.flow,
        "flow_type": flow.type if flow is not None and flow.type not in ("", MODULE) else "CONTACT_FLOW",
        "channel": order.channel,
        "initiation_method": order.initiation_method,
    }
    kept = {name: value for name, value in fields.items() if value is not None}
    return new_contact(**{**kept, **_typed(order.fields)})


def _typed(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as a stored effect has them: plain values become what the contact holds."""
    types = {field.name: field.type for field in msgspec.structs.fields(Contact)}
    return {name: msgspec.convert(msgspec.to_builtins(value), types[name]) for name, value in fields.items()}
