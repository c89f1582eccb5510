"""Rules about references: where they may stand, and whether they can resolve to anything."""

import difflib
from collections.abc import Iterator

from offhook.core.expr import ROOTS
from offhook.flowjson.lint.rule import Finding, Rule
from offhook.flowjson.lint.view import Here, Mention, source_of

# Roots that are a value by themselves (connect-attrib-list.html); every other one is a namespace and needs a key.
_VALUES = frozenset(
    "AdditionalEmailRecipients AwsRegion Channel ContactId CustomerId Description InitialContactId InitiationMethod "
    "InstanceARN LanguageCode Name PreviousContactId RelatedContactId StoredCustomerInput TextToSpeechVoiceId".split()
)
_ALONE = ("single", "reference")


def unknown_reference(here: Here) -> Iterator[Finding]:
    for stray in here.strays:
        if not stray.root:
            continue
        near = difflib.get_close_matches(stray.root, sorted(ROOTS), n=1)
        hint = f"did you mean $.{near[0]}?" if near else "it is not a namespace of Connect."
        severity = "error" if stray.kind in _ALONE else "warning"
        effect = "" if severity == "error" else " and is taken as text"
        yield Finding(f"$.{stray.root} refers to nothing{effect}; {hint}", stray.field, severity=severity)


def mixed_reference(here: Here) -> Iterator[Finding]:
    fields = [mention.field for mention in here.mentions if mention.kind in _ALONE and not mention.is_whole]
    fields += [stray.field for stray in here.strays if not stray.root]
    for field in dict.fromkeys(fields):
        message = (
            "a reference stands inside other text, and this parameter takes one whole reference or none: put the text "
            "together in Set contact attributes and refer to that."
        )
        yield Finding(message, field)


def doubled_reference(here: Here) -> Iterator[Finding]:
    for mention in here.mentions:
        if any(step.startswith("$") for step in mention.path[1:]):
            key = mention.path[-1].rsplit(".", 1)[-1]
            message = (
                f"{mention.text} is a reference inside a reference, and resolves to nothing: write $.{mention.path[0]}."
                f"{key}, or the bare key where the designer asks for one."
            )
            yield Finding(message, mention.field)


def bare_namespace(here: Here) -> Iterator[Finding]:
    for mention in here.mentions:
        if len(mention.path) == 1 and mention.path[0] not in _VALUES and not _is_json(mention):
            severity = "error" if mention.kind in _ALONE else "warning"
            message = f"{mention.text} is a namespace, not a value: add a key, as in {mention.text}.key."
            yield Finding(message, mention.field, severity=severity)


def _is_json(mention: Mention) -> bool:
    # there a whole reference keeps its value, so it may be an object
    return mention.kind == "json" and mention.is_whole


def value_with_key(here: Here) -> Iterator[Finding]:
    for mention in here.mentions:
        if len(mention.path) > 1 and mention.path[0] in _VALUES and mention.path[0] != "AdditionalEmailRecipients":
            message = f"{mention.text} resolves to nothing: $.{mention.path[0]} is a value and has no keys."
            yield Finding(message, mention.field)


def static_reference(here: Here) -> Iterator[Finding]:
    for mention in here.mentions:
        if mention.kind == "static":
            message = f"{mention.text} is not resolved here: this parameter takes no references."
            yield Finding(message, mention.field)


def no_reference(here: Here) -> Iterator[Finding]:
    wholes = {mention.field for mention in here.mentions if mention.is_whole}
    strays = {stray.field for stray in here.strays}
    for leaf in here.leaves:
        field = f"Parameters.{leaf.path}"
        if leaf.kind == "reference" and not leaf.is_key and field not in wholes | strays:
            message = f"{leaf.text!r} is text, and this parameter takes a reference: $.Attributes.key, for example."
            yield Finding(message, field)


def ssml_reference(here: Here) -> Iterator[Finding]:
    for mention in here.mentions:
        if mention.field.endswith(".SSML"):
            message = (
                f"{mention.text} goes into SSML as it is: a value with & or < breaks the speech, and the error branch "
                "is taken. Let the function write &amp; and &lt;, or use plain text."
            )
            yield Finding(message, mention.field)


def lambda_statuscode(here: Here) -> Iterator[Finding]:
    for mention in here.mentions:
        if external_key(mention).lower() == "statuscode":
            message = (
                f"{mention.text} reads a status out of an answer. To Connect an answer with a status code is a "
                "success, whatever the number: let the function raise an error instead, and wire the error branch."
            )
            yield Finding(message, mention.field)
    source = source_of(here)
    if source is not None and any(key.lower() == "statuscode" for key in source.answers):
        message = (
            "the function answers with a status code, and to Connect such an answer is a success, whatever the number: "
            "let the function raise an error instead."
        )
        yield Finding(message, "Parameters.LambdaFunctionARN")


def external_key(mention: Mention) -> str:
    """The key of a function's answer that the reference reads, or empty."""
    path = mention.path
    if path[:2] == ("LambdaInvocation", "ResultData"):
        path = path[1:]
    return path[1] if path[0] in ("External", "ResultData") and len(path) > 1 else ""


RULES = (
    Rule(
        name="unknown-reference",
        title="A reference begins with a name that Connect does not know",
        why="Inside text it is spoken as it is written; where a parameter is one reference, Connect refuses the "
        "flow. Roots are case-sensitive: Attributes, External, FlowAttributes, CustomerEndpoint and so on.",
        gives_way=True,
        of_action=unknown_reference,
    ),
    Rule(
        name="mixed-reference",
        title="A reference stands inside text where only a whole one may stand",
        why="Ids and ARNs are constants or one whole reference. A template such as arn:aws:lambda:$.AwsRegion:… "
        "is refused: put the text together with Set contact attributes, then refer to the attribute.",
        gives_way=True,
        of_action=mixed_reference,
    ),
    Rule(
        name="doubled-reference",
        title="A reference stands inside a reference",
        why="The designer adds the namespace itself where a value is set dynamically, so typing "
        "$.External.State there gives $.External.$.External.State. It resolves to nothing: empty text in "
        "prompts, false in comparisons.",
        of_action=doubled_reference,
    ),
    Rule(
        name="bare-namespace",
        title="A reference names a namespace and no key",
        why="$.Attributes and $.External are not values. Connect refuses them where a parameter is one reference.",
        gives_way=True,
        of_action=bare_namespace,
    ),
    Rule(
        name="value-with-key",
        title="A reference asks a plain value for a key",
        why="$.Channel, $.ContactId, $.StoredCustomerInput and the like are text. With a key after them they "
        "resolve to nothing.",
        severity="warning",
        of_action=value_with_key,
    ),
    Rule(
        name="static-reference",
        title="A reference stands where none is resolved",
        why="Some parameters are fixed when the flow is saved: time limits, types, names. Connect refuses a "
        "reference there, or takes it as it is written.",
        of_action=static_reference,
    ),
    Rule(
        name="no-reference",
        title="A parameter that must be a reference is text",
        why="Check contact attributes compares what a reference gives; a callback number comes out of an "
        "attribute. Connect refuses plain text there.",
        gives_way=True,
        of_action=no_reference,
    ),
    Rule(
        name="ssml-reference",
        title="A value is put into SSML unescaped",
        why="Values are not escaped for SSML. One that holds & or < makes it unreadable, and the block takes "
        "its error branch instead of speaking. Plain text has no such trouble.",
        severity="warning",
        of_action=ssml_reference,
    ),
    Rule(
        name="lambda-statuscode",
        title="A function answers with a status code, or the flow reads one out of an answer",
        why="Connect does not interpret statusCode and body: an answer with statusCode 500 is a success, its "
        "metrics stay green, and the error branch is not taken. Raise an error in the function, so that "
        "Connect retries and the error branch is taken.",
        severity="warning",
        of_action=lambda_statuscode,
    ),
)
