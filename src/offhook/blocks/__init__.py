"""The blocks, one module per designer block, found by being there."""

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from types import MappingProxyType

from offhook.core.spec import BlockSpec, Catalogue


@cache
def catalogue() -> Catalogue:
    """Every block by action type."""
    modules = (importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return gathered(spec for module in modules for spec in module.BLOCKS)


def gathered(specs: Iterable[BlockSpec]) -> Catalogue:
    """The blocks by action type; ImportError where two declare the same."""
    found: dict[str, BlockSpec] = {}
    for spec in specs:
        if spec.action in found:
            raise ImportError(f"two blocks declare the action {spec.action}")
        found[spec.action] = spec
    return MappingProxyType(found)
