"""Templates from files: where their code lies, what `sam build` and CDK leave behind, and what costs nothing."""

import io
import os
import shutil
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from offhook.cli.project import load_project
from offhook.cli.template import unpack
from offhook.model.errors import UsageError
from offhook.templates.evaluate import Given
from offhook.templates.load import MAX_ZIP_BYTES, Loaded, Outside, Placed, load_template, stack_name
from offhook.templates.physical import physical_name
from offhook.templates.syntax import MAX_BYTES

FIXTURES = Path(__file__).parent / "fixtures/templates"
HANDLER = "def handler(event, context):\n    return {}\n"


def load(path: Path, **said: Any) -> Loaded:
    root = path.parent
    outside = Outside(shown=lambda each: os.path.relpath(each, root), unpack=unpack, cache=root / ".offhook/code")
    return load_template(path, Given(table="functions.stack", stack=stack_name(path, "demo"), **said), outside)


def refused(path: Path, **said: Any) -> list[str]:
    with pytest.raises(UsageError) as refusal:
        load(path, **said)
    return list(refusal.value.problems)


def template(folder: Path, properties: str, *, runtime: str = "python3.11", more: str = "") -> Path:
    """One function with these properties."""
    path = folder / "template.yaml"
    path.write_text(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n"
        "  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        f"      Handler: app.handler\n      Runtime: {runtime}\n      {properties}\n{more}"
    )
    return path


def only(loaded: Loaded) -> Placed:
    (placed,) = loaded.functions
    return placed


def package(**files: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return data.getvalue()


# --- code


def test_code_lies_in_a_folder_beside_the_template(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    placed = only(load(template(tmp_path, "CodeUri: ./x/../src/")))

    assert (placed.folder, placed.reason) == (tmp_path / "src", "")


def test_functions_may_share_their_code(tmp_path: Path) -> None:
    (tmp_path / "app.zip").write_bytes(package(app=HANDLER))
    twin = "  Twin:\n    Type: AWS::Serverless::Function\n    Properties: {%s}\n"
    path = template(
        tmp_path, "CodeUri: app.zip", more=twin % "Handler: app.other, Runtime: python3.11, CodeUri: app.zip"
    )
    first, second = load(path).functions

    assert first.folder == second.folder


def test_code_may_be_one_file(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(HANDLER)

    assert only(load(template(tmp_path, "CodeUri: app.py"))).folder == tmp_path


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ("CodeUri: src", "there is no src"),
        ("CodeUri: s3://bucket/key", "its code is at s3://bucket/key"),
        ("CodeUri: {Bucket: b, Key: k}", "its code is in an S3 bucket"),
        ("PackageType: Image", "its code is in a container image"),
        ("CodeUri: broken.zip", "its code cannot be used: The package cannot be unzipped: File is not a zip file"),
        ("CodeUri: large.zip", f"large.zip has {MAX_ZIP_BYTES + 1:,} bytes; Lambda takes {MAX_ZIP_BYTES:,} at most"),
    ],
)
def test_code_that_is_not_here_has_a_reason(tmp_path: Path, properties: str, reason: str) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK nothing")
    with (tmp_path / "large.zip").open("wb") as file:
        file.truncate(MAX_ZIP_BYTES + 1)
    placed = only(load(template(tmp_path, properties)))

    assert (placed.folder, placed.reason) == (None, reason)


@pytest.mark.parametrize(("runtime", "name"), [("python3.11", "index.py"), ("nodejs22.x", "index.js")])
def test_code_in_the_template_is_written_once(tmp_path: Path, runtime: str, name: str) -> None:
    path = template(tmp_path, "InlineCode: |\n        # 受付\n        x = 1", runtime=runtime)
    folder = only(load(path)).folder

    assert folder is not None
    assert (folder / name).read_text("utf-8") == "# 受付\nx = 1\n"
    assert folder.is_relative_to(tmp_path / ".offhook/code")
    assert (tmp_path / ".offhook/code/.gitignore").read_text() == "*\n"
    before = (folder / name).stat().st_mtime_ns
    assert only(load(path)).folder == folder
    assert (folder / name).stat().st_mtime_ns == before
    assert only(load(template(tmp_path, "InlineCode: y = 2", runtime=runtime))).folder != folder


def test_code_in_the_template_is_python_or_javascript(tmp_path: Path) -> None:
    placed = only(load(template(tmp_path, "InlineCode: x", runtime="provided.al2023")))

    assert placed.reason == "its code is text in the template, which provided.al2023 does not take"


def test_a_zip_file_is_unpacked_once(tmp_path: Path) -> None:
    (tmp_path / "app.zip").write_bytes(package(app=HANDLER))
    path = template(tmp_path, "CodeUri: app.zip")
    folder = only(load(path)).folder

    assert folder is not None
    assert (folder / "app.py").read_text() == HANDLER
    assert only(load(path)).folder == folder
    (tmp_path / "app.zip").write_bytes(package(app="# longer\n" + HANDLER))
    assert only(load(path)).folder != folder


def test_a_zip_file_may_be_hostile(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("../../evil.py", "x")
    (tmp_path / "app.zip").write_bytes(data.getvalue())
    placed = only(load(template(tmp_path, "CodeUri: app.zip")))

    assert placed.reason.startswith("its code cannot be used: The package has the entry '../../evil.py', which leads")
    assert not list(tmp_path.rglob("evil.py"))


def test_two_who_fill_the_cache_at_once_both_win(tmp_path: Path) -> None:
    (tmp_path / "app.zip").write_bytes(package(app=HANDLER))
    path = template(tmp_path, "CodeUri: app.zip")
    first = only(load(path)).folder
    assert first is not None
    kept = shutil.copytree(first.parent, tmp_path / "kept")
    shutil.rmtree(first.parent)

    def slow(data: bytes, folder: Path) -> None:
        unpack(data, folder)
        shutil.copytree(kept, first.parent)

    outside = Outside(shown=str, unpack=slow, cache=tmp_path / ".offhook/code")
    placed = load_template(path, Given(table="functions.stack", stack="demo"), outside).functions[0]
    assert placed.folder == first


def test_a_cache_that_cannot_be_written_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / ".offhook").write_text("a file")
    placed = only(load(template(tmp_path, "InlineCode: x = 1")))

    assert placed.reason == "its code cannot be put into the cache: Not a directory"


def test_damage_while_unpacking_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "app.zip").write_bytes(package(app=HANDLER))

    def full(data: bytes, folder: Path) -> None:
        raise OSError(28, "No space left on device")

    outside = Outside(shown=str, unpack=full, cache=tmp_path / "cache")
    path = template(tmp_path, "CodeUri: app.zip")
    placed = load_template(path, Given(table="functions.stack", stack="demo"), outside).functions[0]

    assert placed.reason == "its code cannot be put into the cache: No space left on device"
    assert [each.name for each in (tmp_path / "cache").iterdir()] == [".gitignore"]


# --- layers


LAYERS = """
  One: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: one}}
  Two: {Type: AWS::Serverless::LayerVersion, Metadata: {BuildMethod: python3.11}, Properties: {ContentUri: two}}
  Built: {Type: AWS::Serverless::LayerVersion, Metadata: {BuildMethod: python3.11}, Properties: {ContentUri: built}}
  Gone: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: gone}}
"""
FAR = "arn:aws:lambda:us-east-1:017000801446:layer:Powertools:5"


def test_layers_are_folders_built_or_not(tmp_path: Path) -> None:
    for name in ("src", "one/python", "two", "built/python"):
        (tmp_path / name).mkdir(parents=True)
    layers = f"CodeUri: src\n      Layers: [!Ref One, !Ref Two, !Ref Built, !Ref Gone, '{FAR}']"
    loaded = load(template(tmp_path, layers, more=LAYERS))

    assert only(loaded).layers == (tmp_path / "one", tmp_path / "built")
    assert only(loaded).sources == (tmp_path / "two",)
    assert loaded.warnings == (f"template.yaml: Fn: layer {FAR} lies in AWS; what is in it must be installed here.",)
    node = only(load(template(tmp_path, layers, runtime="nodejs22.x", more=LAYERS)))
    assert (node.layers, node.sources) == ((tmp_path / "one",), (tmp_path / "two", tmp_path / "built"))


# --- files


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9")
    (tmp_path / "large.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    (tmp_path / "broken.yaml").write_text("a: b: c")

    assert refused(tmp_path / "gone.yaml") == ["gone.yaml: cannot be read: No such file or directory."]
    assert refused(tmp_path / "folder") == ["folder: is a folder; name a template."]
    assert refused(tmp_path / "latin.yaml") == ["latin.yaml: is not UTF-8 text."]
    assert refused(tmp_path / "large.yaml") == [
        "large.yaml: has 4,194,305 bytes; a template may have 4,194,304 at most."
    ]
    (sentence,) = refused(tmp_path / "broken.yaml")
    assert sentence.startswith("broken.yaml: line 1, column 5: not YAML: mapping values are not allowed ")
    (tmp_path / "folder/A.template.json").touch()
    assert refused(tmp_path / "folder") == ["folder: is a folder; name a template, such as A.template.json."]


def test_notes_about_the_text_are_warnings(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("Resources: {}\nResources: {}\n")

    assert load(path).warnings == (
        "template.yaml: line 2: key 'Resources' occurs twice in one mapping; the last one counts.",
    )


def test_an_included_file_is_read_beside_the_template(tmp_path: Path) -> None:
    include = "Fn::Transform: {Name: 'AWS::Include', Parameters: {Location: s3://b/variables.yaml}}"
    path = template(tmp_path, f"CodeUri: s3://x/y\n      Environment:\n        Variables:\n          {include}")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/variables.yaml").write_text("REGION: !Ref AWS::Region")

    placed = only(load(path, imports={"s3://b/variables.yaml": "parts/variables.yaml", "other": "x"}))
    assert placed.function.environment == {"REGION": "us-east-1"}
    assert refused(path, imports={"s3://b/variables.yaml": "gone.yaml"}) == [
        "gone.yaml: cannot be read: No such file or directory."
    ]


# --- sam build


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A project of SAM that was built after it was written."""
    shutil.copytree(FIXTURES / "sam", tmp_path, dirs_exist_ok=True)
    build = tmp_path / ".aws-sam/build"
    (build / "Lookup").mkdir(parents=True)
    shutil.copy2(tmp_path / "src/lookup.py", build / "Lookup/lookup.py")
    text = (tmp_path / "template.yaml").read_text()
    (build / "template.yaml").write_text(text.replace("CodeUri: src/", "CodeUri: Lookup"))
    age(tmp_path / "template.yaml", 100)
    age(tmp_path / "src/lookup.py", 100)
    age(build / "template.yaml", 50)
    return tmp_path


def age(path: Path, seconds: int) -> None:
    at = 1_700_000_000 - seconds
    os.utime(path, (at, at))


def test_what_sam_has_built_is_used(built: Path) -> None:
    loaded = load(built / "template.yaml")

    assert loaded.file == built / ".aws-sam/build/template.yaml"
    assert loaded.files == (built / "template.yaml", loaded.file)
    assert only(loaded).folder == built / ".aws-sam/build/Lookup"
    assert loaded.warnings == ()


def test_what_sam_has_built_before_the_template_was_changed_is_not_used(built: Path) -> None:
    age(built / "template.yaml", 10)
    loaded = load(built / "template.yaml")

    assert loaded.file == built / "template.yaml"
    assert only(loaded).folder == built / "src"
    assert loaded.warnings == (".aws-sam/build/template.yaml is older than template.yaml and not used; run sam build.",)


def test_what_sam_has_built_before_the_code_was_changed_is_told(built: Path) -> None:
    age(built / "src/lookup.py", 10)
    loaded = load(built / "template.yaml")

    assert only(loaded).folder == built / ".aws-sam/build/Lookup"
    assert loaded.warnings == (
        ".aws-sam/build/template.yaml is older than the code of Lookup, and used; run sam build.",
    )


def test_what_sam_has_built_of_another_template_is_not_used(built: Path) -> None:
    path = template(built, "CodeUri: src")
    age(path, 100)

    assert load(path).file == path


def test_what_sam_has_built_can_be_named_itself(built: Path) -> None:
    path = built / ".aws-sam/build/template.yaml"

    assert load(path).file == path
    assert only(load(path)).folder == path.parent / "Lookup"


# --- CDK


def test_what_cdk_has_written_is_read(tmp_path: Path) -> None:
    out = tmp_path / "cdk.out"
    shutil.copytree(FIXTURES / "cdk/cdk.out", out)
    loaded = load(out / "ShopStack.template.json")
    placed = only(loaded)
    name = physical_name("ShopStack", "Lookup9C0D1E2F")
    (main,) = loaded.contents.flows

    assert placed.folder == next(out.glob("asset.*"))
    assert placed.function.resource.name == name
    assert (placed.function.handler, placed.function.timeout_seconds) == ("index.handler", 6)
    assert placed.function.environment == {
        "TABLE": physical_name("ShopStack", "StatesTable5E6F7A8B"),
        "QUEUE": "arn:aws:sqs:us-east-1:111122223333:callbacks",
    }
    assert (main.resource.name, main.type) == ("Shop main", "CONTACT_FLOW")
    assert f":function:{name}" in main.content
    assert loaded.contents.associated == {name}
    assert loaded.warnings == ()


def test_without_the_manifest_cdk_says_it_in_the_template(tmp_path: Path) -> None:
    out = tmp_path / "cdk.out"
    shutil.copytree(FIXTURES / "cdk/cdk.out", out)
    (out / "ShopStack.assets.json").unlink()

    assert only(load(out / "ShopStack.template.json")).folder == next(out.glob("asset.*"))


@pytest.mark.parametrize("text", ["{", "[]", '{"files": 1}', '{"files": {"a": {}}}', '{"files": {"a": {"source": 1}}}'])
def test_a_manifest_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    out = tmp_path / "cdk.out"
    shutil.copytree(FIXTURES / "cdk/cdk.out", out)
    (out / "ShopStack.assets.json").write_text(text)

    assert refused(out / "ShopStack.template.json") == [
        "ShopStack.assets.json: is no manifest of assets as CDK writes it."
    ]


def test_a_manifest_may_hold_other_things(tmp_path: Path) -> None:
    out = tmp_path / "cdk.out"
    shutil.copytree(FIXTURES / "cdk/cdk.out", out)
    text = (out / "ShopStack.assets.json").read_text()
    (out / "ShopStack.assets.json").write_text(
        text.replace('"files": {', '"files": {"x": {"source": {"executable": ["a"]}}, ').replace(
            '"objectKey"', '"other"', 1
        )
    )

    assert only(load(out / "ShopStack.template.json")).folder == next(out.glob("asset.*"))


def test_the_stack_is_named_by_cdks_file_or_by_the_table() -> None:
    assert stack_name(Path("cdk.out/Shop.template.json"), "from-template") == "Shop"
    assert stack_name(Path("template.yaml"), "from-template") == "from-template"


# --- what costs nothing

_opened: list[str] | None = None


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _opened is not None and event in ("open", "os.listdir", "os.scandir", "os.mkdir"):
        _opened.append(str(arguments[0]))


@contextmanager
def opened(folder: Path) -> Iterator[list[str]]:
    """What is opened, made or listed in the folder meanwhile. Python cannot take such a hook away: it is silenced."""
    global _opened
    if _note not in _hooked:
        sys.addaudithook(_note)
        _hooked.append(_note)
    _opened = []
    found: list[str] = []
    try:
        yield found
    finally:
        found += [path for path in _opened if path.startswith(str(folder))]
        _opened = None


_hooked: list[Any] = []


def test_a_thousand_functions_open_one_file(tmp_path: Path) -> None:
    fn = "  Fn{}: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: src/{}, Handler: app.handler}}}}\n"
    for n in range(1000):
        (tmp_path / f"src/{n}").mkdir(parents=True)
    path = tmp_path / "template.yaml"
    path.write_text(
        "Transform: AWS::Serverless-2016-10-31\nGlobals: {Function: {Runtime: python3.11}}\nResources:\n"
        + "".join(fn.format(n, n) for n in range(1000))
    )

    with opened(tmp_path) as files:
        loaded = load(path)

    assert len(loaded.functions) == 1000
    assert all(placed.folder is not None for placed in loaded.functions)
    assert files == [str(path)]


def test_a_project_of_a_thousand_functions_opens_two_files(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text(HANDLER)
    fn = "  Fn{}: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: src, Handler: app.handler}}}}\n"
    top = "Transform: AWS::Serverless-2016-10-31\nGlobals: {Function: {Runtime: python3.11}}\nResources:\n"
    path, file = tmp_path / "template.yaml", tmp_path / "offhook.toml"
    file.write_text('[functions.shop]\ntemplate = "template.yaml"\n')
    path.write_text(top + fn.format(0))
    load_project(tmp_path)  # modules are imported once
    path.write_text(top + "".join(map(fn.format, range(1000))))

    with opened(tmp_path) as files:
        project = load_project(tmp_path)

    assert len(project.functions) == 1000
    assert files == [str(file), str(path)]
