"""What Lambda's API refuses, in its own words."""

from typing import Any


class Refusal(Exception):
    """`code` names an exception of Lambda's API, `members` are what it has beside the message."""

    def __init__(self, code: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.members = members


def invalid(message: str) -> Refusal:
    return Refusal("InvalidParameterValueException", message)


def missing(message: str) -> Refusal:
    return Refusal("ResourceNotFoundException", message)


def conflict(message: str) -> Refusal:
    return Refusal("ResourceConflictException", message)
