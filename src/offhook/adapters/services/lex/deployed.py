"""Bots that are deployed: asked over the Lex V2 runtime API, as the user.

One turn is one HTTP request, signed by botocore with what its credential chain finds. Nobody tries again.
This module is imported when the first deployed bot is asked, and botocore and httpx with it.
Source: lexv2-runtime 2020-08-07, RecognizeText (its region's endpoint, its signing name lex).
"""

import ssl
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.configprovider import ConfiguredEndpointProvider
from botocore.exceptions import BotoCoreError
from botocore.regions import EndpointResolver
from botocore.session import Session

from offhook.adapters.services.error import ServiceError
from offhook.adapters.services.lex.description import Bot

SERVICE = "runtime-v2-lex"
LIMIT_SECONDS = 30  # ours; a bot may wait that long for its function
_HERE = ("127.0.0.1", "localhost", "[::1]")  # never behind a proxy
_IN_PATH = frozenset("botId botAliasId localeId sessionId".split())


def recognize_text(bot: Bot, request: dict[str, Any]) -> Any:
    """The answer of RecognizeText. Raises ServiceError, under AWS's own name where there was an answer."""
    try:
        session = Session(profile=bot.profile or None)
        signed = _signed(session, bot, request)
        bundle = session.get_config_variable("ca_bundle")
        with httpx.Client(
            verify=ssl.create_default_context(cafile=bundle) if bundle else True,
            timeout=LIMIT_SECONDS,
            mounts=dict.fromkeys(f"all://{host}" for host in _HERE),
        ) as client:
            response = client.send(signed)
        body = msgspec.json.decode(response.content)
    except BotoCoreError as problem:
        raise ServiceError("AccessDeniedException", f"the request could not be signed: {problem}") from problem
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        raise ServiceError("ServiceUnavailableException", f"the bot gave no answer: {problem}") from problem
    except (msgspec.DecodeError, RecursionError) as problem:
        raise ServiceError("BadGatewayException", f"status {response.status_code} and no JSON.") from problem
    if response.status_code == httpx.codes.OK:
        return body
    said = body if isinstance(body, dict) else {}
    code = response.headers.get("x-amzn-ErrorType", "").partition(":")[0] or said.get("__type", "").rpartition("#")[2]
    message = said.get("message") or said.get("Message") or f"status {response.status_code}."
    raise ServiceError(code or "InternalServerException", str(message))


def _signed(session: Session, bot: Bot, request: dict[str, Any]) -> httpx.Request:
    endpoint = bot.endpoint or _endpoint(session, bot.region)
    place = "bots/{botId}/botAliases/{botAliasId}/botLocales/{localeId}/sessions/{sessionId}/text"
    path = place.format(**{name: quote(str(request[name]), safe="") for name in _IN_PATH})
    url = f"{endpoint.rstrip('/')}/{path}"
    body = msgspec.json.encode({key: value for key, value in request.items() if key not in _IN_PATH})
    signed = AWSRequest("POST", url, {"Content-Type": "application/json"}, data=body)
    credentials = session.get_credentials()
    # an endpoint of the user's own may take unsigned requests
    if credentials is not None or not bot.endpoint:
        SigV4Auth(credentials, "lex", bot.region).add_auth(signed)
    return httpx.Request("POST", url, headers=dict(signed.headers), content=body)


def _endpoint(session: Session, region: str) -> str:
    """The URL that AWS_ENDPOINT_URL or the configuration gives, else the one of the region in its partition."""
    configured = ConfiguredEndpointProvider(session.full_config, session.get_scoped_config(), "lexv2-runtime").provide()
    if configured:
        return str(configured)
    known = EndpointResolver(session.get_data("endpoints")).construct_endpoint(SERVICE, region)
    return f"https://{known['hostname'] if known else f'{SERVICE}.{region}.amazonaws.com'}"
