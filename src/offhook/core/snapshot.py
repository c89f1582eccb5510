"""A contact as bytes and back. What waits can be stored, moved and woken anywhere: the snapshot is all there is."""

import msgspec
from msgspec.structs import replace

from offhook.core.spec import Catalogue
from offhook.model.contact import Contact, Run

# keys stay in their order: it is the order of cancellations, of attributes in an event, of lines in a trace
_ENCODER = msgspec.json.Encoder()


class Snapshots:
    """Encodes and decodes contacts. A memo is stored under its block's action type, which names its shape."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._memos = {spec.action: spec.memo for spec in catalogue.values() if spec.memo is not None}
        self._names = {memo: action for action, memo in self._memos.items()}
        self._decoder = msgspec.json.Decoder(Contact)

    def encode(self, contact: Contact) -> bytes:
        return _ENCODER.encode(replace(contact, runs=tuple(map(self._named, contact.runs))))

    def decode(self, data: bytes) -> Contact:
        contact = self._decoder.decode(data)
        return replace(contact, runs=tuple(map(self._typed, contact.runs)))

    def _named(self, run: Run) -> Run:
        return run if run.memo is None else replace(run, memo={self._names[type(run.memo)]: run.memo})

    def _typed(self, run: Run) -> Run:
        if run.memo is None:
            return run
        ((action, raw),) = run.memo.items()
        return replace(run, memo=msgspec.convert(raw, self._memos[action]))
