"""What is configured, as the instances that contacts run on: compiled when it is first needed after a change.

Satisfies `Instances` of drivers/ports.py. A flow runs as it was published last; its versions and aliases are flows of
their own, by their ARNs. Contents that contacts are still in are found by ARN and revision.
Source of the shapes: botocore's model, the Describe operations of Connect.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from offhook.adapters.lambdas.deployment import Deployment
from offhook.adapters.lambdas.registry import Registry
from offhook.adapters.store.shelf import ACCOUNT, Record, Shelf
from offhook.api import effective
from offhook.blocks import catalogue
from offhook.core.program import Compiled
from offhook.drivers.defaults import with_defaults
from offhook.flowjson.read import read_flow
from offhook.model.errors import UsageError
from offhook.model.flow import MODULE, Flow
from offhook.model.instance import (
    WEEKDAYS,
    AgentSettings,
    Alias,
    Hours,
    Instance,
    Override,
    QueueRoute,
    QueueSettings,
    QuickConnect,
    Resource,
    RoutingProfile,
    Span,
    Statement,
)

# Kinds of records that flows refer to, and what core calls them
_KINDS = {
    "contact-flow": "flow",
    "flow-module": "module",
    "queue": "queue",
    "operating-hours": "hours",
    "prompt": "prompt",
    "view": "view",
    "agent": "agent",
}
_CHANNELS = ("VOICE", "CHAT", "TASK", "EMAIL")
_FLOWS = ("contact-flow", "flow-module")
_OPEN_ALL_DAY = 1440


class Instances:
    """`base` is the project's instance: what is said there of functions and bots, and how strict, is for all.

    `earlier` are contents of flows by ARN and revision, kept for contacts that are still in them.
    """

    def __init__(self, shelf: Shelf, registry: Registry, base: Instance) -> None:
        self._shelf = shelf
        self._registry = registry
        self._base = base
        self._compiled: dict[str, Compiled] = {}
        self._flows: dict[tuple[str, str], Flow] = {}
        self._earlier: dict[tuple[str, str], Flow] = {}
        self._listeners: list[Callable[[str], None]] = []
        for instance in shelf.all(ACCOUNT, "instance"):
            for record in shelf.all(instance.id, "flow-revision"):
                self._keep(record)
        shelf.also(self._keep_earlier)
        shelf.watch(self._changed)
        registry.watch(self._compiled.clear)

    def listen(self, listener: Callable[[str], None]) -> None:
        """Tell `listener` of instances that are configured otherwise, after they are."""
        self._listeners.append(listener)

    def compiled(self, instance_id: str) -> Compiled:
        if instance_id not in self._compiled:
            self._compiled[instance_id] = Compiled(self._instance(instance_id), catalogue(), self._earlier)
        return self._compiled[instance_id]

    def _changed(self, changed: set[tuple[str, str]]) -> None:
        for instance_id in {instance for instance, kind in changed if kind != "presence"}:
            known = {instance_id} if instance_id != ACCOUNT else set(self._compiled)
            for each in known:
                self._compiled.pop(each, None)
                for listener in self._listeners:
                    listener(each)

    # --- an instance ---

    def _instance(self, instance_id: str) -> Instance:
        record = self._shelf.get(ACCOUNT, "instance", instance_id)
        base = self._base
        made = Instance(
            alias=record.name if record is not None else "",
            id=instance_id,
            account=base.account,
            region=base.region,
            strict=base.strict,
            lambda_policy=base.lambda_policy,
            dialable=base.dialable,
        )
        flows = {flow.arn: flow for flow in self._flows_of(made)}
        made = replace(
            made,
            flows=flows,
            resources=tuple(self._resources(made)),
            hours={record.name: self._hours(record) for record in self._all(made, "operating-hours")},
            queues={record.name: self._queue(record) for record in self._all(made, "queue")},
            routing_profiles={record.name: self._profile(record) for record in self._all(made, "routing-profile")},
            agents={record.name: self._agent(record) for record in self._all(made, "agent")},
            quick_connects={record.name: self._connect(record) for record in self._all(made, "transfer-destination")},
            numbers=dict(self._numbers(made)),
            associated=frozenset(self._function_name(record.id) for record in self._all(made, "lambda-function")),
        )
        return with_defaults(made)

    def _all(self, instance: Instance, kind: str) -> list[Record]:
        return self._shelf.all(instance.id, kind)

    def _name(self, instance_id: str, kind: str, id: str | None) -> str:
        """The name of what has this id, "" for none."""
        record = self._shelf.get(instance_id, kind, id.rsplit("/", 1)[-1]) if id else None
        return record.name if record is not None else ""

    # --- flows ---

    def _flows_of(self, instance: Instance) -> Iterator[Flow]:
        for kind, version, alias in (
            ("contact-flow", "contact-flow-version", "contact-flow-alias"),
            ("flow-module", "flow-module-version", "flow-module-alias"),
        ):
            for record in self._all(instance, kind):
                if record.body.get("Published") is not None:
                    yield from self._read(instance, record, record.body["Published"], _arn(instance, record))
            for record in self._all(instance, version):
                of, _, own = record.id.rpartition(":")
                yield from self._qualified(instance, kind, of, own, record.body.get("Content"))
            for record in self._all(instance, alias):
                flow_id = str(record.body.get("ContactFlowId") or record.body.get("ContactFlowModuleId", ""))
                number = record.body.get("ContactFlowVersion") or record.body.get("ContactFlowModuleVersion")
                leads_to = self._shelf.get(instance.id, version, f"{flow_id}:{number}")
                content = leads_to.body.get("Content") if leads_to is not None else None
                yield from self._qualified(instance, kind, flow_id, record.name, content)

    def _qualified(
        self, instance: Instance, kind: str, flow_id: str, qualifier: str, content: str | None
    ) -> Iterator[Flow]:
        record = self._shelf.get(instance.id, kind, flow_id)
        if record is not None and content is not None:
            yield from self._read(instance, record, content, f"{_arn(instance, record)}:{qualifier}")

    def _read(self, instance: Instance, record: Record, content: str, arn: str) -> Iterator[Flow]:
        revision = str(hash_of(content))
        key = arn, revision
        flow = self._flows.get(key)
        if flow is None:
            try:
                read = read_flow(content, catalogue(), source=record.name)
            except UsageError:  # what was saved as a draft, or by a template, may be anything
                return
            flow = replace(read, name=record.name, type=_type(record), arn=arn, id=record.id, revision=revision)
            self._flows[key] = flow
            self._earlier[key] = flow
        yield flow if flow.name == record.name else replace(flow, name=record.name)

    def _keep(self, record: Record) -> None:
        """A content that contacts may still be in, as it was kept."""
        arn, _, revision = record.id.rpartition("#")
        try:
            read = read_flow(record.body["Content"], catalogue(), source=record.name)
        except UsageError:
            return
        flow = replace(read, name=record.name, type=record.body["Type"], arn=arn, revision=revision)
        self._earlier[arn, revision] = flow

    def _keep_earlier(self, changes: Mapping[tuple[str, str, str], Record | None]) -> None:
        """What a flow was until now is kept with the change, because contacts may be in it."""
        for (instance_id, kind, id), old in changes.items():
            content = old.body.get("Published") if old is not None and kind in _FLOWS else None
            if old is None or content is None:
                continue
            new = self._shelf.get(instance_id, kind, id)
            if new is not None and new.body.get("Published") == content:
                continue
            arn = f"arn:aws:connect:{self._base.region}:{self._base.account}:instance/{instance_id}/{kind}/{id}"
            body = {"Content": content, "Type": _type(old)}
            key = f"{arn}#{hash_of(content)}"
            if self._shelf.get(ACCOUNT, "instance", instance_id) is not None:
                self._shelf.put(Record(instance=instance_id, kind="flow-revision", id=key, name=key, body=body))

    # --- what flows refer to ---

    def _resources(self, instance: Instance) -> Iterator[Resource]:
        for kind, called in _KINDS.items():
            for record in self._all(instance, kind):
                matches = self._matches(called, record.name)
                yield Resource(called, record.name, _arn(instance, record), record.id, matches)
        for record in self._all(instance, "contact-flow-alias"):
            yield from _alias(instance, "flow", record.body.get("ContactFlowId", ""), record, "contact-flow")
        for record in self._all(instance, "flow-module-alias"):
            yield from _alias(instance, "module", record.body.get("ContactFlowModuleId", ""), record, "flow-module")
        for kind, word in (("contact-flow-version", "flow"), ("flow-module-version", "module")):
            for record in self._all(instance, kind):
                arn = f"{instance.arn}/{kind.removesuffix('-version')}/{record.id}"
                yield Resource(word, f"{record.id}", arn, record.id)
        yield from self._functions()
        yield from (each for each in self._base.resources if each.kind == "bot")

    def _matches(self, kind: str, name: str) -> tuple[str, ...]:
        """More texts that mean the thing: the project says so of its own (decision S20)."""
        return next((each.matches for each in self._base.resources if (each.kind, each.name) == (kind, name)), ())

    def _functions(self) -> Iterator[Resource]:
        said = {each.name: each for each in self._base.resources if each.kind == "function"}
        for deployment in self._registry.all():
            yield _function(deployment, self._registry.arn(deployment.name), said.pop(deployment.name, None))
        yield from said.values()

    def _function_name(self, arn: str) -> str:
        """`name` or `name:qualifier` of a function; the project may call one otherwise than its ARN does."""
        own = {each.arn: each.name for each in self._base.resources if each.kind == "function"}
        return own.get(arn) or arn.partition(":function:")[2] or arn

    def _numbers(self, instance: Instance) -> Iterator[tuple[str, str]]:
        for record in self._all(instance, "phone-number"):
            flow = self._name(instance.id, "contact-flow", record.body.get("ContactFlowId"))
            if flow:
                yield record.name, flow

    # --- shapes ---

    def _hours(self, record: Record) -> Hours:
        """With the overrides of the hours themselves, then those that they take over."""
        owners = (record.id, *record.body.get("ParentIds", []))
        overrides = [
            (each.name, each.body)
            for owner in owners
            for each in self._shelf.all(record.instance, "operating-hours-override")
            if each.body.get("HoursOfOperationId") == owner
        ]
        config = record.body.get("Config", [])
        return Hours(
            record.name,
            record.body["TimeZone"],
            _week(config),
            tuple(
                Override(str(first), str(first), str(last), tuple(_clock(*interval) for interval in intervals))
                for first, last, intervals in effective.changes(config, overrides)
            ),
        )

    def _queue(self, record: Record) -> QueueSettings:
        caller, instance = record.body.get("OutboundCallerConfig", {}), record.instance
        return QueueSettings(
            record.name,
            self._name(instance, "operating-hours", record.body.get("HoursOfOperationId")),
            record.body.get("MaxContacts"),
            self._name(instance, "phone-number", caller.get("OutboundCallerIdNumberId")) or None,
            self._name(instance, "contact-flow", caller.get("OutboundFlowId")),
        )

    def _profile(self, record: Record) -> RoutingProfile:
        routes: dict[tuple[str, int, int], list[str]] = {}
        for each in record.body.get("QueueConfigs", []):
            queue = self._name(record.instance, "queue", each["QueueId"])
            key = queue, each.get("Priority", 1), each.get("Delay", 0) * 1_000
            routes.setdefault(key, []).append(each["Channel"])
        media = record.body.get("MediaConcurrencies", [])
        any_channel = [
            each["Channel"]
            for each in media
            if each.get("CrossChannelBehavior", {}).get("BehaviorType") == "ROUTE_ANY_CHANNEL"
        ]
        return RoutingProfile(
            record.name,
            tuple(QueueRoute(*key, channels=tuple(channels)) for key, channels in routes.items() if key[0]),
            {each["Channel"]: each["Concurrency"] for each in media},
            self._name(record.instance, "queue", record.body.get("DefaultOutboundQueueId")),
            tuple(any_channel),
        )

    def _agent(self, record: Record) -> AgentSettings:
        body = record.body
        who, phone = body.get("IdentityInfo", {}), body.get("PhoneConfig", {})
        proficiencies: dict[str, dict[str, float]] = {}
        for each in body.get("UserProficiencies", []):
            proficiencies.setdefault(each["AttributeName"], {})[each["AttributeValue"]] = each["Level"]
        return AgentSettings(
            record.name,
            self._name(record.instance, "routing-profile", body.get("RoutingProfileId")),
            who.get("FirstName", ""),
            who.get("LastName", ""),
            proficiencies,
            accepts=_accepts(phone.get("AutoAccept", False), body.get("AutoAcceptConfigs", [])),
            work_ms=_work_ms(phone.get("AfterContactWorkTimeLimit", 0), body.get("AfterContactWorkConfigs", [])),
        )

    def _connect(self, record: Record) -> QuickConnect:
        config, instance = record.body["QuickConnectConfig"], record.instance
        kind = config["QuickConnectType"]
        user, queue, phone = (config.get(key, {}) for key in ("UserConfig", "QueueConfig", "PhoneConfig"))
        flow = (user or queue).get("ContactFlowId")
        return QuickConnect(
            record.name,
            {"USER": "user", "QUEUE": "queue"}.get(kind, "phone"),
            self._name(instance, "agent", user.get("UserId")),
            self._name(instance, "queue", queue.get("QueueId")),
            phone.get("PhoneNumber", ""),
            self._name(instance, "contact-flow", flow),
        )


def _type(record: Record) -> str:
    return MODULE if record.kind == "flow-module" else str(record.body.get("Type", "CONTACT_FLOW"))


def hash_of(content: str) -> str:
    """What tells one content of a flow from another: the start of its SHA-256."""

    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _arn(instance: Instance, record: Record) -> str:
    return f"{instance.arn}/{record.kind}/{record.id}"


def _alias(instance: Instance, kind: str, flow_id: str, record: Record, word: str) -> Iterator[Resource]:
    """By name, and by id, which is how the API writes the ARN of an alias."""
    arn = f"{instance.arn}/{word}/{flow_id}"
    by_id = (f"{arn}:{record.id}", f"{flow_id}:{record.id}")
    yield Resource(kind, f"{flow_id}:{record.name}", f"{arn}:{record.name}", record.id, by_id)


def _function(deployment: Deployment, arn: str, said: Resource | None) -> Resource:
    """As the registry has it; what the project says of its own function comes first."""
    statements = tuple(
        _statement(each, qualifier) for qualifier, policy in deployment.policies.items() for each in policy.statements
    )
    policy = statements or None
    aliases = {name: Alias(alias.version, alias.weights) for name, alias in deployment.aliases.items()}
    numbers = tuple(version.number for version in deployment.versions)
    if said is None:
        return Resource("function", deployment.name, arn, deployment.name, (), policy, aliases or None, numbers)
    return replace(
        said,
        policy=said.policy if policy is None else (*(said.policy or ()), *policy),
        aliases={**(said.aliases or {}), **aliases} or None,
        versions=tuple(dict.fromkeys((*said.versions, *numbers))),
    )


def _statement(given: Mapping[str, Any], qualifier: str) -> Statement:
    principal = given.get("Principal", {})
    conditions = given.get("Condition", {})
    return Statement(
        principal.get("Service", principal.get("AWS", "")) if isinstance(principal, Mapping) else str(principal),
        given.get("Action", ""),
        conditions.get("StringEquals", {}).get("AWS:SourceAccount", ""),
        conditions.get("ArnLike", {}).get("AWS:SourceArn", ""),
        qualifier,
    )


def _week(config: list[dict[str, Any]]) -> dict[str, tuple[Span, ...]]:
    week: dict[str, list[Span]] = {}
    for each in config:
        week.setdefault(each["Day"].lower(), []).append(_span(each))
    return {day: tuple(week[day]) for day in WEEKDAYS if day in week}


def _span(each: Mapping[str, Any]) -> Span:
    """Midnight as an end is that of the next day."""
    return Span(_minute(each["StartTime"]), _minute(each["EndTime"]) or _OPEN_ALL_DAY)


def _minute(time: Mapping[str, int]) -> int:
    return time["Hours"] * 60 + time["Minutes"]


def _clock(start: int, end: int) -> Span:
    """Minutes as the clock on the wall has them: an end beyond midnight is of the next day."""
    return Span(start, end if end <= _OPEN_ALL_DAY else end - _OPEN_ALL_DAY)


def _accepts(plain: bool, configs: list[dict[str, Any]]) -> tuple[str, ...]:
    """Channels of which a user takes whatever is offered: what is said of one goes before what is said of all."""
    said = {each["Channel"]: each["AutoAccept"] for each in configs}
    return tuple(channel for channel in _CHANNELS if said.get(channel, plain))


def _work_ms(plain: int, configs: list[dict[str, Any]]) -> dict[str, int]:
    """How long after-contact work takes on each channel; 0 seconds are for as long as the agent likes."""
    said = {each["Channel"]: each["AfterContactWorkConfig"]["AfterContactWorkTimeLimit"] for each in configs}
    limits = {channel: said.get(channel, plain) * 1_000 for channel in _CHANNELS}
    return {channel: limit_ms for channel, limit_ms in limits.items() if limit_ms}
