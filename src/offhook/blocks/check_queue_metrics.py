"""Check staffing and Check queue status: compare one number of a queue or of its agents.

Staffed agents are available, on a contact or in after-contact work; online ones are not offline. Of agents only "more
than 0" can be asked; NoMatchingCondition is then the designer's False. The console writes the age of the oldest
contact in milliseconds, whatever its name says; so that is the result here (spec/actions.json). Where nobody waits the
age is 0, and where there are no agents there are 0 of them.
Source: APIReference/flow-control-actions-checkmetricdata.html; adminguide/check-staffing.html, check-queue-status.html.
"""

from typing import Annotated, Any, Literal

import msgspec

from offhook.core import metric
from offhook.core.exclusive import exclusive
from offhook.core.expr import text_of
from offhook.core.queueing import queue_of
from offhook.core.service import Asking, refused, resumes
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Ctx,
    ErrorBranch,
    Exit,
    FlowTypes,
    Legacy,
    LegacyModule,
    LogRecord,
    Outcome,
    Wait,
)
from offhook.model.event import ServiceEnded
from offhook.model.flow import Action, Problem

AGENTS = ("NumberOfAgentsAvailable", "NumberOfAgentsStaffed", "NumberOfAgentsOnline")
AGE, CONTACTS = "OldestContactInQueueAgeSeconds", "NumberOfContactsInQueue"


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    metric_type: Annotated[
        Literal[
            "NumberOfAgentsAvailable",
            "NumberOfAgentsStaffed",
            "NumberOfAgentsOnline",
            "OldestContactInQueueAgeSeconds",
            "NumberOfContactsInQueue",
        ],
        STATIC,
        msgspec.Meta(title="Metric"),
    ]
    queue_id: Annotated[str, DYNAMIC, msgspec.Meta(title="Queue")] | None = None
    agent_id: Annotated[str, DYNAMIC, msgspec.Meta(title="Agent, for the agent's own queue")] | None = None


def enter(p: Params, ctx: Ctx) -> Outcome:
    queue = queue_of(ctx, p.queue_id, p.agent_id)
    if isinstance(queue, Exit):
        return queue
    call = metric.ask(ctx, queue)
    return Wait((call,), Asking(call.id))


def _read(p: Params, memo: Asking, event: ServiceEnded, ctx: Ctx) -> Outcome:
    if event.error:
        return refused(event)
    number = _number(p.metric_type, metric.read(event))
    return Exit(result=number, results=str(number), warnings=metric.said(event))


def _number(kind: str, found: metric.Numbers) -> int:
    """The one that is asked for."""
    return {
        "NumberOfAgentsAvailable": found.available,
        "NumberOfAgentsStaffed": found.staffed,
        "NumberOfAgentsOnline": found.online,
        CONTACTS: found.size,
        AGE: (found.oldest_contact_age or 0) * 1_000,
    }[kind] or 0


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    return (LogRecord(module="CheckStaffing" if p is not None and p.metric_type in AGENTS else ""),)


def check(action: Action) -> list[Problem]:
    found = exclusive(action, "QueueId", "AgentId")
    field = "Transitions.Conditions"
    if not action.conditions:
        message = "Action is missing required property. Path: Transitions.Conditions; at least one is needed."
        found.append(Problem("E-metric-branches", message, action=action.identifier, field=field))
    for condition in action.conditions:
        wanted = condition.operator == "NumberGreaterThan" and [text_of(each) for each in condition.operands] == ["0"]
        if action.parameters.get("MetricType") in AGENTS and not wanted:
            message = f"{condition.operator} cannot be asked of agents; only NumberGreaterThan 0 can."
            found.append(Problem("E-metric-branches", message, action=action.identifier, field=field))
    return found


def _status(module: LegacyModule) -> dict[str, Any]:
    """The old block could compare the time and the number in one; its first condition says which it is here."""
    kinds = [branch.get("condition") for branch in module.branches if branch.get("conditionType")]
    return {"MetricType": CONTACTS if kinds and kinds[0] != "CheckQueueTime" else AGE}


def _staffing(module: LegacyModule) -> dict[str, Any]:
    return {"MetricType": f"NumberOfAgents{module.values['Status']}"}


_RENAME = {"Queue": "QueueId", "Agent": "AgentId"}
_FLOW_TYPES = frozenset("CONTACT_FLOW CUSTOMER_QUEUE AGENT_TRANSFER QUEUE_TRANSFER".split())

BLOCKS = (
    BlockSpec(
        action="CheckMetricData",
        title="Check staffing / Check queue status",
        summary="Branches on how many agents are there, or how long and how many contacts wait.",
        group="check",
        kind="flow_control",
        params=Params,
        memo=Asking,
        enter=enter,
        resume=resumes(_read),
        errors=(NO_MATCHING_ERROR, ErrorBranch("NoMatchingCondition")),
        operators=(
            "Equals",
            "NumberGreaterThan",
            "NumberGreaterOrEqualTo",
            "NumberLessThan",
            "NumberLessOrEqualTo",
        ),
        flow_types=FlowTypes(language=_FLOW_TYPES | {"MODULE"}, designer=_FLOW_TYPES),
        legacy=(
            Legacy("CheckQueueStatus", rename=_RENAME, convert=_status),
            Legacy(
                "CheckStaffing",
                rename=_RENAME,
                branches={"True": ("NumberGreaterThan", "0"), "False": "NoMatchingCondition"},
                convert=_staffing,
            ),
        ),
        widgets={"QueueId": "queue-picker", "AgentId": "agent-picker"},
        log_name="CheckQueueStatus",
        log=log,
        check=check,
        example={"MetricType": "NumberOfAgentsAvailable"},
    ),
)
