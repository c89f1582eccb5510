"""The environment of a function's process: an allow-list, so that nothing of ours leaks into user code by accident."""

import os

from offhook.adapters.lambdas.spec import PythonFunction
from offhook.model.instance import REGION


def environment(function: PythonFunction, *, api_address: str, home: str, log_stream: str) -> dict[str, str]:
    """Lambda's variables, then what the function inherits, then its own; three that it cannot run without come last.

    Source: decisions.md, Safety; docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html. The time zone is
    UTC as in Lambda, whatever ours is. AWS_EXECUTION_ENV is set in the child, which knows its Python version.
    """
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "HOME": home,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        **{name: os.environ[name] for name in function.inherit if name in os.environ},
        **function.environment,
        "AWS_LAMBDA_RUNTIME_API": api_address,
        "LAMBDA_TASK_ROOT": str(function.task_root),
        "_HANDLER": function.handler,
    }
