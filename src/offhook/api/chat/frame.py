"""The frames of the websocket. Source: spec/participant-ws.md section 3."""

from typing import Any

import msgspec

SUBSCRIBE, PING, HEARTBEAT, CHAT = "aws/subscribe", "aws/ping", "aws/heartbeat", "aws/chat"
_ENCODER = msgspec.json.Encoder()


def chat(item: str) -> str:
    """An item (JSON text) on its way to a client, for whom the content is a text."""
    return _text({"topic": CHAT, "contentType": "application/json", "content": item})


def answer(frame: str) -> tuple[str | None, bool]:
    """What a client's frame is answered with (None: nothing), and whether it subscribes to the chat."""
    try:
        asked = msgspec.json.decode(frame)
    except (msgspec.DecodeError, RecursionError):
        return _forbidden(), False
    topic = asked.get("topic") if isinstance(asked, dict) else None
    if topic == HEARTBEAT:
        return _text({"topic": HEARTBEAT}), False
    if topic == PING:
        return _text({"topic": PING, "statusCode": 200, "statusContent": "OK"}), False
    if topic == SUBSCRIBE:
        content = asked.get("content")
        topics = content.get("topics") if isinstance(content, dict) else None
        is_chat = topics == [CHAT]
        status: dict[str, Any] = {"status": "success" if is_chat else "failure", "topics": topics if is_chat else []}
        return _text({"topic": SUBSCRIBE, "content": status}), is_chat
    return _forbidden(), False


def _forbidden() -> str:
    """What API Gateway says of a frame that means nothing to it."""
    return _text({"message": "Forbidden", "connectionId": "offhook", "requestId": "offhook"})


def _text(value: Any) -> str:
    return _ENCODER.encode(value).decode()
