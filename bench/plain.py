"""The frozen plain-Python twin of the 17-block contact: what a person would write who only needed this one flow.

No trace, no waiting, no effects, no checks: a dictionary of functions and a loop. `make bench` divides the simulator
by it. Frozen: changing it would change the meaning of the ratio.
"""

from collections.abc import Callable
from typing import Any

State = dict[str, Any]


def _say(text: Callable[[State], str], then: str) -> Callable[[State], str]:
    def run(state: State) -> str:
        state["said"].append(text(state))
        return then

    return run


def _set(key: str, value: Callable[[State], str], then: str) -> Callable[[State], str]:
    def run(state: State) -> str:
        state["attributes"] = {**state["attributes"], key: value(state)}
        return then

    return run


def _compare(value: Callable[[State], str], ways: dict[str, str], otherwise: str) -> Callable[[State], str]:
    return lambda state: ways.get(value(state), otherwise)


def _look_up(then: str) -> Callable[[State], str]:
    def run(state: State) -> str:
        state["external"] = state["function"]({"phone": state["phone"]})
        return then

    return run


def _press(then: dict[str, str], otherwise: str) -> Callable[[State], str]:
    return lambda state: then.get(state["keys"].pop(0), otherwise)


FLOW: dict[str, Callable[[State], str]] = {
    "logging": lambda state: "voice",
    "voice": lambda state: "welcome",
    "welcome": _say(lambda state: "Welcome to the demo line.", "brand"),
    "brand": _set("brand", lambda state: "demo", "number"),
    "number": _set("number", lambda state: state["phone"], "look up"),
    "look up": _look_up("known"),
    "known": _compare(lambda state: state["external"]["State"], {"Washington": "keep"}, "sorry"),
    "keep": _set("state", lambda state: state["external"]["State"], "hello"),
    "hello": _say(lambda state: f"You are calling from {state['attributes']['state']}.", "menu"),
    "menu": _press({"1": "one", "2": "sorry"}, "sorry"),
    "one": _set("choice", lambda state: "sales", "choice"),
    "choice": _compare(lambda state: state["attributes"]["choice"], {"sales": "queue"}, "sorry"),
    "queue": lambda state: "priority",
    "priority": _set("priority", lambda state: "high", "please"),
    "please": _say(lambda state: f"One moment, {state['attributes']['brand']} sales will be with you.", "goodbye"),
    "goodbye": _say(lambda state: "Goodbye.", "end"),
}


def run(phone: str, function: Callable[[dict[str, str]], dict[str, str]]) -> State:
    """One contact from the start to the end: 17 blocks, the last of which hangs up."""
    state: State = {"phone": phone, "attributes": {}, "external": {}, "said": [], "keys": ["1"], "function": function}
    here = "logging"
    while here != "end":
        here = FLOW[here](state)
    return state
