"""Get customer input, Amazon Lex form: hand the participant to a bot; the intent it finds is the result.

Declared, not built yet. Classic bots (LexBot) reached the end of their support in September 2025. The newer designer
gives chats a time limit and a branch for it.
Source: APIReference/participant-actions-connectparticipantwithlexbot.html; adminguide/get-customer-input.html.
"""

from typing import Annotated, Any

import msgspec

from offhook.core import prompt
from offhook.core.exclusive import exclusive
from offhook.core.prompt import Media
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    SINGLE,
    STATIC,
    BlockSpec,
    ErrorBranch,
    FlowTypes,
    Legacy,
    LegacyModule,
)
from offhook.model.flow import Action, Problem


class LexV2Bot(msgspec.Struct, frozen=True, rename="pascal"):
    alias_arn: Annotated[str, DYNAMIC, msgspec.Meta(title="Bot alias ARN")]


class LexBot(msgspec.Struct, frozen=True, rename="pascal"):
    """A bot of Lex V1."""

    name: Annotated[str, DYNAMIC]
    alias: Annotated[str, DYNAMIC]
    region: Annotated[str, DYNAMIC] = ""


class LexInitializationData(msgspec.Struct, frozen=True, rename="pascal"):
    initial_message: Annotated[str, DYNAMIC, msgspec.Meta(max_length=1024)]


class LexTimeoutSeconds(msgspec.Struct, frozen=True, rename="pascal"):
    text: Annotated[int, STATIC, msgspec.Meta(ge=60, le=604_800, title="Chat timeout (seconds)")]


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    text: Annotated[str, DYNAMIC, msgspec.Meta(title="Text to speak or send")] = ""
    ssml: Annotated[str, DYNAMIC, msgspec.Meta(title="SSML")] = msgspec.field(name="SSML", default="")
    prompt_id: Annotated[str, SINGLE, msgspec.Meta(title="Prompt")] = ""
    media: Annotated[Media, msgspec.Meta(title="Audio file in S3")] = Media()
    lex_v2_bot: LexV2Bot | None = msgspec.field(name="LexV2Bot", default=None)
    lex_bot: LexBot | None = None
    lex_session_attributes: Annotated[dict[str, str], DYNAMIC, msgspec.Meta(title="Session attributes")] = {}
    lex_initialization_data: LexInitializationData | None = None
    lex_timeout_seconds: LexTimeoutSeconds | None = None


def check(action: Action) -> list[Problem]:
    """One bot, and something that begins the conversation."""
    found = [*prompt.check(action), *exclusive(action, "LexV2Bot", "LexBot", is_needed=True)]
    beginnings = (*prompt.BODIES, "LexInitializationData")
    if not any(name in action.parameters for name in beginnings):
        message = f"At least one of [{', '.join(beginnings)}] must be set: the bot says nothing first."
        found.append(Problem("E-prompt-empty", message, action=action.identifier, field="Parameters"))
    return found


def _from_legacy(module: LegacyModule) -> dict[str, Any]:
    values = module.values
    if "BotAliasArn" in values:
        return {**prompt.from_legacy(module), "LexV2Bot": {"AliasArn": values["BotAliasArn"]}}
    bot = {"Name": values["BotName"], "Alias": values["BotAlias"]}
    if values.get("BotRegion"):
        bot["Region"] = values["BotRegion"]
    return {**prompt.from_legacy(module), "LexBot": bot}


_BEFORE_AN_AGENT = frozenset("CONTACT_FLOW CUSTOMER_QUEUE AGENT_TRANSFER QUEUE_TRANSFER".split())

BLOCKS = (
    BlockSpec(
        action="ConnectParticipantWithLexBot",
        title="Get customer input (Amazon Lex)",
        summary="Hands the participant to an Amazon Lex bot and goes on by the intent.",
        group="interact",
        kind="participant",
        params=Params,
        errors=(
            NO_MATCHING_ERROR,
            ErrorBranch("NoMatchingCondition"),
            ErrorBranch("InputTimeLimitExceeded", required=False),
        ),
        operators=("Equals",),
        # the language page names all channels, the designer voice and chat, its page of 2023 tasks, too
        channels=dict.fromkeys(("TASK", "EMAIL"), ("works", "error:NoMatchingError")),
        flow_types=FlowTypes(
            language=_BEFORE_AN_AGENT | {"MODULE"},
            designer=_BEFORE_AN_AGENT,
            newer=_BEFORE_AN_AGENT | {"OUTBOUND_WHISPER"},
        ),
        legacy=(
            Legacy("GetUserInput", target="Lex", branches={"Timeout": "InputTimeLimitExceeded"}, convert=_from_legacy),
        ),
        widgets={"Text": "textarea", "SSML": "ssml", "PromptId": "prompt-picker", "LexV2Bot.AliasArn": "bot-picker"},
        log_name="GetUserInput",
        check=check,
        example={
            "Text": "How can I help?",
            "LexV2Bot": {"AliasArn": "arn:aws:lex:us-east-1:111122223333:bot-alias/A/B"},
        },
    ),
)
