"""What is deployed of a function, as values: its versions, aliases, policies and limits.

`settings` are the members of Lambda's CreateFunction that describe how a function runs (Runtime, Handler, Timeout and
so on), spelled and shaped as AWS does, because most of them are only kept and given back. What we act on is a property.
"""

import hashlib
from typing import Any

import msgspec

LATEST = "$LATEST"

Settings = dict[str, Any]


class Code(msgspec.Struct, frozen=True):
    """A package: its hash as Lambda gives it, its size, and the folder it was unpacked to, within the function's."""

    sha256: str
    zipped_bytes: int
    folder: str


class Version(msgspec.Struct, frozen=True):
    """`number` is $LATEST or counts from 1. `code` is None for a function of offhook.toml, whose code lies there."""

    number: str
    settings: Settings
    code: Code | None
    modified_ms: int
    revision: str

    @property
    def runtime(self) -> str:
        return str(self.settings.get("Runtime", ""))

    @property
    def handler(self) -> str:
        return str(self.settings.get("Handler", ""))

    @property
    def timeout_ms(self) -> int:
        return int(self.settings["Timeout"]) * 1000

    @property
    def memory_mb(self) -> int:
        return int(self.settings["MemorySize"])

    @property
    def environment(self) -> dict[str, str]:
        return dict(self.settings.get("Environment", {}).get("Variables", {}))


class Alias(msgspec.Struct, frozen=True):
    """A name for a version. `weights`: the share of invocations (0 to 1) that goes to another version."""

    name: str
    version: str
    description: str
    weights: dict[str, float]
    revision: str

    def chosen(self, request_id: str) -> str:
        """The version that this request goes to: the same one each time it is asked."""
        share = int.from_bytes(hashlib.sha256(request_id.encode()).digest()[:8], "big") / 2**64
        for version, weight in self.weights.items():
            if share < weight:
                return version
            share -= weight
        return self.version


class Policy(msgspec.Struct, frozen=True):
    """Who may invoke: statements as IAM spells them."""

    statements: tuple[dict[str, Any], ...]
    revision: str


class Deployment(msgspec.Struct, frozen=True):
    """A function. `policies` and `event_configs` are keyed by qualifier, "" for the function without one.

    `latest` is None where offhook.toml has the function: then it is read from there. `reserved`: how many invocations
    may run at once, None for no limit of its own. `published` is the highest number that a version ever had.
    """

    name: str
    latest: Version | None = None
    versions: tuple[Version, ...] = ()
    aliases: dict[str, Alias] = {}
    policies: dict[str, Policy] = {}
    event_configs: dict[str, dict[str, Any]] = {}
    tags: dict[str, str] = {}
    reserved: int | None = None
    published: int = 0

    def version(self, number: str) -> Version | None:
        if number == LATEST:
            return self.latest
        return next((version for version in self.versions if version.number == number), None)

    def codes(self) -> set[str]:
        """The folders of code that are in use."""
        versions = (*self.versions, *([self.latest] if self.latest is not None else []))
        return {version.code.folder for version in versions if version.code is not None}
