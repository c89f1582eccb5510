"""The parts of a template: parameters, mappings, conditions and resources, and what is wrong with their shape.

SAM is read here and not transformed: a function's `Globals` are laid under it, and the role and alias that SAM would
make beside it are declared, so that the rest of the template may name them. Macros change a template in ways that
only their own code knows; they are refused.
Source: the SAM specification (Globals, generated resources); CloudFormation's template anatomy.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from offhook.flowjson.text import describe
from offhook.model.errors import UsageError

SAM = "AWS::Serverless-2016-10-31"
SERVERLESS_FUNCTION = "AWS::Serverless::Function"
# Beside SAM: language extensions are read one by one, the others change nothing that is read here
_TRANSFORMS = (
    SAM, "AWS::LanguageExtensions", "AWS::CodeDeployBlueGreen", "AWS::SecretsManager-2020-07-23",
    "AWS::SecretsManager-2024-09-16",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Declared:
    """A resource as it is declared; nothing in it is worked out yet. `condition` is empty where it has none."""

    logical_id: str
    type: str
    properties: dict[str, Any] = field(default_factory=dict)
    condition: str = ""
    depends_on: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outline:
    """The sections of a template that matter here. `source` names it in messages."""

    source: str
    parameters: dict[str, dict[str, Any]]
    mappings: dict[str, Any]
    conditions: dict[str, Any]
    resources: dict[str, Declared]
    is_sam: bool

    def of_type(self, *types: str) -> Iterator[Declared]:
        return (each for each in self.resources.values() if each.type in types)


def outline(document: Any, source: str) -> Outline:
    """The parts of the document. Raises UsageError with everything that is wrong with their shape."""
    if not isinstance(document, dict):
        found = "nothing" if document is None else describe(document)
        raise UsageError(f"{source}: found {found} where the template should be; it is a mapping with Resources.")
    shape = _Shape(source, [])
    resources = {
        logical_id: _declared(shape, logical_id, entry)
        for logical_id, entry in shape.mapping(document, "Resources", "").items()
    }
    if "Resources" not in document:
        shape.problem("", "Resources are missing; this is no template")
    transforms = list(_transforms(document.get("Transform")))
    for name in transforms:
        if name not in _TRANSFORMS:
            shape.problem(
                "Transform",
                f"{name!r} is a macro, which only AWS can run; give the processed template: "
                "aws cloudformation get-template --template-stage Processed",
            )
    is_sam = SAM in transforms
    if is_sam:
        shape.lay_globals(shape.mapping(document, "Globals", ""), resources)
        resources = {made.logical_id: made for each in resources.values() for made in _made_by_sam(each)} | resources
    parameters = shape.mapping(document, "Parameters", "")
    parts = Outline(
        source,
        {name: shape.mapping(parameters, name, "Parameters") for name in parameters},
        shape.mapping(document, "Mappings", ""),
        shape.mapping(document, "Conditions", ""),
        resources,
        is_sam,
    )
    if shape.problems:
        raise UsageError(*shape.problems)
    return parts


@dataclass(frozen=True, slots=True)
class _Shape:
    """Reading what may have the wrong shape: noted, and read as empty."""

    source: str
    problems: list[str]

    def problem(self, where: str, rule: str) -> None:
        self.problems.append(": ".join(filter(None, (self.source, where, f"{rule}."))))

    def mapping(self, holder: dict[str, Any], key: str, where: str) -> dict[str, Any]:
        """`holder[key]` if it is a mapping; else an empty one, and a problem unless it is absent or null."""
        value = holder.get(key)
        if isinstance(value, dict):
            return value
        if value is not None:
            self.problem(": ".join(filter(None, (where, key))), f"must be a mapping, and is {describe(value)}")
        return {}

    def lay_globals(self, every: dict[str, Any], resources: dict[str, Declared]) -> None:
        below = self.mapping(every, "Function", "Globals")
        for each in tuple(resources.values()):
            if each.type == SERVERLESS_FUNCTION and below:
                laid = _laid(below, each.properties)
                resources[each.logical_id] = Declared(
                    each.logical_id, each.type, laid, each.condition, each.depends_on, each.metadata
                )


def _declared(shape: _Shape, logical_id: str, entry: Any) -> Declared:
    if logical_id.startswith("Fn::"):
        shape.problem(
            "Resources", f"{logical_id} makes resources while AWS processes the template; give the processed template"
        )
        return Declared(logical_id, "")
    holder = {logical_id: entry}
    said = shape.mapping(holder, logical_id, "Resources")
    kind, condition, depends_on = said.get("Type"), said.get("Condition", ""), said.get("DependsOn", [])
    if not isinstance(kind, str) or not kind:
        shape.problem(logical_id, "Type is missing" if kind is None else "Type must be text")
    if not isinstance(condition, str):
        shape.problem(logical_id, "Condition must be the name of a condition")
    names = [depends_on] if isinstance(depends_on, str) else depends_on
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        shape.problem(logical_id, "DependsOn must be a logical id or a list of them")
        names = []
    return Declared(
        logical_id,
        str(kind),
        shape.mapping(said, "Properties", logical_id),
        str(condition),
        tuple(names),
        shape.mapping(said, "Metadata", logical_id),
    )


def _transforms(value: Any) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            yield str(each.get("Name", "Fn::Transform"))
        elif each is not None:
            yield str(each)


def _laid(below: Any, above: Any) -> Any:
    """Mappings are merged, lists follow one another, anything else is replaced; intrinsic functions are no mappings."""
    if isinstance(below, dict) and isinstance(above, dict) and not (_is_call(below) or _is_call(above)):
        return below | {key: _laid(below[key], value) if key in below else value for key, value in above.items()}
    if isinstance(below, list) and isinstance(above, list):
        return [*below, *above]
    return above


def _is_call(value: dict[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))


def _made_by_sam(function: Declared) -> Iterator[Declared]:
    """What SAM makes beside a function, under ids that the template may use: FunctionRole, FunctionAliaslive."""
    if function.type != SERVERLESS_FUNCTION:
        return
    if "Role" not in function.properties:
        yield Declared(f"{function.logical_id}Role", "AWS::IAM::Role", {}, function.condition)
    alias = function.properties.get("AutoPublishAlias")
    if isinstance(alias, str):
        properties = {"FunctionName": {"Ref": function.logical_id}, "FunctionVersion": "1", "Name": alias}
        made = f"{function.logical_id}Alias{alias}"
        yield Declared(made, "AWS::Lambda::Alias", properties, function.condition)
