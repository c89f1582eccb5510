"""How a client names a function: by name, partial ARN or ARN, each with a qualifier or without.

Source: the parameter FunctionName of Lambda's Invoke in botocore's model.
"""

import re
from dataclasses import dataclass

from offhook.adapters.lambdas.refusal import invalid, missing

_NAMED = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:(?P<region>[a-z0-9-]+):)?(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[A-Za-z0-9_-]{1,64})(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]{1,128}))?"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """`qualifier` is a version, an alias, $LATEST, or "" for none."""

    name: str
    qualifier: str = ""


def read_reference(text: str, *, account: str, region: str, qualifier: str = "") -> Reference:
    """What is meant; `qualifier` is the one that is given beside the name. Raises Refusal."""
    found = _NAMED.fullmatch(text)
    if found is None:
        raise invalid(f"{text[:200]!r} is no name or ARN of a function: letters, digits, - and _, at most 64.")
    if found["account"] not in (None, account) or found["region"] not in (None, region):
        raise missing(f"{text} is not here: this is account {account}, region {region}.")
    own = found["qualifier"] or ""
    if own and qualifier and own != qualifier:
        raise invalid(f"The name has the qualifier {own}, the request has {qualifier}; give one.")
    return Reference(found["name"], own or qualifier)
