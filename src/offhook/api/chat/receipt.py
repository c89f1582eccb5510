"""Receipts: that a message was delivered or read. Its author is told at once, and the transcript shows them.

A receipt is told as an item of the type MESSAGEMETADATA, which no transcript keeps; the message itself is written anew
with what is known of it. Source: spec/participant-ws.md section 6.
"""

from collections import OrderedDict
from typing import Any

import msgspec
import sqlalchemy as sql

from offhook.adapters.store.contacts import Contacts
from offhook.adapters.store.schema import ITEM
from offhook.api.chat.hub import Hub
from offhook.api.chat.participant import Participant
from offhook.core.calendar import text_of
from offhook.drivers.embedded.turn import Turn
from offhook.drivers.ports import Seal
from offhook.model.writes import Row

_KNOWN = 5_000  # messages in memory that have receipts


class Receipts:
    """See the module. Rows in memory are as they will be once the turns under way are committed."""

    def __init__(self, contacts: Contacts, seal: Seal, hub: Hub) -> None:
        self._contacts = contacts
        self._seal = seal
        self._hub = hub
        self._rows: OrderedDict[str, Row] = OrderedDict()

    async def message(self, initial_id: str, message_id: str) -> dict[str, Any] | None:
        """The message of this family, None where there is none."""
        row = self._rows.get(message_id)
        if row is None:
            rows = await self._contacts.rows(sql.select(ITEM).where(ITEM.c.id == message_id))
            if not rows:
                return None
            row = self._rows.setdefault(message_id, rows[0])
            if len(self._rows) > _KNOWN:
                self._rows.popitem(last=False)
        return self._item(row) if row["initial_id"] == initial_id else None

    def note(self, turn: Turn, reader: Participant, message_id: str, kind: str) -> None:
        """Write that the reader has it; `kind` is DeliveredTimestamp or ReadTimestamp. The first time counts."""
        row = self._rows.get(message_id)
        if row is None:
            return
        item = self._item(row)
        receipts = item.get("MessageMetadata", {}).get("Receipts", [])
        mine: dict[str, str] = next((each for each in receipts if each["RecipientParticipantId"] == reader.id), {})
        if kind in mine:
            return
        mine = {**mine, "RecipientParticipantId": reader.id, kind: text_of(turn.now_ms)}
        others = [each for each in receipts if each["RecipientParticipantId"] != reader.id]
        item["MessageMetadata"] = {"MessageId": message_id, "Receipts": [*others, mine]}
        body = msgspec.json.encode(item)
        is_sealed = self._seal.open(row["body"]) != row["body"]
        row = self._rows[message_id] = {**row, "body": self._seal.close(body) if is_sealed else body}
        turn.writes.put("item", row)
        told = {
            "Id": message_id,
            "Type": "MESSAGEMETADATA",
            "AbsoluteTime": text_of(turn.now_ms),
            "ContactId": item["ContactId"],
            "InitialContactId": item["InitialContactId"],
            "MessageMetadata": {"MessageId": message_id, "Receipts": [mine]},
        }
        text, author = msgspec.json.encode(told).decode(), item.get("ParticipantId", "")
        turn.after.append(lambda: self._hub.tell(row["initial_id"], text, only=author))

    def _item(self, row: Row) -> dict[str, Any]:
        item: dict[str, Any] = msgspec.json.decode(self._seal.open(row["body"]))
        return item
