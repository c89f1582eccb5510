"""Functions and their versions."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from offhook.adapters.lambdas import configuration, runtime, version
from offhook.adapters.lambdas.deployment import LATEST, Code, Deployment, Version
from offhook.adapters.lambdas.refusal import conflict, invalid
from offhook.api.lambda_api.lambdas import Lambdas, Operation, new_id, page
from offhook.api.service import Result

_MAX_TAGS = 50
_LOG = logging.getLogger("offhook.functions")


async def _create(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    name = lambdas.reference(asked).name
    _check_free(lambdas, name)
    settings = configuration.changed(configuration.default(name), asked)
    code = await _code(lambdas, name, asked["Code"])
    _check_free(lambdas, name)  # while it was unpacked, somebody else may have been faster
    latest = Version(LATEST, settings, code, lambdas.now_ms(), new_id())
    deployment = Deployment(name, latest, tags=_tags(asked.get("Tags", {})))
    return _saved(lambdas, deployment, publish=asked.get("Publish", False))


def _check_free(lambdas: Lambdas, name: str) -> None:
    if lambdas.registry.has(name):
        raise conflict(f"Function already exist: {name}")


async def _code(lambdas: Lambdas, name: str, asked: Mapping[str, Any]) -> Code:
    if "ZipFile" not in asked:
        raise invalid("The code must be a ZipFile: offhook has no S3 and no container images.")
    return await asyncio.to_thread(lambdas.registry.unpacked, name, asked["ZipFile"])


async def _update_code(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    deployment = _changeable(lambdas, asked)
    code = await _code(lambdas, deployment.name, asked)
    deployment = _changeable(lambdas, asked)
    settings = configuration.changed(version.latest(deployment).settings, _only(asked, "Architectures"))
    changed = version.with_latest(deployment, code=code, settings=settings, now_ms=lambdas.now_ms(), revision=new_id())
    if asked.get("DryRun"):
        return lambdas.configuration(changed.name, version.latest(changed))
    return _saved(lambdas, changed, publish=asked.get("Publish", False))


def _update_configuration(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    deployment = _changeable(lambdas, asked)
    settings = configuration.changed(version.latest(deployment).settings, asked)
    changed = version.with_latest(deployment, settings=settings, now_ms=lambdas.now_ms(), revision=new_id())
    return _saved(lambdas, changed, publish=False)


def _changeable(lambdas: Lambdas, asked: Mapping[str, Any]) -> Deployment:
    deployment = lambdas.registry.deployment(lambdas.reference(asked).name)
    version.check_revision(version.latest(deployment).revision, asked)
    return deployment


def _only(asked: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {name: asked[name]} if name in asked else {}


def _saved(lambdas: Lambdas, deployment: Deployment, *, publish: bool) -> Result:
    made = version.latest(deployment)
    if publish:
        deployment, made = version.published(deployment, {}, now_ms=lambdas.now_ms(), revision=new_id())
    lambdas.registry.save(deployment)
    for remark in runtime.remarks(made):
        _LOG.warning("%s: %s", deployment.name, remark)
    return lambdas.configuration(deployment.name, made)


def _get(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    target = lambdas.target(asked)
    name, code = target.deployment.name, target.version.code
    location = None if code is None else lambdas.registry.folder(name, code).as_uri()
    reserved = target.deployment.reserved
    return {
        "Configuration": lambdas.configuration(name, target.version, target.qualifier),
        "Code": {"RepositoryType": "S3" if location else "offhook.toml", "Location": location},
        "Tags": target.deployment.tags or None,
        "Concurrency": None if reserved is None else {"ReservedConcurrentExecutions": reserved},
    }


def _get_configuration(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    target = lambdas.target(asked)
    return lambdas.configuration(target.deployment.name, target.version, target.qualifier)


def _delete(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    reference = lambdas.reference(asked)
    deployment = lambdas.registry.deployment(reference.name)
    version.latest(deployment)
    if reference.qualifier:
        lambdas.registry.save(version.without_version(deployment, reference.qualifier))
        lambdas.invoker.forget(deployment.name, [reference.qualifier])
    else:
        lambdas.registry.remove(deployment.name)
        lambdas.invoker.forget(deployment.name, [each.number for each in _versions(deployment)])
    return {"StatusCode": 204}


def _list(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    every = asked.get("FunctionVersion") == "ALL"
    items = [
        (f"{deployment.name}:{_order(each)}", lambdas.configuration(deployment.name, each))
        for deployment in lambdas.registry.all()
        for each in (_versions(deployment) if every else _versions(deployment)[:1])
    ]
    functions, marker = page(sorted(items, key=lambda item: item[0]), asked)
    return {"Functions": functions, "NextMarker": marker}


def _list_versions(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    deployment = lambdas.registry.deployment(lambdas.reference(asked).name)
    items = [
        (_order(each), lambdas.configuration(deployment.name, each, each.number)) for each in _versions(deployment)
    ]
    versions, marker = page(items, asked)
    return {"Versions": versions, "NextMarker": marker}


def _versions(deployment: Deployment) -> tuple[Version, ...]:
    """$LATEST first."""
    return (*([deployment.latest] if deployment.latest is not None else []), *deployment.versions)


def _order(each: Version) -> str:
    """A text that sorts as the numbers do."""
    return each.number if each.number == LATEST else each.number.zfill(10)


def _publish(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    deployment = lambdas.registry.deployment(lambdas.reference(asked).name)
    if "PublishTo" in asked:
        raise invalid("PublishTo is not built in offhook.")
    changed, made = version.published(deployment, asked, now_ms=lambdas.now_ms(), revision=new_id())
    lambdas.registry.save(changed)
    return lambdas.configuration(changed.name, made)


def _list_tags(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    return {"Tags": _tagged(lambdas, asked).tags}


def _tag(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    deployment = _tagged(lambdas, asked)
    lambdas.registry.save(replace(deployment, tags=_tags({**deployment.tags, **asked["Tags"]})))
    return {}


def _untag(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    deployment = _tagged(lambdas, asked)
    tags = {key: text for key, text in deployment.tags.items() if key not in asked["TagKeys"]}
    lambdas.registry.save(replace(deployment, tags=tags))
    return {}


def _tags(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > _MAX_TAGS:
        raise invalid(f"The function would have {len(tags)} tags, more than {_MAX_TAGS}.")
    return tags


def _tagged(lambdas: Lambdas, asked: Mapping[str, Any]) -> Deployment:
    return lambdas.registry.deployment(lambdas.registry.reference(asked["Resource"]).name)


def _code_signing(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    """No function has any: the model requires the ARN, AWS leaves it out."""
    return {"FunctionName": lambdas.registry.deployment(lambdas.reference(asked).name).name}


OPERATIONS: Mapping[str, Operation] = {
    "CreateFunction": _create,
    "UpdateFunctionCode": _update_code,
    "UpdateFunctionConfiguration": _update_configuration,
    "GetFunction": _get,
    "GetFunctionConfiguration": _get_configuration,
    "DeleteFunction": _delete,
    "ListFunctions": _list,
    "ListVersionsByFunction": _list_versions,
    "PublishVersion": _publish,
    "ListTags": _list_tags,
    "TagResource": _tag,
    "UntagResource": _untag,
    "GetFunctionCodeSigningConfig": _code_signing,
}
