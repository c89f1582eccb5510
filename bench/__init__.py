"""Benchmarks: budgets measured as ratios in one run. Not tests: nothing depends on a clock."""
