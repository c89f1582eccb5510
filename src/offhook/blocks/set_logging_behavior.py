"""Set logging behavior: flow logs on or off, for the rest of this contact and the segments after it.

It has no error branch. The line of the block itself is written when it turns logs on.
Source: APIReference/flow-control-actions-updateflowloggingbehavior.html; adminguide/set-logging-behavior.html.
"""

from typing import Annotated, Literal

import msgspec

from offhook.core.spec import STATIC, BlockSpec, Ctx, Exit, Legacy, LegacyModule, LogRecord, Outcome

_LEGACY = {"Enable": "Enabled", "Disable": "Disabled"}


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    flow_logging_behavior: Annotated[Literal["Enabled", "Disabled"], STATIC, msgspec.Meta(title="Logging")]


def enter(p: Params, ctx: Ctx) -> Outcome:
    return Exit(set={"logging": p.flow_logging_behavior == "Enabled"})


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    return (LogRecord({} if p is None else {"LoggingBehavior": p.flow_logging_behavior.removesuffix("d")}),)


def _from_legacy(module: LegacyModule) -> dict[str, str]:
    behavior = module.values["LoggingBehavior"]
    return {"FlowLoggingBehavior": _LEGACY.get(behavior, behavior)}


BLOCKS = (
    BlockSpec(
        action="UpdateFlowLoggingBehavior",
        title="Set logging behavior",
        summary="Turns flow logs on or off for the rest of the contact.",
        group="set",
        kind="flow_control",
        params=Params,
        enter=enter,
        legacy=(Legacy("SetLoggingBehavior", convert=_from_legacy),),
        log_name="SetLoggingBehavior",
        log=log,
        example={"FlowLoggingBehavior": "Enabled"},
    ),
)
