"""The functions of an account: those that were deployed, and those of offhook.toml, whose code is read-only here.

A function of offhook.toml may have what any function has beside its code: aliases, policies, tags, limits. Where both
have a function of the same name, the one of offhook.toml counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from offhook.adapters.lambdas import alias
from offhook.adapters.lambdas.configuration import default
from offhook.adapters.lambdas.deployment import LATEST, Code, Deployment, Version
from offhook.adapters.lambdas.package import sha256, unpack
from offhook.adapters.lambdas.reference import Reference, read_reference
from offhook.adapters.lambdas.refusal import missing
from offhook.adapters.lambdas.runtime import described
from offhook.adapters.lambdas.spec import Function
from offhook.adapters.lambdas.store import Store


@dataclass(frozen=True, slots=True)
class Target:
    """What an invocation goes to. `qualifier` as it was asked for, "" for none."""

    deployment: Deployment
    version: Version
    qualifier: str


class Registry:
    """Deployments by name, kept in a store. One thread uses it; `unpacked` may run in another."""

    def __init__(self, store: Store, project: Mapping[str, Function], *, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self._store = store
        role = f"arn:aws:iam::{account}:role/offhook"
        self._project = {
            name: Version(LATEST, {**default(name), **described(function, role=role)}, None, 0, "offhook.toml")
            for name, function in project.items()
        }
        self._deployments = {
            name: deployment
            for name, deployment in store.load().items()
            if deployment.latest is not None or name in self._project
        }
        for name, latest in self._project.items():
            self._deployments[name] = replace(self._deployments.get(name, Deployment(name)), latest=latest)
        self._reserved = {each.name: each.reserved for each in self.all() if each.reserved is not None}
        self._watchers: list[Callable[[], None]] = []

    def watch(self, watcher: Callable[[], None]) -> None:
        """Tell `watcher` of every change."""
        self._watchers.append(watcher)

    def names(self) -> list[str]:
        return sorted(self._deployments)

    def all(self) -> list[Deployment]:
        """By name."""
        return [self._deployments[name] for name in self.names()]

    def reserved(self) -> Mapping[str, int]:
        """How many invocations each function with a limit of its own may have at once."""
        return self._reserved

    def has(self, name: str) -> bool:
        return name in self._deployments

    def arn(self, name: str, qualifier: str = "") -> str:
        arn = f"arn:aws:lambda:{self.region}:{self.account}:function:{name}"
        return f"{arn}:{qualifier}" if qualifier else arn

    def reference(self, text: str, qualifier: str | None = None) -> Reference:
        return read_reference(text, account=self.account, region=self.region, qualifier=qualifier or "")

    def deployment(self, name: str) -> Deployment:
        """Raises Refusal where there is none."""
        if name not in self._deployments:
            raise missing(f"Function not found: {self.arn(name)}")
        return self._deployments[name]

    def target(self, reference: Reference, *, request_id: str = "") -> Target:
        """What a name and a qualifier mean. An alias with weights is decided by the request. Raises Refusal."""
        deployment, qualifier = self.deployment(reference.name), reference.qualifier
        number = qualifier or LATEST
        if number in deployment.aliases:
            found = alias.find(deployment, number)
            number = found.chosen(request_id) if request_id else found.version
        version = deployment.version(number)
        if version is None:
            raise missing(f"Function not found: {self.arn(reference.name, qualifier)}")
        return Target(deployment, version, qualifier)

    def unpacked(self, name: str, package: bytes) -> Code:
        """The code of a package, unpacked to where it stays. Raises Refusal."""
        digest = sha256(package)
        folder = digest.translate(str.maketrans("+/", "-_", "="))
        unpack(package, self._store.code(name, folder))
        return Code(digest, len(package), folder)

    def folder(self, name: str, code: Code) -> Path:
        """Where its files lie."""
        return self._store.code(name, code.folder)

    def save(self, deployment: Deployment) -> None:
        """Keep it, in place of what there is under its name."""
        own = deployment.name in self._project
        self._store.save(replace(deployment, latest=None) if own else deployment)
        self._deployments[deployment.name] = deployment
        self._reserved.pop(deployment.name, None)
        if deployment.reserved is not None:
            self._reserved[deployment.name] = deployment.reserved
        self._tell()

    def remove(self, name: str) -> None:
        self._store.remove(name)
        self._deployments.pop(name, None)
        self._reserved.pop(name, None)
        self._tell()

    def _tell(self) -> None:
        for watcher in self._watchers:
            watcher()
