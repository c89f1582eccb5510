"""One resolver for every kind of name (decision S20).

A flow names functions, flows, modules, queues, hours, prompts, bots and views by ARN, id, name, template token or
prose. In this order: exact text in `matches`; exact ARN or id; ARN without qualifier; name inside the ARN (or the
name itself, when it is written in the flow and did not come out of a reference; a function's also as `name:alias`, a
view's as `name:version`); the friendly name that the file carries beside the value; glob in `matches`. Two hits at one
level are an error that names both.
"""

import difflib
import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from offhook.core.spec import Found
from offhook.model.instance import Instance, Resource

# Queue, prompt and hours are assumed (open, unlimited) when nothing is found, in the compatible profile.
ASSUMED = frozenset({"queue", "prompt", "hours", "agent", "view", "bot"})
_FUNCTION = re.compile(r"function:([^:]+)(?::([^:]+))?$")
_QUALIFIED = re.compile(r"([A-Za-z0-9_-]+):([A-Za-z0-9$_-]+)")
_VERSIONED = ("function", "view")
_NAMES = {"hours": "hours of operation"}


class Resolver:
    """Names of one instance. Built once; `find` answers the same for the same arguments."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._by_kind: dict[str, tuple[Resource, ...]] = {}
        for resource in instance.resources:
            self._by_kind[resource.kind] = (*self._by_kind.get(resource.kind, ()), resource)
        self._known: dict[tuple[str, str, str, bool], Found] = {}

    def find(self, kind: str, raw: str, *, hint: str = "", dynamic: bool = False) -> Found:
        """What `raw` means. `hint` is the friendly name beside it; `dynamic`: it came out of a reference."""
        key = (kind, raw, hint, dynamic)
        if (found := self._known.get(key)) is None:
            found = self._known[key] = self._search(kind, raw, hint, dynamic=dynamic)
        return found

    def names(self, kind: str) -> tuple[str, ...]:
        return tuple(resource.name for resource in self._by_kind.get(kind, ()))

    def _search(self, kind: str, raw: str, hint: str, *, dynamic: bool) -> Found:
        candidates = self._by_kind.get(kind, ())
        for rule in _rules(raw, hint, dynamic=dynamic):
            hits = [resource for resource in candidates if rule(resource)]
            if len(hits) > 1:
                both = " and ".join(f"{hit.name!r} ({hit.arn})" for hit in hits)
                return Found(None, f"{raw!r} means two {_plural(kind)}: {both}; name one by its ARN or in `matches`.")
            if hits:
                return _found(hits[0], raw)
        if kind in ASSUMED and not self._instance.strict and raw and not (dynamic and _is_plain(raw)):
            assumed = self._instance.resource(kind, hint or _name_in(raw) or raw)
            if raw.startswith("arn:"):
                assumed = Resource(kind, assumed.name, raw, raw.rsplit("/", 1)[-1])
            text = f"no {_singular(kind)} is known for {raw!r}; it is assumed ({_near(raw, hint, self.names(kind))})."
            return Found(assumed, text, assumed=True)
        return Found(None, self._nothing(kind, raw, hint, dynamic=dynamic))

    def _nothing(self, kind: str, raw: str, hint: str, *, dynamic: bool) -> str:
        if not raw:
            return f"no {_singular(kind)} is named: the value is empty."
        if dynamic and _is_plain(raw) and raw in self.names(kind):
            return f"{raw!r} came out of a reference and is a name: Connect takes an id or ARN there."
        return f"no {_singular(kind)} is registered for {raw!r}; {_near(raw, hint, self.names(kind))}."


def qualifier_of(raw: str) -> str:
    """The version or alias in a function's ARN, partial ARN or `name:alias`; empty for none."""
    found = _FUNCTION.search(raw) or _QUALIFIED.fullmatch(raw)
    return (found.group(2) or "") if found else ""


def _found(resource: Resource, raw: str) -> Found:
    if resource.kind != "function":
        return Found(resource)
    return Found(resource, qualifier=qualifier_of(raw) or qualifier_of(resource.arn))


def _rules(raw: str, hint: str, *, dynamic: bool) -> Iterable[Callable[[Resource], bool]]:
    if not raw:
        return
    unqualified, inside = _unqualified(raw), _name_in(raw)
    qualified = _QUALIFIED.fullmatch(raw)
    before = qualified.group(1) if qualified else ""
    yield lambda resource: raw in resource.matches
    yield lambda resource: raw in (resource.arn, resource.id)
    yield lambda resource: unqualified in (_base_arn(resource.arn) or resource.arn, resource.id)
    yield lambda resource: bool(inside) and inside == resource.name
    yield lambda resource: not dynamic and raw == resource.name
    yield lambda resource: not dynamic and resource.kind in _VERSIONED and before == resource.name
    yield lambda resource: bool(hint) and hint == resource.name
    yield lambda resource: any(fnmatchcase(raw, pattern) for pattern in resource.matches)


def _unqualified(raw: str) -> str:
    """An ARN or id without version or alias: `…:function:name:alias`, `…/flow-module/id:$LATEST`."""
    if base := _base_arn(raw):
        return base
    head, _, tail = raw.rpartition("/")
    return f"{head}/{tail.partition(':')[0]}" if head else raw.partition(":")[0]


def _base_arn(raw: str) -> str:
    """A function's ARN without version or alias; a function of ours may be registered with one. Empty for the rest."""
    found = _FUNCTION.search(raw)
    return raw[: found.end(1)] if found else ""


def _name_in(raw: str) -> str:
    """The resource's name where the text is an ARN that carries one (functions do; Connect's own carry ids)."""
    found = _FUNCTION.search(raw)
    if found:
        return found.group(1)
    return raw.rsplit("/", 1)[-1] if raw.startswith("arn:") and "/" in raw else ""


def _is_plain(raw: str) -> bool:
    return not raw.startswith("arn:") and not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}.*", raw)


def _near(raw: str, hint: str, names: tuple[str, ...]) -> str:
    wanted = hint or _name_in(raw) or raw
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.4) or list(names[:3])
    return f"nearest: {', '.join(near)}" if near else "none is registered at all"


def _singular(kind: str) -> str:
    return _NAMES.get(kind, kind)


def _plural(kind: str) -> str:
    return _NAMES.get(kind, f"{kind}s")
