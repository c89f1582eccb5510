"""What `offhook serve` shows of itself: its log, whether others may read its metrics, and traces."""

import logging
import os
from typing import TYPE_CHECKING

from offhook.api.operations.logs import handler
from offhook.model.errors import UsageError

if TYPE_CHECKING:
    from offhook.api.operations.traces import Traces

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def log_as(style: str) -> None:
    """`text` or `json`, on stderr."""
    logging.basicConfig(handlers=[handler(style)], level=logging.INFO)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def traces_to(url: str, *, wanted: bool) -> "Traces | None":
    """Traces for a collector at a URL, or (`wanted`) where OpenTelemetry's own variables say; None where neither is
    asked for. Raises UsageError.
    """
    if not url and not wanted:
        return None
    if not url and not any(map(os.environ.get, ENDPOINTS)):
        raise UsageError(f"--traces: say where to, with [server] traces in offhook.toml or {ENDPOINTS[0]}.")
    try:
        from offhook.api.operations.traces import exporting

        return exporting(url)
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"Traces need the package {missing.name}; install it with: pip install 'offhook[otel]'."
        ) from None
