"""What a rule is: a row of a table, with the small function that finds where a flow breaks it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from offhook.flowjson.lint.view import Here, Whole


class Finding(NamedTuple):
    """One break of a rule. `action` is given by rules about the whole flow, `severity` where it is not the rule's."""

    message: str
    field: str = ""
    action: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`name` is the code without its `E-` or `W-`, which the severity gives.

    `severity`: error (Connect would refuse the flow, or the contact would fail) or warning; `strict` is the severity
    in the strict profile, where it differs. `why` explains the rule and its cure to whoever broke it. `gives_way`:
    silent where the block's own check speaks about the same field, because that knows more. A rule without a function
    describes problems that are found while a file is read.
    """

    name: str
    title: str
    why: str
    severity: str = "error"
    strict: str = ""
    gives_way: bool = False
    of_action: Callable[[Here], Iterable[Finding]] | None = None
    of_flow: Callable[[Whole], Iterable[Finding]] | None = None
