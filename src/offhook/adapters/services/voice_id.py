"""Amazon Voice ID beside a flow: what it knows of callers, by customer id or number (docs/services.md).

Whoever is not described is not enrolled and no fraudster. Source: voice-id 2021-09-27 (words and shapes). StartSession
is ours: Connect begins sessions without an API.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from offhook.adapters.services.described import Described, unknown_operation
from offhook.adapters.services.error import ServiceError
from offhook.model.errors import UsageError

SERVICE = "voiceid"
_OPERATIONS = ("DescribeSpeaker", "EvaluateSession", "StartSession")


class _Speaker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    status: Literal["ENROLLED", "PENDING", "EXPIRED", "OPTED_OUT"] = "ENROLLED"
    authentication: Literal["ACCEPT", "REJECT", "NOT_ENOUGH_SPEECH", "SPEAKER_NOT_ENROLLED", "SPEAKER_OPTED_OUT"] = (
        "ACCEPT"
    )
    fraud: Literal["HIGH_RISK", "LOW_RISK", "NOT_ENOUGH_SPEECH"] = "LOW_RISK"


_NOBODY = _Speaker(authentication="SPEAKER_NOT_ENROLLED")


class Service:
    """The speakers. Raises UsageError with every problem of the description."""

    def __init__(self, described: Mapping[str, Any], call_function: Callable[[str, dict[str, Any]], Any]) -> None:
        reader = Described(described, "speakers")
        self._speakers = reader.named("speakers", _Speaker)
        self._sessions: set[str] = set()
        if reader.problems:
            raise UsageError(*reader.problems)

    def call(self, operation: str, input: dict[str, Any], contact_id: str) -> dict[str, Any]:
        if operation not in _OPERATIONS:
            raise unknown_operation(operation, _OPERATIONS)
        speaker = self._speakers.get(input["SpeakerId"])
        if operation == "StartSession":
            self._sessions.add(contact_id)
            return {"SessionId": contact_id}
        if operation == "DescribeSpeaker":
            if speaker is None:
                raise ServiceError("ResourceNotFoundException", f"no speaker is described for {input['SpeakerId']!r}.")
            return {"Speaker": {"CustomerSpeakerId": input["SpeakerId"], "Status": speaker.status}}
        if contact_id not in self._sessions:
            raise ServiceError("ResourceNotFoundException", "the contact has no session; Set Voice ID begins one.")
        speaker = speaker or _NOBODY
        return {
            "AuthenticationResult": {"Decision": speaker.authentication},
            "FraudDetectionResult": {"Decision": speaker.fraud},
        }
