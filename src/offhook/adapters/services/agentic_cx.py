"""Agentic CX applications beside a flow, described by what they answer to.

No API of them is published; the operation `Converse` is ours, as blocks/agentic_cx.py says. An application greets, and
then gives the first of its turns that fits: one whose words stand in the utterance, in a row. A turn without words fits
everything. The form of a description is in docs/services-lex.md.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from offhook.adapters.services.error import ServiceError
from offhook.adapters.services.lex.utterance import plain
from offhook.model.errors import UsageError

SERVICE = "agentic-cx"


class _Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hears: tuple[str, ...] = ()
    answer: str = ""
    is_over: bool = False
    is_failed: bool = False
    result: str | None = None
    context_variables: dict[str, str] = {}
    metadata: dict[str, str] = {}


class _Application(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`alias` empty: any. `sorry` is said where no turn fits."""

    workspace: str
    application: str
    alias: str = ""
    greeting: str = ""
    sorry: str = "Sorry, I did not understand that."
    turns: tuple[_Turn, ...] = ()


class _Described(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    applications: tuple[_Application, ...] = ()


class Service:
    """The applications. Raises UsageError where the description is wrong."""

    def __init__(self, described: Mapping[str, Any], call_function: Callable[[str, dict[str, Any]], Any]) -> None:
        try:
            self._applications = msgspec.convert(dict(described), _Described).applications
        except msgspec.ValidationError as problem:
            raise UsageError(f"a description of Agentic CX is wrong: {problem}.") from problem

    def call(self, operation: str, input: dict[str, Any], contact_id: str) -> Any:
        if operation != "Converse":
            raise ServiceError("UnknownOperationException", f"{operation} is not there; Converse is.")
        wanted = tuple(input.get(name, "") for name in ("workspaceId", "applicationId", "alias"))
        for each in self._applications:
            if wanted[:2] == (each.workspace, each.application) and each.alias in ("", wanted[2]):
                return _answer(each, str(input.get("text", "")))
        known = ", ".join(f"{each.workspace}/{each.application}" for each in self._applications) or "none"
        sentence = f"there is no application {'/'.join(wanted)}; there is {known}."
        raise ServiceError("ResourceNotFoundException", sentence)


def _answer(application: _Application, text: str) -> dict[str, Any]:
    if not text:
        return {"messages": _messages(application.greeting)}
    said = plain(text)
    turn = next((turn for turn in application.turns if _fits(turn, said)), _Turn(answer=application.sorry))
    return {
        "messages": _messages(turn.answer),
        "isOver": turn.is_over,
        "isFailed": turn.is_failed,
        "result": turn.result,
        "contextVariables": turn.context_variables,
        "metadata": turn.metadata,
    }


def _messages(text: str) -> list[dict[str, str]]:
    return [{"content": text, "contentType": "PlainText"}] if text else []


def _fits(turn: _Turn, said: tuple[str, ...]) -> bool:
    wanted = [plain(text) for text in turn.hears]
    return not wanted or any(
        words and words == said[at : at + len(words)] for words in wanted for at in range(len(said))
    )
