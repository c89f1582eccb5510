"""SSML: whether Connect would speak it, what is heard of it, and how long that takes in virtual time.

Read as plain XML without namespaces, because Polly's own tags (`amazon:effect`) declare none. Unknown tags are
ignored, as Polly does. Entities and document types are refused.
Source: adminguide/supported-ssml-tags.html (the root is speak; a pause is 10 seconds at most),
APIReference/participant-actions-messageparticipant.html (length).
Every duration but the pauses that a text names is our estimate: real speech depends on voice, language and style.
"""

import re
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]  # ships without types
from defusedxml.expatreader import create_parser  # type: ignore[import-untyped]  # the same

MAX_CHARACTERS = 6000
MAX_BILLED = 3000
_MAX_PAUSE_MS = 10_000

_CHARACTER_MS = 65
_NAMELESS_PAUSE_MS = 300
_UNKNOWN_LENGTH_MS = 3000
_SHORTEST_MS = 100

_TIME = re.compile(r"\+?([0-9]{0,6}\.?[0-9]{1,6})(ms|s)")
# Words on both sides of these do not belong together.
_PARTS = frozenset(("speak", "p", "s", "break"))


class _Listener(ContentHandler):
    """What passes by while a document is read; a SAX parser tells it to a subclass of this."""

    def __init__(self) -> None:
        super().__init__()
        self.root = ""
        self.heard: list[str] = []
        self.billed = 0
        self.pause_ms = 0

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        self.root = self.root or name
        if name == "break":
            self.pause_ms += _pause_ms(attrs.get("time", ""))
        self._part(name)

    def endElement(self, name: str) -> None:
        self._part(name)

    def _part(self, name: str) -> None:
        if name in _PARTS:
            self.heard.append(" ")

    def characters(self, content: str) -> None:
        self.heard.append(content)
        self.billed += len(content)

    @property
    def text(self) -> str:
        return " ".join("".join(self.heard).split())


def problem(text: str) -> str | None:
    """Why Connect would not speak this as SSML, in one sentence without the text itself; None when it would."""
    if len(text) > MAX_CHARACTERS:
        return f"The SSML has {len(text)} characters, must have at most {MAX_CHARACTERS}."
    reason, listener = _listen(text)
    if reason:
        return reason
    if listener.root != "speak":
        return "The SSML must stand inside <speak> and </speak>."
    if listener.billed > MAX_BILLED:
        return f"The SSML has {listener.billed} characters outside of its tags, must have at most {MAX_BILLED}."
    return None


def spoken_text(ssml: str) -> str:
    """The words without tags. What cannot be read comes back as it is."""
    reason, listener = _listen(ssml)
    return ssml if reason else listener.text


def pause_ms(ssml: str) -> int:
    """How long the `break` tags are silent, in all; 0 for what cannot be read."""
    reason, listener = _listen(ssml)
    return 0 if reason else listener.pause_ms


def speech_ms(kind: str, text: str) -> int:
    """How long a `Speech` of this kind takes. A library prompt or a media file counts as three seconds."""
    if kind == "text":
        return max(_SHORTEST_MS, len(text) * _CHARACTER_MS)
    if kind == "ssml":
        return max(_SHORTEST_MS, len(spoken_text(text)) * _CHARACTER_MS + pause_ms(text))
    return _UNKNOWN_LENGTH_MS


def _listen(text: str) -> tuple[str, _Listener]:
    """Read the document; the first part is empty or a sentence that says why it could not be read."""
    listener = _Listener()
    parser = create_parser(forbid_dtd=True)
    parser.setContentHandler(listener)
    try:
        parser.feed(text)
        parser.close()
    except DefusedXmlException:
        return "The SSML declares a document type, which is refused: remove everything before <speak>.", listener
    except SAXParseException as error:
        cure = "write & as &amp; and < as &lt;, and close every tag"
        return f"The SSML cannot be read, {error.getMessage()}: {cure}.", listener
    except UnicodeEncodeError:
        return "The SSML holds half of a surrogate pair: write the whole character.", listener
    return "", listener


def _pause_ms(time: str) -> int:
    found = _TIME.fullmatch(time.strip())
    if found is None:
        return _NAMELESS_PAUSE_MS
    count, unit = found.groups()
    return min(_MAX_PAUSE_MS, int(float(count) * (1000 if unit == "s" else 1)))
