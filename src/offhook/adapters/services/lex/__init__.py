"""Amazon Lex beside a flow: bots described in a file, and bots that are deployed.

`described` is `{"bots": {name: …}}` (docs/services-lex.md). The service answers RecognizeText of the Lex V2 runtime.
Sessions are kept by bot, alias, locale and session id for as long as the service is there.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from offhook.adapters.services.error import ServiceError
from offhook.adapters.services.lex import bot as dialog
from offhook.adapters.services.lex.description import Bot, read
from offhook.model.instance import Resource

SERVICE = "runtime-v2-lex"
WAITS = True
_NEEDED = ("botId", "botAliasId", "localeId", "sessionId", "text")


class Service:
    """The bots, and the sessions of the ones that are described. Raises UsageError with every problem."""

    def __init__(self, described: Mapping[str, Any], call_function: Callable[[str, dict[str, Any]], Any]) -> None:
        self._bots = {bot.id: bot for bot in read(described).values()}
        self._call_function = call_function
        self._sessions: dict[tuple[str, ...], dialog.Session] = {}

    def call(self, operation: str, input: dict[str, Any], contact_id: str) -> Any:
        if operation != "RecognizeText":
            raise ServiceError("UnknownOperationException", f"{operation} is not there; RecognizeText is.")
        if missing := [name for name in _NEEDED if not input.get(name)]:
            raise ServiceError("ValidationException", f"{missing[0]} is missing.")
        bot, alias = self._find(str(input["botId"]), str(input["botAliasId"]))
        if bot.deployed:
            from offhook.adapters.services.lex.deployed import recognize_text  # only where there are deployed bots

            return recognize_text(bot, input)
        locale = bot.locales.get(input["localeId"])
        if locale is None:
            known = ", ".join(bot.locales) or "none"
            raise _nothing(f"the bot {bot.name} has no locale {input['localeId']}; it has {known}.")
        session = self._session(input)
        return dialog.take(dialog.Turn(bot, alias, locale, input, session, self._call_function))

    def _find(self, bot_id: str, alias_id: str) -> tuple[Bot, str]:
        bot = self._bots.get(bot_id)
        if bot is None:
            known = ", ".join(f"{bot.name} ({bot.id})" for bot in self._bots.values()) or "none"
            raise _nothing(f"there is no bot with the id {bot_id}; there is {known}.")
        for name, known_id in bot.alias_ids.items():
            if alias_id == known_id:
                return bot, name
        known = ", ".join(f"{name} ({each})" for name, each in bot.alias_ids.items())
        raise _nothing(f"the bot {bot.name} has no alias with the id {alias_id}; it has {known}.")

    def _session(self, input: dict[str, Any]) -> dialog.Session:
        """The session; a session state in the request begins its dialog anew and adds its attributes."""
        key = tuple(str(input[name]) for name in _NEEDED[:4])
        before = self._sessions.get(key)
        state = input.get("sessionState")
        if before is None or state is not None:
            attributes = {**(before.attributes if before else {}), **((state or {}).get("sessionAttributes") or {})}
            before = self._sessions[key] = dialog.Session(attributes)
        return before


def resources(described: Mapping[str, Any], *, region: str, account: str) -> Iterator[Resource]:
    """The bots as resources of an instance: one for each alias. Raises UsageError as Service does.

    The first alias has the bot's name, the others `bot:alias`. An alias is found in any region and account.
    """
    for bot in read(described).values():
        for place, (alias, alias_id) in enumerate(bot.alias_ids.items()):
            arn = bot.deployed or f"arn:aws:lex:{region}:{account}:bot-alias/{bot.id}/{alias_id}"
            both = f"{bot.name}:{alias}"
            matches = (f"arn:aws*:lex:*:*:bot-alias/{bot.id}/{alias_id}", both)
            if place == 0:
                yield Resource("bot", bot.name, arn, bot.id, (*matches, *bot.matches))
            else:
                yield Resource("bot", both, arn, f"{bot.id}/{alias_id}", matches)


def _nothing(sentence: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", sentence)
