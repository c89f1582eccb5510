"""The contract of a module, kept on both sides: where the module returns, and where a flow invokes it.

It stands in the module's Settings, a text beside its content, and what is not declared there is refused:

    {"input": {"schema": {…}}, "resultData": {"schema": {…}}, "transitions": {"results": [{"name": …}]}}

The schemas are JSON Schema; we read `type`, `properties` and `required`. Values have the declared JSON type, so that a
reference, which is text, may stand for text alone. The Settings inside of the content say nothing.
Source: spec/validation.md, rule 13; probes of the service in public notes (read 2026-11).
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from offhook.core import objection
from offhook.core.expr import MISSING, text_of, walk
from offhook.core.spec import Contract
from offhook.model.flow import Action

Settings = Callable[[str], str | None]
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def breaches(action: Action, contract: Contract, settings: Settings, path: str) -> Iterator[str]:
    """What the service says where the action does not keep the contract; nothing where nobody knows the module."""
    module = action.parameters.get(contract.module, "")
    text = settings(module) if isinstance(module, str) else None
    if text is None:
        return
    declared = _read(text)
    if contract.data in action.parameters:
        schema = walk(declared, (contract.part, "schema"))
        yield from _value(action.parameters[contract.data], schema, f"{path}.Parameters.{contract.data}")
    results = walk(declared, ("transitions", "results"))
    names = [walk(result, ("name",)) for result in results] if isinstance(results, list) else []
    if contract.result and action.parameters.get(contract.result, MISSING) not in (MISSING, *names):
        yield objection.invalid(f"{path}.Parameters.{contract.result}")
    for index, condition in enumerate(() if contract.result else action.conditions):
        if condition.operands and text_of(condition.operands[0]) not in names:
            yield objection.invalid(f"{path}.Transitions.Conditions[{index}].Condition.Operands")


def _read(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):  # then nothing is declared
        return {}


def _value(value: Any, schema: Any, path: str) -> Iterator[str]:
    kind = schema.get("type") if isinstance(schema, dict) else "nothing"
    allowed = (object,) if kind is None else _TYPES.get(str(kind), ())
    if not isinstance(value, allowed) or (isinstance(value, bool) and kind in ("number", "integer")):
        yield objection.invalid(path)
    elif isinstance(value, dict) and isinstance(schema.get("properties"), dict):
        required = schema.get("required")
        for name in required if isinstance(required, list) else ():
            if isinstance(name, str) and name not in value:
                yield objection.missing(f"{path}.{name}")
        for name, part in value.items():
            yield from _value(part, schema["properties"].get(name), f"{path}.{name}")
