"""Runs functions: the user's own in child processes, stubs and faults by what they state.

`spec` says what a function is, `host` invokes it. A Python function has a `pool` of `process`es; each process asks for
its events over the Lambda Runtime API (`runtime_api`), from a runtime client in `child`. `guard` ends what is left.
"""
