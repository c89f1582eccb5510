"""Set recording and analytics behavior, the older form: who is recorded, and what Contact Lens does with it.

Nothing is recorded here; the setting is kept and shown. The block has no error branch, a NoMatchingError on it is
refused. Tasks and e-mail are not recorded: there it does nothing. Analytics need both participants by the page, yet
public flows have them without: lint says so. AnalyticsMode is the older spelling of ChannelConfiguration.
Source: APIReference/contact-actions-updatecontactrecordingbehavior.html; adminguide/set-recording-behavior.html.
"""

from typing import Annotated, Any, Literal

import msgspec

from offhook.core.expr import walk
from offhook.core.spec import (
    SINGLE,
    STATIC,
    BlockSpec,
    Ctx,
    Exit,
    FlowTypes,
    Legacy,
    LegacyModule,
    LogRecord,
    Outcome,
)
from offhook.model.flow import Action, Problem

BOTH = ("Agent", "Customer")
RECORDED = frozenset("CONTACT_FLOW CUSTOMER_QUEUE OUTBOUND_WHISPER AGENT_TRANSFER QUEUE_TRANSFER".split())
_Modes = Annotated[list[str], STATIC]


class RecordingBehavior(msgspec.Struct, frozen=True, rename="pascal"):
    """Nobody in `recorded_participants`: no recording."""

    recorded_participants: Annotated[list[Literal["Agent", "Customer"]], STATIC] = []
    screen_recorded_participants: Annotated[list[Literal["Agent"]], STATIC] = []
    ivr_recording_behavior: Annotated[Literal["Enabled", "Disabled"], STATIC] = msgspec.field(
        name="IVRRecordingBehavior", default="Disabled"
    )


class ChannelModes(msgspec.Struct, frozen=True, rename="pascal"):
    analytics_modes: _Modes = []


class ChannelConfiguration(msgspec.Struct, frozen=True, rename="pascal"):
    voice: ChannelModes = ChannelModes()
    chat: ChannelModes = ChannelModes()


class SentimentConfiguration(msgspec.Struct, frozen=True, rename="pascal"):
    enabled: Annotated[bool, STATIC] = False


class SummaryConfiguration(msgspec.Struct, frozen=True, rename="pascal"):
    summary_modes: _Modes = []


class AnalyticsBehavior(msgspec.Struct, frozen=True, rename="pascal"):
    enabled: Annotated[bool, STATIC] = False
    analytics_language: Annotated[str, STATIC] = ""
    analytics_mode: Annotated[str, STATIC] = ""
    analytics_redaction_behavior: Annotated[Literal["Enabled", "Disabled"], STATIC] = "Disabled"
    analytics_redaction_results: Annotated[str, SINGLE] = ""
    analytics_redaction_mask_mode: Annotated[str, STATIC] = "PII"
    analytics_redaction_entities: _Modes = []
    channel_configuration: ChannelConfiguration = ChannelConfiguration()
    sentiment_configuration: SentimentConfiguration = SentimentConfiguration()
    summary_configuration: SummaryConfiguration = SummaryConfiguration()


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    recording_behavior: RecordingBehavior
    analytics_behavior: AnalyticsBehavior | None = None


def enter(p: Params, ctx: Ctx) -> Outcome:
    values = msgspec.to_builtins(p)
    return Exit(set={"recording": {name: value for name, value in values.items() if value is not None}})


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    if p is None:
        return (LogRecord(),)
    recorded = p.recording_behavior.recorded_participants
    if not recorded:
        return (LogRecord({"RecordingBehaviorOption": "Disable"}),)
    who = "Both" if set(recorded) == set(BOTH) else recorded[0]
    return (LogRecord({"RecordingBehaviorOption": "Enable", "RecordingParticipantOption": who}),)


def check(action: Action) -> list[Problem]:
    enabled = walk(action.parameters, ("AnalyticsBehavior", "Enabled"))
    recorded = walk(action.parameters, ("RecordingBehavior", "RecordedParticipants"))
    if str(enabled).lower() != "true" or (isinstance(recorded, list) and set(BOTH) <= set(map(str, recorded))):
        return []
    message = (
        "AnalyticsBehavior is enabled, which needs both Agent and Customer in RecordedParticipants; "
        "record both or analyse nothing."
    )
    return [
        Problem(
            "W-analytics-participants",
            message,
            severity="warning",
            action=action.identifier,
            field="Parameters.AnalyticsBehavior",
        )
    ]


def _from_legacy(module: LegacyModule) -> dict[str, Any]:
    if module.values["RecordingBehaviorOption"] == "Disable":
        return {"RecordingBehavior": {"RecordedParticipants": []}}
    who = module.values["RecordingParticipantOption"]
    return {"RecordingBehavior": {"RecordedParticipants": list(BOTH) if who == "Both" else [who]}}


BLOCKS = (
    BlockSpec(
        action="UpdateContactRecordingBehavior",
        title="Set recording and analytics behavior",
        summary="Sets who is recorded and what is analysed.",
        group="set",
        kind="contact",
        params=Params,
        enter=enter,
        channels={"TASK": "skip", "EMAIL": "skip"},
        flow_types=FlowTypes(language=RECORDED | {"MODULE"}, designer=RECORDED),
        legacy=(Legacy("SetRecordingBehavior", convert=_from_legacy),),
        log_name="SetRecordingBehavior",
        log=log,
        check=check,
        example={"RecordingBehavior": {"RecordedParticipants": ["Agent", "Customer"]}},
    ),
)
