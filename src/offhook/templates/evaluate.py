"""What the values of a template are: parameters, conditions, references and intrinsic functions, on demand.

A value is worked out when something asks for it, so what only AWS could tell matters only where it is needed. What
cannot be told becomes LOST and one sentence in `problems`, which says where, why, and how offhook.toml can give it;
everything made of it is LOST without another word. AWS::NoValue is ABSENT and removes the entry that it stands for.
Bounded are the depth, and the length of all texts that are made: references can multiply a text faster than they do.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from offhook.flowjson.text import describe, write
from offhook.model.instance import Instance, derived_id
from offhook.templates.graph import Reference, is_free
from offhook.templates.intrinsic import FUNCTIONS, truth
from offhook.templates.outline import Declared, Outline
from offhook.templates.physical import KINDS, OTHER, physical_name
from offhook.templates.unknown import ABSENT, LOST

MAX_DEPTH = 140  # levels of values; the stack of Python takes seven times as many
_HOP = 3  # what following a reference counts for
MAX_MADE = 64_000_000  # characters of all texts that are put together
_DYNAMIC = re.compile(r"\{\{resolve:[^}]*\}\}")
_PLACE = re.compile(r"\{(\w+)\}")
_FUNCTION = re.compile(r"(?:.*function:|(?!arn:))([A-Za-z0-9_-]+)(?::(.*))?")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_INSTANCE_ID = re.compile(r"instance/\$\{(\w+)\}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a template is read with.

    `table` is the table of offhook.toml that may give values, for messages; `stack` the stack's name; `instance` the
    instance that everything belongs to. `imports` are values from outside by what stands for them: the name of an
    export, `{{resolve:…}}`, `LogicalId.Attribute`, or the location of an AWS::Include.
    """

    table: str
    stack: str
    instance: Instance = field(default_factory=Instance)
    parameters: Mapping[str, str] = field(default_factory=dict)
    imports: Mapping[str, Any] = field(default_factory=dict)


class Evaluator:
    """The values of one template. Each is worked out once, and asked for as often as one likes."""

    def __init__(self, parts: Outline, given: Given) -> None:
        self.parts: Final = parts
        self.given: Final = given
        self.problems: Final[list[str]] = []
        self._said: set[str] = set()
        self._is_quiet = False
        self._path = ["Resources"]
        self._depth = 0
        self._made = 0
        self._known: dict[tuple[str, str], Any] = {}
        self._of_instance = dict(_instance_parameters(parts, given.instance))
        self._versions: dict[str, list[str]] | None = None
        instance = given.instance
        self._constants = {
            "account": instance.account, "region": instance.region,
            "instance": instance.arn, "instance_id": instance.id,
        }  # fmt: skip

    # --- what a reader asks for

    def exists(self, declared: Declared) -> bool:
        """Whether the resource is made: its condition is true, or cannot be told, which is a problem by itself."""
        return not declared.condition or self.condition(declared.condition) is not False

    def property(self, declared: Declared, name: str) -> Any:
        """The value of a property; None where it is absent, LOST where it cannot be told."""
        if name not in declared.properties:
            return None
        with self._at(declared.logical_id, name):
            value = self._filled(self.value(declared.properties[name]))
        return None if value is ABSENT else value

    def own(self, declared: Declared, attribute: str = "Ref") -> Any:
        """What Ref or Fn::GetAtt would give for the resource."""
        with self._at(declared.logical_id, attribute):
            return self.attribute(declared.logical_id, attribute)

    def quietly(self, ask: Callable[[], Any]) -> Any:
        """The answer, without problems: LOST is one that need not be had."""
        before, self._is_quiet = self._is_quiet, True
        try:
            return ask()
        finally:
            self._is_quiet = before

    # --- values

    def value(self, node: Any) -> Any:
        """The node with every function in it worked out."""
        return self._deeper(1, lambda: self._value(node))

    def _value(self, node: Any) -> Any:
        if isinstance(node, dict):
            return self._mapping(node)
        if isinstance(node, list):
            items = [item for item in map(self.value, node) if item is not ABSENT]
            return LOST if LOST in items else items
        return node

    def _deeper(self, levels: int, find: Callable[[], Any]) -> Any:
        self._depth += levels
        try:
            if self._depth > MAX_DEPTH:
                return self.problem("is nested too deeply, over all that it refers to")
            return find()
        finally:
            self._depth -= levels

    def _mapping(self, node: dict[str, Any]) -> Any:
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name in FUNCTIONS:
                return FUNCTIONS[name](self, argument)
            if name.startswith("Fn::"):
                return self.problem(f"{name} is no function that offhook knows")
        found = {}
        for key, item in node.items():
            self._path.append(key)
            value = self.value(item)
            self._path.pop()
            if value is not ABSENT:
                found[key] = value
        return LOST if LOST in found.values() else found

    def text(self, node: Any, what: str) -> Any:
        """The value as text, or LOST; `what` names it in the problem where it is none."""
        value = self.value(node)
        if value is LOST:
            return LOST
        text = text_of(value)
        return self.problem(f"{what} must be text, and is {_described(value)}") if text is None else text

    def made(self, text: str) -> Any:
        """The text that a function has put together, or LOST where they have become too long."""
        self._made += len(text)
        if self._made > MAX_MADE:
            return self.problem(f"the texts of the template have more than {MAX_MADE:,} characters together")
        return text

    def _filled(self, value: Any) -> Any:
        """The value with what stands for `{{resolve:…}}` in its place."""
        if isinstance(value, str) and "{{resolve:" in value:
            return self._resolved(value)
        if isinstance(value, dict):
            found = {key: self._filled(item) for key, item in value.items()}
            return LOST if LOST in found.values() else found
        if isinstance(value, list):
            items = [self._filled(item) for item in value]
            return LOST if LOST in items else items
        return value

    def _resolved(self, text: str) -> Any:
        for reference in dict.fromkeys(_DYNAMIC.findall(text)):
            value = self.imported(reference, f"{reference} is kept by AWS")
            if value is LOST:
                return LOST
            text = text.replace(reference, str(value))
        return self.made(text)

    # --- names

    def ref(self, name: str) -> Any:
        """What Ref gives for a parameter, a resource, or one of AWS's own."""
        if name == "AWS::NoValue":
            return ABSENT
        if name in self.parts.parameters:
            return self._once(("parameter", name), lambda: self._parameter(name))
        if name.startswith("AWS::"):
            return self._pseudo(name)
        logical_id, _, attribute = name.partition(".")  # SAM takes {"Ref": "Function.Alias"}
        return self.attribute(logical_id, attribute or "Ref")

    def attribute(self, logical_id: str, attribute: str) -> Any:
        """What Fn::GetAtt gives, and Ref for the attribute `Ref`."""
        key = logical_id if attribute == "Ref" else f"{logical_id}.{attribute}"
        if key in self.given.imports:
            return self.given.imports[key]
        declared = self.parts.resources.get(logical_id)
        if declared is None:
            if is_free(Reference("resource", logical_id), self.parts):
                return self.imported(key, f"{key} is made by SAM, and offhook does not know it")
            return LOST  # said of the template as a whole
        if not self.exists(declared):
            return self.problem(f"{logical_id} is not made: its condition {declared.condition} is false")
        return self._once((logical_id, attribute), lambda: self._attribute(declared, attribute, key))

    def _attribute(self, declared: Declared, attribute: str, key: str) -> Any:
        kind = KINDS.get(declared.type, OTHER)
        pattern = kind.ref if attribute == "Ref" else kind.attributes.get(attribute)
        if pattern is None:
            return self.imported(key, f"only AWS knows {attribute} of {declared.logical_id} ({declared.type})")
        return self._patterned(declared, pattern)

    def _patterned(self, declared: Declared, pattern: str) -> Any:
        parts = {name: self._placed(declared, name) for name in _PLACE.findall(pattern)}
        if LOST in parts.values():
            return LOST
        return self.made(_PLACE.sub(lambda found: str(parts[found[1]]), pattern))

    def _placed(self, declared: Declared, name: str) -> Any:
        instance, kind = self.given.instance, KINDS.get(declared.type, OTHER)
        match name:
            case "name":
                return self._name(declared, kind.name)
            case "arn":
                own = self._name(declared, kind.name)
                return own if own is LOST else instance.resource(kind.connect, own).arn
            case "function":
                said = self.property_text(declared, "FunctionName")
                return said if said is LOST else self.function_arn(said)
            case "number":
                return self._number(declared)
            case "id" | "short_id":
                made = derived_id(declared.type, self.given.stack, declared.logical_id)
                return made if name == "id" else made.replace("-", "").upper()[:10]
            case _:
                return self._constants[name] if name in self._constants else self.property_text(declared, name)

    def _name(self, declared: Declared, key: str) -> Any:
        if key and self.property(declared, key) is not None:
            return self.property_text(declared, key)
        return physical_name(self.given.stack, declared.logical_id)

    def property_text(self, declared: Declared, name: str) -> Any:
        """A property that must be there and be text; LOST, with a problem, where it is not."""
        value = self.property(declared, name)
        if value is LOST:
            return LOST
        text = text_of(value)
        if text is not None:
            return text
        with self._at(declared.logical_id, name):
            return self.problem("is missing" if value is None else f"must be text, and is {_described(value)}")

    def wrong(self, declared: Declared, name: str, rule: str) -> None:
        """Say what is wrong with a property."""
        with self._at(declared.logical_id, name):
            self.problem(rule)

    def function_arn(self, text: str) -> str:
        """The ARN, without version or alias, of what a FunctionName names: a name, an ARN, or a part of one."""
        found = _FUNCTION.fullmatch(text)
        if found is None:
            return text
        if text.startswith("arn:"):
            return text[: found.end(1)]
        return self.given.instance.resource("function", found[1]).arn

    def qualifier(self, text: str) -> str:
        """The version or alias in a FunctionName; empty for none."""
        found = _FUNCTION.fullmatch(text)
        return (found[2] or "") if found is not None else ""

    def _number(self, declared: Declared) -> str:
        """Versions of a function count from 1, in the order of the template."""
        if self._versions is None:
            self._versions = {}
            for each in self.parts.of_type(declared.type):
                self._versions.setdefault(repr(each.properties.get("FunctionName")), []).append(each.logical_id)
        same = self._versions[repr(declared.properties.get("FunctionName"))]
        return str(same.index(declared.logical_id) + 1)

    def _pseudo(self, name: str) -> Any:
        instance, stack = self.given.instance, self.given.stack
        account, region = instance.account, instance.region
        values = {
            "AWS::AccountId": account,
            "AWS::Region": region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": stack,
            "AWS::StackId": f"arn:aws:cloudformation:{region}:{account}:stack/{stack}/{derived_id('stack', stack)}",
            "AWS::NotificationARNs": [],
        }
        return values[name] if name in values else self.problem(f"{name} is no pseudo parameter of CloudFormation's")

    def _parameter(self, name: str) -> Any:
        declared = self.parts.parameters[name]
        kind, default = str(declared.get("Type", "String")), declared.get("Default")
        text = self.given.parameters.get(name)
        if text is None and default is not None and not kind.startswith("AWS::SSM::"):
            text = text_of(default)
        if text is None:
            text = self._of_instance.get(name)
        if text is None:
            why = "names a value that SSM keeps" if kind.startswith("AWS::SSM::") else "has no default"
            cure = f'[{self.given.table}] parameters = {{ {_spelled(name)} = "…" }}'
            return self.problem(f"parameter {name} {why}; give it in offhook.toml: {cure}", about=name)
        allowed = declared.get("AllowedValues")
        if isinstance(allowed, list) and text not in map(text_of, allowed):
            return self.problem(f"parameter {name} must be one of {', '.join(map(str, allowed))}")
        if kind == "CommaDelimitedList" or "List<" in kind:
            return [item.strip() for item in text.split(",")]
        return text

    def imported(self, key: str, why: str) -> Any:
        """A value from outside, or LOST and the problem that it is not given."""
        if key in self.given.imports:
            return self.given.imports[key]
        cure = f'[{self.given.table}] imports = {{ {_spelled(key)} = "…" }}'
        return self.problem(f"{why}; give its value in offhook.toml: {cure}", about=key)

    # --- conditions

    def condition(self, name: str) -> Any:
        """Whether the condition is true; LOST where that cannot be told."""
        node = self.parts.conditions.get(name)
        if node is None:
            return LOST  # said of the template as a whole
        return self._once(("condition", name), lambda: self._truth(name, node))

    def _truth(self, name: str, node: Any) -> Any:
        with self._at("Conditions", name):
            return self.holds(node)

    def holds(self, node: Any) -> Any:
        """The same of a condition that stands in another one."""
        return self._deeper(1, lambda: truth(self, node))

    # --- problems

    def problem(self, rule: str, *, about: str = "") -> Any:
        """LOST, having said what is wrong here; of something that is wrong wherever it stands (`about`), just once."""
        owner, *path = self._path
        sentence = ": ".join(filter(None, (self.parts.source, owner, ".".join(path), f"{rule}.")))
        if not self._is_quiet and (about or sentence) not in self._said:
            self._said.add(about or sentence)
            self.problems.append(sentence)
        return LOST

    @contextmanager
    def _at(self, owner: str, name: str) -> Iterator[None]:
        before, self._path = self._path, [owner, name]
        try:
            yield
        finally:
            self._path = before

    def _once(self, key: tuple[str, str], find: Callable[[], Any]) -> Any:
        if key not in self._known:
            self._known[key] = LOST  # what asks for itself is a circle, said of the template as a whole
            found = self._deeper(_HOP, find)
            self._known[key] = found
            if found is LOST and self._is_quiet:
                del self._known[key]  # nothing was said of it
        return self._known.get(key, LOST)


def text_of(value: Any) -> str | None:
    """A scalar as CloudFormation spells it in text; None where the value is none."""
    if isinstance(value, str):
        return value
    return write(value) if isinstance(value, bool | int | float) else None


def _described(value: Any) -> str:
    return "absent" if value is ABSENT else describe(value)


def _spelled(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _instance_parameters(parts: Outline, instance: Instance) -> Iterator[tuple[str, str]]:
    """Parameters that must be the instance: a resource of Connect says it belongs to the instance that they name."""
    for each in parts.resources.values():
        if not each.type.startswith("AWS::Connect::"):
            continue
        for key in ("InstanceArn", "InstanceId"):
            said = each.properties.get(key)
            if not isinstance(said, dict):
                continue
            name, text = said.get("Ref"), said.get("Fn::Sub")
            if isinstance(name, str):
                yield name, instance.arn
            elif isinstance(text, str) and (found := _INSTANCE_ID.search(text)):
                yield found[1], instance.id
