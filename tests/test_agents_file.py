"""What a file of agents says, table by table, and every mistake in it at once."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.cli.agents import Staff, load_staff, plain_staff, read_staff, with_staff
from offhook.cli.table import Table
from offhook.core.routing import Routing
from offhook.drivers.sim.agent import AgentScript, Time, length_of, parse_steps, parse_time
from offhook.model.errors import UsageError
from offhook.model.instance import AgentSettings, Instance, QueueRoute, QueueSettings, QuickConnect, RoutingProfile
from offhook.model.routing import Enqueue, Offered, SignIn

INSTANCE = Instance(queues={name: QueueSettings(name) for name in ("Sales", "Support")})


def staff_of(text: str) -> Staff:
    return staff_in(tomllib.loads(text))


def staff_in(document: dict[str, object]) -> Staff:
    problems: list[str] = []
    top = Table("f", "", document, problems)
    staff = read_staff(top)
    top.close()
    if problems:
        raise UsageError(*problems)
    return staff


def profiles_of(text: str) -> dict[str, RoutingProfile]:
    return staff_of(text).profiles


def problems_of(text: str) -> list[str]:
    """Whatever is wrong, the names that lead nowhere included."""
    with pytest.raises(UsageError) as refused:
        with_staff(INSTANCE, staff_of(text), "f")
    return list(refused.value.problems)


def test_an_agent_has_a_name_a_profile_levels_and_a_script() -> None:
    staff = staff_of("""
        [agents.jane]
        routing_profile = "Basic"
        first_name = "Jane"
        last_name = "Doe"
        status = "Lunch"
        answers = "reject"
        accept_after = "1500ms"
        handle_time = "exponential:180s"
        after_contact = "uniform:30s-1.5m"
        then = ["hold:10s", "resume", "transfer:Billing", "conference", "hangup"]
        proficiencies = { Language = { Norwegian = 4, Thai = 1.5 } }
    """)

    levels = {"Language": {"Norwegian": 4, "Thai": 1.5}}
    assert staff.agents == {"jane": AgentSettings("jane", "Basic", "Jane", "Doe", levels)}
    assert staff.scripts == {
        "jane": AgentScript(
            "Lunch",
            "reject",
            accept_after=Time(1_500),
            handle_time=Time(180_000, "exponential"),
            after_contact=Time(30_000, "uniform", 90_000),
            then=("hold:10s", "resume", "transfer:Billing", "conference", "hangup"),
        )
    }


def test_a_profile_has_queues_and_numbers_of_contacts() -> None:
    found = profiles_of("""
        [routing_profiles.Basic]
        queues = [{ queue = "Support" }, { queue = "Sales", priority = 2, delay = "1m", channels = ["voice", "chat"] }]
        concurrency = { voice = 1, chat = 3 }
        cross_channel = ["chat"]
        outbound_queue = "Sales"
        [routing_profiles.Calls]
    """)

    routes = (QueueRoute("Support"), QueueRoute("Sales", 2, 60_000, ("VOICE", "CHAT")))
    assert found["Basic"] == RoutingProfile("Basic", routes, {"VOICE": 1, "CHAT": 3}, "Sales", ("CHAT",))
    assert found["Calls"] == RoutingProfile("Calls", (), {"VOICE": 1})


def test_a_profile_has_from_another_what_it_does_not_say() -> None:
    found = profiles_of("""
        [routing_profiles.Night]
        extends = "Day"
        queues = [{ queue = "Support", priority = 3 }]
        concurrency = { chat = 5 }
        [routing_profiles.Day]
        extends = "All"
        outbound_queue = "Support"
        [routing_profiles.All]
        queues = [{ queue = "Support" }, { queue = "Sales" }]
        concurrency = { voice = 1, chat = 2 }
        cross_channel = ["chat"]
        outbound_queue = "Sales"
    """)

    routes = (QueueRoute("Support", 3), QueueRoute("Support"), QueueRoute("Sales"))
    assert found["Night"] == RoutingProfile("Night", routes, {"VOICE": 1, "CHAT": 5}, "Support", ("CHAT",))


def test_what_a_profile_says_of_a_queue_goes_before_what_it_extends() -> None:
    instance = with_staff(
        INSTANCE,
        staff_of("""
            agents.ann.routing_profile = "Night"
            [routing_profiles.Night]
            extends = "Day"
            queues = [{ queue = "Support", priority = 9 }]
            [routing_profiles.Day]
            queues = [{ queue = "Support", priority = 1 }, { queue = "Sales", priority = 2 }]
        """),
        "f",
    )
    routing = Routing(instance)
    for contact, queue in (("help", "Support"), ("sale", "Sales")):
        routing.happen(Enqueue(0, contact, queue))

    (notice,) = routing.happen(SignIn(1, "ann"))
    assert isinstance(notice, Offered)
    assert notice.contact == "sale"


def test_quick_connects_lead_to_agents_queues_and_numbers() -> None:
    found = staff_of("""
        [quick_connects]
        Joe = { agent = "joe" }
        Billing = { queue = "Sales", flow = "Transfer" }
        Home = { number = "+15550100" }
    """).quick_connects

    assert list(found.values()) == [
        QuickConnect("Joe", "user", agent="joe"),
        QuickConnect("Billing", "queue", queue="Sales", flow="Transfer"),
        QuickConnect("Home", "phone", number="+15550100"),
    ]


def test_agents_become_resources_of_the_instance() -> None:
    made = with_staff(INSTANCE, plain_staff(2), "--agents")

    assert list(made.agents) == ["agent-1", "agent-2"]
    assert [each.arn for each in made.resources] == [made.resource("agent", name).arn for name in made.agents]
    assert with_staff(made, plain_staff(2), "--agents").resources == made.resources, "once"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[agents.ann]\nthen = ['transfer:Bilings']\n[quick_connects.Billing]\nqueue = 'Sales'",
         "f: [agents.ann] then: transfer is 'Bilings', which is not there; did you mean 'Billing'."),
        ("[routing_profiles.A]\noutbound_queue = 'Suport'",
         "f: [routing_profiles.A] outbound_queue is 'Suport', which is not there; did you mean 'Support'."),
        ("[quick_connects.A]\nqueue = 'Sales'\nflow = 'x'",
         "f: [quick_connects.A] flow is 'x', which is not there; there is none."),
        ("[agents.ann]\nrouting_profile = 'x'\n[routing_profiles.Basic]",
         "f: [agents.ann] routing_profile is 'x', which is not there; there is 'Basic'."),
        ("[routing_profiles.A]\nconcurrency = { voice = 2 }",
         "f: [routing_profiles.A.concurrency] voice is 2, must be a whole number in 0..1."),
        ("[routing_profiles.A]\nconcurrency = { fax = 1 }",
         "f: [routing_profiles.A.concurrency] fax is not a setting here; known: voice, chat, task, email."),
        ("[routing_profiles.A]\ncross_channel = ['fax']",
         "f: [routing_profiles.A] cross_channel has fax, must be of voice, chat, task, email."),
        ("[routing_profiles.A]\nqueues = [{ queue = 'Sales', delay = '3h' }]",
         "f: [routing_profiles.A.queues[0]] delay is '3h', must be a length of time such as 10s, up to 9999s."),
        ("[routing_profiles.A]\nqueues = [{ queue = 'Sales', priority = 0 }]",
         "f: [routing_profiles.A.queues[0]] priority is 0, must be a whole number in 1..99."),
        ("[routing_profiles.A]\nextends = 'A'", "f: [routing_profiles.A] extends leads back to itself: A -> A."),
        ("[agents.ann]\naccept_after = 'uniform:9s-3s'",
         "f: [agents.ann] accept_after is 'uniform:9s-3s': only uniform has two lengths, the lesser one first, as in "
         "uniform:30s-90s."),
        ("[agents.ann]\nproficiencies = { Language = 4 }",
         "f: [agents.ann.proficiencies.Language] is 4, must be a table."),
        ("agents = 3", "f: [agents] is 3, must be a table."),
        ("[agent.ann]", "f: agent is not a setting here; did you mean agents."),
        ("[quick_connects.A]\nqueue = 'Sales'\nagent = 'ann'",
         "f: [quick_connects.A] must have one of agent, queue and number."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_sentence(text: str, sentence: str) -> None:
    assert problems_of(text) == [sentence]


def test_a_circle_is_named_once_and_so_is_a_profile_that_is_not_there() -> None:
    assert problems_of("""
        [routing_profiles]
        A = { extends = "D" }
        B = { extends = "D" }
        D = { extends = "C" }
        C = { extends = "D" }
        E = { extends = "F" }
        F = { extends = "Z" }
    """) == [
        "f: [routing_profiles.C] extends leads back to itself: C -> D -> C.",
        "f: [routing_profiles.F] extends is 'Z', which is no routing profile here.",
    ]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = problems_of("""
        [agents.ann]
        answers = "maybe"
        then = ["dance", "sing", "hold:soon"]
        [routing_profiles.A]
        queues = [{ priority = 100 }]
        [quick_connects.B]
        number = "911"
    """)

    assert len(found) == 7
    assert all(each.startswith("f: [") and each.endswith(".") for each in found)


def test_names_that_lead_nowhere_are_all_said() -> None:
    assert (
        len(
            problems_of("""
        agents.ann.routing_profile = "x"
        agents.bob.then = ["transfer:y"]
        [routing_profiles.A]
        queues = [{ queue = "z" }, { queue = "Sales" }]
        [quick_connects.B]
        agent = "nobody"
    """)
        )
        == 4
    )


def test_a_file_is_read_and_a_bad_one_refused(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text("[agents.ann]\n")
    (tmp_path / "bad.toml").write_bytes(b"\xff")

    assert list(load_staff(tmp_path / "good.toml").agents) == ["ann"]
    for name in ("bad.toml", "none.toml", ""):
        with pytest.raises(UsageError, match=r"not TOML|cannot be read"):
            load_staff(tmp_path / name)


# --- words of scripts


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("0s", Time(0)),
        ("500ms", Time(500)),
        ("1.5m", Time(90_000)),
        ("2h", Time(7_200_000)),
        ("fixed:60s", Time(60_000)),
        ("uniform:30s-90s", Time(30_000, "uniform", 90_000)),
        ("uniform:5s-5s", Time(5_000, "uniform", 5_000)),
        ("exponential:180s", Time(180_000, "exponential")),
    ],
)
def test_times_are_lengths_or_distributions(text: str, time: Time) -> None:
    assert parse_time(text) == time


@pytest.mark.parametrize("text", ["", "60", "-1s", "s", "normal:3s", "uniform:3s", "fixed:1s-2s", "1s-2s", "٣s", ":3s"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"must be a time|only uniform"):
        parse_time(text)


def test_a_share_of_all_lengths_lies_below_a_length() -> None:
    assert [Time(60_000).at(share) for share in (0, 0.9)] == [60_000, 60_000]
    assert [Time(10, "uniform", 30).at(share) for share in (0, 0.5, 0.999)] == [10, 20, 30]
    assert [Time(1_000, "exponential").at(share) for share in (0, 0.5, 0.75)] == [0, 693, 1_386]


def test_the_mean_of_an_exponential_time_is_its_length() -> None:
    lengths = [Time(180_000, "exponential").at((n + 0.5) / 10_000) for n in range(10_000)]
    assert sum(lengths) / len(lengths) == pytest.approx(180_000, rel=0.001)


def test_steps_are_kept_as_they_are_and_every_bad_one_is_refused() -> None:
    steps = ("hold:10s", "resume", "wait:5s", "transfer:Second line", "conference", "hangup")
    assert parse_steps(steps) == steps
    with pytest.raises(UsageError) as refused:
        parse_steps(("hold", "resume", "hold:x", "transfer:", "HANGUP"))
    assert len(refused.value.problems) == 4


@given(st.text(max_size=12))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    assert length_of(text) is None or length_of(text) >= 0  # type: ignore[operator]  # None is left out
    try:
        assert parse_time(text).ms >= 0
    except UsageError as refusal:
        assert len(refusal.problems) == 1


VALUES = st.recursive(
    st.one_of(st.integers(-3, 12), st.booleans(), st.sampled_from(["", "Sales", "ann", "A", "B", "10s", "voice", "x"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["queue", "A", "x"]), inner)),
    max_leaves=4,
)
KEYS = ["routing_profile", "then", "proficiencies", "queues", "concurrency", "extends", "agent", "number", "status"]
TABLES = st.dictionaries(st.sampled_from(["A", "B", "ann"]), st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4))
DOCUMENTS = st.dictionaries(
    st.sampled_from(["agents", "routing_profiles", "quick_connects", "x"]), st.one_of(TABLES, VALUES), max_size=3
)


@settings(max_examples=200, deadline=None)
@given(DOCUMENTS)
def test_any_document_is_read_or_refused_in_sentences(document: dict[str, object]) -> None:
    try:
        with_staff(INSTANCE, staff_in(document), "f")
    except UsageError as refusal:
        assert refusal.problems
        assert all(each.startswith("f: ") and each.endswith(".") for each in refusal.problems)
