"""A contact on its line, in virtual or in real time, with the functions that run for it."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import structs

from offhook.adapters.encryption import encrypt
from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.record import Recorder, Replayer
from offhook.blocks import catalogue
from offhook.cli.asked import Asked, Options, ends
from offhook.cli.keyboard import Phone
from offhook.cli.output import Papers
from offhook.cli.project import Project
from offhook.cli.services import beside
from offhook.core import trace
from offhook.core.birth import new_contact
from offhook.core.program import Compiled
from offhook.drivers.ports import Answer, Called, Functions
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.agent import AgentScript
from offhook.drivers.sim.customer import Script
from offhook.drivers.sim.life import Life
from offhook.drivers.sim.live import Live
from offhook.drivers.sim.world import Tuples, World, is_waiting
from offhook.model.contact import Contact
from offhook.model.effect import CollectInput, InvokeLambda, Listen, PlaceCall, PlayPrompt, ShowView
from offhook.model.errors import UsageError
from offhook.model.event import LambdaEnded
from offhook.model.flow import Flow
from offhook.model.instance import derived_id

SECRET = "[secret]"

Sink = Callable[[trace.AnyTrace], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Everything that a run needs. `is_person`: somebody sits at the keyboard and is the customer."""

    options: Options
    asked: Asked
    project: Project
    flow: Flow
    is_person: bool
    at_ms: int
    agents: dict[str, AgentScript]


class Line:
    """The contact on its line, in virtual or in real time; guards the functions that run for it."""

    def __init__(self, ready: Ready, phone: Phone, sinks: list[Sink], papers: Papers) -> None:
        self._ready = ready
        self._phone = phone
        self._sinks = sinks
        self._papers = papers
        self._renderers: dict[str, trace.Renderer] = {}
        self._customer = _Listener(ready.asked.script)
        self._live: Live | None = None
        self._driver: World
        self._patient: set[str] = set()
        self._life: Life | None = None
        self.stopped = ""

    def run(self) -> None:
        ready = self._ready
        compiled = Compiled(ready.project.instance, catalogue())
        held = frozenset(filter(None, (ready.options.debug,)))
        how: dict[str, Any] = {
            "function_time_ms": ready.asked.function_time_ms,
            "encrypt": encrypt,
            "watch": self._watch,
            "agents": ready.agents or ({} if ready.asked.patience is not None else None),
            "seed": ready.options.seed,
            "on_cleared": self._papers.cleared,
        }
        when: dict[str, Any] = {"at_ms": ready.at_ms, "hang_up_after": ready.options.hang_up_after}
        with LambdaHost(ready.project.functions, max_invocations=ready.project.instance_limit) as host:
            kept = self._kept(host)
            functions = _Timed(kept, held, every=ready.asked.function_time_ms is not None)
            how["services"] = beside(ready.project, functions)
            if ready.is_person or ready.options.real_time:
                self._driver = self._live = Live(compiled, functions, self._phone, held=held, **how)
                life = self._live.call(contact_of(ready), self._customer, **when)
            else:
                self._driver = simulator = Simulator(compiled, functions, **how)
                life = self._life = simulator.start(contact_of(ready), self._customer, **when)
                simulator.run()
        self.stopped = life.stopped
        if isinstance(kept, Recorder) and kept.problem:
            raise UsageError(f"--record: {kept.problem}")

    def _kept(self, host: LambdaHost) -> Functions:
        """The functions, recorded or replayed as asked for."""
        asked, folder = self._ready.asked, self._ready.options.record
        if folder is not None:
            return Recorder(host, Path(folder), hide=self._hide)
        if asked.recordings is not None:
            return Replayer(asked.recordings, host, real=frozenset(asked.functions), hide=self._hide)
        return host

    def _hide(self, effect: InvokeLambda, value: Any) -> Any:
        """What is secret of the contact is neither kept nor looked for."""
        life = self._life if self._live is None else self._live.life
        return trace.hidden(value, life.contact.secrets) if life is not None and life.contact.secrets else value

    @property
    def inputs(self) -> list[str]:
        """What the customer did, as --input takes it; secret input is not told."""
        if self._ready.is_person and self._live is not None:
            return [SECRET if pressed.secret else pressed.text for pressed in self._live.pressed]
        return self._customer.told()

    def _watch(self, life: Life, tuples: Tuples) -> None:
        contact = life.contact
        renderer = self._renderers.get(contact.id)
        if renderer is None:
            renderer = self._renderers[contact.id] = trace.Renderer()
        events = tuple(renderer.render(tuples, contact))
        for event in events:
            for sink in self._sinks:
                sink(event)
        self._papers.take(events, contact)
        patience = self._ready.asked.patience
        if patience is not None and is_waiting(contact) and contact.id not in self._patient:
            self._patient.add(contact.id)
            self._driver.loses_patience(life, patience)


class _Listener:
    """A script that notes which of its inputs nobody may see."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._secret: set[int] = set()

    def hears(self, effect: PlayPrompt) -> Answer:
        return self._script.hears(effect)

    def answers(self, effect: CollectInput | Listen | ShowView) -> Answer:
        used = self._script.used
        answer = self._script.answers(effect)
        if not isinstance(effect, Listen) and effect.secret:
            self._secret.update(range(used, self._script.used))
        return answer

    def called(self, effect: PlaceCall) -> Called:
        return self._script.called(effect)

    def told(self) -> list[str]:
        return [SECRET if count in self._secret else text for count, text in enumerate(self._script.inputs)]


class _Timed:
    """Functions whose time is stated and not measured: all of them, or the ones that somebody debugs."""

    def __init__(self, functions: Functions, held: frozenset[str], *, every: bool) -> None:
        self._functions = functions
        self._held = held
        self._every = every

    def invoke(self, effect: InvokeLambda) -> "LambdaEnded | Future[LambdaEnded]":
        answer = self._functions.invoke(effect)
        is_held = effect.function in self._held
        if isinstance(answer, LambdaEnded) or not (self._every or is_held):
            return answer
        return _changed(
            answer, lambda ended: structs.replace(ended, init_ms=0, took_ms=0 if is_held else ended.took_ms)
        )

    def close(self) -> None:
        self._functions.close()


def _changed(future: "Future[LambdaEnded]", change: Callable[[LambdaEnded], LambdaEnded]) -> "Future[LambdaEnded]":
    made: Future[LambdaEnded] = Future()

    def pass_on(ended: "Future[LambdaEnded]") -> None:
        if not ended.cancelled() and made.set_running_or_notify_cancel():
            made.set_result(change(ended.result()))

    future.add_done_callback(pass_on)
    made.add_done_callback(lambda given_up: future.cancel() if given_up.cancelled() else None)
    return made


def contact_of(ready: Ready) -> Contact:
    options, asked, flow = ready.options, ready.asked, ready.flow
    system = ends(asked.channel)[1]
    if asked.channel == "VOICE":
        system = _dialled(ready) or system
    return new_contact(
        id=derived_id("contact", options.seed),
        seed=options.seed,
        flow=flow.arn,
        flow_type=flow.type if flow.type not in ("", "MODULE") else "CONTACT_FLOW",
        channel=asked.channel,
        initiation_method="INBOUND" if system is not None else "API",
        customer_endpoint=asked.customer,
        system_endpoint=system,
        attributes=asked.attributes,
        given=asked.given,
        # asking for the flow log is asking for its lines, until the flow itself turns them off
        logging=True if options.log is not None or options.trace else None,
    )


def _dialled(ready: Ready) -> str:
    """The number that leads to the flow, empty where none does."""
    name, numbers = ready.options.flow, ready.project.instance.numbers
    return name if name in numbers else next((number for number in numbers if numbers[number] == ready.flow.name), "")
