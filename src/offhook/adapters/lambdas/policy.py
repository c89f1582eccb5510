"""Resource policies: who may invoke a function, as statements of IAM. Deployments in, deployments out.

Each version and alias has its own policy beside the function's. Amazon Connect needs one for its principal before it
may call (spec/lambda-block.md section 11).
Source: the API reference of AddPermission; the shape of statements as Lambda gives them back.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from offhook.adapters.lambdas.deployment import LATEST, Deployment, Policy
from offhook.adapters.lambdas.refusal import Refusal, conflict, invalid, missing
from offhook.adapters.lambdas.version import check_revision

_MAX_BYTES = 20_480
_STATEMENT_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
# Parameter of AddPermission, operator, key
_CONDITIONS = (
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
)


def document(policy: Policy) -> str:
    return msgspec.json.encode({"Version": "2012-10-17", "Id": "default", "Statement": policy.statements}).decode()


def find(deployment: Deployment, qualifier: str) -> Policy:
    """Raises Refusal where there is none: clients take that for an empty one."""
    if qualifier not in deployment.policies:
        raise missing(f"The function {deployment.name} has no policy{f' for {qualifier}' if qualifier else ''}.")
    return deployment.policies[qualifier]


def with_statement(
    deployment: Deployment, qualifier: str, asked: Mapping[str, Any], *, resource: str, revision: str
) -> tuple[Deployment, dict[str, Any]]:
    """A statement added, and the statement. `resource` is the ARN with the qualifier."""
    if qualifier == LATEST:
        raise invalid(f"{LATEST} has no policy of its own; leave out the qualifier.")
    if not _STATEMENT_ID.fullmatch(asked["StatementId"]):
        raise invalid("StatementId must be letters, digits, - and _.")
    old = deployment.policies.get(qualifier, Policy((), ""))
    check_revision(old.revision, asked)
    if any(statement["Sid"] == asked["StatementId"] for statement in old.statements):
        raise conflict(f"The policy already has the statement {asked['StatementId']}.")
    statement = _statement(asked, resource)
    policy = Policy((*old.statements, statement), revision)
    size = len(document(policy))
    if size > _MAX_BYTES:
        raise Refusal("PolicyLengthExceededException", f"The policy would have {size} bytes, more than {_MAX_BYTES}.")
    return replace(deployment, policies={**deployment.policies, qualifier: policy}), statement


def without_statement(deployment: Deployment, qualifier: str, asked: Mapping[str, Any], *, revision: str) -> Deployment:
    policy = find(deployment, qualifier)
    check_revision(policy.revision, asked)
    left = tuple(statement for statement in policy.statements if statement["Sid"] != asked["StatementId"])
    if len(left) == len(policy.statements):
        raise missing(f"The policy has no statement {asked['StatementId']}.")
    others = {key: each for key, each in deployment.policies.items() if key != qualifier}
    return replace(deployment, policies={**others, qualifier: Policy(left, revision)} if left else others)


def _statement(asked: Mapping[str, Any], resource: str) -> dict[str, Any]:
    conditions: dict[str, dict[str, str]] = {}
    for name, operator, key in _CONDITIONS:
        if name in asked:
            value = asked[name]
            conditions.setdefault(operator, {})[key] = str(value).lower() if isinstance(value, bool) else value
    return {
        "Sid": asked["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(asked["Principal"]),
        "Action": asked["Action"],
        "Resource": resource,
        **({"Condition": conditions} if conditions else {}),
    }


def _principal(text: str) -> str | dict[str, str]:
    if text == "*":
        return text
    if re.fullmatch(r"\d{12}", text):
        return {"AWS": f"arn:aws:iam::{text}:root"}
    return {"AWS": text} if text.startswith("arn:") else {"Service": text}
