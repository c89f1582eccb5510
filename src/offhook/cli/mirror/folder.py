"""An instance in a folder.

    instance.json       where it was read from
    flows.json          what each flow is, by name; flows/NAME.json is its content, byte for byte but for tokens
    modules.json        the same of modules, with modules/NAME.json
    queues.json, …      the things of each other kind, by name
    references.json     what the tokens stood for, and what nothing is known of

A file in flows or modules that the list beside it does not name is a flow all the same, whatever it was exported from.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from offhook.blocks import catalogue
from offhook.cli.file import contents
from offhook.cli.mirror import token
from offhook.cli.mirror.filename import decoded, encoded
from offhook.cli.mirror.thing import FLOW, KINDS, MODULE, Copy, Thing
from offhook.flowjson.read import read_flow
from offhook.flowjson.text import write
from offhook.flowjson.write import to_language
from offhook.model.errors import UsageError

VERSION = 1
INSTANCE, REFERENCES = "instance.json", "references.json"
_CONTENTS = (FLOW, MODULE)
_PLURALS = {"hours": "hours", "agent-status": "agent-statuses"}


def lists(kind: str) -> str:
    """What the file with the things of a kind is called, without its ending."""
    return _PLURALS.get(kind, f"{kind}s")


# --- writing ---


def save(copy: Copy, folder: Path) -> list[str]:
    """Write it, and take away flows that an earlier pull wrote and that are no more. Sentences about ARNs that stand
    for nothing in the instance. Raises UsageError where the folder cannot be written.
    """
    names = token.names_of(copy)
    things = [written(thing, names) for thing in copy.things]
    try:
        for kind in KINDS:
            _save_kind(folder, kind, [thing for thing in things if thing.kind == kind])
        said = {"version": VERSION, "id": copy.id, "arn": copy.arn, "alias": copy.alias}
        _save_json(folder / INSTANCE, said)
        known, unknown = _references(things, names)
        _save_json(folder / REFERENCES, {"names": known, "unknown": unknown})
    except OSError as problem:
        raise UsageError(f"{problem.filename or folder}: cannot be written: {problem.strerror}.") from None
    return [f"{arn} is nothing of this instance; {', '.join(users)}." for arn, users in unknown.items()]


def written(thing: Thing, names: token.Names) -> Thing:
    """With names in place of ids and ARNs."""
    body = token.tokenised(json.dumps(thing.body, ensure_ascii=False), names, in_body=True)
    return Thing(kind=thing.kind, name=thing.name, body=json.loads(body), content=token.tokenised(thing.content, names))


def _save_kind(folder: Path, kind: str, things: list[Thing]) -> None:
    file = folder / f"{lists(kind)}.json"
    if kind in _CONTENTS:
        paths = encoded(thing.name for thing in things)
        for old in _old_paths(file, folder / lists(kind)) - {f"{path}.json" for path in paths.values()}:
            (folder / lists(kind) / old).unlink(missing_ok=True)
        for thing in things:
            path = folder / lists(kind) / f"{paths[thing.name]}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(thing.content.encode("utf-8", "surrogatepass"))
    _save_json(file, {thing.name: thing.body for thing in things})


def _old_paths(file: Path, below: Path) -> set[str]:
    """The files of an earlier pull."""
    names = _json(file) if file.is_file() else {}
    return {f"{path}.json" for path in encoded(names).values()} if below.is_dir() else set()


def _save_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))


def _references(things: Iterable[Thing], names: token.Names) -> tuple[dict[str, str], dict[str, list[str]]]:
    known: dict[str, str] = {}
    unknown: dict[str, list[str]] = {}
    for thing in things:
        text = thing.content + json.dumps(thing.body, ensure_ascii=False)
        for word, name in token.tokens(text):
            known[token.spelled(word, name)] = names.arn(word, name)
        for arn in token.arns(thing.content):
            unknown.setdefault(arn, []).append(thing.label)
    return dict(sorted(known.items())), dict(sorted(unknown.items()))


# --- reading ---


def load(folder: Path) -> tuple[Thing, ...]:
    """What stands in a folder. Raises UsageError with everything that cannot be read."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder.")
    problems: list[str] = []
    things: list[Thing] = []
    for kind in KINDS:
        try:
            things += _load_kind(folder, kind)
        except UsageError as problem:
            problems += problem.problems
    if problems:
        raise UsageError(*problems)
    if not things:
        raise UsageError(f"{folder}: holds no instance; `offhook pull` writes one.")
    return tuple(things)


def _load_kind(folder: Path, kind: str) -> Iterator[Thing]:
    file = folder / f"{lists(kind)}.json"
    bodies = dict(_json(file)) if file.is_file() else {}
    if kind not in _CONTENTS:
        for name, body in bodies.items():
            yield Thing(kind=kind, name=name, body=_object(body, file, name))
        return
    below = folder / lists(kind)
    paths = {decoded(str(path.relative_to(below).with_suffix(""))): path for path in sorted(below.rglob("*.json"))}
    for name, path in paths.items():
        if name in bodies:
            text = _text(path)
            yield Thing(kind=kind, name=name, body=_object(bodies.pop(name), file, name), content=text)
        else:
            yield _exported(kind, name, path)
    if bodies:
        raise UsageError(*(f"{file}: {name!r} has no file in {below}." for name in bodies))


def _exported(kind: str, name: str, path: Path) -> Thing:
    """A flow from elsewhere: converted where it is old, and its name and type are its own, where it says them."""
    text = _text(path)
    flow = read_flow(text, catalogue(), source=str(path))
    if flow.format == "legacy" or flow.wrapper is not None:
        text = write(to_language(flow, catalogue())) + "\n"
    body = {"Status": "PUBLISHED", "Type": flow.type or "CONTACT_FLOW"} if kind == FLOW else {}
    return Thing(kind=kind, name=flow.name or name, body=body, content=text)


def _text(path: Path) -> str:
    try:
        return contents(path, name=str(path)).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not UTF-8.") from None


def _json(path: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(_text(path))
    except (ValueError, RecursionError) as problem:
        raise UsageError(f"{path}: not JSON: {problem}.") from None
    if not isinstance(value, dict):
        raise UsageError(f"{path}: must be an object.")
    return value


def _object(body: Any, file: Path, name: str) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise UsageError(f"{file}: {name!r} must be an object.")
    return body


def given(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """What a file of `--map` decides: ARNs by token, and texts by ARN. A references.json is such a file, too."""
    value = _json(path)
    entries = value.get("names", value)
    if not isinstance(entries, dict) or not all(isinstance(each, str) for each in entries.values()):
        raise UsageError(f"{path}: must be an object with ARNs by token or by ARN.")
    wrong = [key for key in entries if not key.startswith(("${", "arn:"))]
    if wrong:
        raise UsageError(
            *(f"{path}: {key!r} is neither a token such as ${{queue:Support}} nor an ARN." for key in wrong)
        )
    tokens = {key: each for key, each in entries.items() if key.startswith("${")}
    return tokens, {key: each for key, each in entries.items() if key.startswith("arn:")}
