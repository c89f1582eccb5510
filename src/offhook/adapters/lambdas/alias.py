"""Aliases of a function: created, changed, deleted. Deployments in, deployments out.

Source: the API reference of CreateAlias and the page "Create an alias for a Lambda function".
"""

import re
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from offhook.adapters.lambdas.deployment import LATEST, Alias, Deployment
from offhook.adapters.lambdas.refusal import conflict, invalid, missing
from offhook.adapters.lambdas.version import check_revision

_NAME = re.compile(r"(?!\d+$)[A-Za-z0-9_-]{1,128}")


def find(deployment: Deployment, name: str) -> Alias:
    """Raises Refusal where there is none."""
    if name not in deployment.aliases:
        raise missing(f"The function {deployment.name} has no alias {name}.")
    return deployment.aliases[name]


def created(deployment: Deployment, asked: Mapping[str, Any], *, revision: str) -> Deployment:
    name = asked["Name"]
    if not _NAME.fullmatch(name):
        raise invalid(f"Name is {name!r}, must be letters, digits, - and _, and not a number.")
    if name in deployment.aliases:
        raise conflict(f"The function {deployment.name} already has the alias {name}.")
    return _with(deployment, Alias(name, asked["FunctionVersion"], "", {}, ""), asked, revision=revision)


def changed(deployment: Deployment, asked: Mapping[str, Any], *, revision: str) -> Deployment:
    alias = find(deployment, asked["Name"])
    check_revision(alias.revision, asked)
    return _with(deployment, alias, asked, revision=revision)


def without(deployment: Deployment, name: str) -> Deployment:
    """Deleted, with the policy and the settings that go with it."""
    find(deployment, name)
    return replace(
        deployment,
        aliases={key: alias for key, alias in deployment.aliases.items() if key != name},
        policies={key: policy for key, policy in deployment.policies.items() if key != name},
        event_configs={key: config for key, config in deployment.event_configs.items() if key != name},
    )


def _with(deployment: Deployment, alias: Alias, asked: Mapping[str, Any], *, revision: str) -> Deployment:
    weights = alias.weights
    if "RoutingConfig" in asked:
        weights = asked["RoutingConfig"].get("AdditionalVersionWeights", {})
    made = Alias(
        alias.name,
        asked.get("FunctionVersion", alias.version),
        asked.get("Description", alias.description),
        weights,
        revision,
    )
    _check(deployment, made)
    return replace(deployment, aliases={**deployment.aliases, alias.name: made})


def _check(deployment: Deployment, alias: Alias) -> None:
    for number in (alias.version, *alias.weights):
        if deployment.version(number) is None:
            raise missing(f"The function {deployment.name} has no version {number}.")
    if len(alias.weights) > 1:
        raise invalid("RoutingConfig can have one additional version.")
    if alias.weights and LATEST in (alias.version, *alias.weights):
        raise invalid(f"An alias with RoutingConfig cannot lead to {LATEST}.")
    if alias.version in alias.weights:
        raise invalid(f"RoutingConfig must have another version than {alias.version}.")
