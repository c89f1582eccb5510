"""How much a contact may remember (cases.md P41): bytes of UTF-8, keys and values, after the set."""

from typing import Any

import pytest

from .block_cases import run_case

LIMIT = 32_768


def _set(changes: dict[str, str], before: dict[str, str]) -> dict[str, Any]:
    case = {"parameters": {"Attributes": changes}, "given": {"attributes": before}}
    return run_case("UpdateContactAttributes", case)


@pytest.mark.parametrize(
    ("value", "went"),
    [
        ("x" * (LIMIT - 5), "NextAction"),
        ("x" * (LIMIT - 4), "NoMatchingError"),
        ("é" * ((LIMIT - 6) // 2), "NextAction"),
        ("é" * ((LIMIT - 4) // 2), "NoMatchingError"),
    ],
)
def test_keys_and_values_count_in_bytes_up_to_the_limit(value: str, went: str) -> None:
    assert _set({"b": value}, before={"old": "1"})["went"] == went


def test_too_large_a_set_keeps_the_old_values() -> None:
    seen = _set({"small": "1", "answer": "x" * 2_048}, before={"old": "x" * 31 * 1_024})

    assert seen["went"] == "NoMatchingError"
    assert seen["cause"] == "attributes_too_large"
    assert "33,807 bytes" in seen["detail"]
    assert "set" not in seen
    assert "effects" not in seen


def test_a_value_that_is_replaced_no_longer_counts() -> None:
    assert _set({"old": "1"}, before={"old": "x" * 32_000})["went"] == "NextAction"


def test_flow_attributes_have_a_limit_of_their_own() -> None:
    def set_flow(size: int) -> dict[str, Any]:
        parameters = {"FlowAttributes": {"key": {"Value": "x" * size}}}
        given = {"attributes": {"a": "x" * 32_000}, "flow_attributes": {"f": "1"}}
        return run_case("UpdateFlowAttributes", {"parameters": parameters, "given": given})

    assert set_flow(LIMIT - 5)["went"] == "NextAction"
    assert set_flow(LIMIT - 4)["cause"] == "attributes_too_large"


def test_attributes_for_a_related_contact_have_the_limit_by_themselves() -> None:
    case = {
        "parameters": {"Attributes": {"a": "x" * LIMIT}, "TargetContact": "Related"},
        "given": {"related_id": "33333333-3333-4333-8333-333333333333"},
    }

    assert run_case("UpdateContactAttributes", case)["cause"] == "attributes_too_large"
