"""Versions of a function: created, changed, published, deleted. Deployments in, deployments out."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from offhook.adapters.lambdas.deployment import LATEST, Code, Deployment, Settings, Version
from offhook.adapters.lambdas.refusal import Refusal, conflict, invalid, missing


def latest(deployment: Deployment) -> Version:
    """The version that can be changed. Raises Refusal for a function of offhook.toml."""
    if deployment.latest is None or deployment.latest.code is None:
        raise conflict(f"The function {deployment.name} is of offhook.toml; change it there.")
    return deployment.latest


def check_revision(revision: str, asked: Mapping[str, Any]) -> None:
    """A client may say what it thinks it changes."""
    if asked.get("RevisionId", revision) != revision:
        sentence = f"RevisionId is {asked['RevisionId']}, the latest one is {revision or 'none'}."
        raise Refusal("PreconditionFailedException", sentence)


def with_latest(
    deployment: Deployment, *, settings: Settings | None = None, code: Code | None = None, now_ms: int, revision: str
) -> Deployment:
    """Other settings, other code, or both."""
    version = latest(deployment)
    changed = replace(
        version,
        settings=version.settings if settings is None else settings,
        code=version.code if code is None else code,
        modified_ms=now_ms,
        revision=revision,
    )
    return replace(deployment, latest=changed)


def published(
    deployment: Deployment, asked: Mapping[str, Any], *, now_ms: int, revision: str
) -> tuple[Deployment, Version]:
    """The latest version under the next number; the last published one again, where nothing has changed since.

    Source: the API reference of PublishVersion.
    """
    version = latest(deployment)
    check_revision(version.revision, asked)
    sha256 = version.code.sha256 if version.code is not None else ""
    if asked.get("CodeSha256", sha256) != sha256:
        raise invalid(f"CodeSha256 is {asked['CodeSha256']}, that of the code is {sha256}.")
    settings = {**version.settings, "Description": asked.get("Description", version.settings["Description"])}
    last = deployment.versions[-1] if deployment.versions else None
    if last is not None and (last.settings, last.code) == (settings, version.code):
        return deployment, last
    number = deployment.published + 1
    made = Version(str(number), settings, version.code, now_ms, revision)
    return replace(deployment, versions=(*deployment.versions, made), published=number), made


def without_version(deployment: Deployment, number: str) -> Deployment:
    """A version deleted. Its number is not given again."""
    if number == LATEST:
        raise invalid(f"{LATEST} cannot be deleted without the function.")
    if deployment.version(number) is None:
        raise missing(f"The function {deployment.name} has no version {number}.")
    users = [name for name, alias in deployment.aliases.items() if number in (alias.version, *alias.weights)]
    if users:
        raise conflict(f"Version {number} is in use by the alias {', '.join(users)}.")
    return replace(
        deployment,
        versions=tuple(version for version in deployment.versions if version.number != number),
        policies={key: policy for key, policy in deployment.policies.items() if key != number},
        event_configs={key: config for key, config in deployment.event_configs.items() if key != number},
    )
