"""docs/aws-apis.md is what `make docs` writes."""

from offhook.cli.apis import page
from tests.conftest import ROOT


def test_the_page_of_operations_is_what_is_built() -> None:
    assert (ROOT / "docs" / "aws-apis.md").read_text(encoding="utf-8") == page(), "run make docs"
