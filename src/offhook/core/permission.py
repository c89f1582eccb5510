"""Whether Connect may invoke a function, and where its aliases lead.

Lambda asks the resource policy of exactly what is invoked: `name`, `name:alias` and `name:7` have a policy each, and
one says nothing about another. Connect comes as the service principal connect.amazonaws.com, with the instance's ARN
as source ARN and its account as source account. Adding a function to the instance writes such a statement, so either
will do (decision S12, case P09). A policy cannot be given to $LATEST: it has the function's own.
Source: spec/lambda-block.md section 11; adminguide/connect-lambda-functions.html; Lambda's developer guide,
access-control-resource-based.html (policies of versions and aliases) and configuration-aliases.html (weights).
"""

import re
from collections.abc import Callable

from offhook.model.instance import Instance, Resource, Statement

CONNECT = "connect.amazonaws.com"
LATEST = "$LATEST"
_INVOKE = "lambda:invokefunction"
_SIDES = 10_000  # weights are told apart to a hundredth of a percent


def not_allowed(instance: Instance, function: Resource, qualifier: str) -> str:
    """Why Connect would refuse to invoke it, as a sentence; empty where it would not.

    In the compatible profile also empty where nobody keeps account of what is allowed.
    """
    if not instance.strict and instance.associated is None and function.policy is None:
        return ""
    own = "" if qualifier == LATEST else qualifier
    asked = _asked(function, own)
    policy, added = function.policy or (), instance.associated or ()
    if asked in added or any(each.qualifier == own and _allows(each, instance) for each in policy):
        return ""
    return f"{_reason(instance, function, own)}; Connect would refuse to invoke it."


def _asked(function: Resource, qualifier: str) -> str:
    return f"{function.name}:{qualifier}" if qualifier else function.name


def _reason(instance: Instance, function: Resource, qualifier: str) -> str:
    asked = repr(_asked(function, qualifier))
    policy = function.policy or ()
    for each in policy:
        if each.qualifier == qualifier and each.principal == CONNECT and _matches(each.action.lower(), _INVOKE):
            source = each.source_arn or f"account {each.source_account}"
            return f"the policy of function {asked} allows Connect for {source}, and this instance is {instance.arn}"
    others = [each.qualifier for each in policy if _allows(each, instance)]
    others += [name[len(function.name) + 1 :] for name in instance.associated or () if _is_of(function, name)]
    if others:
        names = " and ".join(repr(_asked(function, other)) for other in sorted(set(others)))
        return f"only {names} may be invoked by this instance, and {asked} has a policy of its own"
    return f"function {asked} is not added to the instance" + (
        "" if function.policy is None else f", and its policy does not allow {CONNECT}"
    )


def _is_of(function: Resource, name: str) -> bool:
    return name.partition(":")[0] == function.name


def _allows(statement: Statement, instance: Instance) -> bool:
    return (
        statement.principal in (CONNECT, "*")
        and _matches(statement.action.lower(), _INVOKE)
        and statement.source_account in ("", instance.account)
        and (not statement.source_arn or _matches_arn(statement.source_arn, instance.arn))
    )


def _matches_arn(pattern: str, arn: str) -> bool:
    """As IAM's ArnLike: each of the six parts by itself, so that a star does not reach over a colon."""
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(given) and all(map(_matches, wanted, given))


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text) is not None


# --- versions and aliases


def missing(function: Resource, qualifier: str) -> str:
    """Why there is no such version or alias, as a sentence; empty where there is, or where nobody keeps account."""
    aliases = function.aliases
    if aliases is None or qualifier in ("", LATEST) or qualifier in aliases:
        return ""
    versions = {*function.versions}.union(*({each.version, *each.weights} for each in aliases.values())) - {LATEST}
    if qualifier in versions:
        return ""
    known = ", ".join((*aliases, *sorted(versions))) or f"{LATEST} alone"
    return f"function {function.name!r} has no version or alias {qualifier!r}; it has {known}."


def version_of(function: Resource, qualifier: str, chance: Callable[[int], int]) -> str:
    """The number that is invoked, empty where nobody knows. `chance(n)` is in 1..n, and asked only for weights."""
    alias = (function.aliases or {}).get(qualifier)
    if alias is None:
        return qualifier if qualifier.isdecimal() else ""
    if alias.weights:
        left = chance(_SIDES)
        for version, weight in alias.weights.items():
            left -= round(weight * _SIDES)
            if left <= 0:
                return version
    return alias.version
