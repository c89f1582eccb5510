"""The three services that share a port, with the words they have for what is wrong."""

from collections.abc import Mapping

from offhook.api.service import Handler, Service

_PACKAGE_BYTES = 73_400_320  # a zip of 50 MB in base64 and 3 MB around it. Source: the quotas page of AWS Lambda


def services(
    *,
    connect: Mapping[str, Handler] | None = None,
    participant: Mapping[str, Handler] | None = None,
    lambdas: Mapping[str, Handler] | None = None,
) -> tuple[Service, ...]:
    """connect, connectparticipant and lambda, with the handlers of each."""
    return (
        Service(
            "connect",
            "connect",
            invalid="InvalidParameterException",
            broken="InternalServiceException",
            handlers=connect or {},
            enumerations=True,
            # Terraform sends "" where a queue has none; of hours and quick connects, the model takes it
            may_be_empty=frozenset({"Description"}),
        ),
        Service(
            "connectparticipant",
            "execute-api",
            invalid="ValidationException",
            broken="InternalServerException",
            handlers=participant or {},
            enumerations=True,
            is_signed=False,
        ),
        Service(
            "lambda",
            "lambda",
            invalid="InvalidParameterValueException",
            broken="ServiceException",
            too_large="RequestTooLargeException",
            throttled="TooManyRequestsException",
            throttled_members={"Reason": "CallerRateLimitExceeded", "retryAfterSeconds": "1"},
            handlers=lambdas or {},
            max_body_bytes={"CreateFunction": _PACKAGE_BYTES, "UpdateFunctionCode": _PACKAGE_BYTES},
        ),
    )
