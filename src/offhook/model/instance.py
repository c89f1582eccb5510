"""Static configuration: an argument of every step, never fetched. Live numbers are effects."""

import hashlib

import msgspec

from offhook.model.flow import Flow

ACCOUNT = "111122223333"
REGION = "us-east-1"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_ARN_PARTS = {
    "flow": "contact-flow",
    "module": "flow-module",
    "queue": "queue",
    "hours": "operating-hours",
    "prompt": "prompt",
    "view": "view",
    "agent": "agent",
}


def derived_id(*parts: str) -> str:
    """A version-4-shaped UUID from SHA-256 of the parts: the same parts always give the same id."""
    digest = hashlib.sha256("\x00".join(parts).encode()).hexdigest()
    return (
        f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-{'89ab'[int(digest[16], 16) % 4]}{digest[17:20]}-{digest[20:32]}"
    )


class Statement(msgspec.Struct, frozen=True, omit_defaults=True):
    """One permission in a function's resource policy; Lambda's AddPermission makes no other kind than Allow.

    `qualifier`: the version or alias whose policy it stands in, empty for the function's own. An empty `source_account`
    or `source_arn` sets no condition. `action` and `source_arn` may have `*` and `?`.
    """

    principal: str
    action: str = "lambda:InvokeFunction"
    source_account: str = ""
    source_arn: str = ""
    qualifier: str = ""


class Alias(msgspec.Struct, frozen=True, omit_defaults=True):
    """A name for a version. `weights`: other versions and the share of invocations (0..1) that each of them gets."""

    version: str
    weights: dict[str, float] = {}


class Resource(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something a flow refers to. `kind`: function, flow, module, queue, hours, prompt, bot, view, agent.

    `matches` are raw texts or globs (`*`, `?`) that mean this resource in a flow. The rest is a function's: `policy` is
    None where nobody keeps account of it, and so are `aliases`; `versions` are the numbers published beside those that
    an alias leads to. `name`, `name:alias` and `name:7` have a policy each: see `Statement.qualifier`.
    """

    kind: str
    name: str
    arn: str
    id: str
    matches: tuple[str, ...] = ()
    policy: tuple[Statement, ...] | None = None
    aliases: dict[str, Alias] | None = None
    versions: tuple[str, ...] = ()


class Span(msgspec.Struct, frozen=True):
    """Open from `start_minute` to `end_minute` of a local day (0..1440). Start equal to end means the whole day."""

    start_minute: int
    end_minute: int


class Override(msgspec.Struct, frozen=True, omit_defaults=True):
    """Other hours on these local dates (`YYYY-MM-DD`, inclusive). No spans: closed."""

    name: str
    first_date: str
    last_date: str
    spans: tuple[Span, ...] = ()


class Hours(msgspec.Struct, frozen=True, omit_defaults=True):
    """Hours of operation: spans by weekday name, in a time zone, with overrides that win over the week."""

    name: str
    time_zone: str
    week: dict[str, tuple[Span, ...]] = {}
    overrides: tuple[Override, ...] = ()


class QueueSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """`hours` names the queue's hours of operation ("" = always open); `max_contacts` None = no limit."""

    name: str
    hours: str = ""
    max_contacts: int | None = None
    outbound_caller_id: str | None = None
    outbound_flow: str = ""


class QueueRoute(msgspec.Struct, frozen=True, omit_defaults=True):
    """A queue of a routing profile: lower `priority` goes first; its contacts must have waited `delay_ms`.

    `channels`: of which channels, empty for all.
    """

    queue: str
    priority: int = 1
    delay_ms: int = 0
    channels: tuple[str, ...] = ()


class RoutingProfile(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which queues its agents serve, and how many contacts of a channel at once.

    `cross_channel`: who has a contact of these channels may be offered others beside it.
    """

    name: str
    queues: tuple[QueueRoute, ...] = ()
    concurrency: dict[str, int] = msgspec.field(default_factory=lambda: {"VOICE": 1})
    outbound_queue: str = ""
    cross_channel: tuple[str, ...] = ()


class AgentSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """A user who takes contacts; `name` is the user name. `proficiencies`: name to value to level (1..5).

    `accepts`: channels of which whatever is offered is taken. `work_ms`: how long after-contact work takes, by channel;
    of a channel that is not there it takes until the agent says that it is done.
    """

    name: str
    routing_profile: str = ""
    first_name: str = ""
    last_name: str = ""
    proficiencies: dict[str, dict[str, float]] = {}
    accepts: tuple[str, ...] = ()
    work_ms: dict[str, int] = {}


class QuickConnect(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an agent can transfer to. `kind`: user (`agent`), queue (`queue`) or phone (`number`).

    `flow` is the name of the transfer flow, empty for the default one.
    """

    name: str
    kind: str
    agent: str = ""
    queue: str = ""
    number: str = ""
    flow: str = ""


class LambdaPolicy(msgspec.Struct, frozen=True, omit_defaults=True):
    """Retries after the first attempt and the pauses before them (decision S1; AWS publishes no pauses)."""

    retries: int = 3
    backoff_ms: tuple[int, ...] = (100, 200, 400)


class Instance(msgspec.Struct, frozen=True, omit_defaults=True):
    """An Amazon Connect instance. `flows` is keyed by ARN.

    `associated`: names of the functions added to the instance (`name`, or `name:qualifier` for a version or alias),
    None where nobody keeps account of it. Adding one gives Connect the permission that a policy may give as well.
    `strict` is the profile of decisions.md. `numbers` maps a phone number to the name of the flow it reaches;
    `dialable` are the countries (two letters) that may be called, empty for any.
    """

    alias: str = "demo"
    id: str = derived_id("instance", "demo")
    account: str = ACCOUNT
    region: str = REGION
    strict: bool = False
    lambda_policy: LambdaPolicy = LambdaPolicy()
    flows: dict[str, Flow] = {}
    resources: tuple[Resource, ...] = ()
    hours: dict[str, Hours] = {}
    queues: dict[str, QueueSettings] = {}
    routing_profiles: dict[str, RoutingProfile] = {}
    agents: dict[str, AgentSettings] = {}
    quick_connects: dict[str, QuickConnect] = {}
    numbers: dict[str, str] = {}
    dialable: frozenset[str] = frozenset()
    associated: frozenset[str] | None = None

    @property
    def arn(self) -> str:
        return f"arn:aws:connect:{self.region}:{self.account}:instance/{self.id}"

    def named(self, kind: str, name: str) -> Resource:
        """The resource of this name, as it is configured; where none is, as it would be."""
        found = (each for each in self.resources if each.kind == kind and each.name == name)
        return next(found, None) or self.resource(kind, name)

    def resource(self, kind: str, name: str, *, matches: tuple[str, ...] = ()) -> Resource:
        """A resource of this instance with its derived id and ARN."""
        made = derived_id(kind, name)
        if kind == "function":
            arn = f"arn:aws:lambda:{self.region}:{self.account}:function:{name}"
        else:
            arn = f"{self.arn}/{_ARN_PARTS.get(kind, kind)}/{made}"
        return Resource(kind, name, arn, made, matches)
