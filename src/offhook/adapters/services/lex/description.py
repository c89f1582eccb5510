"""Bots as a file describes them. What is wrong in it raises UsageError with one sentence per problem.

The form is that of docs/services-lex.md. Everything is data: nothing in it is run.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec.structs import replace

from offhook.model.errors import UsageError
from offhook.model.instance import derived_id

FALLBACK = "FallbackIntent"
LOCALE = "en_US"
TEST_ALIAS = {"TestBotAlias": "TSTALIASID"}  # the alias that every bot of Lex has
DIGITS = frozenset("digits AMAZON.Number AMAZON.PhoneNumber".split())
ARN = re.compile(r"arn:aws[a-z-]*:lex:([a-z0-9-]+):\d{12}:bot-alias/([0-9A-Za-z]{10})/([0-9A-Za-z]{10})")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_ID = re.compile(r"[0-9A-Za-z]{10}")
_Read = TypeVar("_Read")

Texts = str | tuple[str, ...]


class Slot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`values`: what may be said, as a list or with other names for each; else `type` says: text, or digits.

    `length`: how many digits. `retries`: how often it is asked again before the fallback.
    """

    prompt: Texts = ()
    retry: Texts = ()
    values: dict[str, tuple[str, ...]] | tuple[str, ...] = ()
    type: str = "text"
    length: Annotated[int, msgspec.Meta(ge=1, le=1024)] | None = None
    required: bool = True
    retries: Annotated[int, msgspec.Meta(ge=0, le=5)] = 2

    @property
    def names(self) -> dict[str, tuple[str, ...]]:
        """Other names by value."""
        return self.values if isinstance(self.values, dict) else dict.fromkeys(self.values, ())

    @property
    def takes_digits(self) -> bool:
        return self.type in DIGITS


class Intent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`confirmation` is asked once every slot is filled; who says no hears `declined`. `closing` comes at the end.

    `dialog_hook`: its function is called on every turn; `fulfillment_hook`: when it can be fulfilled.
    """

    utterances: tuple[str, ...] = ()
    slots: dict[str, Slot] = {}
    confirmation: Texts = ()
    declined: Texts = ()
    closing: Texts = ()
    dialog_hook: bool = False
    fulfillment_hook: bool = False
    function: str = ""


class Locale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`intents` by name. `yes` and `no` are what answers a confirmation."""

    intents: dict[str, Intent] = {}
    yes: tuple[str, ...] = ("yes", "yeah", "yep", "sure", "correct", "ok", "okay")
    no: tuple[str, ...] = ("no", "nope", "no thanks")


class Sentiment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that make an utterance positive or negative."""

    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()


class Bot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`aliases`: id by name. `confidence`: the score that an intent needs. `function`: of every intent with hooks.

    `deployed` is the ARN of an alias in AWS; then the rest but `matches` says where and as whom it is asked.
    """

    name: str = ""
    id: str = ""
    aliases: dict[str, str] = {}
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.4
    function: str = ""
    sentiment: Sentiment | None = None
    locales: dict[str, Locale] = {}
    matches: tuple[str, ...] = ()
    deployed: str = ""
    endpoint: str = ""
    profile: str = ""

    @property
    def alias_ids(self) -> dict[str, str]:
        """Id by name. A deployed bot has the alias of its ARN; one that names none has the test alias."""
        found = ARN.fullmatch(self.deployed)
        return (self.aliases or TEST_ALIAS) if found is None else {found[3]: found[3]}

    @property
    def region(self) -> str:
        found = ARN.fullmatch(self.deployed)
        return found[1] if found is not None else ""


def texts(value: Texts) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def read(described: Mapping[str, Any]) -> dict[str, Bot]:
    """Bots by name. Raises UsageError."""
    problems: list[str] = []
    bots = described.get("bots", {})
    if set(described) - {"bots"} or not isinstance(bots, dict):
        raise UsageError("a description of Lex has one key, bots: a table of bots by name.")
    found = {name: _bot(name, raw, problems) for name, raw in bots.items()}
    ids = [bot.id for bot in found.values()]
    problems += [
        f"bots.{bot.name}: its id {bot.id} is another bot's." for bot in found.values() if ids.count(bot.id) > 1
    ]
    if problems:
        raise UsageError(*problems)
    return found


def _bot(name: str, raw: Any, problems: list[str]) -> Bot:
    where = f"bots.{name}"
    raw = dict(raw) if isinstance(raw, dict) else {"": raw}
    tables = {LOCALE: {"intents": raw.pop("intents")}} if "intents" in raw else {}
    tables |= _table(raw.pop("locales", {}), f"{where}.locales", problems)
    bot = _convert(raw, Bot, where, problems)
    bot = replace(bot, name=name, id=bot.id or derived_id("lex", name).replace("-", "")[:10].upper())
    if bot.deployed:
        problems += _about_deployed(bot, where, has_locales=bool(tables))
        found = ARN.fullmatch(bot.deployed)
        return replace(bot, id=found[2]) if found is not None else bot
    wrong = [text for text in (bot.id, *bot.aliases.values()) if not _ID.fullmatch(text)]
    problems += [f"{where}: the id {text!r} must be 10 letters and digits." for text in wrong]
    problems += [f"{where}: {key} is for deployed bots alone." for key in ("endpoint", "profile") if getattr(bot, key)]
    return replace(bot, locales={key: _locale(bot, table, f"{where}.{key}", problems) for key, table in tables.items()})


def _about_deployed(bot: Bot, where: str, *, has_locales: bool) -> list[str]:
    found = []
    if not ARN.fullmatch(bot.deployed):
        found.append(
            f"{where}: deployed is {bot.deployed!r}, must be the ARN of a bot alias (arn:aws:lex:…:bot-alias/…)."
        )
    if has_locales:
        found.append(f"{where}: a deployed bot has its intents in AWS: remove them here, or deployed.")
    return found


def _locale(bot: Bot, raw: Any, where: str, problems: list[str]) -> Locale:
    raw = dict(_table(raw, where, problems))
    intents = _table(raw.pop("intents", {}), f"{where}.intents", problems)
    locale = _convert(raw, Locale, where, problems)
    return replace(
        locale, intents={name: _intent(bot, table, f"{where}.{name}", problems) for name, table in intents.items()}
    )


def _intent(bot: Bot, raw: Any, where: str, problems: list[str]) -> Intent:
    raw = dict(_table(raw, where, problems))
    slots = _table(raw.pop("slots", {}), f"{where}.slots", problems)
    intent = _convert(raw, Intent, where, problems)
    intent = replace(
        intent,
        function=intent.function or bot.function,
        slots={name: _convert(table, Slot, f"{where}.{name}", problems) for name, table in slots.items()},
    )
    unknown = {name.strip() for text in intent.utterances for name in PLACEHOLDER.findall(text)} - set(intent.slots)
    problems += [f"{where}: an utterance has {{{name}}}, which is no slot of the intent." for name in sorted(unknown)]
    mute = [
        name for name, slot in intent.slots.items() if slot.required and not _table(slots[name], "", []).get("prompt")
    ]
    if not intent.dialog_hook:
        problems += [f"{where}.{name}: a required slot needs a prompt." for name in mute]
    if (intent.dialog_hook or intent.fulfillment_hook) and not intent.function:
        problems.append(f"{where}: it has a hook and no function; name one here or for the bot.")
    return intent


def _table(raw: Any, where: str, problems: list[str]) -> dict[str, Any]:
    if isinstance(raw, dict):
        return raw
    problems.append(f"{where}: it must be a table.")
    return {}


def _convert(raw: Any, kind: type[_Read], where: str, problems: list[str]) -> _Read:
    """A value of the kind; an empty one where `raw` is none."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as problem:
        problems.append(f"{where}: {problem}.")
        return kind()
