"""Set recording, analytics and processing behavior: the newer form, one channel an action.

Exactly one of the three behaviors (the page lets screen recording stand beside another, the service refuses two).
On a contact of another channel: ChannelMismatch; screens are recorded on voice, chat and tasks. Nothing is recorded or
redacted here, the settings are kept. Redaction of chat messages in flight fails where its entities are none, or ones
that the page excludes. AnalyticsLanguage of chat may be a reference, of voice not.
Source: APIReference/contact-actions-updatecontactrecordingandanalyticsbehavior.html.
"""

from typing import Annotated, Any, Literal

import msgspec

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    SINGLE,
    STATIC,
    BlockSpec,
    Ctx,
    ErrorBranch,
    Exit,
    Outcome,
)
from offhook.model.flow import Action, Problem

CHANNELS = {
    "VoiceBehavior": ("VOICE",),
    "ChatBehavior": ("CHAT",),
    "ScreenRecordingBehavior": ("VOICE", "CHAT", "TASK"),
}
NOT_IN_FLIGHT = frozenset(
    """
    AGENT_DISPLAY_NAME ATTACHMENT_NAME CUSTOMER_DISPLAY_NAME DATE_TIME IN_AADHAAR IN_NREGA IN_PERMANENT_ACCOUNT_NUMBER
    IN_VOTER_NUMBER
    """.split()
)
_Names = Annotated[list[str], STATIC]
_Flag = Annotated[bool, STATIC]
_Mask = Annotated[Literal["PII", "EntityType"], STATIC]


class Redaction(msgspec.Struct, frozen=True, rename="pascal"):
    """`redaction_entities` None: all that Contact Lens knows."""

    enabled: _Flag = False
    redaction_results: Annotated[str, SINGLE] = ""
    redaction_mask_mode: _Mask = "PII"
    redaction_entities: _Names | None = None


class InFlightRedaction(msgspec.Struct, frozen=True, rename="pascal"):
    enabled: _Flag = False
    redaction_mask_mode: _Mask = "PII"
    redaction_entities: _Names | None = None
    deliver_unprocessed_messages: _Flag = False


class Sentiment(msgspec.Struct, frozen=True, rename="pascal"):
    enabled: _Flag = False


class Summary(msgspec.Struct, frozen=True, rename="pascal"):
    summary_modes: _Names = []


class VoiceAnalytics(msgspec.Struct, frozen=True, rename="pascal"):
    enabled: _Flag = False
    analytics_language: Annotated[str, STATIC] = ""
    analytics_modes: _Names = []
    conversational_analytics_redaction_configuration: Redaction = Redaction()
    sentiment_configuration: Sentiment = Sentiment()
    summary_configuration: Summary = Summary()


class ChatAnalytics(msgspec.Struct, frozen=True, rename="pascal"):
    enabled: _Flag = False
    analytics_language: Annotated[str, SINGLE] = ""
    analytics_modes: _Names = []
    conversational_analytics_redaction_configuration: Redaction = Redaction()
    in_flight_chat_redaction_configuration: InFlightRedaction = InFlightRedaction()
    sentiment_configuration: Sentiment = Sentiment()
    summary_configuration: Summary = Summary()


class VoiceRecording(msgspec.Struct, frozen=True, rename="pascal"):
    recorded_participants: Annotated[list[Literal["Agent", "Customer"]], STATIC] = []
    ivr_recording_behavior: Annotated[Literal["Enabled", "Disabled"], STATIC] = msgspec.field(
        name="IVRRecordingBehavior", default="Disabled"
    )


class VoiceBehavior(msgspec.Struct, frozen=True, rename="pascal"):
    voice_recording_behavior: VoiceRecording = VoiceRecording()
    voice_analytics_behavior: VoiceAnalytics = VoiceAnalytics()


class ChatBehavior(msgspec.Struct, frozen=True, rename="pascal"):
    chat_analytics_behavior: ChatAnalytics = ChatAnalytics()


class ScreenRecordingBehavior(msgspec.Struct, frozen=True, rename="pascal"):
    screen_recorded_participants: Annotated[list[Literal["Agent"]], STATIC] = []


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    voice_behavior: VoiceBehavior | None = None
    chat_behavior: ChatBehavior | None = None
    screen_recording_behavior: ScreenRecordingBehavior | None = None


def enter(p: Params, ctx: Ctx) -> Outcome:
    given = {name: value for name, value in msgspec.to_builtins(p).items() if value is not None}
    if len(given) != 1:
        found = " and ".join(given) or "none of them"
        detail = f"Parameters: exactly one of {', '.join(CHANNELS)} must be there; it is {found}."
        return Exit(error="NoMatchingError", cause="bad_parameter", detail=detail)
    ((name, value),) = given.items()
    if ctx.channel not in CHANNELS[name]:
        detail = f"{name} is for {', '.join(CHANNELS[name])}, the contact came by {ctx.channel}."
        return Exit(error="ChannelMismatch", cause="channel", detail=detail)
    problem = _in_flight_problem(p.chat_behavior)
    if problem:
        return Exit(error="InFlightRedactionConfigurationFailed", cause="bad_parameter", detail=problem)
    return Exit(set={"recording": {**ctx.recording, name: value}})


def _in_flight_problem(behavior: ChatBehavior | None) -> str:
    """Why redaction in flight cannot begin: one sentence, empty where it can or need not."""
    if behavior is None:
        return ""
    settings = behavior.chat_analytics_behavior.in_flight_chat_redaction_configuration
    if not settings.enabled or settings.redaction_entities is None:
        return ""
    if not settings.redaction_entities:
        return "InFlightChatRedactionConfiguration: RedactionEntities must not be empty; leave it out to redact all."
    excluded = ", ".join(sorted(NOT_IN_FLIGHT.intersection(settings.redaction_entities)))
    return f"InFlightChatRedactionConfiguration: {excluded} cannot be redacted in flight." if excluded else ""


def check(action: Action) -> list[Problem]:
    given = [name for name in CHANNELS if name in action.parameters]
    if len(given) == 1:
        return []
    message = (
        f"{action.type} has {' and '.join(given) or 'no behavior'}; it takes exactly one of {', '.join(CHANNELS)}: "
        "write one action for each."
    )
    return [Problem("E-one-behavior", message, action=action.identifier, field="Parameters")]


def _is_for_chat(parameters: Any) -> bool:
    return "ChatBehavior" in parameters


BLOCKS = (
    BlockSpec(
        action="UpdateContactRecordingAndAnalyticsBehavior",
        title="Set recording, analytics and processing behavior",
        summary="Sets what is recorded, analysed and redacted on one channel.",
        group="set",
        kind="contact",
        params=Params,
        enter=enter,
        errors=(
            NO_MATCHING_ERROR,
            ErrorBranch("ChannelMismatch"),
            ErrorBranch("InFlightRedactionConfigurationFailed", when=_is_for_chat),
        ),
        check=check,
        example={"VoiceBehavior": {"VoiceRecordingBehavior": {"RecordedParticipants": ["Agent", "Customer"]}}},
    ),
)
