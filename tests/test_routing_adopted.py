"""Queues and agents whose instance is configured otherwise while they are at work."""

from offhook.core.routing import Routing
from offhook.model.instance import AgentSettings, Instance, QueueRoute, QueueSettings, RoutingProfile
from offhook.model.routing import Accept, Enqueue, Offered, Queued, Refused, SignIn, Status


def instance(queue: str, *, most: int | None = None) -> Instance:
    profile = RoutingProfile("Basic", (QueueRoute(queue),))
    return Instance(
        routing_profiles={"Basic": profile},
        agents={"jane": AgentSettings("jane", "Basic")},
        queues={"Support": QueueSettings("Support", max_contacts=most)},
    )


def test_an_agent_serves_the_queues_of_the_profile_as_it_is_now() -> None:
    routing = Routing(instance("Sales"))
    routing.happen(SignIn(0, "jane"))
    assert routing.happen(Enqueue(1, "c", "Support")) == [Queued("c")]

    routing.adopt(instance("Support"))

    assert routing.happen(Status(2, "jane", "Available")) == [Offered("c", "jane", 20_002)]


def test_a_queue_has_the_limit_that_it_has_now() -> None:
    routing = Routing(instance("Support"))
    routing.happen(Enqueue(0, "a", "Support"))

    routing.adopt(instance("Support", most=1))

    assert routing.happen(Enqueue(1, "b", "Support")) == [Refused("b", "full")]


def test_the_channel_of_a_contact_is_known_while_somebody_minds_it() -> None:
    routing = Routing(instance("Support"))
    routing.happen(Enqueue(0, "a", "Support", "CHAT"))

    assert (routing.channel_of("a"), routing.channel_of("b")) == ("CHAT", "")

    routing.happen(SignIn(1, "jane"))
    routing.happen(Enqueue(1, "v", "Support"))
    routing.happen(Accept(2, "v", "jane"))
    assert routing.channel_of("v") == "VOICE"
