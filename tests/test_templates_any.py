"""Whatever a template holds, it is read or refused in sentences; and reading it again gives the same."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.model.errors import UsageError
from offhook.templates.contents import Contents
from offhook.templates.read import read_template
from offhook.templates.syntax import TAGS, parse_template

from . import stacks

FIXTURES = Path(__file__).parent / "fixtures/templates"
SAMPLE = parse_template((FIXTURES / "sam/template.yaml").read_text(), "t.yaml")[0]
CDK = json.loads((FIXTURES / "cdk/cdk.out/ShopStack.template.json").read_text())
MORE = parse_template(
    """
    Alias: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Lookup, Name: live, FunctionVersion: "1",
      RoutingConfig: {AdditionalVersionWeights: [{FunctionVersion: "2", FunctionWeight: 0.5}]}}}
    Version: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Lookup}}
    Layer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}
    Beep: {Type: AWS::Connect::Prompt, Properties: {Name: Beep}}
    Holidays: {Type: AWS::Connect::HoursOfOperation, Properties: {Name: H, TimeZone: UTC, Config: [],
      HoursOfOperationOverrides: [{OverrideName: x, EffectiveFrom: "2026-12-25", EffectiveTill: "2026-12-26",
      OverrideConfig: [{Day: MONDAY, StartTime: {Hours: 1, Minutes: 2}, EndTime: {Hours: 3, Minutes: 4}}]}]}}
    Other: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: "x = 1"}, Handler: a.b, Runtime: python3.11,
      Layers: [!Ref Layer], ReservedConcurrentExecutions: 3, Environment: {Variables: {A: !Select [0, [a]]}}}}
    """,
    "t.yaml",
)[0]
SAMPLE["Resources"] |= MORE

NAMES = [*SAMPLE["Resources"], "Stage", "ConnectInstanceArn", "IsProd", "Gone", "AWS::NoValue", "AWS::Region"]
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-1, 10**19)
    | st.sampled_from(
        [
            *NAMES,
            "",
            "${Stage}",
            "${Gone.Arn}",
            "${",
            "{{resolve:ssm:a}}",
            "arn:aws:connect:x",
            "Lookup.Arn",
            "s3://x",
            ":",
            "\ud800",
        ]
    )
)
functions = st.sampled_from([f"Fn::{tag[1:]}" for tag in TAGS] + ["Ref", "Condition", "Fn::Any"])
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["Type", "Properties", "Arn", "Hours", "ZipFile", "x"]), inner, max_size=3)
        | st.builds(lambda name, argument: {name: argument}, functions, inner)
    ),
    max_leaves=8,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(each for key, item in inside for each in places(item, (*path, key)))]


def changed(document: Any, changes: list[tuple[int, Any]]) -> Any:
    """The document with a value of its own at each of these places."""
    document = copy.deepcopy(document)
    for number, value in changes:
        known = places(document)
        *path, last = known[1 + number % (len(known) - 1)]
        holder = document
        for step in path:
            holder = holder[step]
        holder[last] = value
        if not isinstance(document, dict) or len(places(document)) < 2:
            break
    return document


def outcome(document: Any) -> Contents | tuple[str, ...]:
    try:
        return read_template(document, stacks.given(), source="t.yaml")
    except UsageError as refusal:
        return refusal.problems


@pytest.mark.parametrize("sample", [SAMPLE, CDK], ids=["sam", "cdk"])
@settings(max_examples=150, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 10**6), values), min_size=1, max_size=4))
def test_any_change_of_a_template_is_read_or_refused(sample: Any, changes: list[tuple[int, Any]]) -> None:
    document = changed(sample, changes)
    found = outcome(document)

    assert found == outcome(document)
    if isinstance(found, tuple):
        assert found
        assert all(sentence.startswith("t.yaml: ") and sentence.endswith(".") for sentence in found)
        assert not any("LOST" in sentence or "ABSENT" in sentence for sentence in found)


@settings(max_examples=150, deadline=None)
@given(text=st.text(st.sampled_from("aA:- \n\t{}[]!&*\"'#|>,?<0~Ref"), max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        document, _ = parse_template(text, "t.yaml")
    except UsageError as refusal:
        assert all(sentence.startswith("t.yaml: ") for sentence in refusal.problems)
    else:
        outcome(document)
