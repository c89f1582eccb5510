"""Show view: show a page to an agent or a customer and go on by the action that was chosen on it.

Declared, not built yet. A guide for an agent runs as a chat contact of its own; the designer therefore lists all
channels. Inputs and contact attributes together may have 16 KB.
Source: APIReference/participant-actions-showview.html; adminguide/show-view-block.html.
"""

from typing import Annotated, Any, Literal

import msgspec

from offhook.core.spec import (
    JSON,
    NO_MATCHING_ERROR,
    SINGLE,
    STATIC,
    BlockSpec,
    ErrorBranch,
    FlowTypes,
)


class ViewResource(msgspec.Struct, frozen=True, rename="pascal"):
    """The console writes the ARN with `:$LATEST` or a version, and no Version."""

    id: Annotated[str, SINGLE, msgspec.Meta(title="View")]
    version: Annotated[str, STATIC] = ""


class SensitiveDataConfiguration(msgspec.Struct, frozen=True, rename="pascal"):
    hide_response_on: Annotated[tuple[Literal["TRANSCRIPT"], ...], STATIC] = ()


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    view_resource: ViewResource
    invocation_time_limit_seconds: Annotated[int, STATIC, msgspec.Meta(ge=1, title="Timeout (seconds)")]
    view_data: Annotated[dict[str, Any], JSON, msgspec.Meta(title="Inputs")] = {}
    sensitive_data_configuration: SensitiveDataConfiguration = SensitiveDataConfiguration()


BLOCKS = (
    BlockSpec(
        action="ShowView",
        title="Show view",
        summary="Shows a view and goes on by the action that was chosen on it.",
        group="interact",
        kind="participant",
        params=Params,
        errors=(NO_MATCHING_ERROR, ErrorBranch("NoMatchingCondition"), ErrorBranch("TimeLimitExceeded")),
        operators=("Equals",),
        flow_types=FlowTypes(
            language=frozenset("CONTACT_FLOW CUSTOMER_QUEUE MODULE".split()), designer=frozenset({"CONTACT_FLOW"})
        ),
        widgets={"ViewResource.Id": "view-picker", "ViewData": "json"},
        example={"ViewResource": {"Id": "confirmation:$LATEST"}, "InvocationTimeLimitSeconds": "600", "ViewData": {}},
    ),
)
