"""Cases, customer profiles and data tables: whole flows on the files of docs/services.md, and what those may say."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator

from offhook.adapters.services import Services, modules
from offhook.cli.project import load_project
from offhook.core.resolve import Resolver
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.customer import Script
from offhook.model.effect import CallService
from offhook.model.errors import UsageError
from offhook.model.event import ServiceEnded

from .command_line import Called, call
from .conftest import ROOT
from .stage import START_MS, Stubs, action, compiled, contact, flow, say

PAGE = (ROOT / "docs" / "services.md").read_text(encoding="utf-8")
ANN = "a4d2c3b1000040008000000000000001"
ARN = f"arn:aws:profile:us-east-1:111122223333:domains/amazon-connect-demo/profiles/{ANN}"
TEMPLATE = "9cdd12c6-4a2a-48de-8302-c31e77ea117a"
MODELS = {"cases": "connectcases", "profile": "customer-profiles", "connect-data-tables": "connect"}
WRONG = {"NoMatchingError": "wrong"}
KNOWN = "agentic-cx, authentication, cases, data-tables, email, lex, profiles, task-templates, voice-id, wisdom"


def examples(language: str) -> list[str]:
    return [block.partition("```")[0] for block in PAGE.split(f"```{language}\n")[1:]]


def example(first_line: str) -> str:
    return next(text for text in examples("toml") if text.startswith(first_line))


def no_function(name: str, event: dict[str, Any]) -> Any:
    raise AssertionError("no function is called")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the files of the page, and the current folder is there."""
    (tmp_path / "data").mkdir()
    (tmp_path / "offhook.toml").write_text(example("# offhook.toml"))
    (tmp_path / "data" / "profiles.json").write_text(examples("json")[0])
    for name in ("cases", "tables", "refusing", "voices", "assistants", "mails", "sign-in", "templates"):
        (tmp_path / "data" / f"{name}.toml").write_text(example(f"# data/{name}.toml"))
    (tmp_path / "bots.toml").write_text((Path(__file__).parent / "fixtures" / "lex" / "bots.toml").read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


Step = tuple[str, dict[str, Any]]


def document(*steps: Step) -> str:
    """A flow of these actions in a row. Where one is left otherwise, it says so: `wrong`, or the branch's name."""
    actions: list[dict[str, Any]] = []
    for place, (kind, parameters) in enumerate(steps):
        branches = ["MultipleFoundError", "NoneFoundError", "MultipleFound", "NoneFound", "ContactNotLinked"]
        errors = [{"ErrorType": name, "NextAction": name} for name in (*branches, "NoMatchingError")]
        conditions = [
            {"NextAction": f"a{place + 1}", "Condition": {"Operator": "Equals", "Operands": [operand]}}
            for operand in parameters.pop("when", ())
        ]
        arrows = {"NextAction": f"a{place + 1}", "Errors": errors, "Conditions": conditions}
        actions.append({"Identifier": f"a{place}", "Type": kind, "Parameters": parameters, "Transitions": arrows})
    for name in (*branches, "NoMatchingError"):
        arrows = {"NextAction": f"a{len(steps)}", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "end"}]}
        actions.append(
            {"Identifier": name, "Type": "MessageParticipant", "Parameters": {"Text": name}, "Transitions": arrows}
        )
    ends = (f"a{len(steps)}", "end")
    actions += [
        {"Identifier": name, "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}} for name in ends
    ]
    return json.dumps({"Version": "2019-10-30", "StartAction": "a0", "Metadata": {}, "Actions": actions})


def run(folder: Path, *steps: Step, words: tuple[str, ...] = ()) -> Called:
    (folder / "flow.json").write_text(document(*steps))
    called = call("run", "flow.json", "--from", "+12065550100", "--silent", *words)
    assert called.code == 0, called
    return called


def events(folder: Path, *steps: Step, words: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(folder, *steps, words=(*words, "--json")).out.splitlines()]


def heard(found: list[dict[str, Any]]) -> list[str]:
    return [event["text"] for event in found if event["type"] == "said"]


def tell(text: str) -> Step:
    return "MessageParticipant", {"Text": text}


BY_PHONE = {"IdentifierName": "_phone", "IdentifierValue": "$.CustomerEndpoint.Address"}
KEPT = ["FirstName", "City", "Attributes.tier"]
FIND: Step = ("GetCustomerProfile", {"ProfileRequestData": BY_PHONE, "ProfileResponseData": KEPT})
MINE = {"ProfileId": "$.Customer.ProfileId"}
OSLO = [{"Name": "branch", "Value": "oslo"}]


def case(kind: str, *, link: str = "true", **parameters: Any) -> Step:
    return kind, {"LinkContactToCase": link, **parameters}


def write(*attributes: dict[str, Any], lock: str = "LATEST", branch: str = "oslo") -> Step:
    primary = [{"Name": "branch", "Value": branch}]
    group = {"PrimaryKeyGroupName": "W", "PrimaryValues": primary, "Attributes": list(attributes)}
    return "UpsertDataTableValues", {
        "DataTableId": "Branches",
        "LockVersion": lock,
        "DataTableUpsertAttributes": [group],
    }


def look_up(*attributes: str, table: str = "Branches", branch: str = "oslo") -> Step:
    primary = [{"AttributeName": "branch", "Value": branch}]
    query = {"QueryName": "Q", "PrimaryValues": primary, "Attributes": list(attributes)}
    return "EvaluateDataTableValues", {"DataTableId": table, "Queries": [query]}


PROFILES: tuple[Step, ...] = (
    FIND,
    tell("$.Customer.FirstName of $.Customer.City, $.Customer.Attributes.tier"),
    ("AssociateContactToCustomerProfile", {"ProfileRequestData": {**MINE, "ContactId": "$.ContactId"}}),
    (
        "GetCustomerProfile",
        {"ProfileRequestData": {"IdentifierName": "_ctrContactId", "IdentifierValue": "$.ContactId"}},
    ),
    (
        "GetCustomerProfileObject",
        {
            "ProfileRequestData": {**MINE, "ObjectType": "_order", "UseLatest": "true"},
            "ProfileResponseData": ["OrderStatus"],
        },
    ),
    tell("Order $.Customer.Order.OrderId is $.Customer.Order.Status"),
    (
        "GetCalculatedAttributesForCustomerProfile",
        {"ProfileRequestData": {**MINE}, "ProfileResponseData": ["CalculatedAttributes._frequent_caller"]},
    ),
    tell("Frequent: $.Customer.CalculatedAttributes._frequent_caller"),
    (
        "CheckSegmentMembership",
        {"ProfileRequestData": {**MINE, "SegmentDefinitionName": "LoyaltyGold"}, "when": ["InSegment"]},
    ),
    (
        "UpdateCustomerProfile",
        {"ProfileRequestData": {"City": "Bergen", "LastName": ""}, "ProfileResponseData": ["City", "LastName"]},
    ),
    tell("Now of $.Customer.City, $.Customer.LastName."),
    (
        "CreateCustomerProfile",
        {"ProfileRequestData": {"FirstName": "Bo", "Attributes.tier": "new"}, "ProfileResponseData": ["FirstName"]},
    ),
    tell("Hello $.Customer.FirstName"),
)
CASES: tuple[Step, ...] = (
    FIND,
    case("GetCase", GetLastUpdatedCase="false", CustomerId="$.Customer.ProfileARN", CaseResponseFields=["title"]),
    tell("$.Case.title is $.Case.case_id"),
    case("UpdateCase", CaseId="$.Case.case_id", CaseRequestFields={"status": "closed"}),
    case(
        "CreateCase",
        CaseTemplateId=TEMPLATE,
        CaseRequestFields={"title": "Second", "customer_id": "$.Customer.ProfileARN", "count": 2, "urgent": True},
    ),
    case("GetCase", GetLastUpdatedCase="false", CustomerId="$.Customer.ProfileARN"),
    case(
        "GetCase",
        GetLastUpdatedCase="true",
        CustomerId="$.Customer.ProfileARN",
        CaseResponseFields=["title", "status", "count", "urgent", "reference_number"],
    ),
    tell("$.Case.title is $.Case.status, $.Case.count, $.Case.urgent, $.Case.reference_number"),
    case("UpdateCase", CaseId="c-1", CaseRequestFields={"title": "$.External.nothing"}, link="false"),
    case("GetCase", GetLastUpdatedCase="true", CaseRequestFields={"status": "closed"}, CaseResponseFields=["title"]),
    tell("$.Case.case_id has the title '$.Case.title'"),
    case("GetCase", GetLastUpdatedCase="true", CaseRequestFields={"status": "lost"}),
)
TABLES: tuple[Step, ...] = (
    look_up("queue", "desks"),
    tell("$.DataTables.Q.queue with $.DataTables.Q.desks"),
    look_up("queue", "desks", table="2dcc9707-d408-4729-a2d8-a76f08eca0f2", branch="rome"),
    tell("$.DataTables.Q.queue with '$.DataTables.Q.desks'"),
    look_up("queue", table="${BranchTable}", branch="paris"),
    tell("Paris has '$.DataTables.Q.queue'"),
    write({"Name": "desks", "Value": "13"}, {"Name": "queue", "Value": "", "UseDefaultValue": True}),
    write(branch="paris"),
    (
        "ListDataTableValues",
        {
            "DataTableId": "arn:aws:connect:us-east-1:111122223333:instance/i/data-table/Branches:2",
            "PrimaryKeyGroups": [{"PrimaryKeyGroupName": "Oslo", "PrimaryValues": OSLO}],
        },
    ),
    tell(
        "$.DataTableList.ResultData.primaryKeyGroups.Oslo[0].primaryKeys[0].attributeValue: "
        "$.DataTableList.ResultData.primaryKeyGroups.Oslo[0].attributes[0].attributeValue, "
        "$.DataTableList.ResultData.primaryKeyGroups.Oslo[0].attributes[1].attributeValue, "
        "version $.DataTableList.ResultData.lockVersion.dataTable"
    ),
    write({"Name": "desks", "Value": "14"}, lock="$.DataTableList.ResultData.lockVersion.dataTable"),
    ("ListDataTableValues", {"DataTableId": "Branches", "PrimaryKeyGroups": []}),
    tell("$.DataTableList.ResultData.primaryKeyGroups.default[2].primaryKeys[0].attributeValue"),
    write({"Name": "desks", "Value": "15"}, lock="1"),
)


# --- whole flows


def test_a_flow_finds_reads_changes_and_makes_profiles(folder: Path) -> None:
    assert heard(events(folder, *PROFILES)) == [
        "Ann of Oslo, gold",
        "Order o-2 is sent",
        "Frequent: true",
        "Now of Bergen, .",
        "Hello Bo",
    ]


def test_a_flow_finds_changes_and_makes_cases(folder: Path) -> None:
    assert heard(events(folder, *CASES)) == [
        "Broken kettle is c-1",
        "MultipleFound",
    ]
    after = CASES[:5] + CASES[6:]
    assert heard(events(folder, *after)) == [
        "Broken kettle is c-1",
        "Second is open, 2, true, 10000002",
        "c-1 has the title ''",
        "NoneFound",
    ]


def test_a_flow_reads_and_writes_data_tables(folder: Path) -> None:
    assert heard(events(folder, *TABLES)) == [
        "North with 12",
        "BasicQueue with ''",
        "Paris has ''",
        "oslo: BasicQueue, 13, version 3",
        "paris",
        "NoMatchingError",
    ]


def test_a_flow_tags_its_contact(folder: Path) -> None:
    steps = ("TagContact", {"Tags": {"tier": "$.Customer.Attributes.tier"}}), tell("Tier $.Tags.tier")
    gone = ("UntagContact", {"TagKeys": ["tier"]}), tell("Tier '$.Tags.tier'")

    assert heard(events(folder, FIND, *steps, *gone)) == ["Tier gold", "Tier ''"]


def test_what_is_asked_and_answered_has_the_shapes_of_aws(folder: Path) -> None:
    """The write of a data table is ours: AWS has it in two parts. What describes a table has no times here."""
    session, seen = Session(), set()
    after = CASES[:5] + CASES[6:]
    for steps in (PROFILES, after, TABLES):
        found = events(folder, *steps)
        asked = [event["effect"] for event in found if event.get("effect", {}).get("type") == "CallService"]
        answers = [event for event in found if event["type"] == "service.ended"]
        for call_, answer in zip(asked, answers, strict=True):
            if call_["operation"] == "UpsertDataTableValues":
                continue
            seen.add(call_["operation"])
            model = session.get_service_model(MODELS[call_["service"]]).operation_model(call_["operation"])
            report = ParamValidator().validate(call_["input"], model.input_shape)
            assert not report.has_errors(), report.generate_report()
            if not answer.get("error") and "DescribeDataTable" not in call_["operation"]:
                report = ParamValidator().validate(answer.get("output", {}), model.output_shape)
                assert not report.has_errors(), report.generate_report()
    assert len(seen) == 14


def test_equal_runs_give_equal_bytes(folder: Path) -> None:
    first, second = (run(folder, *PROFILES, words=("--json",)).out for _ in range(2))

    assert first == second


def test_the_files_stay_as_they_are(folder: Path) -> None:
    before = {path: path.read_bytes() for path in (folder / "data").iterdir()}
    run(folder, *TABLES)

    assert {path: path.read_bytes() for path in (folder / "data").iterdir()} == before


def test_the_terminal_shows_answers_where_everything_is_asked_for(folder: Path) -> None:
    assert '"FirstName":"Ann"' in run(folder, FIND, words=("--trace",)).out
    assert '"FirstName":"Ann"' not in run(folder, FIND).out


def test_a_secret_that_a_service_keeps_is_shown_nowhere(folder: Path) -> None:
    off = ("UpdateFlowLoggingBehavior", {"FlowLoggingBehavior": "Disabled"})
    store = {"StoreInput": "True", "Text": "Card?", "InputTimeLimitSeconds": "5"}
    custom = {"InputValidation": {"CustomValidation": {"MaximumLength": "20"}}}
    secret = "471199"
    steps = (
        off,
        ("GetParticipantInput", {**store, **custom}),
        FIND,
        ("UpdateCustomerProfile", {"ProfileRequestData": {"AccountNumber": "$.StoredCustomerInput"}}),
        (
            "GetCustomerProfile",
            {
                "ProfileRequestData": {"IdentifierName": "_account", "IdentifierValue": "$.StoredCustomerInput"},
                "ProfileResponseData": ["AccountNumber"],
            },
        ),
        ("TagContact", {"Tags": {"card": "$.Customer.AccountNumber"}}),
        case("CreateCase", CaseTemplateId=TEMPLATE, CaseRequestFields={"title": "Card $.Customer.AccountNumber"}),
        write({"Name": "queue", "Value": "$.Customer.AccountNumber"}),
        look_up("queue"),
        tell("Done"),
    )
    (folder / "flow.json").write_text(document(*steps))
    called = call("run", "flow.json", "--from", "+12065550100", "--press", f"{secret}#", "--json")

    assert called.code == 0, called
    found = [json.loads(line) for line in called.out.splitlines()]
    assert heard(found) == ["Card?", "Done"]
    assert secret not in called.out
    outputs = [event["output"] for event in found if event["type"] == "service.ended"]
    assert {"ProfileId": ANN, "AccountNumber": "[secret]"}.items() <= outputs[2]["Items"][0].items()


# --- services that refuse


def refusals(folder: Path, *steps: Step) -> list[str]:
    return [event["detail"] for event in events(folder, *steps) if event.get("cause") == "service"]


def test_without_a_description_the_error_branch_says_what_is_missing(folder: Path) -> None:
    (folder / "offhook.toml").unlink()

    assert refusals(folder, FIND) == [
        "ServiceUnavailableException: there is no service 'profile' here; [services] in offhook.toml can describe one."
    ]


def test_a_description_can_let_operations_fail(folder: Path) -> None:
    text = (folder / "data" / "cases.toml").read_text() + (folder / "data" / "refusing.toml").read_text()
    (folder / "data" / "cases.toml").write_text(text)
    found = events(folder, case("GetCase", GetLastUpdatedCase="true", CaseRequestFields={"case_id": "c-1"}))

    assert heard(found) == ["ContactNotLinked"]
    assert next(event["detail"] for event in found if event.get("cause")) == (
        "ThrottlingException: the description lets CreateRelatedItem fail."
    )


@pytest.mark.parametrize(
    ("step", "detail"),
    [
        (
            case("CreateCase", CaseTemplateId="t"),
            f"ResourceNotFoundException: there is no template 't'; known: {TEMPLATE}.",
        ),
        (
            case("CreateCase", CaseTemplateId=TEMPLATE),
            f"ValidationException: the template '{TEMPLATE}' requires title.",
        ),
        (case("UpdateCase", CaseId="c-9"), "ResourceNotFoundException: there is no case 'c-9'."),
        (
            ("CreateCustomerProfile", {"ProfileRequestData": {"Foo": "1"}}),
            "BadRequestException: 'Foo' is no field of a profile; known: AccountNumber",
        ),
        (
            ("UpdateCustomerProfile", {"ProfileRequestData": {"ProfileId": "x", "City": "Rome"}}),
            "ResourceNotFoundException: there is no profile 'x'.",
        ),
        (
            ("CheckSegmentMembership", {"ProfileId": ANN, "SegmentName": "Silver"}),
            "ResourceNotFoundException: there is no segment 'Silver'; there is Churning, LoyaltyGold.",
        ),
        (
            look_up("queue", table="Shops"),
            "ResourceNotFoundException: there is no data table 'Shops'; there is Branches.",
        ),
        (
            look_up("floor"),
            "ResourceNotFoundException: 'floor' is no attribute of the data table Branches; it has branch, ",
        ),
        (
            ("EvaluateDataTableValues", {"DataTableId": "Branches", "Queries": [{"QueryName": "Q"}]}),
            "InvalidParameterException: the primary attributes of Branches are branch; given are none.",
        ),
        (
            (
                "ListDataTableValues",
                {
                    "DataTableId": "Branches",
                    "PrimaryKeyGroups": [
                        {"PrimaryKeyGroupName": "G", "PrimaryValues": [{"Name": "queue", "Value": "North"}]}
                    ],
                },
            ),
            "InvalidParameterException: the primary attributes of Branches are branch; given are queue.",
        ),
        (
            write({"Name": "desks", "Value": "many"}),
            "InvalidParameterException: desks is 'many', must be a NUMBER.",
        ),
        (
            write({"Name": "desks", "Value": "", "UseDefaultValue": True}),
            "InvalidParameterException: desks has no default value in the data table Branches.",
        ),
        (
            write({"Name": "branch", "Value": "rome"}),
            "InvalidParameterException: branch is primary in the data table Branches, and cannot ",
        ),
        (
            write({"Name": "desks", "Value": "1"}, lock="7"),
            "ConflictException: the lock version of Branches is 1, not 7: list it again.",
        ),
    ],
)
def test_a_refusal_has_aws_s_name_and_a_sentence(folder: Path, step: Step, detail: str) -> None:
    (found,) = refusals(folder, step)

    assert found.startswith(detail)


def test_a_profile_that_is_not_there_takes_the_branch_of_none(folder: Path) -> None:
    latest = {"ProfileId": "x", "ObjectType": "_order", "UseLatest": "true"}
    calculated = ("GetCalculatedAttributesForCustomerProfile", {"ProfileRequestData": {"ProfileId": "x"}})

    assert heard(events(folder, ("GetCustomerProfileObject", {"ProfileRequestData": latest}))) == ["NoneFoundError"]
    assert heard(events(folder, calculated)) == ["NoneFoundError"]


def test_a_write_of_which_a_part_is_wrong_writes_nothing() -> None:
    wrong = write({"Name": "queue", "Value": "South"}, {"Name": "desks", "Value": "many"})
    services = Services({"data-tables": tomllib.loads(example("# data/tables.toml"))}, no_function)
    read = action("read", *look_up("queue"), then="say", errors=WRONG)
    asking = flow(
        action("write", *wrong, then="wrong", errors={"NoMatchingError": "read"}),
        read,
        say("say", "$.DataTables.Q.queue"),
        say("wrong", "wrong"),
        action("bye", "DisconnectParticipant"),
    )
    simulator = Simulator(compiled(asking), Stubs(), services=services, store=True)
    life = simulator.start(contact(), Script(()), at_ms=START_MS)
    simulator.run()

    assert life.contact.system["DataTables"] == {"Q": {"queue": "North"}}


# --- how profiles are found


FOUND_BY = {
    "_phone": ["+12065550100", "+12065550101"],
    "_email": ["ann@example.com", "work@example.com"],
    "_account": ["A-1"],
    "_profileId": ["p1"],
    "_fullName": ["Ann Lee"],
    "_orderId": ["o-1"],
    "_assetId": ["a-1"],
    "_crm": ["C-77"],
}
ONE = {
    "id": "p1",
    "fields": {
        "FirstName": "Ann",
        "LastName": "Lee",
        "PhoneNumber": "+12065550100",
        "BusinessPhoneNumber": "+12065550101",
        "EmailAddress": "ann@example.com",
        "BusinessEmailAddress": "work@example.com",
        "AccountNumber": "A-1",
    },
    "keys": {"_crm": ["C-77"]},
    "objects": {"_order": [{"OrderId": "o-1", "n": 1}, {"OrderId": "o-2", "n": 2}], "_asset": [{"AssetId": "a-1"}]},
}
OTHER = {"id": "p2", "fields": {"FirstName": "Bo", "LastName": "Lee", "PhoneNumber": "+12065550100"}}


def asking(described: dict[str, Any], key: str) -> Callable[..., ServiceEnded]:
    services, service = Services({key: described}, no_function), modules()[key].SERVICE

    def ask(operation: str, **input: Any) -> ServiceEnded:
        return services.call(CallService("c/1", service, operation, input), "c")

    return ask


def ids(ended: ServiceEnded) -> list[str]:
    return [item["ProfileId"] for item in ended.output["Items"]]


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in FOUND_BY.items() for value in values])
def test_a_profile_is_found_by_its_keys(key: str, value: str) -> None:
    ask = asking({"profiles": [ONE]}, "profiles")

    assert ids(ask("SearchProfiles", KeyName=key, Values=[value])) == ["p1"]
    assert ids(ask("SearchProfiles", KeyName=key, Values=[f"{value}x"])) == []


def test_several_keys_are_joined() -> None:
    ask = asking({"profiles": [ONE, OTHER]}, "profiles")
    more = [{"KeyName": "_account", "Values": ["A-1"]}]
    phone = {"KeyName": "_phone", "Values": ["+12065550100"], "AdditionalSearchKeys": more}

    assert ids(ask("SearchProfiles", **phone, LogicalOperator="AND")) == ["p1"]
    assert ids(ask("SearchProfiles", **phone, LogicalOperator="OR")) == ["p1", "p2"]
    assert ids(ask("SearchProfiles", **phone, LogicalOperator="OR", MaxResults=1)) == ["p1"]


def test_objects_are_found_by_id_and_by_value_the_newest_first() -> None:
    ask = asking({"profiles": [ONE]}, "profiles")

    def orders(**more: Any) -> list[str]:
        items = ask("ListProfileObjects", ProfileId="p1", ObjectTypeName="_order", **more).output["Items"]
        return [json.loads(item["Object"])["OrderId"] for item in items]

    assert orders() == ["o-2", "o-1"]
    assert orders(ObjectFilter={"KeyName": "_orderId", "Values": ["o-1"]}) == ["o-1"]
    assert orders(ObjectFilter={"KeyName": "n", "Values": ["2"]}) == ["o-2"]
    assert ask("ListProfileObjects", ProfileId="p1", ObjectTypeName="Trip").output == {"Items": []}


@pytest.mark.parametrize("key", ["cases", "profiles", "data-tables"])
def test_an_operation_that_is_not_there_is_refused(key: str) -> None:
    described = {"tables": {"T": {"attributes": {}}}} if key == "data-tables" else {}

    assert asking(described, key)("Dance", DataTableId="T").error == "UnknownOperationException"


def test_cases_without_templates_may_have_any() -> None:
    ask = asking({}, "cases")
    made = ask("CreateCase", domainId="d", templateId="any", fields=[]).output

    assert made["caseArn"] == f"arn:aws:cases:us-east-1:111122223333:domain/d/case/{made['caseId']}"


def test_described_cases_are_in_the_order_of_their_dates() -> None:
    dated = {"id": "new", "fields": {"last_updated_datetime": "2026-01-02T00:00:00Z"}}
    older = {"id": "old", "fields": {"last_updated_datetime": "2026-01-01T00:00:00Z"}}
    ask = asking({"cases": [dated, older]}, "cases")
    open_ = {"andAll": [{"field": {"equalTo": {"id": "status", "value": {"stringValue": "open"}}}}]}
    found = ask("SearchCases", filter=open_, fields=[], maxResults=9).output["cases"]

    assert [case["caseId"] for case in found] == ["new", "old"]


# --- descriptions that are wrong


def problems(key: str, described: dict[str, Any]) -> list[str]:
    with pytest.raises(UsageError) as caught:
        Services({key: described}, no_function)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("key", "described", "expected"),
    [
        ("crm", {}, [f"'crm' is no service here; known: {KNOWN}."]),
        ("cases", {"fail": {"X": 1}}, ["fail is wrong: must give the name of an error for each operation."]),
        (
            "cases",
            {"case": [], "cases": {}, "templates": []},
            [
                "'case' is not known here; known: templates, cases.",
                "templates is no object, must be an object of objects.",
                "cases is no list, must be a list of objects.",
            ],
        ),
        (
            "cases",
            {"templates": {"t": {"needs": []}, "u": 1}, "cases": [{"name": 1}, {"id": 1}, {"fields": {"a": []}}]},
            [
                "templates.t: 'needs' is not known there; known: required.",
                "templates.u: expected `object`, got `int`.",
                "cases[0]: 'name' is not known there; known: id, template, fields.",
                "cases[1].id: expected `str`, got `int`.",
                "cases[2].fields[...]: expected `bool | int | float | str`, got `array`.",
            ],
        ),
        (
            "cases",
            {"templates": {"t": {}}, "cases": [{"id": "a"}, {"id": "a", "template": "u"}]},
            [
                "cases[1]: its id 'a' is another case's; give it one of its own.",
                "cases[1]: there is no template 'u'; known: t.",
            ],
        ),
        (
            "profiles",
            {
                "profiles": [
                    {"id": "a", "fields": {"Address": {"Street": "x"}}},
                    {"id": "a", "fields": {"FirstName": {"a": "b"}}},
                    {"fields": {"Attributes": "x"}},
                ],
                "segments": "x",
            },
            [
                "profiles[0].fields: Address has no 'Street'; it has Address1, Address2, Address3, Address4, City, "
                "County, State, Province, Country, PostalCode.",
                "profiles[1].fields: FirstName is an object, must be a text.",
                "profiles[1]: its id 'a' is another profile's; give it one of its own.",
                "profiles[2].fields: 'Attributes' is no field of a profile; known: AccountNumber, ",
                "segments is no list of names, must be one.",
            ],
        ),
        (
            "data-tables",
            {
                "tables": {
                    "T": {
                        "attributes": {"k": {"primary": True}, "n": {"type": "NUMBER"}, "b": {"type": "BOOLEAN"}},
                        "rows": [
                            {"k": "1", "n": "x", "z": 1},
                            {"n": 1},
                            {"k": 2, "b": True},
                            {"k": "2", "b": "yes"},
                        ],
                    },
                    "U": {"attributes": {"k": {"type": "DATE"}}},
                    "V": {},
                    "W": {"attributes": {"k": {"unique": True}}},
                    "X": {"attributes": {"v": {}}, "rows": [{}, {}]},
                }
            },
            [
                "tables.U.attributes[...].type: invalid enum value 'DATE'.",
                "tables.V: object missing required field `attributes`.",
                "tables.W.attributes[...]: 'unique' is not known there.",
                "tables.T.rows[0]: n is 'x', must be a NUMBER.",
                "tables.T.rows[0]: 'z' is no attribute of the table; it has k, n, b.",
                "tables.T.rows[1]: its primary k is missing; every row has the primary attributes.",
                "tables.T.rows[3]: b is 'yes', must be a BOOLEAN.",
                "tables.T.rows[3]: there is a row with 2 already; rows differ in what is primary.",
                "tables.X.rows[1]: there is a row with no primary attribute already; rows differ in what is primary.",
            ],
        ),
    ],
)
def test_a_wrong_description_says_every_problem(key: str, described: dict[str, Any], expected: list[str]) -> None:
    found = problems(key, described)

    assert len(found) == len(expected), found
    assert all(sentence.startswith(wanted) for sentence, wanted in zip(found, expected, strict=True)), found


# --- offhook.toml


def wrong(folder: Path, text: str) -> list[str]:
    (folder / "offhook.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        load_project(folder)
    return list(caught.value.problems)


def test_wrong_files_are_said_at_once(folder: Path) -> None:
    files = {"a.toml": "x = ", "b.json": "[1]", "c.json": "{", "d.toml": "[case]\n[[cases]]\nname = 1"}
    for name, text in files.items():
        (folder / name).write_text(text)

    assert wrong(folder, '[services]\nlex = "a.toml"\nprofiles = "b.json"\ncases = "d.toml"') == [
        "d.toml: 'case' is not known here; known: templates, cases.",
        "d.toml: cases[0]: 'name' is not known there; known: id, template, fields.",
        "a.toml: not TOML: invalid value (at end of document).",
        "b.json: must be an object.",
    ]
    assert wrong(folder, '[services]\nlex = "c.json"\nprofiles = "gone.json"\ncases = "bots.yaml"') == [
        "bots.yaml: must be a .json or a .toml file.",
        "c.json: not JSON: input data was truncated.",
        "gone.json: cannot be read: No such file or directory.",
    ]
    assert wrong(folder, '[services]\ncrm = "c.json"\ncases = 3') == [
        "offhook.toml: [services] cases is 3, must be text.",
        f"offhook.toml: [services] crm is not a setting here; known: {KNOWN}.",
    ]


def test_a_file_that_is_nested_too_deeply_is_refused(folder: Path) -> None:
    (folder / "deep.json").write_text("[" * 100_000)

    assert wrong(folder, '[services]\ncases = "deep.json"') == ["deep.json: the JSON is nested too deeply."]


def test_an_environment_has_files_of_its_own(folder: Path) -> None:
    (folder / "data" / "none.json").write_text("{}")
    text = (folder / "offhook.toml").read_text() + '\n[env.empty.services]\nprofiles = "data/none.json"\n'
    (folder / "offhook.toml").write_text(text)

    assert heard(events(folder, FIND, words=("--env", "empty"))) == ["NoneFoundError"]


def test_a_project_watches_the_files_of_its_services(folder: Path) -> None:
    watched = set(load_project(folder).watched())

    assert {folder / "data" / "profiles.json", folder / "bots.toml"} <= watched


def test_described_bots_are_bots_of_the_project(folder: Path) -> None:
    text = (folder / "offhook.toml").read_text() + '\n[bots.Hotel]\nmatches = ["my bot"]\n[bots.Other]\n'
    (folder / "offhook.toml").write_text(text)
    resolver = Resolver(load_project(folder).instance)

    for raw in ("Hotel", "my bot", "${HotelBotAlias.Arn}", "arn:aws:lex:eu-west-1:1:bot-alias/HOTELBOT01/HOTELALIAS"):
        resource = resolver.find("bot", raw).resource
        assert resource is not None
        assert resource.name == "Hotel"
    assert resolver.find("bot", "Other").resource is not None


ASK: Step = (
    "ConnectParticipantWithLexBot",
    {"Text": "Yes?", "LexV2Bot": {"AliasArn": "Member"}, "when": ["Identify"]},
)
CLOSED = {"sessionState": {"dialogAction": {"type": "Close"}, "intent": {"name": "Identify", "state": "Fulfilled"}}}
MEMBER = """
[bots.Member]
function = "{function}"
[bots.Member.intents.Identify]
utterances = ["it is me"]
dialog_hook = true
"""


@pytest.mark.parametrize(
    ("function", "stub", "detail"),
    [
        ("hook", f"stub = '{json.dumps(CLOSED)}'", ""),
        ("arn:aws:lambda:us-east-1:111122223333:function:hook", f"stub = '{json.dumps(CLOSED)}'", ""),
        ("hook", 'fail = "error"', "the function hook failed: "),
        ("hoo", 'fail = "error"', "the function hoo failed: no function is registered for 'hoo'; nearest: hook."),
        ("hook", 'stub = "text"', "the function hook answered what Lex does not understand"),
    ],
)
def test_a_bot_calls_functions_of_the_project(folder: Path, function: str, stub: str, detail: str) -> None:
    (folder / "bots.toml").write_text(MEMBER.format(function=function))
    stub = stub.replace(f"'{json.dumps(CLOSED)}'", inline(CLOSED))
    (folder / "offhook.toml").write_text(f'[services]\nlex = "bots.toml"\n[functions.hook]\n{stub}\n')
    (folder / "flow.json").write_text(document(ASK, tell("Welcome")))
    called = call("run", "flow.json", "--input", "say:it is me", "--json")

    assert called.code == 0, called
    found = [json.loads(line) for line in called.out.splitlines()]
    assert heard(found)[-1] == ("NoMatchingError" if detail else "Welcome")
    if detail:
        told = next(event["detail"] for event in found if event.get("cause"))
        assert told.startswith(f"DependencyFailedException: {detail}"), told


def inline(value: Any) -> str:
    """JSON as an inline table of TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {inline(each)}" for key, each in value.items()) + "}"
    return json.dumps(value)
