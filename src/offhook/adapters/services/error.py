"""What a service refuses, as AWS's API would say it."""


class ServiceError(Exception):
    """`code` is AWS's name of the error (ResourceNotFoundException), `message` a sentence for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
