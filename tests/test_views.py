"""Views in whole flows: what is chosen and filled in, how long a block waits for it, and what is shown of it."""

import json
from typing import Any

from offhook.core.trace import encode
from offhook.drivers.sim.customer import Script
from offhook.model.flow import Action

from .stage import BYE, Played, action, compiled, flow, play, say

SENSITIVE: dict[str, Any] = {"SensitiveDataConfiguration": {"HideResponseOn": ["TRANSCRIPT"]}}


def shown(view: str, identifier: str = "show", then: str = "chosen", **more: Any) -> Action:
    raw = {"ViewResource": {"Id": view, "Version": "Latest"}, "InvocationTimeLimitSeconds": "30", **more}
    errors = {"NoMatchingError": "wrong", "NoMatchingCondition": "other", "TimeLimitExceeded": "late"}
    return action(identifier, "ShowView", raw, then="wrong", errors=errors, when=(("Equals", "Next", then),))


SAYINGS = (
    say("chosen", "$.Views.Action: $.Views.ViewResultData.Table.1.name"),
    say("other", "$.Views.Action is nothing"),
    say("late", "late"),
    say("wrong", "wrong"),
    BYE,
)


def guide(*inputs: str, start: Action | None = None, **fields: Any) -> Played:
    return play(
        compiled(flow(start or shown("form"), *SAYINGS)), customer=Script(inputs), **{"channel": "CHAT", **fields}
    )


def test_what_is_filled_in_is_there_for_the_flow() -> None:
    played = guide('view:Next {"Table": [{"name": "Ann"}, {"name": "Bob"}]}')

    assert played.said == ["Next: Bob"]
    assert played.left("show").branch == "Equals Next"
    assert not played.of("Warned")


def test_an_action_without_a_branch_is_none_of_the_conditions() -> None:
    assert guide("view:Back").said == ["Back is nothing"]


def test_a_view_that_nobody_answers_is_left_when_its_time_is_up() -> None:
    played = guide("silence")

    assert played.said == ["late"]
    assert played.left("show").at == "2026-01-05T15:00:30.000Z"


def test_a_view_that_is_answered_too_late_is_left_before() -> None:
    assert guide("wait:31s", "view:Next").said == ["late"]


def test_a_later_view_takes_the_place_of_the_answer() -> None:
    twice = (shown("form", then="again"), shown("confirmation", "again"), *SAYINGS)
    played = play(
        compiled(flow(*twice)),
        customer=Script(('view:Next {"Table": [1, {"name": "Ann"}]}', "view:Next")),
        channel="CHAT",
    )

    assert played.said == ["Next: "]


def test_a_hidden_response_is_in_no_event() -> None:
    filled_in = {"card": "4111-2222", "Table": [{"cvc": 987}, {"name": "Ann Smith"}], "remember": True}
    played = guide(f"view:Next {json.dumps(filled_in)}", start=shown("form", **SENSITIVE), logging=True)

    text = b"".join(encode(event) for event in played.trace).decode()
    assert played.contact.system["Views"]["ViewResultData"] == filled_in
    assert played.said == ["Next: [secret]"]
    assert not [secret for secret in ("4111-2222", "987", "Ann Smith") if secret in text]


def test_what_is_filled_in_while_logging_is_off_is_in_no_event_either() -> None:
    off = action("off", "UpdateFlowLoggingBehavior", {"FlowLoggingBehavior": "Disabled"}, then="show")
    flows = flow(off, shown("form"), *SAYINGS)
    played = play(
        compiled(flows), customer=Script(('view:Next {"Table": [1, {"name": "Ann Smith"}]}',)), channel="CHAT"
    )

    assert played.said == ["Next: [secret]"]
