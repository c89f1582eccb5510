"""docs/blocks is written by `python -m offhook.cli.docs`, and is what it would write now."""

import re
from pathlib import Path

import pytest

from offhook.blocks import catalogue
from offhook.cli import docs
from offhook.cli.example import transcript

from .conftest import ROOT

COMMITTED = ROOT / "docs" / "blocks"
BUILT = [action for action, spec in sorted(catalogue().items()) if spec.enter is not None]


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_the_pages_are_up_to_date(tmp_path: Path) -> None:
    docs.write(tmp_path)

    assert texts(tmp_path) == texts(COMMITTED), "run `python -m offhook.cli.docs` and read what has changed"


def test_a_page_whose_block_is_gone_goes_too(tmp_path: Path) -> None:
    (tmp_path / "Teleport.md").write_text("old")

    docs.write(tmp_path)

    assert not (tmp_path / "Teleport.md").exists()


def test_every_page_says_that_it_is_generated_and_is_in_the_index() -> None:
    found = docs.pages()

    assert found.keys() == {"README.md", *(f"{action}.md" for action in catalogue())}
    assert {text.splitlines()[0] for text in found.values()} == {docs.GENERATED}
    assert set(re.findall(r"\]\((\w+\.md)\)", found["README.md"])) == found.keys() - {"README.md"}
    assert found["README.md"].endswith(f"66 actions, {len(BUILT)} of them built.\n")


@pytest.mark.parametrize("action", BUILT)
def test_an_example_runs_without_going_wrong(action: str) -> None:
    """A reader should see the block do what it is for."""
    lines = "\n".join(transcript(catalogue()[action]))

    assert " ! " not in lines
    assert "NoMatchingError" not in lines


def test_a_page_shows_nested_parameters_limits_and_defaults() -> None:
    lambda_page, loop = (
        docs.pages()[f"{name}.md"] for name in ("InvokeLambdaFunction", "MessageParticipantIteratively")
    )

    assert "| `InvocationTimeLimitSeconds` | Timeout (seconds) | whole number | no | 1..60 | `3` |" in lambda_page
    assert "| `ResponseValidation.ResponseType` |  | `JSON`, `STRING_MAP` | no |  | `STRING_MAP` |" in lambda_page
    assert "| `Messages[].PromptId` |  | text | one whole reference |  |  |" in loop
    assert '-> {"State":"Washington"}' in lambda_page
    assert "| OUTBOUND_WHISPER | yes | no |" in lambda_page


def test_sources_are_links_to_the_pages_of_aws() -> None:
    sources = [text.split("Source: ")[1].splitlines()[0] for name, text in docs.pages().items() if name != "README.md"]

    links = [link for source in sources for link in re.findall(r"\]\((.*?)\)", source)]
    assert len(links) >= len(sources) - 1
    assert all(re.fullmatch(rf"{docs.GUIDE}/(APIReference|adminguide)/[a-zA-Z0-9_-]+\.html", link) for link in links)
    assert not any("spec/" in source or "decision" in source for source in sources)
