"""Publishing on flows that others have written: what Connect exported it takes back."""

import csv
from pathlib import Path

import pytest

from offhook.blocks import catalogue
from offhook.flowjson.publish import OLD_EXPORT, problems
from offhook.flowjson.read import read_flow
from offhook.model.flow import FLOW_TYPES

# Refused although all that is named exists. Each was read; Connect exported none of them but 093, where the bot was
# taken out afterwards.
REFUSED = {
    "flow-language-003.json": [  # written by a program: it stores input and does not say how
        "Action is missing required property. Path: Actions[4].Parameters.InputValidation",
        "Invalid Action error. Error: InputTimeLimitExceeded, Path: Actions[4]",
    ],
    "flow-language-009.json": [  # a part of a flow, in a manual
        "Invalid Action property value. Path: Actions[1].Transitions.NextAction",
        "Invalid Action property value. Path: Actions[1].Transitions.Errors[0].NextAction",
        "Invalid Action property value. Path: Actions[1].Transitions.Errors[1].NextAction",
        "Invalid Action property value. Path: Actions[1].Transitions.Conditions[0].NextAction",
        "Invalid Action property value. Path: Actions[1].Transitions.Conditions[1].NextAction",
    ],
    "flow-language-044.json": ["Invalid property value. Path: StartAction"],  # has no actions
    "flow-language-093.json": [  # AliasArn is empty
        "Invalid Action property value. Path: Actions[5].Parameters.LexV2Bot.AliasArn"
    ],
    "flow-language-099.json": [  # a page of advice, with types that do not exist
        "Invalid Action type. Type: CheckStaffing, Path: Actions[0].Type",
        "Invalid Action property name. Path: Actions[1].Parameters.QueueId",
        "Action is missing required property. Path: Actions[4].Parameters.StoreInput",
        "Invalid Action type. Type: SetCallbackNumber, Path: Actions[6].Type",
        "Invalid Action property name. Path: Actions[7].Parameters.QueueId",
    ],
    "flow-language-100.json": [  # another page of advice
        "Action is missing required error. Error: NoMatchingCondition, Path: Actions[11]",
        "Invalid Action property name. Path: Actions[15].Parameters.QueueId",
    ],
    "flow-language-108.json": [  # made for a test
        "Action is missing required error. Error: NoMatchingError, Path: Actions[0]",
        "Action is missing required error. Error: NoMatchingError, Path: Actions[1]",
        "Invalid Action type. Type: TransferContactToFlow, Path: Actions[2].Type",
    ],
    "flow-language-109.json": [  # made for a test: recording in an agent hold flow
        "Invalid Action type. Type: UpdateContactRecordingBehavior, Path: Actions[0].Type"
    ],
    # 112 to 114 were written by a program, which leaves StoreInput out
    "flow-language-112.json": ["Action is missing required property. Path: Actions[2].Parameters.StoreInput"],
    "flow-language-113.json": [
        "Action is missing required property. Path: Actions[1].Parameters.StoreInput",
        "Action is missing required property. Path: Actions[4].Parameters.StoreInput",
        "Action is missing required property. Path: Actions[5].Parameters.StoreInput",
    ],
    "flow-language-114.json": ["Action is missing required property. Path: Actions[2].Parameters.StoreInput"],
    "flow-language-117.json": ["Invalid property value. Path: StartAction"],  # has no actions
}
# Neither an id nor a reference, but a value that something must be put in place of
TOKENS = ("${", "{{", "%%", "<", "REPLACE", "{ACCOUNT_ID}")


@pytest.fixture(scope="module")
def rows(flows_folder: Path) -> list[dict[str, str]]:
    with (flows_folder / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _refused(text: str, said: str, *, exists: bool) -> list[str]:
    """The problems as a flow of its type; where nobody says which, as the type that takes it best."""
    standing = said or read_flow(text, catalogue()).type
    known = (lambda kind, raw: True) if exists else None
    found = [
        problems(text, catalogue(), flow_type=each, known=known) for each in ((standing,) if standing else FLOW_TYPES)
    ]
    return min(found, key=len)


def test_what_connect_exported_is_published(flows_folder: Path, rows: list[dict[str, str]]) -> None:
    texts = {row["file"]: (flows_folder / row["file"]).read_text("utf-8") for row in rows if row["format"] != "legacy"}
    types = {row["file"]: row["flow_type"] for row in rows}

    refused = {name: _refused(text, types[name], exists=True) for name, text in texts.items()}

    assert len(texts) == 124
    assert {name: found for name, found in refused.items() if found} == REFUSED


def test_the_old_export_is_never_published(flows_folder: Path, rows: list[dict[str, str]]) -> None:  # P51
    files = [row["file"] for row in rows if row["format"] == "legacy"]

    assert len(files) == 52
    for name in files:
        text = (flows_folder / name).read_text("utf-8")
        assert problems(text, catalogue(), flow_type="CONTACT_FLOW") == [OLD_EXPORT]


def test_template_tokens_are_refused_where_they_name_something(flows_folder: Path, rows: list[dict[str, str]]) -> None:
    seen = 0
    for row in rows:
        if row["format"] == "legacy" or row["file"] in REFUSED:
            continue
        text = (flows_folder / row["file"]).read_text("utf-8")
        found = _refused(text, row["flow_type"], exists=False)
        seen += bool(found)
        assert not found or any(token in text for token in TOKENS), row["file"]
    assert seen > 30
