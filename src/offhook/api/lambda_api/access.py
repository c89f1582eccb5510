"""Resource policies: who may invoke."""

from collections.abc import Mapping
from typing import Any

import msgspec

from offhook.adapters.lambdas import policy
from offhook.adapters.lambdas.deployment import Deployment
from offhook.api.lambda_api.lambdas import Lambdas, Operation, new_id
from offhook.api.service import Result


def _add(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    deployment, qualifier = _named(lambdas, asked)
    resource = lambdas.registry.arn(deployment.name, qualifier)
    changed, statement = policy.with_statement(deployment, qualifier, asked, resource=resource, revision=new_id())
    lambdas.registry.save(changed)
    return {"Statement": msgspec.json.encode(statement).decode()}


def _remove(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    deployment, qualifier = _named(lambdas, asked)
    lambdas.registry.save(policy.without_statement(deployment, qualifier, asked, revision=new_id()))
    return {}


def _get(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    found = policy.find(*_named(lambdas, asked))
    return {"Policy": policy.document(found), "RevisionId": found.revision}


def _named(lambdas: Lambdas, asked: Mapping[str, Any]) -> tuple[Deployment, str]:
    """The function and the qualifier, which must lead to something."""
    target = lambdas.target(asked)
    return target.deployment, target.qualifier


OPERATIONS: Mapping[str, Operation] = {"AddPermission": _add, "RemovePermission": _remove, "GetPolicy": _get}
