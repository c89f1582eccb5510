"""Who may call `offhook serve`, and where access keys come from.

They come from a file that `--access-keys` names, else from OFFHOOK_ACCESS_KEYS (`ID:SECRET`, several with spaces
between), else from `[server] access_keys`. The file is one as AWS's tools have (`~/.aws/credentials`), so that
clients can read the same. A secret is never a word of the command line, which others see, and no message says one.
"""

import configparser
import time
from collections.abc import Mapping
from pathlib import Path

from offhook.api.browser import Pages
from offhook.api.door import Door
from offhook.api.limit_rate import Rate
from offhook.api.signature import AccessKey
from offhook.cli.file import contents
from offhook.cli.server_settings import ServerSettings, key_problem
from offhook.model.errors import UsageError

VARIABLE = "OFFHOOK_ACCESS_KEYS"
_RATE_ELSEWHERE = 100  # a second, where other machines may call
_MAX_TOKEN_CHARACTERS = 4096


def door(settings: ServerSettings, file: Path | None, environment: Mapping[str, str], *, is_loopback: bool) -> Door:
    """The door of a server. Raises UsageError where keys cannot be read."""
    keys = {key.id: key for key in _keys(settings, file, environment)}
    per_second = settings.requests_per_second or (None if is_loopback else _RATE_ELSEWHERE)
    rate = None if per_second is None else Rate(per_second, time.monotonic)
    return Door(pages=Pages(frozenset(settings.origins), has_keys=bool(keys)), keys=keys, rate=rate)


def _keys(settings: ServerSettings, file: Path | None, environment: Mapping[str, str]) -> list[AccessKey]:
    if file is not None:
        return _of_file(file)
    if environment.get(VARIABLE, "").strip():
        pairs = [word.partition(":")[::2] for word in environment[VARIABLE].split()]
        return [_key(VARIABLE, f"key {place}", *pair) for place, pair in enumerate(pairs, 1)]
    return [AccessKey(name, secret) for name, secret in settings.access_keys.items()]


def _of_file(file: Path) -> list[AccessKey]:
    name = str(file)
    parser = configparser.RawConfigParser(default_section="", strict=True)
    try:
        parser.read_string(contents(file, name=name).decode())
    except UnicodeDecodeError:
        raise UsageError(f"{name}: must be text in UTF-8.") from None
    except configparser.Error as problem:
        line = getattr(problem, "lineno", None) or next(iter(getattr(problem, "errors", [])), [""])[0]
        where = f" line {line}" if line else ""
        raise UsageError(f"{name}:{where} is not as ~/.aws/credentials: [NAME], aws_access_key_id, …") from None
    found = [
        _key(
            name, f"[{section}]", parser.get(section, "aws_access_key_id", fallback=""),
            parser.get(section, "aws_secret_access_key", fallback=""),
            parser.get(section, "aws_session_token", fallback=""),
        )
        for section in parser.sections()
    ]  # fmt: skip
    if not found:
        raise UsageError(f"{name}: has no access key; it must have [NAME], aws_access_key_id, aws_secret_access_key.")
    return found


def _key(source: str, where: str, name: str, secret: str, token: str = "") -> AccessKey:
    problem = key_problem(name, secret)
    if problem:
        # The id is not said: whoever mixes up the two would have the secret in a log
        raise UsageError(f"{source}: {where} {problem}.")
    if len(token) > _MAX_TOKEN_CHARACTERS:
        raise UsageError(f"{source}: {where} has a session token of more than {_MAX_TOKEN_CHARACTERS} characters.")
    return AccessKey(name, secret, token)
