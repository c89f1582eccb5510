"""Which functions Connect may invoke: AWS::Connect::IntegrationAssociation and AWS::Lambda::Permission.

CloudFormation's LAMBDA_FUNCTION association is AssociateLambdaFunction; a permission is a statement of the function's
resource policy. A function needs both, and that one of them was forgotten is the commonest fault of deployments.
Versions and aliases have policies of their own. Nothing here must be known: a function, or an instance, that the
template gets from outside is left alone.
Source: spec/iac.md section 2; spec/lambda-block.md section 11.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import structs

from offhook.core.permission import CONNECT
from offhook.model.instance import Alias, Resource, Statement
from offhook.templates.contents import TemplateFlow, TemplateFunction
from offhook.templates.evaluate import Evaluator, text_of
from offhook.templates.outline import SERVERLESS_FUNCTION, Declared

_ASSOCIATION = "AWS::Connect::IntegrationAssociation"
_PERMISSION = "AWS::Lambda::Permission"
_FUNCTION_ARN = re.compile(r"arn:aws:lambda:[a-z0-9-]+:[0-9]+:function:[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Permitted:
    """The functions with their policies and aliases, the names that are added to the instance, and warnings."""

    functions: tuple[TemplateFunction, ...]
    associated: frozenset[str] | None
    warnings: tuple[str, ...]


@dataclass(slots=True)
class _Links:
    """What leads to one function. `associations`: logical ids by qualifier."""

    associations: dict[str, str] = field(default_factory=dict)
    policy: list[Statement] = field(default_factory=list)
    aliases: dict[str, Alias] = field(default_factory=dict)
    versions: list[str] = field(default_factory=list)


def permitted(here: Evaluator, functions: tuple[TemplateFunction, ...], flows: tuple[TemplateFlow, ...]) -> Permitted:
    """Both halves, read together. Where the template has neither for any function, nobody keeps account."""
    links = {each.resource.arn: _Links() for each in functions}
    here.quietly(lambda: _read(here, links))
    is_kept = any(each.associations or _of_connect(each.policy) for each in links.values())
    callers = _callers(flows)
    made: list[TemplateFunction] = []
    associated: set[str] = set()
    warnings: list[str] = []
    for function in functions:
        found = links[function.resource.arn]
        resource = structs.replace(
            function.resource,
            policy=tuple(found.policy) if is_kept else None,
            aliases=found.aliases,
            versions=tuple(found.versions),
        )
        made.append(replace(function, resource=resource))
        associated |= {_qualified(resource.name, qualifier) for qualifier in found.associations}
        if is_kept:
            warnings += _missing(f"{here.parts.source}: {function.logical_id}", function.resource, found, callers)
    return Permitted(tuple(made), frozenset(associated) if is_kept else None, tuple(warnings))


def _read(here: Evaluator, links: dict[str, _Links]) -> None:
    own = _own_instances(here)
    for declared in here.parts.resources.values():
        read = _READERS.get(declared.type)
        if read is not None and here.exists(declared):
            read(here, declared, links, own)


def _own_instances(here: Evaluator) -> frozenset[str]:
    """ARNs that the template's resources say they belong to: whatever they are, they mean the project's instance."""
    found = {here.given.instance.arn}
    for each in here.parts.resources.values():
        if each.type.startswith("AWS::Connect::"):
            found |= {_text(here, each, key) for key in ("InstanceArn", "InstanceId")}
    return frozenset(arn for arn in found if arn.count(":") >= 5)


def _text(here: Evaluator, declared: Declared, name: str) -> str:
    return text_of(here.property(declared, name)) or ""


def _linked(here: Evaluator, text: str, links: dict[str, _Links]) -> tuple[_Links | None, str]:
    """What is known of the function that is named, and the version or alias that is; None for one from outside."""
    qualifier = here.qualifier(text)
    return links.get(here.function_arn(text)), qualifier


def _association(here: Evaluator, declared: Declared, links: dict[str, _Links], own: frozenset[str]) -> None:
    if _text(here, declared, "IntegrationType") == "LAMBDA_FUNCTION":
        found, qualifier = _linked(here, _text(here, declared, "IntegrationArn"), links)
        if found is not None:
            found.associations[qualifier] = declared.logical_id


def _permission(here: Evaluator, declared: Declared, links: dict[str, _Links], own: frozenset[str]) -> None:
    found, qualifier = _linked(here, _text(here, declared, "FunctionName"), links)
    if found is None:
        return
    account, arn = _text(here, declared, "SourceAccount"), _text(here, declared, "SourceArn")
    instance = here.given.instance
    found.policy.append(
        Statement(
            principal=_text(here, declared, "Principal"),
            action=_text(here, declared, "Action"),
            source_account=instance.account if account in {each.split(":")[4] for each in own} else account,
            source_arn=instance.arn if arn in own else arn,
            qualifier=qualifier,
        )
    )


def _alias(here: Evaluator, declared: Declared, links: dict[str, _Links], own: frozenset[str]) -> None:
    found, _ = _linked(here, _text(here, declared, "FunctionName"), links)
    if found is not None:
        version = _text(here, declared, "FunctionVersion")
        weights = dict(_weights(here.property(declared, "RoutingConfig")))
        found.aliases[_text(here, declared, "Name")] = Alias(_number(version), weights)


def _weights(routing: Any) -> Iterator[tuple[str, float]]:
    said = routing.get("AdditionalVersionWeights") if isinstance(routing, dict) else None
    for each in said if isinstance(said, list) else ():
        weight = each.get("FunctionWeight") if isinstance(each, dict) else None
        if isinstance(weight, int | float):
            yield _number(str(each.get("FunctionVersion"))), float(weight)


def _number(version: str) -> str:
    return version.rpartition(":")[2]


def _version(here: Evaluator, declared: Declared, links: dict[str, _Links], own: frozenset[str]) -> None:
    found, _ = _linked(here, _text(here, declared, "FunctionName"), links)
    if found is not None:
        found.versions.append(str(here.own(declared, "Version")))


def _published(here: Evaluator, declared: Declared, links: dict[str, _Links], own: frozenset[str]) -> None:
    """SAM's AutoPublishAlias: a version, and an alias that leads to it."""
    alias = _text(here, declared, "AutoPublishAlias")
    found = links.get(here.own(declared, "Arn"))
    if alias and found is not None:
        found.aliases[alias] = Alias("1")


_READERS = {
    _ASSOCIATION: _association,
    _PERMISSION: _permission,
    "AWS::Lambda::Alias": _alias,
    "AWS::Lambda::Version": _version,
    SERVERLESS_FUNCTION: _published,
}


def _of_connect(policy: list[Statement]) -> set[str]:
    """The qualifiers whose policy allows Connect at all."""
    return {each.qualifier for each in policy if each.principal in (CONNECT, "*")}


def _qualified(name: str, qualifier: str) -> str:
    return f"{name}:{qualifier}" if qualifier else name


def _missing(where: str, function: Resource, links: _Links, callers: dict[str, str]) -> Iterator[str]:
    """What one of the two is missing: for versions and aliases that have the other, and for what a flow invokes."""
    allowed = _of_connect(links.policy)
    for qualifier in sorted(allowed | links.associations.keys()):
        asked = f"{where} ({qualifier})" if qualifier else where
        if qualifier not in allowed:
            added = f"{links.associations[qualifier]} adds it to the instance"
            yield f"{asked}: {added}, and no {_PERMISSION} lets {CONNECT} invoke it."
        elif qualifier not in links.associations:
            yield f"{asked}: {CONNECT} may invoke it, and no {_ASSOCIATION} adds it to the instance."
    if not allowed and not links.associations and function.arn in callers:
        caller = callers[function.arn]
        yield f"{where}: {caller} invokes it, and it has neither an {_ASSOCIATION} nor a {_PERMISSION}."


def _callers(flows: tuple[TemplateFlow, ...]) -> dict[str, str]:
    """The logical id of a flow by the ARN of each function that is named in it."""
    return {arn: flow.logical_id for flow in flows for arn in _FUNCTION_ARN.findall(flow.content)}
