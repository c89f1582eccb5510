"""A contact as bytes and back. What waits can be stored, moved and woken anywhere: the snapshot is all there is."""

import msgspec
from msgspec.structs import replace

from offhook.core.spec import Catalogue
from offhook.model.contact import Contact

# keys stay in their order: it is the order of cancellations, of attributes in an event, of lines in a trace
_ENCODER = msgspec.json.Encoder()


class Snapshots:
    """Encodes and decodes contacts. A memo is stored under its block's action type, which names its shape."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._memos = {spec.action: spec.memo for spec in catalogue.values() if spec.memo is not None}
        self._names = {memo: action for action, memo in self._memos.items()}
        self._decoder = msgspec.json.Decoder(Contact)

    def encode(self, contact: Contact) -> bytes:
        if contact.run is not None and contact.run.memo is not None:
            memo = {self._names[type(contact.run.memo)]: contact.run.memo}
            contact = replace(contact, run=replace(contact.run, memo=memo))
        return _ENCODER.encode(contact)

    def decode(self, data: bytes) -> Contact:
        contact = self._decoder.decode(data)
        if contact.run is not None and contact.run.memo is not None:
            ((action, raw),) = contact.run.memo.items()
            memo = msgspec.convert(raw, self._memos[action])
            contact = replace(contact, run=replace(contact.run, memo=memo))
        return contact
