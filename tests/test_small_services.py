"""Voice ID, assistants, e-mails, sign-in and task templates: what the examples of docs/services.md answer."""

import tomllib
from typing import Any

import pytest

from offhook.adapters.services import Services
from offhook.model.effect import CallService
from offhook.model.errors import UsageError
from offhook.model.event import ServiceEnded

from .conftest import ROOT

PAGE = (ROOT / "docs" / "services.md").read_text(encoding="utf-8")
FILES = {
    "voice-id": "voices",
    "wisdom": "assistants",
    "email": "mails",
    "authentication": "sign-in",
    "task-templates": "templates",
}
DESCRIBED = {key: tomllib.loads(PAGE.split(f"# data/{name}.toml\n")[1].split("```")[0]) for key, name in FILES.items()}
SERVICES = Services(DESCRIBED, lambda name, event: None)


def ask(service: str, operation: str, **input: Any) -> ServiceEnded:
    return SERVICES.call(CallService("c/1", service, operation, input), "contact")


def test_voice_id_knows_its_speakers_and_nobody_else() -> None:
    caller = {"SpeakerId": "+12065550100"}

    assert ask("voiceid", "DescribeSpeaker", **caller).output["Speaker"]["Status"] == "ENROLLED"
    assert ask("voiceid", "DescribeSpeaker", SpeakerId="nobody").error == "ResourceNotFoundException"


def test_voice_id_judges_whoever_has_a_session() -> None:
    services = Services(DESCRIBED, lambda name, event: None)

    def judge(speaker: str, contact: str) -> ServiceEnded:
        return services.call(CallService("c/1", "voiceid", "EvaluateSession", {"SpeakerId": speaker}), contact)

    begun = services.call(CallService("c/1", "voiceid", "StartSession", {"SpeakerId": "nobody"}), "one")

    assert begun.output == {"SessionId": "one"}
    assert judge("+12065550100", "one").output == {
        "AuthenticationResult": {"Decision": "ACCEPT"},
        "FraudDetectionResult": {"Decision": "LOW_RISK"},
    }
    assert judge("nobody", "one").output == {
        "AuthenticationResult": {"Decision": "SPEAKER_NOT_ENROLLED"},
        "FraudDetectionResult": {"Decision": "LOW_RISK"},
    }
    assert judge("+12065550100", "another").error == "ResourceNotFoundException"


@pytest.mark.parametrize("named", ["a", "arn:aws:wisdom:us-east-1:111122223333:assistant/a"])
def test_an_assistant_has_one_session_for_a_contact(named: str) -> None:
    first, again = (ask("wisdom", "CreateSession", assistantId=named, name="contact").output for _ in range(2))

    assert first == again
    assert first["session"]["sessionArn"].startswith("arn:aws:wisdom:us-east-1:111122223333:session/a/")


def test_an_assistant_that_is_not_described_is_not_there() -> None:
    assert ask("wisdom", "CreateSession", assistantId="b", name="contact").error == "ResourceNotFoundException"


def test_an_e_mail_is_the_contact_s_own_the_sender_s_or_the_one_for_all() -> None:
    own = CallService("c/1", "email", "GetEmailMessage", {"From": "ann@example.com"})

    assert ask("email", "GetEmailMessage", From="bob@example.com").output == {"Plaintext": "Where is my parcel?"}
    assert ask("email", "GetEmailMessage", From="ann@example.com").output == {"Plaintext": "My order is C-77."}
    assert SERVICES.call(own, "4e1b0d5a-0000-4000-8000-000000000001").output == {"Plaintext": "Thank you."}
    empty = Services({"email": {}}, lambda name, event: None)
    assert empty.call(own, "contact").error == "ResourceNotFoundException"


def test_who_signs_in_is_described() -> None:
    assert ask("authentication", "AuthenticateCustomer", CustomerId="").output["CustomerId"] == "C-77"
    assert ask("authentication", "AuthenticateCustomer", CustomerId="").output["AfterSeconds"] == 20
    assert ask("authentication", "AuthenticateCustomer", CustomerId="C-78").output["Result"] == "OptedOut"


def test_a_task_template_may_name_a_flow() -> None:
    assert ask("connect-task-templates", "GetTaskTemplate", TaskTemplateId="refund").output == {
        "Id": "refund",
        "Status": "ACTIVE",
        "ContactFlowId": "Tasks",
    }
    assert ask("connect-task-templates", "GetTaskTemplate", TaskTemplateId="none").error == "ResourceNotFoundException"


@pytest.mark.parametrize("service", ["voiceid", "wisdom", "email", "authentication", "connect-task-templates"])
def test_an_operation_that_is_not_there_is_refused(service: str) -> None:
    assert ask(service, "Dance").error == "UnknownOperationException"


@pytest.mark.parametrize(
    ("key", "described", "problem"),
    [
        ("voice-id", {"speakers": {"a": {"fraud": "SOME"}}}, "speakers.a.fraud: invalid enum value 'SOME'."),
        ("wisdom", {"assistants": [{}]}, "assistants[0]: object missing required field `arn`."),
        ("email", {"messages": {"a": 1}}, "messages is no object of texts by contact id or address."),
        ("email", {"messages": {"a": 1}, "default": 2}, "default is no text."),
        ("authentication", {"default": {"result": "Maybe"}}, "default: Invalid enum value 'Maybe' - at `$.result`."),
        ("task-templates", {"templates": {"t": {"status": "OLD"}}}, "templates.t.status: invalid enum value 'OLD'."),
        ("authentication", {"customer": {}}, "'customer' is not known here; known: customers, default."),
    ],
)
def test_a_wrong_description_is_said(key: str, described: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError) as refused:
        Services({key: described}, lambda name, event: None)
    assert problem in refused.value.problems
