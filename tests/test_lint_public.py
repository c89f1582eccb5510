"""The linter on flows that others have written, and on flows that nobody would write."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offhook.blocks import catalogue
from offhook.flowjson.lint import known_in, lint
from offhook.flowjson.read import read_flow
from offhook.model.instance import Instance

KNOWN = known_in(Instance(resources=(Instance().resource("function", "lookup"),)), {}, {})

_TEXT = st.sampled_from(
    (
        "",
        "x",
        "True",
        "7",
        "$.External.State",
        "$.Attributes",
        "$.Zzz.a",
        "a $.Attributes.b",
        "${T}",
        "$.Lex.$.Lex.a",
        "$.[",
    )
)
_SCALAR = st.none() | st.booleans() | st.integers(-5, 500) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
_JSON = st.recursive(
    _SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=6
)
_TYPES = sorted(catalogue())


@st.composite
def _documents(draw: st.DrawFn) -> dict[str, Any]:
    """A flow of a few actions whose parameters and arrows fit, or do not."""
    names = ["a", "b", "c"]
    target = st.sampled_from([*names, "gone"])
    actions = []
    for name in names:
        kind = draw(st.sampled_from([*_TYPES, "Unknown"]))
        spec = catalogue().get(kind)
        known = list(spec.params.__struct_encode_fields__) if spec is not None else []
        keys = st.sampled_from([*known, "Other"])
        operators = spec.operators if spec is not None and spec.operators else ("Equals",)
        condition = st.fixed_dictionaries(
            {"Operator": st.sampled_from([*operators, "Odd"]), "Operands": st.lists(_JSON)}
        )
        conditions = st.fixed_dictionaries({"NextAction": target, "Condition": condition})
        errors = st.fixed_dictionaries({"NextAction": target, "ErrorType": st.sampled_from(["NoMatchingError", "Odd"])})
        transitions = st.fixed_dictionaries(
            {"NextAction": target},
            optional={"Conditions": st.lists(conditions, max_size=2), "Errors": st.lists(errors, max_size=2)},
        )
        parameters = draw(st.dictionaries(keys, _JSON, max_size=4))
        actions.append({"Identifier": name, "Type": kind, "Parameters": parameters, "Transitions": draw(transitions)})
    metadata = {"type": draw(st.sampled_from(["contactFlow", "customerQueue", "agentWhisper", "odd"]))}
    return {"Version": "2019-10-30", "StartAction": "a", "Metadata": metadata, "Actions": actions}


@pytest.mark.parametrize("strict", [False, True])
def test_every_public_flow_is_linted(flows_folder: Path, strict: bool) -> None:
    files = sorted(flows_folder.glob("*.json"))
    assert len(files) == 176
    for file in files:
        flow = read_flow(file.read_bytes(), catalogue(), source=file.name)

        for problem in lint(flow, catalogue(), strict=strict, known=KNOWN):
            assert problem.code[:2] == {"error": "E-", "warning": "W-"}[problem.severity]
            assert problem.message.strip() and "\n" not in problem.message
            assert problem.action in flow.actions or not problem.action


def test_problems_of_public_flows_that_are_known(flows_folder: Path) -> None:
    """A dangling flow, an empty one, and one whose author wrote a reference twice."""
    found = {}
    for number in ("009", "044"):
        file = flows_folder / f"flow-language-{number}.json"
        flow = read_flow(file.read_bytes(), catalogue(), source=file.name)
        found[number] = {problem.code for problem in lint(flow, catalogue(), strict=False)}

    assert "E-dangling-target" in found["009"]
    assert "E-no-start" in found["044"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_documents(), st.booleans())
def test_nothing_that_is_json_makes_it_fail(document: dict[str, Any], strict: bool) -> None:
    flow = read_flow(json.dumps(document), catalogue())
    first = lint(flow, catalogue(), strict=strict, known=KNOWN)

    assert first == lint(flow, catalogue(), strict=strict, known=KNOWN)
    places = list(flow.actions)
    order = [places.index(problem.action) if problem.action else -1 for problem in first]
    assert order == sorted(order)
