"""Distribute by percentage over many contacts: the shares come out, and every result is in 1..100."""

from collections import Counter

from .block_cases import run_case

CASE = {"conditions": [["NumberLessThan", "4"], ["NumberLessThan", "10"], ["NumberLessThan", "18"]]}


def test_shares_of_3_6_and_8_percent_come_out() -> None:
    runs = [run_case("DistributeByPercentage", {**CASE, "given": {"seed": str(seed)}}) for seed in range(2_000)]

    went = Counter(run["went"] for run in runs)
    results = {int(run["result"]) for run in runs}
    assert results == set(range(1, 101))
    shares = {branch: count / 20 for branch, count in went.items()}
    assert abs(shares["NumberLessThan 4"] - 3) < 1
    assert abs(shares["NumberLessThan 10"] - 6) < 1.5
    assert abs(shares["NumberLessThan 18"] - 8) < 2
