"""Names of functions, queues, prompts and the rest: one resolver, seven levels (decision S20)."""

import pytest

from offhook.core.resolve import Resolver
from offhook.model.instance import Instance, Resource

INSTANCE = Instance()
SALES = INSTANCE.resource("queue", "Sales")
SUPPORT = INSTANCE.resource("queue", "Support")
LOOKUP = INSTANCE.resource("function", "lookup")
HELPER = INSTANCE.resource("module", "Helper")
MISSING_ARN = "arn:aws:connect:us-east-1:111122223333:instance/x/queue/00000000-0000-4000-8000-000000000000"


def resolver(*resources: Resource, strict: bool = False) -> Resolver:
    return Resolver(Instance(resources=resources, strict=strict))


def named(found: object) -> str:
    resource = getattr(found, "resource", None)
    return resource.name if isinstance(resource, Resource) else ""


@pytest.mark.parametrize(
    ("raw", "hint"),
    [
        (LOOKUP.arn, ""),
        (LOOKUP.id, ""),
        (f"{LOOKUP.arn}:live", ""),
        (f"{LOOKUP.arn}:7", ""),
        ("arn:aws:lambda:eu-west-1:999999999999:function:lookup", ""),
        ("arn:aws:lambda:eu-west-1:999999999999:function:lookup:$LATEST", ""),
        ("lookup", ""),
        ("${token}", "lookup"),
        ("arn:aws:lambda:us-east-1:111122223333:function:other", "lookup"),
    ],
)
def test_a_function_is_found_by_arn_id_name_and_hint(raw: str, hint: str) -> None:
    assert resolver(LOOKUP, INSTANCE.resource("function", "greet")).find("function", raw, hint=hint).resource == LOOKUP


@pytest.mark.parametrize(
    "raw",
    [
        HELPER.arn,
        HELPER.id,
        f"{HELPER.arn}:$LATEST",
        f"{HELPER.id}:3",
        f"{HELPER.arn}:live",
        "Helper",
        "arn:x:y/Helper",
    ],
)
def test_a_module_is_found_with_its_version_or_alias(raw: str) -> None:
    assert resolver(HELPER, INSTANCE.resource("module", "Other")).find("module", raw).resource == HELPER


LEVELS = {
    "exact text in matches": (Resource("queue", "a", "arn:a", "1", ("Q",)), "Q", ""),
    "exact ARN or id": (Resource("queue", "b", "Q", "2"), "Q", ""),
    "name": (Resource("queue", "Q", "arn:d", "4"), "Q", ""),
    "hint": (Resource("queue", "hinted", "arn:e", "5"), "Q", "hinted"),
    "glob in matches": (Resource("queue", "f", "arn:f", "6", ("Q*",)), "Q", ""),
}


@pytest.mark.parametrize("first", range(len(LEVELS) - 1))
def test_an_earlier_level_wins_over_every_later_one(first: int) -> None:
    rows = list(LEVELS.values())
    resources = tuple(row[0] for row in rows[first:])

    found = resolver(*resources).find("queue", "Q", hint="hinted")

    assert found.resource == rows[first][0]


def test_matches_win_over_everything_and_a_glob_takes_what_is_left() -> None:
    token = Resource("queue", "Tokens", "arn:t", "t", ("${queue:*}", "#SalesQueue"))
    all_of = resolver(SALES, token)

    assert all_of.find("queue", "#SalesQueue").resource == token
    assert all_of.find("queue", "${queue:Support}").resource == token
    assert all_of.find("queue", "Sales").resource == SALES


@pytest.mark.parametrize(
    ("one", "two", "raw", "hint"),
    [
        (("a", "arn:a", "1", ("Q",)), ("b", "arn:b", "2", ("Q",)), "Q", ""),
        (("a", "Q", "1", ()), ("b", "arn:b", "Q", ()), "Q", ""),
        (("a", "arn:a", "1", ()), ("a", "arn:b", "2", ()), "a", ""),
        (("a", "arn:a", "1", ()), ("a", "arn:b", "2", ()), "x", "a"),
        (("a", "arn:a", "1", ("Q*",)), ("b", "arn:b", "2", ("Q?",)), "Q1", ""),
        (("a", "arn:x:function:a", "1", ()), ("b", "arn:x:function:a", "2", ()), "arn:x:function:a:live", ""),
        (("a", "arn:a", "1", ()), ("a", "arn:b", "2", ()), "arn:c/a", ""),
    ],
    ids=["matches", "arn and id", "name", "hint", "glob", "arn without qualifier", "name in the arn"],
)
def test_two_hits_at_one_level_are_an_error_that_names_both(
    one: tuple[str, str, str, tuple[str, ...]], two: tuple[str, str, str, tuple[str, ...]], raw: str, hint: str
) -> None:
    found = resolver(Resource("queue", *one), Resource("queue", *two)).find("queue", raw, hint=hint)

    both = f"{one[0]!r} ({one[1]}) and {two[0]!r} ({two[1]})"
    assert found.resource is None
    assert found.problem == f"{raw!r} means two queues: {both}; name one by its ARN or in `matches`."


def test_two_hours_have_a_plural_of_their_own() -> None:
    hours = [Resource("hours", "Day", f"arn:{number}", str(number)) for number in (1, 2)]

    assert "means two hours of operation: " in resolver(*hours).find("hours", "Day").problem


def test_kinds_do_not_mix() -> None:
    assert resolver(SALES, LOOKUP).find("function", "Sales").resource is None


def test_a_name_that_comes_out_of_a_reference_is_none() -> None:
    """P46: Connect takes an id or ARN there; an ARN that carries a name still does."""
    all_of = resolver(LOOKUP, SALES)

    assert all_of.find("function", LOOKUP.arn, dynamic=True).resource == LOOKUP
    assert all_of.find("function", "arn:aws:lambda:x:1:function:lookup", dynamic=True).resource == LOOKUP
    assert all_of.find("queue", SALES.id, dynamic=True).resource == SALES
    found = all_of.find("queue", "Sales", dynamic=True)
    assert found.resource is None
    assert found.problem == "'Sales' came out of a reference and is a name: Connect takes an id or ARN there."


@pytest.mark.parametrize("kind", ["queue", "prompt", "hours", "agent", "view", "bot"])
def test_what_nobody_knows_is_assumed_with_a_warning(kind: str) -> None:
    found = resolver(INSTANCE.resource(kind, "Sales")).find(kind, "Salse")

    shown = "hours of operation" if kind == "hours" else kind
    assert found.assumed
    assert named(found) == "Salse"
    assert found.problem == f"no {shown} is known for 'Salse'; it is assumed (nearest: Sales)."


def test_an_assumed_arn_keeps_its_arn_and_takes_the_name_that_is_known() -> None:
    plain = resolver().find("queue", MISSING_ARN)
    hinted = resolver().find("queue", MISSING_ARN, hint="Sales")

    assert plain.resource == Resource("queue", MISSING_ARN[-36:], MISSING_ARN, MISSING_ARN[-36:])
    assert hinted.resource == Resource("queue", "Sales", MISSING_ARN, MISSING_ARN[-36:])


def test_an_arn_out_of_a_reference_is_assumed_too_but_a_name_is_not() -> None:
    assert resolver().find("queue", MISSING_ARN, dynamic=True).assumed
    assert resolver().find("queue", MISSING_ARN[-36:], dynamic=True).assumed
    assert not resolver().find("queue", "Salse", dynamic=True).assumed


def test_strict_assumes_nothing() -> None:
    found = resolver(SALES, SUPPORT, strict=True).find("queue", "Salse")

    assert found.resource is None
    assert found.problem == "no queue is registered for 'Salse'; nearest: Sales."


@pytest.mark.parametrize("kind", ["function", "flow", "module"])
def test_functions_flows_and_modules_are_never_assumed(kind: str) -> None:
    """P11: the nearest names are said."""
    near = resolver(INSTANCE.resource(kind, "lookup"), INSTANCE.resource(kind, "greet"))

    found = near.find(kind, "arn:aws:lambda:us-east-1:999999999999:function:lokup")

    assert found.resource is None
    assert found.problem.startswith(
        f"no {kind} is registered for 'arn:aws:lambda:us-east-1:999999999999:function:lokup'; "
    )
    assert found.problem.endswith("nearest: lookup.")


def test_where_nothing_is_near_the_first_names_are_said() -> None:
    many = resolver(*(INSTANCE.resource("function", name) for name in ("aa", "bb", "cc", "dd")))

    assert many.find("function", "zzzz").problem.endswith("nearest: aa, bb, cc.")
    assert resolver().find("function", "zzzz").problem.endswith("none is registered at all.")


def test_an_empty_value_names_nothing() -> None:
    empty_name = Resource("queue", "", "", "")

    for dynamic in (False, True):
        found = resolver(empty_name).find("queue", "", hint="Sales", dynamic=dynamic)
        assert found.resource is None
        assert found.problem == "no queue is named: the value is empty."


def test_the_same_question_gets_the_same_answer() -> None:
    all_of = resolver(SALES)

    assert all_of.find("queue", "Nowhere") is all_of.find("queue", "Nowhere")
    assert all_of.names("queue") == ("Sales",)
    assert all_of.names("prompt") == ()
