"""The functions of a template, from AWS::Serverless::Function and AWS::Lambda::Function alike.

Source: the SAM specification and CloudFormation's template reference; defaults and limits from Lambda's quotas page.
"""

import re
from typing import Any

from offhook.model.instance import Resource, derived_id
from offhook.templates.contents import Code, Layer, TemplateFunction
from offhook.templates.evaluate import Evaluator
from offhook.templates.outline import SERVERLESS_FUNCTION
from offhook.templates.said import Said
from offhook.templates.unknown import LOST

TIMEOUT_SECONDS = 3
MEMORY_MB = 128
_LAYERS = ("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
# The property that holds the package, and the one that holds the text of a single file
_PACKAGES = {
    SERVERLESS_FUNCTION: ("CodeUri", "InlineCode"),
    "AWS::Lambda::Function": ("Code", ""),
    "AWS::Serverless::LayerVersion": ("ContentUri", ""),
    "AWS::Lambda::LayerVersion": ("Content", ""),
}


def functions(here: Evaluator) -> tuple[TemplateFunction, ...]:
    """All that are made, in the order of the template. Their names differ, or it is a problem."""
    layers = {
        here.own(each): Layer(each.logical_id, _code(Said(here, each)), "BuildMethod" in each.metadata)
        for each in here.parts.of_type(*_LAYERS)
        if here.exists(each)
    }
    found: dict[str, TemplateFunction] = {}
    for declared in here.parts.of_type(SERVERLESS_FUNCTION, "AWS::Lambda::Function"):
        if not here.exists(declared):
            continue
        name = here.own(declared)
        if name is LOST:
            continue
        if not _NAME.fullmatch(name):
            here.wrong(declared, "FunctionName", f"is {name[:80]!r}, must be 1..64 letters, digits, - and _")
        elif name in found:
            here.wrong(declared, "FunctionName", f"{name!r} is the name of {found[name].logical_id}, too")
        else:
            found[name] = _function(Said(here, declared), name, layers)
    return tuple(found.values())


def _function(said: Said, name: str, layers: dict[Any, Layer]) -> TemplateFunction:
    declared = said.declared
    is_image = said.text("PackageType") == "Image"
    arn = said.here.own(declared, "Arn")
    tokens = (f"${{{declared.logical_id}.Arn}}", f"${{{declared.logical_id}}}")
    timeout = said.number("Timeout", least=1, most=900)
    memory = said.number("MemorySize", least=128, most=10_240)
    return TemplateFunction(
        logical_id=declared.logical_id,
        resource=Resource("function", name, arn, derived_id("function", name), tokens),
        code=Code(elsewhere="in a container image") if is_image else _code(said),
        handler=said.text("Handler", required=not is_image),
        runtime=said.text("Runtime", required=not is_image),
        timeout_seconds=timeout or TIMEOUT_SECONDS,
        memory_mb=memory or MEMORY_MB,
        environment=said.text_map("Environment", "Variables"),
        layers=tuple(layers.get(text, Layer(text)) for text in said.texts("Layers")),
        reserved=said.number("ReservedConcurrentExecutions", least=0, most=1_000_000),
    )


def _code(said: Said) -> Code:
    declared = said.declared
    key, inline = _PACKAGES[declared.type]
    raw = declared.properties.get(key)
    if isinstance(raw, dict) and (raw.keys() & {"S3Key", "Key"}):
        return _in_bucket(said, raw)
    if inline and inline in declared.properties:
        return Code(inline=said.text(inline))
    value = said.here.property(declared, key)
    if isinstance(value, str):
        return Code(elsewhere=f"at {value}") if value.startswith("s3://") else Code(path=value or ".")
    if isinstance(value, dict) and isinstance(text := value.get("ZipFile"), str):
        return Code(inline=text)
    if value is not LOST:
        said.problem(key, "is missing" if value is None else "must be a path, or say where in S3 the code lies")
    return Code(elsewhere="nowhere")


def _in_bucket(said: Said, code: dict[str, Any]) -> Code:
    """What the bucket is called does not matter: CDK's assets are known by their key, the rest is out of reach."""
    key = said.here.quietly(lambda: said.here.value(code.get("S3Key", code.get("Key"))))
    path = said.declared.metadata.get("aws:asset:path")
    return Code(
        path=path if isinstance(path, str) else "",
        key=key if isinstance(key, str) else "",
        elsewhere="in an S3 bucket",
    )
