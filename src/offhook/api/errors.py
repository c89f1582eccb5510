"""The errors that a client gets."""

from typing import Any


class ServiceError(Exception):
    """An error as AWS names it: `code` is a shape of the service's model, `members` what it has beside the message.

    `status` counts only for a code that the model does not have: AWS uses some that are in none.
    """

    def __init__(self, code: str, message: str, *, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members


def malformed(message: str) -> ServiceError:
    """What arrived cannot be read at all."""
    return ServiceError("SerializationException", message)
