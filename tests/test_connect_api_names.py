"""What the modules of Connect's operations say they have."""

import pkgutil
from collections import Counter
from importlib import import_module

from botocore.loaders import Loader

from offhook.api import connect_api

MODULES = [import_module(f"{connect_api.__name__}.{each.name}") for each in pkgutil.iter_modules(connect_api.__path__)]


def test_every_operation_is_one_of_amazon_connect() -> None:
    known = Loader().load_service_model("connect", "service-2")["operations"].keys()

    assert connect_api.operations().keys() - known == set()


def test_no_operation_is_in_two_modules() -> None:
    counted = Counter(name for module in MODULES for name in getattr(module, "OPERATIONS", {}))

    assert [name for name, count in counted.items() if count > 1] == []
    assert counted.keys() == connect_api.operations().keys()
