"""How a function is set up: Lambda's defaults, and what is allowed.

Source: the API reference of CreateFunction and the quotas page of AWS Lambda, and for reserved variables the page
"Working with Lambda environment variables".
"""

import re
from collections.abc import Mapping
from typing import Any

from offhook.adapters.lambdas.deployment import Settings
from offhook.adapters.lambdas.refusal import invalid
from offhook.adapters.lambdas.runtime import check_runtime

MEMBERS = (
    "Runtime", "Role", "Handler", "Description", "Timeout", "MemorySize", "VpcConfig", "PackageType",
    "DeadLetterConfig", "Environment", "KMSKeyArn", "TracingConfig", "Layers", "FileSystemConfigs", "Architectures",
    "EphemeralStorage", "SnapStart", "LoggingConfig",
)  # fmt: skip
_NOT_BUILT = (
    "ImageConfig", "CodeSigningConfigArn", "TenancyConfig", "CapacityProviderConfig", "DurableConfig",
    "AcceleratorConfig", "PublishTo",
)  # fmt: skip
_RANGES = {"Timeout": (1, 900), "MemorySize": (128, 10_240)}  # the model's own are wider: it has managed instances
_MAX_ENVIRONMENT_BYTES = 4096
_VARIABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
_RESERVED = frozenset(
    "_HANDLER _X_AMZN_TRACE_ID AWS_DEFAULT_REGION AWS_REGION AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_NAME "
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE "
    "AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME AWS_ACCESS_KEY AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY "
    "AWS_SESSION_TOKEN AWS_LAMBDA_RUNTIME_API LAMBDA_TASK_ROOT LAMBDA_RUNTIME_DIR".split()
)


def default(name: str) -> Settings:
    """What Lambda gives a function that says nothing."""
    return {
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "TracingConfig": {"Mode": "PassThrough"},
        "SnapStart": {"ApplyOn": "None"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
    }


def changed(settings: Settings, asked: Mapping[str, Any]) -> Settings:
    """The settings with what is asked for in their place. Raises Refusal; nothing that cannot be run is taken."""
    for name in _NOT_BUILT:
        if asked.get(name):
            raise invalid(f"{name} is not built in offhook.")
    wanted = {name: asked[name] for name in MEMBERS if name in asked}
    if "LoggingConfig" in wanted:
        wanted["LoggingConfig"] = {**settings.get("LoggingConfig", {}), **wanted["LoggingConfig"]}
    merged = {**settings, **wanted}
    _check(merged)
    return {name: value for name, value in merged.items() if name == "Description" or not _is_empty(value)}


def _check(settings: Settings) -> None:
    if settings["PackageType"] != "Zip":
        raise invalid("PackageType must be Zip: offhook runs no container images.")
    for name in ("Runtime", "Handler"):
        if not settings.get(name):
            raise invalid(f"{name} is required for a function that is deployed as a zip.")
    check_runtime(settings["Runtime"])
    for name, (least, most) in _RANGES.items():
        if not least <= settings[name] <= most:
            raise invalid(f"{name} is {settings[name]}, must be {least}..{most}.")
    _check_environment(settings.get("Environment", {}).get("Variables", {}))


def _check_environment(variables: Mapping[str, str]) -> None:
    reserved = sorted(_RESERVED & variables.keys())
    if reserved:
        raise invalid(f"Environment has reserved variables, which Lambda sets itself: {', '.join(reserved)}.")
    wrong = [name for name, value in variables.items() if not _VARIABLE.fullmatch(name) or "\0" in value]
    if wrong:
        raise invalid(f"Environment has variables that cannot be set: {', '.join(map(repr, wrong))[:200]}.")
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > _MAX_ENVIRONMENT_BYTES:
        raise invalid(f"Environment has {size} bytes, more than {_MAX_ENVIRONMENT_BYTES}.")


def _is_empty(value: Any) -> bool:
    """So a client takes a setting back: an empty text or list, or an object with nothing but those."""
    if isinstance(value, dict):
        return all(map(_is_empty, value.values()))
    return value in ("", [])
