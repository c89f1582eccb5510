"""Names in place of ids and ARNs: `${queue:Support}` is the ARN of a queue, `${queue-id:Support}` its id.

    arn:aws:connect:us-east-1:111122223333:instance/…/queue/…    ${queue:Support}
    "f3b2…"                                                      "${queue-id:Support}"
    arn:aws:lambda:us-east-1:111122223333:function:lookup:live   ${function:lookup}:live
    arn:aws:connect:us-east-1:aws:view/form:1                    ${aws-view:form}:1
    arn:aws:connect:us-east-1:111122223333:instance/…            ${instance:arn}

In the bodies of things, where the API takes ids alone, `${queue:Support}` is the id. A version or alias stays behind
the token. In a name, `}`, `%`, `"`, `\\` and control characters are spelled %XX. A text that looks like a token and is
none has one more $ in a file. All of this works on JSON as text, so that nothing else of it changes.
"""

import re
from dataclasses import dataclass, field

from offhook.cli.mirror.filename import quoted, unquoted
from offhook.cli.mirror.thing import FUNCTION, NUMBER, WORDS, Copy, Key

_SLASH = r"\\?/"
_ID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_REGION = r"arn:aws[a-z-]*:connect:[a-z0-9-]+"
_ARN = re.compile(
    r"(?<!\$)(?:"  # after a $, a token would be none
    rf"(?P<part>{_REGION}:\d{{12}}:instance{_SLASH}{_ID}{_SLASH}"
    rf"(?P<word>[a-z-]+(?:{_SLASH}agent)?){_SLASH}(?P<id>{_ID}))"
    rf"|(?P<number>{_REGION}:\d{{12}}:phone-number{_SLASH}(?P<number_id>{_ID}))"
    rf"|(?P<view>{_REGION}:aws:view{_SLASH}(?P<view_name>[A-Za-z0-9_-]+))"
    rf"|(?P<instance>{_REGION}:\d{{12}}:instance{_SLASH}{_ID})(?!{_SLASH}|[0-9a-zA-Z-])"
    r"|(?P<function>arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:(?P<function_name>[A-Za-z0-9_-]+))"
    rf"|(?<=\")(?P<bare>{_ID})(?=[\":]))"
)
_BOT = re.compile(r"arn:aws[a-z-]*:lex:[a-z0-9-]+:\d{12}:bot-alias/[A-Za-z0-9]+/[A-Za-z0-9]+")
_USER_QUEUE, _VIEW, _INSTANCE = "user-queue", "aws-view", "instance"
_WORDS = "|".join(map(re.escape, (*WORDS, NUMBER, FUNCTION, _USER_QUEUE, _VIEW, _INSTANCE)))
_TOKEN = re.compile(rf"(?P<more>\$*)\$\{{(?P<word>{_WORDS})(?P<bare>-id)?:(?P<name>[^}}\"\\]*)\}}")


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids and ARNs of an instance stand for, and the other way round.

    `functions` are ARNs without qualifier by name. `given` are ARNs for tokens that somebody has decided about.
    """

    instance_arn: str
    ids: dict[str, Key] = field(default_factory=dict)
    things: dict[Key, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)

    def id(self, word: str, name: str) -> str:
        """ "" for none."""
        given = self.given.get(spelled(word, name))
        return given.rsplit("/", 1)[-1] if given else self.things.get((word, name), "")

    def arn(self, word: str, name: str) -> str:
        """The ARN that a token stands for, "" for none."""
        if given := self.given.get(spelled(word, name)):
            return given
        region = ":".join(self.instance_arn.split(":")[:4])
        if word == _INSTANCE:
            return self.instance_arn if name == "arn" else ""
        if word == FUNCTION:
            return self.functions.get(name, "")
        if word == _VIEW:
            return f"{region}:aws:view/{name}"
        id = self.id("user" if word == _USER_QUEUE else word, name)
        if not id:
            return ""
        if word == NUMBER:
            return f"{region}:{self.instance_arn.split(':')[4]}:phone-number/{id}"
        return f"{self.instance_arn}/{'queue/agent' if word == _USER_QUEUE else WORDS[word]}/{id}"


def names_of(copy: Copy, given: dict[str, str] | None = None) -> Names:
    """The names of an instance as it was read."""
    ids = {thing.id: thing.key for thing in copy.things if thing.id}
    functions: dict[str, str] = {}
    for thing in copy.things:
        if thing.kind == FUNCTION:
            arn = unqualified(thing.arn)
            functions.setdefault(arn.rsplit(":", 1)[-1], arn)
    things = {thing.key: thing.id for thing in copy.things if thing.id}
    return Names(copy.arn, {**ids, copy.id: (_INSTANCE, "id")}, {**things, (_INSTANCE, "id"): copy.id}, functions,
                 given or {})  # fmt: skip


def unqualified(function_arn: str) -> str:
    return ":".join(function_arn.split(":")[:7])


def spelled(word: str, name: str, *, bare: bool = False) -> str:
    return f"${{{word}{'-id' if bare else ''}:{quoted(name)}}}"


# --- to tokens ---


def tokenised(text: str, names: Names, *, in_body: bool = False, is_file: bool = False) -> str:
    """The text with tokens for whatever has a name; other ids and ARNs stay. In a file, tokens are tokens already."""
    escaped = text if is_file else _TOKEN.sub(lambda found: "$" + found[0], text)
    return _ARN.sub(lambda found: _token(found, names, in_body=in_body), escaped)


def _token(found: re.Match[str], names: Names, *, in_body: bool) -> str:
    if found["function"]:
        name = found["function_name"]
        # one that the instance has under another ARN is another function, and so is one of elsewhere
        known = names.functions.get(name)
        is_near = known is None and found["function"].split(":")[3:5] == names.instance_arn.split(":")[3:5]
        return spelled(FUNCTION, name) if is_near or known == found["function"] else found[0]
    if found["view"]:
        return spelled(_VIEW, found["view_name"])
    if found["instance"]:
        return spelled(_INSTANCE, "arn") if _plain(found[0]) == names.instance_arn else found[0]
    key = names.ids.get(found["id"] or found["number_id"] or found["bare"])
    if key is None:
        return found[0]
    word, name = key
    if found["bare"]:
        return spelled(word, name, bare=not in_body and word != _INSTANCE)
    return spelled(_USER_QUEUE if _plain(found["word"] or "") == "queue/agent" else word, name)


def _plain(text: str) -> str:
    return text.replace("\\/", "/")


# --- and back ---


def resolved(text: str, names: Names, *, in_body: bool = False) -> str:
    """The text with ids and ARNs of an instance; tokens of what it does not have stay."""

    def put(found: re.Match[str]) -> str:
        if found["more"]:
            return found[0][1:]
        word, name = found["word"], unquoted(found["name"])
        is_bare = in_body or found["bare"] or (word, name) == (_INSTANCE, "id")
        return (names.id(word, name) if is_bare else names.arn(word, name)) or found[0]

    return _TOKEN.sub(put, text)


def tokens(text: str) -> set[Key]:
    """What the tokens in the text name; those that stand for themselves are none."""
    return {(found["word"], unquoted(found["name"])) for found in _TOKEN.finditer(text) if not found["more"]}


def arns(text: str) -> set[str]:
    """The ARNs in the text that a token could stand for, and those of bots."""
    found = {_plain(each[0]) for each in _ARN.finditer(text) if not each["bare"]}
    return found | set(_BOT.findall(_plain(text)))
