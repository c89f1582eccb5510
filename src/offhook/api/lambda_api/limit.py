"""Limits: of the account, of how many run at once, and of how long an asynchronous event is tried for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from offhook.adapters.lambdas.deployment import LATEST, Deployment
from offhook.adapters.lambdas.invoker import CONCURRENCY
from offhook.adapters.lambdas.package import MAX_UNZIPPED_BYTES, MAX_ZIPPED_BYTES
from offhook.adapters.lambdas.refusal import invalid, missing
from offhook.api.lambda_api.lambdas import Lambdas, Operation, page
from offhook.api.service import Result

_LEAST_UNRESERVED = 100  # what must be left for functions without a reservation
_TOTAL_CODE_BYTES = 80_530_636_800  # 75 GB
_EVENT_MEMBERS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")


def _account(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    deployments = lambdas.registry.all()
    codes = {
        (deployment.name, version.code.folder): version.code.zipped_bytes
        for deployment in deployments
        for version in (deployment.latest, *deployment.versions)
        if version is not None and version.code is not None
    }
    return {
        "AccountLimit": {
            "TotalCodeSize": _TOTAL_CODE_BYTES,
            "CodeSizeUnzipped": MAX_UNZIPPED_BYTES,
            "CodeSizeZipped": MAX_ZIPPED_BYTES,
            "ConcurrentExecutions": CONCURRENCY,
            "UnreservedConcurrentExecutions": CONCURRENCY - _reserved(lambdas),
        },
        "AccountUsage": {"TotalCodeSize": sum(codes.values()), "FunctionCount": len(deployments)},
    }


# --- concurrency ---


def _put_concurrency(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    deployment = _deployment(lambdas, asked)
    wanted = asked["ReservedConcurrentExecutions"]
    left = CONCURRENCY - _reserved(lambdas) + (deployment.reserved or 0) - wanted
    if left < _LEAST_UNRESERVED:
        raise invalid(f"ReservedConcurrentExecutions would leave {left} for others, less than {_LEAST_UNRESERVED}.")
    lambdas.registry.save(replace(deployment, reserved=wanted))
    return {"ReservedConcurrentExecutions": wanted}


def _get_concurrency(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    return {"ReservedConcurrentExecutions": _deployment(lambdas, asked).reserved}


def _delete_concurrency(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    lambdas.registry.save(replace(_deployment(lambdas, asked), reserved=None))
    return {}


def _reserved(lambdas: Lambdas) -> int:
    return sum(lambdas.registry.reserved().values())


def _deployment(lambdas: Lambdas, asked: Mapping[str, Any]) -> Deployment:
    return lambdas.registry.deployment(lambdas.reference(asked).name)


# --- asynchronous events ---


def _put_event_config(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    return _set_event_config(lambdas, asked, {})


def _update_event_config(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    return _set_event_config(lambdas, asked, _event_config(lambdas, asked))


def _get_event_config(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    deployment, qualifier = _qualified(lambdas, asked)
    return _shown(lambdas, deployment, qualifier, _event_config(lambdas, asked))


def _delete_event_config(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    _event_config(lambdas, asked)
    deployment, qualifier = _qualified(lambdas, asked)
    kept = {key: config for key, config in deployment.event_configs.items() if key != qualifier}
    lambdas.registry.save(replace(deployment, event_configs=kept))
    return {}


def _list_event_configs(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    deployment = _deployment(lambdas, asked)
    items = [
        (qualifier, _shown(lambdas, deployment, qualifier, config))
        for qualifier, config in sorted(deployment.event_configs.items())
    ]
    configs, marker = page(items, asked)
    return {"FunctionEventInvokeConfigs": configs, "NextMarker": marker}


def _set_event_config(lambdas: Lambdas, asked: Mapping[str, Any], old: Mapping[str, Any]) -> Result:
    deployment, qualifier = _qualified(lambdas, asked)
    given = {name: asked[name] for name in _EVENT_MEMBERS if name in asked}
    config = {**old, **given, "LastModified": lambdas.now_ms()}
    configs = {**deployment.event_configs, qualifier: config}
    lambdas.registry.save(replace(deployment, event_configs=configs))
    return _shown(lambdas, deployment, qualifier, config)


def _event_config(lambdas: Lambdas, asked: Mapping[str, Any]) -> dict[str, Any]:
    deployment, qualifier = _qualified(lambdas, asked)
    if qualifier not in deployment.event_configs:
        raise missing(f"The function {deployment.name} has no event invoke config for {qualifier or LATEST}.")
    return deployment.event_configs[qualifier]


def _qualified(lambdas: Lambdas, asked: Mapping[str, Any]) -> tuple[Deployment, str]:
    target = lambdas.target(asked)
    return target.deployment, "" if target.qualifier == LATEST else target.qualifier


def _shown(lambdas: Lambdas, deployment: Deployment, qualifier: str, config: Mapping[str, Any]) -> Result:
    return {
        **config,
        "FunctionArn": lambdas.registry.arn(deployment.name, qualifier or LATEST),
        "LastModified": datetime.fromtimestamp(config["LastModified"] / 1000, UTC),
    }


OPERATIONS: Mapping[str, Operation] = {
    "GetAccountSettings": _account,
    "PutFunctionConcurrency": _put_concurrency,
    "GetFunctionConcurrency": _get_concurrency,
    "DeleteFunctionConcurrency": _delete_concurrency,
    "PutFunctionEventInvokeConfig": _put_event_config,
    "UpdateFunctionEventInvokeConfig": _update_event_config,
    "GetFunctionEventInvokeConfig": _get_event_config,
    "DeleteFunctionEventInvokeConfig": _delete_event_config,
    "ListFunctionEventInvokeConfigs": _list_event_configs,
}
