"""Get customer input, Amazon Lex form: hand the participant to a bot; the intent it finds is the result.

Every utterance (speech, keys, a chat message) goes to the bot until it asks for nothing more. Then `$.Lex` holds what
it found, and an intent that was not fulfilled takes the error branch. The turns are core/conversation.py, the bot's
answer is core/lex_answer.py. Classic bots (LexBot) reached the end of their support in September 2025; they are asked
in the same way here.
On chat, LexTimeoutSeconds (newer designer) bounds every wait for an answer. On voice the session attribute
`x-amz-lex:audio:start-timeout-ms` does; how Lex and Connect go on after silence is published nowhere. Ours: the last
speech is said again, and after three silent turns the error branch is taken.
Source: APIReference/participant-actions-connectparticipantwithlexbot.html; adminguide/get-customer-input.html;
lexv2/dg/contact-center-connect.html (request attributes).
"""

from typing import Annotated, Any

import msgspec
from msgspec.structs import replace

from offhook.core import conversation, lex_answer, objection, prompt
from offhook.core.conversation import Bot
from offhook.core.exclusive import exclusive
from offhook.core.lex_answer import Answer
from offhook.core.prompt import Media
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    SINGLE,
    STATIC,
    BlockSpec,
    Changes,
    Ctx,
    ErrorBranch,
    Exit,
    FlowTypes,
    Found,
    Legacy,
    LegacyModule,
    LogRecord,
    Outcome,
)
from offhook.core.speech import assumption, speech_of
from offhook.model.effect import Speech
from offhook.model.event import Event, Heard
from offhook.model.flow import Action, Problem
from offhook.model.instance import Resource

SILENT_TURNS = 3
LONGEST_CHAT_SECONDS = 604_800  # without a time limit a chat waits as long as a chat may last: 7 days


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


class Memo(conversation.Memo, frozen=True):
    """`fixed` names bot, alias, locale and session."""


def enter(p: Params, ctx: Ctx) -> Outcome:
    found = _find(p, ctx)
    if found.resource is None:
        return _failed("not_found", found.problem)
    speech = _opening(p, ctx)
    if isinstance(speech, str):
        return _failed("bad_parameter", speech)
    bot, memo = _bot(p, ctx), Memo(fixed=_fixed(p, found.resource, ctx))
    message = p.lex_initialization_data.initial_message if p.lex_initialization_data is not None else ""
    if message and ctx.channel != "VOICE":
        wait = conversation.ask(bot, ctx, memo, Heard(ctx.now_ms, "", message, "message"), speech=speech)
    else:
        wait = conversation.listen(bot, ctx, memo, speech)
    assumed = (found.problem,) if found.assumed else ()
    return replace(wait, warnings=(*assumed, *assumption(ctx, p.prompt_id)))


def resume(p: Params, memo: Memo, event: Event, ctx: Ctx) -> Outcome | None:
    if type(event) is Heard and event.by == "keys":
        event = replace(event, text=lex_answer.keys_said(event.text, p.lex_session_attributes, _last(memo)))
    outcome = conversation.go_on(_bot(p, ctx), memo, event, ctx)
    return replace(outcome, records=(ctx.voice,)) if type(outcome) is Exit else outcome


# --- which bot


def _find(p: Params, ctx: Ctx) -> Found:
    if p.lex_v2_bot is not None:
        return ctx.find("bot", p.lex_v2_bot.alias_arn, "LexV2Bot.AliasArn")
    if p.lex_bot is None:
        return Found(None, "neither LexV2Bot nor LexBot is given; it needs one of them.")
    both = ctx.find("bot", f"{p.lex_bot.name}:{p.lex_bot.alias}")
    if both.resource is not None and not both.assumed:
        return both
    return ctx.find("bot", p.lex_bot.name, "LexBot.Name")


def _fixed(p: Params, bot: Resource, ctx: Ctx) -> dict[str, str]:
    # only an ARN of Lex tells the ids: that of the bot, else the one in the flow
    told = (arn.partition(":bot-alias/")[2] for arn in (bot.arn, p.lex_v2_bot.alias_arn if p.lex_v2_bot else ""))
    ids = next(filter(None, told), bot.name)
    bot_id, _, alias_id = ids.partition("/")
    if not alias_id and p.lex_bot is not None:
        alias_id = p.lex_bot.alias
    return {
        "botId": bot_id,
        "botAliasId": alias_id,
        "localeId": ctx.language.replace("-", "_"),
        "sessionId": ctx.contact.id,
    }


def _opening(p: Params, ctx: Ctx) -> Speech | str | None:
    """The prompt; a bot that is given the first message needs none."""
    has_prompt = p.text or p.ssml or p.prompt_id or p.media.uri
    return None if p.lex_initialization_data is not None and not has_prompt else speech_of(ctx, p)


# --- its turns


def _bot(p: Params, ctx: Ctx) -> Bot:
    is_voice = ctx.channel == "VOICE"
    return Bot(
        service="runtime-v2-lex",
        operation="RecognizeText",
        request=lambda memo, heard: _request(p, memo, heard, is_voice=is_voice),
        read=_read,
        leave=lambda output: _leave(_known(output), ctx),
        secrets=lambda output: lex_answer.texts(_known(output)),
        wait_ms=lambda memo: _wait_ms(p, memo, is_voice=is_voice),
        turns=SILENT_TURNS if is_voice else 1,
        silent=_silent(is_voice=is_voice),
    )


def _request(p: Params, memo: conversation.Memo, heard: Heard, *, is_voice: bool) -> dict[str, Any]:
    """One RecognizeText. Only the first carries the block's session attributes: the bot may change them after that."""
    about = {
        "x-amz-lex:accept-content-types": "PlainText,SSML" if is_voice else "PlainText,ImageResponseCard,CustomPayload",
        "x-amz-lex:channels:platform": "Connect" if is_voice else "Connect Chat",
    }
    if heard.by == "keys":
        about["x-amz-lex:dtmf-transcript"] = heard.text
    request: dict[str, Any] = {"text": heard.text, "requestAttributes": about}
    if memo.answer is None:
        request["sessionState"] = {"sessionAttributes": p.lex_session_attributes}
    return request


def _read(output: Any) -> tuple[tuple[conversation.Message, ...], bool] | str:
    answer = lex_answer.read(output)
    return answer if isinstance(answer, str) else (answer.messages or (), answer.is_over)


def _known(output: Any) -> Answer:
    """An answer that was understood when it came."""
    answer = lex_answer.read(output)
    assert isinstance(answer, Answer)
    return answer


def _last(memo: conversation.Memo) -> Answer | None:
    return None if memo.answer is None else _known(memo.answer)


def _wait_ms(p: Params, memo: conversation.Memo, *, is_voice: bool) -> int:
    if not is_voice:
        return 1000 * (p.lex_timeout_seconds.text if p.lex_timeout_seconds is not None else LONGEST_CHAT_SECONDS)
    text = lex_answer.setting(p.lex_session_attributes, "audio:start-timeout-ms", _last(memo))
    return int(text) if text.isdecimal() else lex_answer.START_TIMEOUT_MS


def _silent(*, is_voice: bool) -> Exit:
    if is_voice:
        return _failed("time_limit", f"nothing was said in {SILENT_TURNS} turns.")
    return Exit(
        error="InputTimeLimitExceeded", results="Timeout", cause="time_limit", detail="no message came in time."
    )


def _leave(answer: Answer, ctx: Ctx) -> Exit:
    name = answer.intent.name
    changes: Changes = {"system": {**ctx.system, "Lex": lex_answer.attributes(answer)}}
    if answer.intent.state == "Failed":
        return replace(_failed("unfulfilled", f"the intent {name} was not fulfilled."), results=name, set=changes)
    return Exit(error=_default(ctx.action), result=name, results=name, set=changes)


def _default(action: Action) -> str:
    """The branch of every intent where none is named: the console lets NextAction repeat the error branch then."""
    has_default = not action.conditions and any(arrow.error_type == "NoMatchingCondition" for arrow in action.errors)
    return "NoMatchingCondition" if has_default else ""


def _failed(cause: str, detail: str) -> Exit:
    return Exit(error="NoMatchingError", cause=cause, detail=detail)


# --- log


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    if p is None:
        return (LogRecord(),)
    parameters = prompt.logged(text=p.text, markup=p.ssml, prompt=p.prompt_id, media_uri=p.media.uri)
    if p.lex_v2_bot is not None:
        parameters["BotAliasArn"] = p.lex_v2_bot.alias_arn
    if p.lex_bot is not None:
        parameters |= {"BotName": p.lex_bot.name, "BotAlias": p.lex_bot.alias}
    for voice in outcome.records:
        parameters |= {"Engine": voice.engine, "Voice": voice.name} if voice.engine else {"Voice": voice.name}
    return (LogRecord(parameters),)


# --- what Connect refuses


def check(action: Action) -> list[Problem]:
    """One bot, and something that begins the conversation."""
    found = [*prompt.check(action), *exclusive(action, "LexV2Bot", "LexBot", is_needed=True)]
    beginnings = (*prompt.BODIES, "LexInitializationData")
    if not any(name in action.parameters for name in beginnings):
        message = f"At least one of [{', '.join(beginnings)}] must be set: the bot says nothing first."
        place = {"action": action.identifier, "field": "Parameters"}
        found.append(Problem("E-prompt-empty", message, refusal=objection.at_least_one(beginnings), **place))
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
        memo=Memo,
        enter=enter,
        resume=resume,
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
        log=log,
        check=check,
        example={
            "Text": "How can I help?",
            "LexV2Bot": {"AliasArn": "arn:aws:lex:us-east-1:111122223333:bot-alias/HOTELBOT01/TSTALIASID"},
        },
    ),
)
