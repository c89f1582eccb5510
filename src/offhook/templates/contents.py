"""What a template deploys, as far as contacts meet it. Plain values: nothing of the template is left in them."""

from dataclasses import dataclass, field
from typing import Any

from offhook.model.instance import QueueSettings, Resource


@dataclass(frozen=True, slots=True)
class Code:
    """Where a package lies.

    `path`: a folder or zip file, from the template's folder. `key`: the S3 key of an asset that a manifest beside the
    template may know; `path` then is what CDK's metadata says of it. `inline`: the text of its one file. `elsewhere`
    says where it lies instead.
    """

    path: str = ""
    key: str = ""
    inline: str = ""
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a function. `code` is None where the template only names it by the ARN `name`.

    `is_source`: SAM would build it, so the folder may hold what goes to python/ or nodejs/, without that folder.
    """

    name: str
    code: Code | None = None
    is_source: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFunction:
    """A function as it would be deployed. `code` is where it lies and not yet looked for.

    `resource` has its name, ARN, aliases and policy, and the tokens that mean it in a flow. `runtime` and `handler` are
    empty for an image. `reserved`: how many invocations may run at once, None for no limit of its own.
    """

    logical_id: str
    resource: Resource
    code: Code
    handler: str
    runtime: str
    timeout_seconds: int
    memory_mb: int
    environment: dict[str, str] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    reserved: int | None = None


@dataclass(frozen=True, slots=True)
class TemplateFlow:
    """A flow or module: its resource, its type (MODULE for a module) and its content, as JSON text."""

    logical_id: str
    resource: Resource
    type: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Everything. `hours` are tables as `[hours.NAME]` of offhook.toml has them, by name.

    `resources` are those of hours, queues, prompts and views. `associated`: functions that are added to the instance,
    as Instance says it, None where the template keeps no account. `warnings` are sentences about what may be missing.
    """

    functions: tuple[TemplateFunction, ...] = ()
    flows: tuple[TemplateFlow, ...] = ()
    hours: dict[str, dict[str, Any]] = field(default_factory=dict)
    queues: tuple[QueueSettings, ...] = ()
    resources: tuple[Resource, ...] = ()
    associated: frozenset[str] | None = None
    warnings: tuple[str, ...] = ()
