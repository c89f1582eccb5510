"""One instance behind one endpoint of Amazon Connect, asked by botocore: AWS itself, or whoever speaks its API."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from offhook.model.errors import UsageError

AWS = "aws"
_ATTEMPTS = 10  # AWS allows two requests a second of most operations
_REGION = "us-east-1"
_URL = re.compile(r"https?://[^/\s]+/?")
_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Refused(Exception):
    """What the endpoint answered in place of doing it: operation, code and message. `code` is AWS's."""

    def __init__(self, operation: str, code: str, message: str) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`connect` and `functions` are clients for Connect and Lambda. `id`, `arn`, `alias` are the instance's."""

    connect: Any
    functions: Any
    id: str
    arn: str
    alias: str
    management: str = ""

    def call(self, operation: str, **parameters: Any) -> Any:
        """What an operation (as Python calls it: `list_queues`) on the instance answers. Raises Refused."""
        return ask(self.connect, operation, InstanceId=self.id, **parameters)

    def bare(self, operation: str, **parameters: Any) -> Any:
        """The same of an operation that takes no instance."""
        return ask(self.connect, operation, **parameters)

    def every(self, operation: str, member: str, **parameters: Any) -> Iterator[Any]:
        """The items of all pages."""
        token: dict[str, Any] = {}
        while True:
            answer = self.call(operation, **parameters, **token)
            yield from answer.get(member, [])
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}

    def has_function(self, arn: str) -> bool:
        """Whether Lambda has it."""
        try:
            ask(self.functions, "get_function", FunctionName=arn)
        except Refused:
            return False
        return True


def ask(client: Any, operation: str, **parameters: Any) -> Any:
    """Raises Refused where the endpoint does, UsageError where it is not there."""
    name = client.meta.method_to_api_mapping[operation]
    try:
        return getattr(client, operation)(**parameters)
    except ClientError as problem:
        error = problem.response.get("Error", {})
        message = "; ".join(_reasons(problem.response)) or error.get("Message", "")
        raise Refused(name, error.get("Code", "unknown"), message.rstrip(".")) from None
    except ParamValidationError as problem:  # what a file says is no such request
        report = "; ".join(str(problem.kwargs["report"]).splitlines())
        raise Refused(name, "ParamValidation", report.rstrip(".")) from None
    except BotoCoreError as problem:
        raise UsageError(f"{client.meta.endpoint_url}: {str(problem).rstrip('.')}.") from None


def _reasons(response: dict[str, Any]) -> list[str]:
    """Why a flow is refused: AWS has it beside the message, which says nothing."""
    found = response.get("problems") or response.get("Problems") or []
    return [each["message"] for each in found if isinstance(each, dict) and each.get("message")]


def opened(where: str, instance: str, *, region: str | None, profile: str | None, option: str) -> Endpoint:
    """The instance (id, ARN or alias) at `aws` or a URL. `option` names it in messages. Raises UsageError."""
    if where != AWS and not _URL.fullmatch(where):
        raise UsageError(f"{option} {where!r}: must be aws, or a URL such as http://127.0.0.1:4510.")
    url = None if where == AWS else where.rstrip("/")
    try:
        session = botocore.session.Session(profile=profile)
        region = _region(session, region, url, option)
        # where nobody answers the first question, nobody waits for the tenth
        found = _instance(_client(session, "connect", url, region, attempts=2), instance)
        connect, functions = (_client(session, name, url, region, attempts=_ATTEMPTS) for name in ("connect", "lambda"))
        alias, management = found.get("InstanceAlias", ""), found["IdentityManagementType"]
        return Endpoint(connect, functions, found["Id"], found["Arn"], alias, management)
    except BotoCoreError as problem:
        raise UsageError(f"{option} {where}: {str(problem).rstrip('.')}.") from None
    except Refused as problem:
        raise UsageError(f"{option} {where}: {problem}.") from None


def _region(session: Any, region: str | None, url: str | None, option: str) -> str:
    found = region or session.get_config_variable("region") or (_REGION if url else None)
    if found is None:
        raise UsageError(f"{option} aws: give --region, or set AWS_REGION.")
    return str(found)


def _client(session: Any, service: str, url: str | None, region: str, *, attempts: int) -> Any:
    given: dict[str, Any] = {}
    if url is not None and session.get_credentials() is None:  # our own server asks for none
        given = {"aws_access_key_id": "offhook", "aws_secret_access_key": "offhook"}
    retries = {"mode": "standard", "total_max_attempts": attempts}
    settings = Config(retries=retries, connect_timeout=5, read_timeout=60)
    return session.create_client(service, region_name=region, endpoint_url=url, config=settings, **given)


def _instance(connect: Any, text: str) -> Any:
    id = text.rpartition("instance/")[2]
    if _ID.fullmatch(id) is None:
        id = _by_alias(connect, text)
    return ask(connect, "describe_instance", InstanceId=id)["Instance"]


def _by_alias(connect: Any, alias: str) -> str:
    known: dict[str, str] = {}
    token: dict[str, Any] = {}
    while True:
        answer = ask(connect, "list_instances", **token)
        known |= {each.get("InstanceAlias", ""): each["Id"] for each in answer["InstanceSummaryList"]}
        if not answer.get("NextToken"):
            break
        token = {"NextToken": answer["NextToken"]}
    if alias not in known:
        there = ", ".join(sorted(filter(None, known))) or "none"
        raise UsageError(f"--instance {alias!r}: there is no such instance; there is: {there}.")
    return known[alias]
