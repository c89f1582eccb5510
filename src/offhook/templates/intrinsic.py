"""CloudFormation's intrinsic functions. Each gets the evaluator and its argument, not yet worked out.

Source: "Intrinsic function reference" and "Condition functions" of the CloudFormation user guide; LanguageExtensions
for Fn::Length, Fn::ToJsonString and the default of Fn::FindInMap.
"""

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from offhook.flowjson.text import write
from offhook.templates.graph import VARIABLE
from offhook.templates.unknown import LOST

if TYPE_CHECKING:
    from offhook.templates.evaluate import Evaluator

_NAME_RULE = "may hold letters, digits, dots and colons; write ${!…} for text that only looks like one"


def _arguments(here: "Evaluator", name: str, argument: Any, *counts: int) -> list[Any] | None:
    """The argument as a list of one of these lengths; None, with a problem, where it is none."""
    if isinstance(argument, list) and len(argument) in counts:
        return argument
    here.problem(f"{name} takes a list of {' or '.join(map(str, counts))}")
    return None


def _items(here: "Evaluator", name: str, node: Any) -> Any:
    value = here.value(node)
    if value is LOST or isinstance(value, list):
        return value
    return here.problem(f"{name} takes a list")


def _ref(here: "Evaluator", argument: Any) -> Any:
    return here.ref(argument) if isinstance(argument, str) else here.problem("Ref takes a name")


def _get_att(here: "Evaluator", argument: Any) -> Any:
    if isinstance(argument, str):
        logical_id, dot, attribute = argument.partition(".")
    else:
        parts = _arguments(here, "Fn::GetAtt", argument, 2)
        if parts is None:
            return LOST
        logical_id, dot, attribute = parts[0], ".", here.text(parts[1], "the attribute of Fn::GetAtt")
    if attribute is LOST:
        return LOST
    if not (isinstance(logical_id, str) and dot and attribute):
        return here.problem("Fn::GetAtt takes a logical id and an attribute")
    return here.attribute(logical_id, attribute)


def _sub(here: "Evaluator", argument: Any) -> Any:
    local: dict[str, Any] = {}
    if isinstance(argument, list):
        parts = _arguments(here, "Fn::Sub", argument, 2)
        if parts is None:
            return LOST
        argument, local = parts
    if not isinstance(argument, str) or not isinstance(local, dict):
        return here.problem("Fn::Sub takes text, or a list of text and a mapping")
    values: dict[str, Any] = {}
    for found in VARIABLE.finditer(argument):
        name = found[2]
        if not found[1] and name not in values:
            values[name] = _variable(here, name, local)
    if LOST in values.values():
        return LOST
    return here.made(VARIABLE.sub(lambda found: f"${{{found[2]}}}" if found[1] else values[found[2]], argument))


def _variable(here: "Evaluator", name: str, local: dict[str, Any]) -> Any:
    what = f"${{{name}}}"
    if name in local:
        return here.text(local[name], what)
    if not name.replace(".", "").replace(":", "").isalnum():
        return here.problem(f"{what} in Fn::Sub {_NAME_RULE}")
    logical_id, dot, attribute = name.partition(".")
    return here.text({"Fn::GetAtt": [logical_id, attribute]} if dot else {"Ref": name}, what)


def _join(here: "Evaluator", argument: Any) -> Any:
    parts = _arguments(here, "Fn::Join", argument, 2)
    if parts is None:
        return LOST
    delimiter, items = here.text(parts[0], "the delimiter of Fn::Join"), _items(here, "Fn::Join", parts[1])
    if LOST in (delimiter, items):
        return LOST
    texts = [here.text(item, "each part of Fn::Join") for item in items]
    return LOST if LOST in texts else here.made(delimiter.join(texts))


def _split(here: "Evaluator", argument: Any) -> Any:
    parts = _arguments(here, "Fn::Split", argument, 2)
    if parts is None:
        return LOST
    delimiter, text = here.text(parts[0], "the delimiter of Fn::Split"), here.text(parts[1], "what Fn::Split takes")
    if LOST in (delimiter, text) or here.made(text) is LOST:
        return LOST
    return text.split(delimiter) if delimiter else here.problem("the delimiter of Fn::Split must not be empty")


def _select(here: "Evaluator", argument: Any) -> Any:
    parts = _arguments(here, "Fn::Select", argument, 2)
    if parts is None:
        return LOST
    index, items = here.text(parts[0], "the index of Fn::Select"), _items(here, "Fn::Select", parts[1])
    if LOST in (index, items):
        return LOST
    if index.isdecimal() and len(index) < 10 and int(index) < len(items):
        return items[int(index)]
    return here.problem(f"Fn::Select asks for item {index} of a list of {len(items)}, which counts from 0")


def _find_in_map(here: "Evaluator", argument: Any) -> Any:
    parts = _arguments(here, "Fn::FindInMap", argument, 3, 4)
    if parts is None:
        return LOST
    names = [here.text(part, "each name of Fn::FindInMap") for part in parts[:3]]
    if LOST in names:
        return LOST
    found: Any = here.parts.mappings
    for name in names:
        if not isinstance(found, dict) or name not in found:
            default = parts[3] if len(parts) == 4 else None
            if isinstance(default, dict) and "DefaultValue" in default:
                return here.value(default["DefaultValue"])
            known = ", ".join(found) if isinstance(found, dict) else "nothing"
            return here.problem(f"Fn::FindInMap {' '.join(names)}: there is no {name!r}; there is {known}")
        found = found[name]
    return found


def _if(here: "Evaluator", argument: Any) -> Any:
    parts = _arguments(here, "Fn::If", argument, 3)
    if parts is None:
        return LOST
    if not isinstance(parts[0], str):
        return here.problem("Fn::If takes the name of a condition first")
    is_true = here.condition(parts[0])
    return LOST if is_true is LOST else here.value(parts[1] if is_true else parts[2])


def _base64(here: "Evaluator", argument: Any) -> Any:
    text = here.text(argument, "what Fn::Base64 takes")
    return LOST if text is LOST else here.made(base64.b64encode(text.encode("utf-8", "surrogatepass")).decode())


def _to_json(here: "Evaluator", argument: Any) -> Any:
    value = here.value(argument)
    if value is LOST or isinstance(value, dict | list):
        return LOST if value is LOST else here.made(write(value, "compact"))
    return here.problem("Fn::ToJsonString takes a mapping or a list")


def _length(here: "Evaluator", argument: Any) -> Any:
    items = _items(here, "Fn::Length", argument)
    return LOST if items is LOST else len(items)


def _import(here: "Evaluator", argument: Any) -> Any:
    name = here.text(argument, "what Fn::ImportValue takes")
    return LOST if name is LOST else here.imported(name, f"{name!r} is exported by another stack")


def _transform(here: "Evaluator", argument: Any) -> Any:
    """AWS::Include stands for a file; offhook.toml may say which one it is here."""
    said = argument if isinstance(argument, dict) else {}
    parameters = said.get("Parameters")
    if said.get("Name") != "AWS::Include" or not isinstance(parameters, dict):
        return here.problem("Fn::Transform is a macro, which only AWS can run; give the processed template")
    location = here.text(parameters.get("Location"), "the Location of AWS::Include")
    if location is LOST:
        return LOST
    return here.value(here.imported(location, f"AWS::Include of {location} is a file that AWS keeps"))


def _needs_aws(name: str) -> Callable[["Evaluator", Any], Any]:
    def refuse(here: "Evaluator", argument: Any) -> Any:
        return here.problem(f"{name} asks AWS, and there is none to ask; write a parameter in its place")

    return refuse


def _misplaced(name: str) -> Callable[["Evaluator", Any], Any]:
    def refuse(here: "Evaluator", argument: Any) -> Any:
        return here.problem(f"{name} stands in a value, and belongs under Conditions")

    return refuse


CONDITIONS = ("Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals", "Fn::Contains")
FUNCTIONS: dict[str, Callable[["Evaluator", Any], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::FindInMap": _find_in_map,
    "Fn::If": _if,
    "Fn::Base64": _base64,
    "Fn::ToJsonString": _to_json,
    "Fn::Length": _length,
    "Fn::ImportValue": _import,
    "Fn::Transform": _transform,
    **{name: _needs_aws(name) for name in ("Fn::GetAZs", "Fn::Cidr")},
    **{name: _misplaced(name) for name in CONDITIONS},
}


# --- conditions


def truth(here: "Evaluator", node: Any) -> Any:
    """Whether the condition holds; LOST where that cannot be told. All parts are looked at, for all their problems."""
    name, argument = next(iter(node.items())) if isinstance(node, dict) and len(node) == 1 else ("", None)
    match name:
        case "Condition" if isinstance(argument, str):
            return here.condition(argument)
        case "Fn::Equals":
            return _equals(here, argument)
        case "Fn::Not" | "Fn::And" | "Fn::Or":
            return _combined(here, name, argument)
        case _:
            return here.problem(f"a condition is one of Condition, {', '.join(CONDITIONS[:4])}")


def _equals(here: "Evaluator", argument: Any) -> Any:
    parts = _arguments(here, "Fn::Equals", argument, 2)
    if parts is None:
        return LOST
    left, right = (here.text(part, "each side of Fn::Equals") for part in parts)
    return LOST if LOST in (left, right) else left == right


def _combined(here: "Evaluator", name: str, argument: Any) -> Any:
    parts = _arguments(here, name, argument, *((1,) if name == "Fn::Not" else range(2, 11)))
    if parts is None:
        return LOST
    found = [here.holds(part) for part in parts]
    if LOST in found:
        return LOST
    if name == "Fn::Not":
        return not found[0]
    return all(found) if name == "Fn::And" else any(found)
