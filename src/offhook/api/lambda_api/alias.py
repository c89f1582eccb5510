"""Aliases."""

from collections.abc import Mapping
from typing import Any

from offhook.adapters.lambdas import alias
from offhook.adapters.lambdas.deployment import Alias, Deployment
from offhook.api.lambda_api.lambdas import Lambdas, Operation, new_id, page
from offhook.api.service import Result


def _create(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    return _saved(lambdas, alias.created(_deployment(lambdas, asked), asked, revision=new_id()), asked["Name"])


def _update(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    return _saved(lambdas, alias.changed(_deployment(lambdas, asked), asked, revision=new_id()), asked["Name"])


def _get(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    deployment = _deployment(lambdas, asked)
    return _shown(lambdas, deployment, alias.find(deployment, asked["Name"]))


def _delete(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    lambdas.registry.save(alias.without(_deployment(lambdas, asked), asked["Name"]))
    return {}


def _list(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    deployment = _deployment(lambdas, asked)
    wanted = asked.get("FunctionVersion")
    items = [
        (name, _shown(lambdas, deployment, each))
        for name, each in sorted(deployment.aliases.items())
        if wanted in (None, each.version, *each.weights)
    ]
    aliases, marker = page(items, asked)
    return {"Aliases": aliases, "NextMarker": marker}


def _deployment(lambdas: Lambdas, asked: Mapping[str, Any]) -> Deployment:
    return lambdas.registry.deployment(lambdas.reference(asked).name)


def _saved(lambdas: Lambdas, deployment: Deployment, name: str) -> Result:
    lambdas.registry.save(deployment)
    return _shown(lambdas, deployment, deployment.aliases[name])


def _shown(lambdas: Lambdas, deployment: Deployment, each: Alias) -> Result:
    return {
        "AliasArn": lambdas.registry.arn(deployment.name, each.name),
        "Name": each.name,
        "FunctionVersion": each.version,
        "Description": each.description,
        "RoutingConfig": {"AdditionalVersionWeights": each.weights} if each.weights else None,
        "RevisionId": each.revision,
    }


OPERATIONS: Mapping[str, Operation] = {
    "CreateAlias": _create,
    "UpdateAlias": _update,
    "GetAlias": _get,
    "DeleteAlias": _delete,
    "ListAliases": _list,
}
