"""Amazon Lex: whole flows with described bots and with deployed ones, and what a description may say."""

import json
import threading
import tomllib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator

from offhook.adapters.services import Services
from offhook.adapters.services.agentic_cx import Service as AgenticService
from offhook.adapters.services.error import ServiceError
from offhook.adapters.services.lex import Service, resources
from offhook.core.trace import HIDDEN
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.customer import Script
from offhook.model.effect import CallService
from offhook.model.errors import UsageError
from offhook.model.instance import Instance

from .command_line import call
from .conftest import ROOT
from .stage import BYE, CONTACT_ID, START_MS, Played, Stubs, action, compiled, contact, flow, say

FILE = Path(__file__).parent / "fixtures" / "lex" / "bots.toml"
BOTS = tomllib.loads(FILE.read_text())
ARN = "arn:aws:lex:us-east-1:111122223333:bot-alias/HOTELBOT01/HOTELALIAS"
MODEL = Session().get_service_model("lexv2-runtime").operation_model("RecognizeText")
ASKED = {"botId": "HOTELBOT01", "botAliasId": "HOTELALIAS", "localeId": "en_US", "sessionId": "session"}

Function = Callable[[str, dict[str, Any]], Any]


def no_function(name: str, event: dict[str, Any]) -> Any:
    raise AssertionError(f"nothing should have called {name}")


def stage(arn: str = ARN, *, text: str = "Hi", described: dict[str, Any] = BOTS, **parameters: Any) -> Any:
    raw = {"Text": text, "LexV2Bot": {"AliasArn": arn}, **parameters}
    if "LexBot" in raw:
        del raw["LexV2Bot"]
    errors = {"NoMatchingError": "sorry", "NoMatchingCondition": "other", "InputTimeLimitExceeded": "late"}
    ask = action(
        "ask", "ConnectParticipantWithLexBot", raw, then="other", errors=errors,
        when=(("Equals", "BookHotel", "booked"), ("Equals", "FallbackIntent", "lost"), ("Equals", "Identify", "known")),
    )  # fmt: skip
    return compiled(
        flow(
            ask,
            say("booked", "City $.Lex.Slots.City, $.Lex.Slots.Nights nights, $.Lex.IntentConfidence.Score sure"),
            say("known", "Hello $.Lex.SessionAttributes.name"),
            say("other", "$.Lex.IntentName, not $.Lex.AlternativeIntents.BookHotel.IntentConfidence.Score"),
            say("lost", "Lost"),
            say("late", "Late"),
            say("sorry", "Sorry"),
            BYE,
        ),
        resources=tuple(resources(described, region="us-east-1", account="111122223333")),
    )


def talk(
    *inputs: str, on: Any = None, described: dict[str, Any] = BOTS, function: Function = no_function, **fields: Any
) -> Played:
    """One contact, asked by its script."""
    services = Services({"lex": described}, function)
    simulator = Simulator(on or stage(), Stubs(), services=services, store=True)
    life = simulator.start(contact(**fields), Script(inputs), at_ms=START_MS)
    simulator.run()
    return Played(life)


def service(described: dict[str, Any] = BOTS, function: Function = no_function) -> Callable[..., Any]:
    """Says a text to a bot and gives the answer, whose shape is checked against AWS's model."""
    made = Service(described, function)
    checker = ParamValidator()

    def ask(text: str, **request: Any) -> Any:
        asked = {**ASKED, **request, "text": text}
        answer = made.call("RecognizeText", asked, "c")
        for shape, value in ((MODEL.input_shape, asked), (MODEL.output_shape, answer)):
            report = checker.validate(told(value), shape)
            assert not report.has_errors(), report.generate_report()
        return answer

    return ask


def told(value: Any) -> Any:
    """Without nulls, which the model does not know: Lex sends them for slots that have no value yet."""
    if isinstance(value, dict):
        return {key: told(item) for key, item in value.items() if item is not None}
    return [told(item) for item in value] if isinstance(value, list) else value


def texts(answer: dict[str, Any]) -> list[str]:
    return [message["content"] for message in answer.get("messages", ())]


# --- whole flows


def test_a_call_is_led_through_the_slots_by_speech() -> None:
    played = talk("say:Book a hotel!", "say:the Emerald City", "say:3", "say:yes")

    assert played.said == [
        "Hi",
        "Which city?",
        "How many nights?",
        "3 nights in Seattle, is that right?",
        "<speak>Booked. Enjoy <emphasis>Seattle</emphasis></speak>",
        "City Seattle, 3 nights, 1.0 sure",
    ]
    assert played.left("ask").branch == "Equals BookHotel"
    assert played.contact.system["Lex"]["DialogState"] == "Fulfilled"


def test_a_call_is_led_through_the_slots_by_keys() -> None:
    played = talk("1#", "2", "*7#", "say:yes")

    assert played.said[-1] == "City New York, 7 nights, 1.0 sure"


def test_one_utterance_may_fill_every_slot() -> None:
    played = talk("say:a room in New York for 2 nights", "say:yes")

    assert played.said[1:] == [
        "2 nights in New York, is that right?",
        "<speak>Booked. Enjoy <emphasis>New York</emphasis></speak>",
        "City New York, 2 nights, 0.9 sure",
    ]


def test_a_chat_reads_what_the_bot_says() -> None:
    played = talk("say:a room in Seattle", "say:4", "say:yes", channel="CHAT")

    assert played.said == [
        "Hi",
        "How many nights?",
        "4 nights in Seattle, is that right?",
        "Booked.\n<speak>Enjoy <emphasis>Seattle</emphasis></speak>",
        "City Seattle, 4 nights, 0.9 sure",
    ]


def test_a_chat_may_begin_with_the_customers_first_message() -> None:
    on = stage(LexInitializationData={"InitialMessage": "book a hotel"})

    assert talk("say:Seattle", on=on, channel="CHAT").said[:3] == ["Hi", "Which city?", "How many nights?"]


def test_a_chat_has_a_time_limit_of_its_own() -> None:
    played = talk(
        "say:book a hotel", "wait:61s", "say:Seattle", on=stage(LexTimeoutSeconds={"Text": "60"}), channel="CHAT"
    )

    assert played.said == ["Hi", "Which city?", "Late"]


def test_a_silent_caller_ends_on_the_error_branch() -> None:
    played = talk("say:book a hotel")

    assert played.said == ["Hi", *["Which city?"] * 3, "Sorry"]


def test_what_nobody_understands_is_the_fallback_intent() -> None:
    played = talk("say:what is the weather")

    assert played.said == ["Hi", "Lost"]
    assert "IntentConfidence" not in played.contact.system["Lex"]


def test_a_slot_that_stays_unclear_ends_in_the_fallback_intent() -> None:
    played = talk("say:book a hotel", "say:Paris", "say:London")

    assert played.said == ["Hi", "Which city?", "Seattle or New York?", "Lost"]


def test_an_intent_that_is_denied_takes_the_error_branch() -> None:
    played = talk("say:a room in Seattle", "say:4", "say:no")

    assert played.said[-2:] == ["Then not.", "Sorry"]
    assert played.left("ask").cause == "unfulfilled"


def test_session_attributes_and_alternatives_reach_bot_and_flow() -> None:
    on = stage(LexSessionAttributes={"caller": "$.CustomerEndpoint.Address"})
    played = talk("say:cancel my hotel", on=on, customer_endpoint="+15550100")

    assert played.said[1:] == ["Cancelled, +15550100.", "CancelHotel, not 0.18"]


def test_a_second_block_goes_on_in_the_same_session_with_a_new_dialog() -> None:
    described = {"bots": {"B": {"id": "B" * 10, "intents": {"Stay": {"utterances": ["stay"]}}}}}
    services = Services({"lex": described}, no_function)
    call = {"botId": "B" * 10, "botAliasId": "TSTALIASID", "localeId": "en_US", "sessionId": "s", "text": "stay"}

    for attributes in ({"a": "1"}, {"b": "2"}):
        state = {"sessionState": {"sessionAttributes": attributes}}
        ended = services.call(CallService("c/1", "runtime-v2-lex", "RecognizeText", {**call, **state}), "c")

    assert ended.output["sessionState"]["sessionAttributes"] == {"a": "1", "b": "2"}


def test_without_the_service_the_error_branch_says_what_is_missing() -> None:
    simulator = Simulator(stage(), Stubs(), store=True)
    life = simulator.start(contact(), Script(("say:book",)), at_ms=START_MS)
    simulator.run()
    played = Played(life)

    assert played.said == ["Hi", "Sorry"]
    assert played.left("ask").detail.startswith("ServiceUnavailableException: there is no service 'runtime-v2-lex'")


def test_what_is_said_while_logging_is_off_is_shown_nowhere() -> None:
    played = talk("say:a room in New York for 2 nights", "say:yes", logging=False)

    shown = json.dumps([str(event) for event in played.trace])
    assert "a room in New York" not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize(
    ("arn", "answer"),
    [
        ("arn:aws:lex:eu-west-2:999999999999:bot-alias/HOTELBOT01/BETAALIAS1", "Which city?"),
        ("${HotelBotAlias.Arn}", "Which city?"),
        ("Hotel", "Which city?"),
        ("Hotel:beta", "Which city?"),
        ("arn:aws:lex:us-east-1:111122223333:bot-alias/NOBODY0000/HOTELALIAS", "Sorry"),
        ("arn:aws:lex:us-east-1:111122223333:bot-alias/HOTELBOT01/NOBODY0000", "Sorry"),
    ],
)
def test_a_flow_finds_a_bot_by_arn_name_and_token(arn: str, answer: str) -> None:
    assert talk("say:book a hotel", on=stage(arn)).said[1] == answer


@pytest.mark.parametrize("alias", ["live", "beta", "$LATEST"])
def test_a_classic_bot_is_found_by_name_and_alias(alias: str) -> None:
    played = talk("say:book a hotel", on=stage(LexBot={"Name": "Hotel", "Region": "us-east-1", "Alias": alias}))

    (asked, *_) = [event.effect for event in played.of("Ordered") if event.effect["type"] == "CallService"]
    assert asked["input"]["botAliasId"] == ("BETAALIAS1" if alias == "beta" else "HOTELALIAS")
    assert played.said[1] == "Which city?"


def test_the_contacts_language_is_the_bots_locale() -> None:
    assert talk("say:reservar un hotel", language="es-US").said == ["Hi", "Reservar, not "]
    assert talk("say:un hotel", language="fr-FR").left("ask").detail == (
        "ResourceNotFoundException: the bot Hotel has no locale fr_FR; it has en_US, es_US."
    )


# --- code hooks


MEMBER = next(each for each in resources(BOTS, region="us-east-1", account="111122223333") if each.name == "Member")


def close(event: dict[str, Any], **more: Any) -> dict[str, Any]:
    intent = {**event["sessionState"]["intent"], "state": "Fulfilled"}
    return {"sessionState": {"dialogAction": {"type": "Close"}, "intent": intent, **more}}


def delegate(event: dict[str, Any]) -> dict[str, Any]:
    return {"sessionState": {"dialogAction": {"type": "Delegate"}, "intent": event["sessionState"]["intent"]}}


class Hook:
    """A function that delegates dialogs and fulfils intents; `events` are what it was given."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def __call__(self, name: str, event: dict[str, Any]) -> Any:
        self.events.append(event)
        assert name == "member-hook"
        if event["invocationSource"] == "DialogCodeHook":
            return delegate(event)
        return close(event, sessionAttributes={"name": "Ann", "age": 40, "none": None})


def test_a_function_fulfils_the_intent() -> None:
    hook = Hook()
    played = talk("say:it is me", "123456789#", on=stage(MEMBER.arn), function=hook)

    assert played.said == ["Hi", "Your member id, then pound.", "Hello Ann"]
    assert [event["invocationSource"] for event in hook.events] == [
        "DialogCodeHook",
        "DialogCodeHook",
        "FulfillmentCodeHook",
    ]
    first, second, last = hook.events
    assert first["inputMode"] == "Speech"
    assert first["proposedNextState"]["dialogAction"] == {"type": "ElicitSlot", "slotToElicit": "Id"}
    assert first["bot"] == {
        "id": MEMBER.id, "name": "Member", "aliasId": "TSTALIASID", "aliasName": "TestBotAlias", "localeId": "en_US",
        "version": "DRAFT",
    }  # fmt: skip
    assert first["interpretations"][0]["nluConfidence"] == 1
    assert (second["inputMode"], second["inputTranscript"], second["sessionId"]) == ("DTMF", "123456789", CONTACT_ID)
    assert last["sessionState"]["intent"]["slots"]["Id"]["value"]["interpretedValue"] == "123456789"
    assert last["sessionState"]["intent"]["state"] == "ReadyForFulfillment"
    assert played.contact.system["Lex"]["SessionAttributes"] == {"name": "Ann", "age": "40"}


def test_a_function_is_told_that_a_chat_is_text() -> None:
    hook = Hook()
    talk("say:123456789", on=stage(MEMBER.arn), function=hook, channel="CHAT")

    assert hook.events[0]["inputMode"] == "Text"


def answers(*wanted: dict[str, Any]) -> Function:
    """A function that answers these in order, each in a session state."""
    left = list(wanted)

    def function(name: str, event: dict[str, Any]) -> Any:
        answer = left.pop(0)
        return {"sessionState": answer["state"], "messages": answer.get("messages")}

    return function


def says(text: str) -> list[dict[str, str]]:
    return [{"contentType": "PlainText", "content": text}]


MEMBER_ASKED = {"botId": MEMBER.id, "botAliasId": "TSTALIASID"}


def test_a_function_may_ask_for_a_slot_again() -> None:
    wrong = {
        "dialogAction": {"type": "ElicitSlot", "slotToElicit": "Id"},
        "intent": {"name": "Identify", "slots": {"Id": None}},
    }
    ask = service(function=answers({"state": wrong, "messages": says("No such member.")}, {"state": wrong}))

    answer = ask("123456789", **MEMBER_ASKED)
    again = ask("123456788", **MEMBER_ASKED)

    assert texts(answer) == ["No such member."]
    assert answer["sessionState"]["intent"]["slots"] == {"Id": None}
    assert texts(again) == ["Your member id, then pound."]


def test_a_function_may_ask_for_a_slot_that_only_it_knows() -> None:
    wish = {"dialogAction": {"type": "ElicitSlot", "slotToElicit": "Wish"}}
    ask = service(function=answers({"state": wish}, {"state": {"dialogAction": {"type": "Close"}}}))

    assert texts(ask("it is me", **MEMBER_ASKED)) == []
    assert ask("A sea view, please", **MEMBER_ASKED)["sessionState"]["intent"]["slots"]["Wish"]["value"] == {
        "originalValue": "A sea view, please",
        "interpretedValue": "A sea view, please",
        "resolvedValues": ["A sea view, please"],
    }


def test_a_function_may_ask_for_a_confirmation_or_another_intent() -> None:
    confirm = {"dialogAction": {"type": "ConfirmIntent"}}
    other = {"dialogAction": {"type": "ElicitIntent"}, "intent": {"name": "Identify", "state": "Fulfilled"}}
    ask = service(
        function=answers(
            {"state": confirm, "messages": says("Sure?")}, {"state": other, "messages": says("What else?")}
        )
    )

    assert texts(ask("it is me", **MEMBER_ASKED)) == ["Sure?"]
    answer = ask("yes", **MEMBER_ASKED)
    assert texts(answer) == ["What else?"]
    assert answer["sessionState"]["dialogAction"] == {"type": "ElicitIntent"}
    assert "intent" not in answer["sessionState"]


def test_a_function_may_choose_another_intent() -> None:
    other = {"dialogAction": {"type": "Close"}, "intent": {"name": "Agent", "state": "Failed"}}
    answer = service(function=answers({"state": other}))("it is me", **MEMBER_ASKED)

    assert answer["sessionState"]["intent"]["name"] == "Agent"
    assert answer["sessionState"]["intent"]["state"] == "Failed"
    assert answer["interpretations"][0]["intent"]["name"] == "Agent"


def test_a_function_may_delegate_the_fulfilment() -> None:
    going = {"dialogAction": {"type": "Delegate"}}
    ask = service(function=answers({"state": going}, {"state": going, "messages": says("Done.")}))
    answer = ask("123456789", **MEMBER_ASKED)

    assert answer["sessionState"]["intent"]["state"] == "Fulfilled"
    assert texts(answer) == ["Done."]


def test_the_fallback_intent_may_have_a_function() -> None:
    """As bots that hand every question to a model do."""
    more = {"dialogAction": {"type": "ElicitIntent"}}
    answer = service(function=answers({"state": more, "messages": says("Superior. What else?")}))(
        "largest lake of minnesota", **MEMBER_ASKED
    )

    assert texts(answer) == ["Superior. What else?"]


def test_a_function_that_fails_fails_the_turn() -> None:
    def broken(name: str, event: dict[str, Any]) -> Any:
        raise ServiceError("Unhandled", "division by zero")

    played = talk("say:it is me", on=stage(MEMBER.arn), function=broken)

    assert played.said == ["Hi", "Sorry"]
    assert played.left("ask").detail == ("DependencyFailedException: the function member-hook failed: division by zero")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "text",
        {},
        {"sessionState": None},
        {"sessionState": {"dialogAction": {"type": "Dance"}}},
        {"sessionState": {"dialogAction": {"type": "Close"}, "intent": {"slots": {"Id": "1"}}}},
        {"sessionState": {"dialogAction": {"type": "Close"}}, "messages": "hello"},
    ],
)
def test_a_function_that_answers_something_else_fails_the_turn(answer: Any) -> None:
    with pytest.raises(ServiceError, match="DependencyFailedException: the function member-hook answered what Lex"):
        service(function=lambda name, event: answer)("it is me", **MEMBER_ASKED)


# --- what the bot makes of an utterance


@pytest.mark.parametrize(
    ("text", "intent", "score"),
    [
        ("BOOK, a hotel?!", "BookHotel", 1),
        ("1", "BookHotel", 1),
        ("a room in the big apple", "BookHotel", 0.9),
        ("I want to cancel my booking", "CancelHotel", 0.39),
        ("please cancel my hotel", "CancelHotel", 0.68),
        ("a room in Paris", "BookHotel", 0.68),
        ("", "FallbackIntent", None),
        ("¿?", "FallbackIntent", None),
    ],
)
def test_an_intent_is_found_by_its_words(text: str, intent: str, score: float | None) -> None:
    described = {"bots": {"Hotel": {**BOTS["bots"]["Hotel"], "confidence": 0.3}}}
    answer = Service(described, no_function).call("RecognizeText", {**ASKED, "text": text or " "}, "c")

    first = answer["interpretations"][0]
    assert first["intent"]["name"] == intent
    assert first.get("nluConfidence", {}).get("score") == score


def test_a_bot_that_wants_to_be_sure_falls_back_and_names_what_it_may_have_been() -> None:
    answer = service({"bots": {"Hotel": {**BOTS["bots"]["Hotel"], "confidence": 1}}})("a room in Seattle")

    assert [each["intent"]["name"] for each in answer["interpretations"]] == ["FallbackIntent", "BookHotel"]
    assert answer["sessionState"]["intent"]["state"] == "ReadyForFulfillment"


def test_another_intent_may_be_chosen_while_a_slot_is_asked_for() -> None:
    ask = service()
    ask("book a hotel")

    assert ask("cancel my hotel")["sessionState"]["intent"]["name"] == "CancelHotel"


def test_an_utterance_of_the_same_intent_fills_its_slots() -> None:
    ask = service()
    ask("book a hotel")

    assert texts(ask("a room in New York")) == ["How many nights?"]


def test_an_unclear_answer_to_a_confirmation_is_asked_for_again() -> None:
    ask = service()
    ask("a room in Seattle for 2 nights")
    question = "2 nights in Seattle, is that right?"

    assert [texts(ask("hm")) for _ in range(3)] == [[question], [question], []]
    assert ask("1")["sessionState"]["intent"]["name"] == "BookHotel"


def test_another_intent_may_be_chosen_instead_of_an_answer_to_a_confirmation() -> None:
    ask = service()
    ask("a room in Seattle for 2 nights")

    assert ask("cancel my hotel")["sessionState"]["intent"]["name"] == "CancelHotel"


@pytest.mark.parametrize(
    ("said", "value"), [("1 2 3", "123"), ("1-2-3", "123"), ("one", None), ("12", None), ("١٢٣", None)]
)
def test_digits_are_counted(said: str, value: str | None) -> None:
    slots = {"Pin": {"prompt": "Pin?", "type": "digits", "length": 3}}
    ask = service(
        {
            "bots": {
                "B": {
                    "id": "HOTELBOT01",
                    "aliases": {"a": "HOTELALIAS"},
                    "intents": {"Pin": {"utterances": ["pin"], "slots": slots}},
                }
            }
        }
    )
    ask("pin")
    slot = ask(said)["sessionState"]["intent"]["slots"]["Pin"]

    assert (slot and slot["value"]["interpretedValue"]) == value


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("great", "POSITIVE"),
        ("it was terrible", "NEGATIVE"),
        ("terrible, thank you", "MIXED"),
        ("thank them", "NEUTRAL"),
    ],
)
def test_words_make_the_sentiment(text: str, label: str) -> None:
    response = service()(text)["interpretations"][0]["sentimentResponse"]

    assert response["sentiment"] == label
    assert response["sentimentScore"][label.lower()] == max(response["sentimentScore"].values())


def test_many_words_and_slots_are_matched_in_time() -> None:
    """An utterance of free texts could be cut in more ways than anybody can try."""
    names = [f"S{place}" for place in range(12)]
    utterance = " ".join(f"{{{name}}}" for name in names) + " stop"
    intent = {"utterances": [utterance], "slots": {name: {"prompt": "?"} for name in names}}
    described = {"bots": {"B": {"id": "HOTELBOT01", "aliases": {"a": "HOTELALIAS"}, "intents": {"I": intent}}}}

    assert service(described)("go " * 250)["interpretations"][0]["intent"]["name"] == "FallbackIntent"


# --- what cannot be asked


@pytest.mark.parametrize(
    ("operation", "change", "refusal"),
    [
        ("PutSession", {}, "UnknownOperationException: PutSession is not there; RecognizeText is."),
        ("RecognizeText", {"text": ""}, "ValidationException: text is missing."),
        ("RecognizeText", {"botId": "NOBODY0000"}, "ResourceNotFoundException: there is no bot with the id NOBODY0000"),
        ("RecognizeText", {"botAliasId": "NOBODY0000"}, "ResourceNotFoundException: the bot Hotel has no alias"),
    ],
)
def test_what_is_not_there_is_refused_by_name(operation: str, change: dict[str, str], refusal: str) -> None:
    with pytest.raises(ServiceError) as caught:
        Service(BOTS, no_function).call(operation, {**ASKED, "text": "hi", **change}, "c")

    assert str(caught.value).startswith(refusal)


def test_a_bot_is_named_where_there_is_none() -> None:
    with pytest.raises(ServiceError, match="there is none"):
        Service({}, no_function).call("RecognizeText", {**ASKED, "text": "hi"}, "c")


def one(**bot: Any) -> dict[str, Any]:
    return {"bots": {"B": bot}}


DEPLOYED = "arn:aws:lex:eu-west-1:999999999999:bot-alias/DEPLOYED01/LIVEALIAS1"


@pytest.mark.parametrize(
    ("described", "problems"),
    [
        ({"bot": {}}, ["a description of Lex has one key, bots: a table of bots by name."]),
        ({"bots": []}, ["a description of Lex has one key, bots: a table of bots by name."]),
        ({"bots": {"B": 1}}, ["bots.B: Object contains unknown field ``."]),
        (one(colour="red"), ["bots.B: Object contains unknown field `colour`."]),
        (one(id="short"), ["bots.B: the id 'short' must be 10 letters and digits."]),
        (one(aliases={"live": "x"}), ["bots.B: the id 'x' must be 10 letters and digits."]),
        (one(locales=1), ["bots.B.locales: it must be a table."]),
        (one(intents={"I": []}), ["bots.B.en_US.I: it must be a table."]),
        (
            one(intents={"I": {"utterances": ["to {City}", "{ City }"]}}),
            ["bots.B.en_US.I: an utterance has {City}, which is no slot of the intent."],
        ),
        (one(intents={"I": {"slots": {"S": {}}}}), ["bots.B.en_US.I.S: a required slot needs a prompt."]),
        (
            one(intents={"I": {"slots": {"S": {"prompt": "?", "retries": 9}}}}),
            ["bots.B.en_US.I.S: Expected `int` <= 5 - at `$.retries`."],
        ),
        (
            one(intents={"I": {"dialog_hook": True}}),
            ["bots.B.en_US.I: it has a hook and no function; name one here or for the bot."],
        ),
        (one(profile="team"), ["bots.B: profile is for deployed bots alone."]),
        (
            one(deployed="Hotel", intents={}),
            [
                "bots.B: deployed is 'Hotel', must be the ARN of a bot alias (arn:aws:lex:…:bot-alias/…).",
                "bots.B: a deployed bot has its intents in AWS: remove them here, or deployed.",
            ],
        ),
        (
            {"bots": {"A": {"id": "A" * 10}, "B": {"id": "A" * 10}}},
            [f"bots.A: its id {'A' * 10} is another bot's.", f"bots.B: its id {'A' * 10} is another bot's."],
        ),
    ],
)  # fmt: skip
def test_a_wrong_description_says_every_problem(described: dict[str, Any], problems: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        Service(described, no_function)

    assert list(caught.value.problems) == problems


def test_bots_are_resources_by_alias() -> None:
    found = list(resources({**BOTS, "bots": {**BOTS["bots"], "Far": {"deployed": DEPLOYED}}}, region="r", account="a"))

    assert [(each.kind, each.name, each.arn) for each in found] == [
        ("bot", "Hotel", "arn:aws:lex:r:a:bot-alias/HOTELBOT01/HOTELALIAS"),
        ("bot", "Hotel:beta", "arn:aws:lex:r:a:bot-alias/HOTELBOT01/BETAALIAS1"),
        ("bot", "Member", f"arn:aws:lex:r:a:bot-alias/{MEMBER.id}/TSTALIASID"),
        ("bot", "Far", DEPLOYED),
    ]
    assert Instance(resources=tuple(found)).resources[0].matches[-1] == "${HotelBotAlias.Arn}"


# --- deployed bots


class Endpoint:
    """A stand-in for the Lex V2 runtime: gives one answer, and keeps what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body: bytes = json.dumps({"sessionState": {"intent": {"name": "BookHotel"}}}).encode()
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.asked.append((self.path, dict(self.headers.items()), body))
                self.send_response(endpoint.status)
                for name, value in {**endpoint.headers, "Content-Length": str(len(endpoint.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(endpoint.body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def described(self) -> dict[str, Any]:
        return one(deployed=DEPLOYED, endpoint=f"http://127.0.0.1:{self.server.server_address[1]}/")

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Endpoint]:
    """With credentials from the environment, and nothing else of the machine."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    made = Endpoint()
    yield made
    made.close()


def test_a_deployed_bot_is_asked_over_its_api(endpoint: Endpoint) -> None:
    on = stage(DEPLOYED, described=endpoint.described)
    played = talk("say:book a hotel", on=on, described=endpoint.described)

    assert played.left("ask").branch == "Equals BookHotel"
    ((path, headers, body),) = endpoint.asked
    assert path == f"/bots/DEPLOYED01/botAliases/LIVEALIAS1/botLocales/en_US/sessions/{CONTACT_ID}/text"
    assert "/eu-west-1/lex/aws4_request" in headers["Authorization"]
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert body == {
        "text": "book a hotel",
        "requestAttributes": {
            "x-amz-lex:accept-content-types": "PlainText,SSML",
            "x-amz-lex:channels:platform": "Connect",
        },
        "sessionState": {"sessionAttributes": {}},
    }


def test_a_refusal_of_a_deployed_bot_keeps_its_name(endpoint: Endpoint) -> None:
    endpoint.status, endpoint.body = 429, b'{"message": "slow down"}'
    endpoint.headers = {"x-amzn-ErrorType": "ThrottlingException:http://internal.amazon.com/"}
    played = talk("say:hi", on=stage(DEPLOYED, described=endpoint.described), described=endpoint.described)

    assert played.said == ["Hi", "Sorry"]
    assert played.left("ask").detail == "ThrottlingException: slow down"


ASKED_FAR = {**ASKED, "botId": "DEPLOYED01", "botAliasId": "LIVEALIAS1", "text": "hi"}


def far(described: dict[str, Any]) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        Service(described, no_function).call("RecognizeText", ASKED_FAR, "c")
    return caught.value


@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (403, b'{"__type": "x#AccessDeniedException", "Message": "no"}', "AccessDeniedException", "no"),
        (500, b"[]", "InternalServerException", "status 500."),
        (502, b"<html>", "BadGatewayException", "status 502 and no JSON."),
    ],
)
def test_other_refusals_are_read_too(endpoint: Endpoint, status: int, body: bytes, code: str, message: str) -> None:
    endpoint.status, endpoint.body = status, body
    refusal = far(endpoint.described)

    assert (refusal.code, refusal.message) == (code, message)


def test_an_endpoint_of_ones_own_needs_no_credentials(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    Service(endpoint.described, no_function).call("RecognizeText", ASKED_FAR, "c")

    assert "Authorization" not in endpoint.asked[0][1]


def test_the_endpoint_may_come_from_the_environment(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_LEX_RUNTIME_V2", endpoint.described["bots"]["B"]["endpoint"])
    Service(one(deployed=DEPLOYED), no_function).call("RecognizeText", ASKED_FAR, "c")

    assert len(endpoint.asked) == 1


def test_without_credentials_nothing_is_sent(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    assert far(one(deployed=DEPLOYED)).code == "AccessDeniedException"
    assert far(one(deployed=DEPLOYED, profile="nobody")).code == "AccessDeniedException"


def test_a_server_that_is_not_there_is_said_to_be_so(endpoint: Endpoint) -> None:
    described = endpoint.described
    endpoint.server.server_close()

    assert far(described).code == "ServiceUnavailableException"


# --- a project


HOOK = """
def handler(event, context):
    intent = {**event["sessionState"]["intent"], "state": "Fulfilled"}
    if event["invocationSource"] == "DialogCodeHook":
        return {"sessionState": {"dialogAction": {"type": "Delegate"}, "intent": intent}}
    name = intent["slots"]["Id"]["value"]["interpretedValue"] + " by " + event["inputMode"]
    return {"sessionState": {"dialogAction": {"type": "Close"}, "intent": intent, "sessionAttributes": {"name": name}}}
"""
PROJECT = """
[flows]
paths = ["it.json"]

[services]
lex = "bots.toml"

[functions.member-hook]
handler = "hook.handler"

[bots.Member]
matches = ["{{MEMBER_BOT}}"]
"""


def test_a_project_asks_its_bots_and_the_bots_its_functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = {
        "Version": "2019-10-30",
        "StartAction": "ask",
        "Metadata": {"name": "It", "type": "contactFlow"},
        "Actions": [
            {
                "Identifier": "ask",
                "Type": "ConnectParticipantWithLexBot",
                "Parameters": {"Text": "Hi", "LexV2Bot": {"AliasArn": "{{MEMBER_BOT}}"}},
                "Transitions": {
                    "NextAction": "bye",
                    "Conditions": [
                        {"NextAction": "hello", "Condition": {"Operator": "Equals", "Operands": ["Identify"]}}
                    ],
                    "Errors": [
                        {"NextAction": "bye", "ErrorType": kind} for kind in ("NoMatchingError", "NoMatchingCondition")
                    ],
                },
            },
            {
                "Identifier": "hello",
                "Type": "MessageParticipant",
                "Parameters": {"Text": "Hello $.Lex.SessionAttributes.name"},
                "Transitions": {"NextAction": "bye"},
            },
            {"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}},
        ],
    }
    for name, text in {
        "it.json": json.dumps(document), "hook.py": HOOK, "offhook.toml": PROJECT, "bots.toml": FILE.read_text(),
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)

    ran = call("run", "It", "--press", "say:it is me,123456789#")

    assert ran.code == 0, ran.err
    assert "Hello 123456789 by DTMF" in ran.out


# --- the page


def test_the_page_describes_bots_that_can_be_read() -> None:
    """Every example of docs/services-lex.md, those of one bot together."""
    page = (ROOT / "docs" / "services-lex.md").read_text(encoding="utf-8")
    examples = [block.partition("```")[0] for block in page.split("```toml\n")[1:]]
    bots = "\n".join(each for each in examples if each.startswith("[bots."))
    (applications,) = (each for each in examples if each.startswith("[[applications]]"))

    made = Service(tomllib.loads(bots), no_function)
    AgenticService(tomllib.loads(applications), no_function)

    assert texts(made.call("RecognizeText", {**ASKED, "text": "a room in Seattle"}, "c")) == ["How many nights?"]
