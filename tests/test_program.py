"""Parameters made ready: which texts are references, what they become, and what does not fit."""

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec.structs import replace

from offhook.blocks import catalogue
from offhook.core.expr import MISSING
from offhook.core.program import BadParameter, Branches, Compiled, compile_parameters, references_in
from offhook.core.spec import DYNAMIC, JSON, REFERENCE, SINGLE, STATIC, NoParams
from offhook.flowjson.text import parse
from offhook.model.flow import Action, Condition
from offhook.model.instance import Instance

from .stage import BYE, flow, say


class Inner(msgspec.Struct, frozen=True, rename="pascal"):
    text: Annotated[str, DYNAMIC] = ""
    fixed: Annotated[str, STATIC] = ""


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    static: Annotated[str, STATIC] = ""
    single: Annotated[str, SINGLE] = ""
    text: Annotated[str, DYNAMIC] = ""
    number: Annotated[int, SINGLE, msgspec.Meta(ge=1, le=60)] = 3
    share: Annotated[float, STATIC] = 0
    yes: Annotated[bool, STATIC] = False
    pairs: Annotated[dict[str, str], DYNAMIC] = {}
    fixed_pairs: Annotated[dict[str, str], STATIC] = {}
    values: Annotated[dict[str, Any], JSON] = {}
    value: Annotated[Any, REFERENCE] = None
    inner: Inner = Inner()
    maybe: Inner | None = None
    either: Annotated[str | list[str] | dict[str, str], DYNAMIC] = ""
    items: Annotated[list[str], DYNAMIC] = []
    inners: tuple[Inner, ...] = ()
    mode: Literal["A", "B"] = "A"


class Values:
    """A scope that knows `a` (text), `n` (number), `l` (list), `o` (object) and `z` (nothing)."""

    known: dict[str, Any] = {"a": "A", "n": 5, "l": [1, "x"], "o": {"k": True}}

    def look_up(self, path: tuple[str, ...]) -> Any:
        return self.known.get(path[-1], MISSING)


def made(raw: dict[str, Any], params: type[Any] = Params) -> Any:
    constant, resolve = compile_parameters(raw, params)
    return constant if resolve is None else resolve(Values())


def is_constant(raw: dict[str, Any]) -> bool:
    return compile_parameters(raw, Params)[1] is None


def test_text_without_references_is_made_once() -> None:
    assert is_constant(
        {"Static": "$.Attributes.a", "Text": "costs $5 or $.Nowhere.a", "Pairs": {"a": "b"}, "Items": ["a"]}
    )
    assert is_constant({"Values": {"deep": [{"a": 1}]}, "Maybe": None})
    assert not is_constant({"Text": "$.Attributes.a"})
    assert not is_constant({"Inners": [{}, {"Text": "$.Attributes.a"}]})


@pytest.mark.parametrize(
    ("raw", "attribute", "value"),
    [
        ({"Static": "$.Attributes.a"}, "static", "$.Attributes.a"),
        ({"Single": "$.Attributes.a"}, "single", "A"),
        ({"Single": "$.Attributes.n"}, "single", "5"),
        ({"Single": "in $.Attributes.a"}, "single", "in $.Attributes.a"),
        ({"Single": "$.Attributes.z"}, "single", ""),
        ({"Text": "in $.Attributes.a, $.Attributes.n$.Attributes.z."}, "text", "in A, 5."),
        ({"Text": "$.Attributes.o"}, "text", '{"k":true}'),
        ({"Number": "$.Attributes.n"}, "number", 5),
        ({"Pairs": {"$.Attributes.a": "$.Attributes.n", "b-$.Attributes.a": "c"}}, "pairs", {"A": "5", "b-A": "c"}),
        ({"FixedPairs": {"$.Attributes.a": "$.Attributes.a"}}, "fixed_pairs", {"$.Attributes.a": "$.Attributes.a"}),
        ({"Values": {"$.Attributes.a": "$.Attributes.l"}}, "values", {"A": [1, "x"]}),
        (
            {"Values": {"d": [{"k": "$.Attributes.o"}, "is $.Attributes.n", 1, None]}},
            "values",
            {"d": [{"k": {"k": True}}, "is 5", 1, None]},
        ),
        ({"Values": {"k": "$.Attributes.z"}}, "values", {"k": ""}),
        ({"Value": "$.Attributes.l"}, "value", [1, "x"]),
        ({"Value": "$.Attributes.z"}, "value", MISSING),
        ({"Value": "in $.Attributes.a"}, "value", "in $.Attributes.a"),
        ({"Inner": {"Text": "$.Attributes.a", "Fixed": "$.Attributes.a"}}, "inner", Inner("A", "$.Attributes.a")),
        ({"Maybe": {"Text": "$.Attributes.a"}}, "maybe", Inner("A")),
        ({"Maybe": None}, "maybe", None),
        ({"Either": "$.Attributes.a"}, "either", "A"),
        ({"Either": ["$.Attributes.a", "b"]}, "either", ["A", "b"]),
        ({"Either": {"k": "$.Attributes.a"}}, "either", {"k": "A"}),
        ({"Items": ["$.Attributes.a", "b $.Attributes.n"]}, "items", ["A", "b 5"]),
        ({"Inners": [{"Text": "$.Attributes.a"}, {"Text": "b"}]}, "inners", (Inner("A"), Inner("b"))),
        ({"Unknown": "$.Attributes.a"}, "text", ""),
    ],
    ids=str,
)
def test_references_stand_where_the_annotation_lets_them(raw: dict[str, Any], attribute: str, value: Any) -> None:
    assert getattr(made(raw), attribute) == value


@pytest.mark.parametrize("raw", ["5", 5, "5.0", 5.0])
def test_numbers_may_be_text(raw: Any) -> None:
    assert made({"Number": raw}).number == 5


@pytest.mark.parametrize("raw", ["True", "true", "TRUE", True, "1"])
def test_booleans_may_be_text(raw: Any) -> None:
    assert made({"Yes": raw}).yes is True


def test_hand_written_numbers_and_booleans_become_text_where_text_is_wanted() -> None:
    """With the spelling of the file: flowjson keeps that of a number."""
    raw, _ = parse('{"Static": 1.50, "Text": true, "Share": 1.50, "Items": [1, 2.0], "Values": {"n": 1.50}}')

    params = made(raw)

    assert (params.static, params.text, params.share, params.items) == ("1.50", "true", 1.5, ["1", "2.0"])
    assert type(params.share) is float
    assert type(params.values["n"]) is float, "an event is encoded, moved and compared: plain numbers only"


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        ({"Number": 0}, "Number: expected `int` >= 1."),
        ({"Number": "61"}, "Number: expected `int` <= 60."),
        ({"Number": "$.Attributes.a"}, "Number: expected `int`, got `str`."),
        ({"Text": {"a": 1}}, "Text: expected `str`, got `object`."),
        ({"Text": None}, "Text: expected `str`, got `null`."),
        ({"Yes": "perhaps"}, "Yes: expected `bool`, got `str`."),
        ({"Inner": "x"}, "Inner: expected `object`, got `str`."),
        ({"Inners": [{"Text": []}]}, "Inners[0].Text: expected `str`, got `array`."),
        ({"Pairs": {"a": {"b": "c"}}}, "Pairs[…]: expected `str`, got `object`."),
        ({"Mode": "C"}, "Mode: invalid enum value 'C'."),
        ({"Either": 5}, None),
    ],
)
def test_what_does_not_fit_is_one_sentence(raw: dict[str, Any], detail: str | None) -> None:
    params = made(raw)

    if detail is None:
        assert params.either == "5"
    else:
        assert params == BadParameter(detail)


def test_several_references_are_made_together_and_a_bad_constant_beside_them_stays_bad() -> None:
    params = made({"Text": "$.Attributes.a", "Single": "$.Attributes.n", "Number": "7"})

    assert (params.text, params.single, params.number) == ("A", "5", 7)
    assert made({"Text": "$.Attributes.a", "Number": 0}) == BadParameter("Number: expected `int` >= 1.")


class Required(msgspec.Struct, frozen=True, rename="pascal"):
    number: int


def test_what_is_missing_is_one_sentence_too() -> None:
    assert made({}, Required) == BadParameter("Parameters: object missing required field `Number`.")


def test_a_block_without_parameters_minds_none() -> None:
    assert made({"Any": "$.Attributes.a"}, NoParams) == NoParams()
    assert references_in({"Any": "$.Attributes.a"}, NoParams) == []


def test_every_reference_is_listed_where_references_may_stand() -> None:
    raw = {
        "Static": "$.Attributes.s",
        "Text": "$.Attributes.a $.External.b",
        "Pairs": {"$.Attributes.c": "$.Attributes.d"},
    }

    found = [reference.text for reference in references_in(raw, Params)]

    assert found == ["$.Attributes.a", "$.External.b", "$.Attributes.c", "$.Attributes.d"]
    assert references_in({"Text": "none"}, Params) == []


def branches(*conditions: tuple[str, Any, str]) -> Branches:
    wired = tuple(
        Condition(operator, () if operand is None else (operand,), target) for operator, operand, target in conditions
    )
    return Branches(Action("it", "X", {}, conditions=wired))


def test_of_equal_operands_the_first_is_taken() -> None:
    assert branches(("Equals", "1", "a"), ("Equals", "1", "b")).first_true("1", Values()) == ("a", "Equals 1")


def test_operands_may_be_numbers_and_references() -> None:
    by_number = branches(("Equals", 1, "a"), ("NumberLessThan", "10", "b"))
    by_reference = branches(("Equals", "$.Attributes.a", "a"), ("TextContains", "$.Attributes.z", "z"))

    assert by_number.first_true("1", Values()) == ("a", "Equals 1")
    assert by_number.first_true(7, Values()) == ("b", "NumberLessThan 10")
    assert by_number.first_true("x", Values()) is None
    assert by_reference.first_true("A", Values()) == ("a", "Equals $.Attributes.a")
    assert by_reference.first_true("B", Values()) == ("z", "TextContains $.Attributes.z")


def test_an_operator_nobody_knows_and_a_missing_operand_are_never_true_by_accident() -> None:
    odd = branches(("Sounds", "1", "a"), ("Equals", None, "b"))

    assert odd.first_true("1", Values()) is None
    assert odd.first_true("", Values()) == ("b", "Equals ")


@pytest.mark.parametrize("operator", ["Equals", "TextContains"])
def test_nothing_equals_nothing(operator: str) -> None:
    assert branches((operator, "", "a")).first_true(MISSING, Values()) is None
    assert branches((operator, "", "a")).first_true("", Values()) is not None


def test_a_contact_stays_in_the_revision_it_came_to_as_long_as_that_is_kept() -> None:
    present = replace(flow(say("hi", "New"), BYE), revision="2")
    earlier = {("flow:it", "1"): replace(flow(say("hi", "Old"), BYE), revision="1")}
    stage = Compiled(Instance(flows={"flow:it": present}), catalogue(), earlier)

    def text(revision: str) -> str:
        program = stage.revision("flow:it", revision)
        assert program is not None
        return str(program.steps["hi"].action.parameters["Text"])

    assert [text(revision) for revision in ("1", "1", "2", "", "lost")] == ["Old", "Old", "New", "New", "New"]
    assert stage.revision("flow:other", "1") is None
