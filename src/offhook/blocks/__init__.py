"""The blocks, one module per designer block, found by being there."""

import importlib
import pkgutil
from functools import cache
from types import MappingProxyType

from offhook.core.spec import BlockSpec, Catalogue


@cache
def catalogue() -> Catalogue:
    """Every block by action type."""
    found: dict[str, BlockSpec] = {}
    for module in pkgutil.iter_modules(__path__):
        for spec in importlib.import_module(f"{__name__}.{module.name}").BLOCKS:
            if spec.action in found:
                raise ImportError(f"two blocks declare the action {spec.action}")
            found[spec.action] = spec
    return MappingProxyType(found)
