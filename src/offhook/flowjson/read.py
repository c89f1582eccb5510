"""Flow files to flows. The format is found by content, never by a file's name.

Loading never refuses valid JSON of a known version (decision S21): what is odd becomes a problem of the flow, and the
document is kept as it was read. What is refused, with all reasons at once: text that is not JSON, JSON that is not a
flow, and versions that nobody has published.
"""

from typing import Any

from offhook.core.spec import Catalogue
from offhook.flowjson import language, legacy
from offhook.flowjson.container import READ, Container, open_container
from offhook.flowjson.shape import Place
from offhook.flowjson.text import describe, mended, refusal, write
from offhook.model.errors import UsageError
from offhook.model.flow import FLOW_TYPES, LANGUAGE_VERSION, MODULE, Action, Flow

LEGACY_VERSION = "1"
MAX_CONTENT = 256_000  # characters of Content that the API takes

# The type as metadata and old exports spell it.
_TYPES = {
    "contactFlow": "CONTACT_FLOW",
    "customerQueue": "CUSTOMER_QUEUE",
    "customerHold": "CUSTOMER_HOLD",
    "customerWhisper": "CUSTOMER_WHISPER",
    "outboundWhisper": "OUTBOUND_WHISPER",
    "agentHold": "AGENT_HOLD",
    "agentWhisper": "AGENT_WHISPER",
    "agentTransfer": "AGENT_TRANSFER",
    "queueTransfer": "QUEUE_TRANSFER",
    **{name: name for name in (*FLOW_TYPES, MODULE)},
}
# What else is called JSON and lies beside flows.
_OTHER = {
    "Observations": "a test case of the testing language",
    "Resources": "a CloudFormation template",
    "ContactFlowSummaryList": "a list of flows without their content",
    "ContactFlowModulesSummaryList": "a list of modules without their content",
    "ContactFlowId": "the answer of CreateContactFlow, which has no content",
}


def read_flow(data: bytes | str, catalogue: Catalogue, *, source: str = "") -> Flow:
    """The flow or module in this text: Flow language or old export, bare or in an API answer.

    `source` names the text in messages (a file name). Bytes may be UTF-8, -16 or -32. What is wrong with the flow is
    in its `problems`. Raises UsageError, one sentence per reason, when the text holds no flow that can be read.
    """
    container = open_container(data, source)
    document = container.document
    is_legacy = isinstance(document, dict) and "modules" in document and "Actions" not in document
    wrong = _legacy_refusals(document) if is_legacy else _language_refusals(document)
    if wrong:
        raise UsageError(*(str(refusal(source, sentence)) for sentence in wrong))
    return _flow(container, catalogue, "legacy" if is_legacy else "flow-language")


def _language_refusals(document: Any) -> list[str]:
    if not isinstance(document, dict):
        return [f"found {describe(document)} where the flow should be. {READ}"]
    version = document.get("Version")
    if "Actions" not in document and version != LANGUAGE_VERSION:
        other = next((what for key, what in _OTHER.items() if key in document), "an object that is no flow")
        return [f"found {other}. {READ}"]
    wrong = []
    if version != LANGUAGE_VERSION:
        what = f"{write(version)}" if "Version" in document else "missing"
        wrong.append(f"this is the Flow language, and its Version is {what}; only {LANGUAGE_VERSION!r} is known.")
    if not isinstance(document.get("Actions"), list):
        what = describe(document["Actions"]) if "Actions" in document else "missing"
        wrong.append(f"this is the Flow language, and its Actions are {what}; they must be a list.")
    return wrong


def _legacy_refusals(document: dict[str, Any]) -> list[str]:
    wrong = []
    if str(document.get("version")) != LEGACY_VERSION:
        what = f"{write(document['version'])}" if "version" in document else "missing"
        wrong.append(f"this is an old console export, and its version is {what}; only {LEGACY_VERSION!r} is known.")
    if not isinstance(document["modules"], list):
        wrong.append(
            f"this is an old console export, and its modules are {describe(document['modules'])}; they must be a list."
        )
    return wrong


def _flow(container: Container, catalogue: Catalogue, form: str) -> Flow:
    # the document is kept as it is; what runs is text that can be said, sent and stored
    document, said = mended(container.document), mended(container.said)
    whole = Place([])
    if document is not container.document:
        rule = "holds half of a character that takes two escapes, such as \\ud83d alone; it is read as \ufffd."
        whole.report("text", rule, code="half_character", severity="warning")
    for key in container.doubled:
        rule = "occurs twice in one object; the last one counts."
        whole.report(f"key {key!r}", rule, code="duplicate_key", severity="warning")
    metadata = whole.part(document, "metadata" if form == "legacy" else "Metadata", dict)
    start = whole.part(document, "start" if form == "legacy" else "StartAction", str)
    flow_type = _type(container, document, metadata, whole)
    actions, problems = (
        legacy.convert(document, catalogue, flow_type) if form == "legacy" else language.read_actions(document)
    )
    if not flow_type and (container.is_module or "Settings" in document or _returns(actions)):
        flow_type = MODULE
    _check_length(container, whole)
    return Flow(
        form,
        container.document,
        start,
        actions,
        name=_text(said, "Name") or _text(metadata, "name"),
        type=flow_type,
        arn=_text(said, "Arn"),
        id=_text(said, "Id"),
        wrapper=container.wrapper,
        content_style=container.style,
        problems=(*whole.problems, *problems),
    )


def _type(container: Container, document: dict[str, Any], metadata: dict[str, Any], whole: Place) -> str:
    """One of FLOW_TYPES or MODULE, or empty: the wrapper says it first, then the export, then the metadata."""
    said = _text(container.said, "Type") or _text(document, "type") or _text(metadata, "type")
    if said and said not in _TYPES:
        rule = f"is {said!r}, which is no type that offhook runs; it is ignored."
        whole.report("the flow's type", rule, code="unknown_flow_type", severity="warning")
    return _TYPES.get(said, "")


def _returns(actions: dict[str, Action]) -> bool:
    # the block exists in modules alone
    return any(action.type == "EndFlowModuleExecution" for action in actions.values())


def _check_length(container: Container, whole: Place) -> None:
    # as a compact text, the shortest that the same flow can have
    if container.characters > MAX_CONTENT and (length := len(write(container.document, "compact"))) > MAX_CONTENT:
        rule = f"has {length:,} characters at least; Connect takes {MAX_CONTENT:,} at most."
        whole.report("the flow", rule, code="content_length")


def _text(holder: dict[str, Any], key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else ""
