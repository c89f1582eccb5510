"""What CreateContactFlow and UpdateContactFlowContent (Status PUBLISHED), and the operations of modules, refuse.

    problems(content, catalogue(), flow_type="CONTACT_FLOW", known=lambda kind, raw: raw in arns[kind])

The API takes the Flow language alone, bare. All problems are told at once: of the flow, then of its actions in the
order of the file. What a block needs follows from what it declares (core.spec); the sentences are the service's
(core.objection). Content that is no flow at all is another matter (`Broken`), as it is for the service.
Source: spec/validation.md; cases P12, P51, P52, P54 and P63.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from offhook.core import objection
from offhook.core.spec import Catalogue
from offhook.flowjson.language import read_actions
from offhook.flowjson.lint.view import look
from offhook.flowjson.problems import MAX_ACTIONS, is_sound_identifier
from offhook.flowjson.publish.action import Known, Sent, refused
from offhook.flowjson.publish.contract import Settings
from offhook.flowjson.text import mended, parse
from offhook.model.errors import UsageError
from offhook.model.flow import LANGUAGE_VERSION, MODULE, Flow

MAX_PROBLEMS = 50
MAX_MESSAGE = 256
OLD_EXPORT = (
    f"This is the old export format of the console (modules); the API takes the Flow language, Version "
    f"{LANGUAGE_VERSION}. `offhook convert` makes it of one."
)


class Broken(Exception):
    """The content is no flow at all: InvalidRequestException, where a flow with mistakes has a list of problems."""


def problems(
    content: str,
    catalogue: Catalogue,
    *,
    flow_type: str,
    known: Known | None = None,
    settings: Settings | None = None,
    strict: bool = False,
) -> list[str]:
    """Why Connect would refuse to publish the content as a flow of this type (MODULE for modules); [] if it would not.

    `known(kind, raw)` says whether a resource exists in the instance; None: all but template
    tokens (`${…}`) do.
    `kind` is one of core.resolve (queue, flow, module, hours, prompt, function, bot, view, agent), `raw` is as written
    in the flow, with its qualifier. `settings(raw)` gives the Settings of a module (a JSON object as text), of the one
    that is published for "", and None where they are not known; without it no contract is looked at. Broken where the
    content is no flow at all.
    """
    document = _opened(content)
    if "modules" in document and "Actions" not in document:
        return [OLD_EXPORT]
    _must_have(document, {"Version": str, "StartAction": str, "Actions": list})
    if flow_type == MODULE:
        _must_have(document, {"Settings": dict})
    if document["Version"] != LANGUAGE_VERSION:
        return [f"Invalid property value. Path: Version; only {LANGUAGE_VERSION} is known."]
    actions, shape = read_actions(document)
    flow = Flow("flow-language", document, document["StartAction"], actions, type=flow_type, problems=tuple(shape))
    found = dict.fromkeys([*_of_flow(flow), *_of_actions(flow, catalogue, known, settings, strict=strict)])
    return [message[:MAX_MESSAGE] for message in found][:MAX_PROBLEMS]


def _opened(content: str) -> dict[str, Any]:
    try:
        document, _ = parse(content)
    except UsageError as problem:
        raise Broken(str(problem)) from None
    if not isinstance(document, dict):
        raise Broken("Content must be a JSON object.")
    return mended(document)  # type: ignore[no-any-return]  # an object stays one


def _must_have(document: Mapping[str, Any], fields: Mapping[str, type]) -> None:
    for name, kind in fields.items():
        if document.get(name) is None:  # what the service says of the content of a module without settings
            raise Broken(f"JSON field is missing or null for field name: {name[:1].lower()}{name[1:]}")
        if not isinstance(document[name], kind):
            raise Broken(f"JSON field has the wrong type for field name: {name[:1].lower()}{name[1:]}")


def _of_flow(flow: Flow) -> Iterator[str]:
    if flow.start_action not in flow.actions:
        yield "Invalid property value. Path: StartAction"
    count = len(flow.document["Actions"])
    if count > MAX_ACTIONS:
        yield f"Invalid property value. Path: Actions; there are {count}, at most {MAX_ACTIONS} are allowed."


def _of_actions(
    flow: Flow, catalogue: Catalogue, known: Known | None, settings: Settings | None, *, strict: bool
) -> Iterator[str]:
    whole = look(flow, catalogue, strict=strict, known=None)
    seen = set()
    for index, entry in enumerate(flow.document["Actions"]):
        path = f"Actions[{index}]"
        identifier = entry.get("Identifier") if isinstance(entry, dict) else None
        if not isinstance(entry, dict):
            yield objection.invalid(path)
        elif identifier is None:
            yield objection.missing(f"{path}.Identifier")
        elif not isinstance(identifier, str) or identifier in seen or not is_sound_identifier(identifier):
            yield objection.invalid(f"{path}.Identifier")
        if isinstance(identifier, str) and identifier in flow.actions and identifier not in seen:
            seen.add(identifier)
            yield from refused(Sent(whole.actions[identifier], entry, index, known, settings))
