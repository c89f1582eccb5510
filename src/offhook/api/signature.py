"""Whether a request was signed with one of our access keys: Signature Version 4, in a header or in the URL.

What is signed is put together and signed again with botocore's own signer. Everything that can be known before the body
arrives is checked before (`announced`), so that nobody without a key makes us read much; the body last (`verify`).

AWS's rules: the signature is for this service and this day; its time is at most five minutes off, or a URL's own
X-Amz-Expires has not passed; Host and every X-Amz-… header are signed; the body is. Any region will do, since a server
stands for one whatever its clients are set to. UNSIGNED-PAYLOAD and aws-chunked bodies are for operations that their
model marks so; ours has none. Codes, statuses and words: the signing pages of AWS's IAM user guide
(reference_sigv-create-signed-request.html, reference_sigv-troubleshooting.html), and answers of Lambda and API Gateway
as people met them (aws-sdk-go issue 859, Paw-AWSSignature4DynamicValue issue 5, chalice issue 828), all 403.
"""

import calendar
import hashlib
import hmac
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders, quote
from botocore.credentials import Credentials
from botocore.utils import normalize_url_path

from offhook.api.errors import ServiceError

_ALGORITHM = "AWS4-HMAC-SHA256"
_SKEW_SECONDS = 300
_MAX_EXPIRES_SECONDS = 604_800
_MAX_SIGNED_HEADERS = 100
_STAMP = "%Y%m%dT%H%M%SZ"
_IS_STAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_CREDENTIAL = re.compile(r"([A-Za-z0-9_]{1,128})/([0-9]{8})/([A-Za-z0-9-]{1,64})/([A-Za-z0-9-]{1,64})/aws4_request")
_HASH = re.compile(r"[0-9a-f]{64}")
_PARTS = ("Credential", "Signature", "SignedHeaders")
_IN_URL = tuple(f"X-Amz-{name}" for name in ("Algorithm", *_PARTS, "Date", "Expires"))


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key as AWS has them. Only temporary ones have a session token, which requests must carry then."""

    id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request before its body: path and query as they came, and every header."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[bytes, bytes]]

    def header(self, name: str) -> str | None:
        """None where there is none; refused where there are two."""
        found = [value for key, value in self.headers if key.lower() == name.encode()]
        if len(found) > 1:
            raise _incomplete(f"There is more than one {name} header.")
        return _text(found[0]).strip() if found else None


@dataclass(frozen=True, slots=True)
class Announced:
    """What a request says of its signature. `stamp` is its time, `expires_seconds` a URL's; `digest` the body's, if it
    is said. `signature` and `token` are secrets.
    """

    asked: Asked
    key: AccessKey
    region: str
    service: str
    stamp: str
    signed: tuple[str, ...]
    signature: str = field(repr=False)
    query: str = field(repr=False)
    digest: str | None


def announced(asked: Asked, *, scope: str, keys: Mapping[str, AccessKey], now_ms: int) -> Announced:
    """`scope` is the service as signatures spell it. Raises ServiceError: no key of ours, too old, or incomplete."""
    authorization = asked.header("authorization")
    if authorization is not None:
        said = _in_header(authorization)
        (stamp, dated_by), expires_seconds, query = _stamp(asked), None, asked.query
        token = asked.header("x-amz-security-token")
    elif "X-Amz-" in asked.query:
        parameters, query = _in_url(asked.query)
        said = {name: parameters[f"X-Amz-{name}"] for name in _PARTS}
        stamp, dated_by = parameters["X-Amz-Date"], "host"
        expires_seconds = _expires(parameters["X-Amz-Expires"])
        token = parameters.get("X-Amz-Security-Token")
    else:
        raise ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token", status=403)
    key, region = _credential(said["Credential"], scope=scope, stamp=stamp, keys=keys)
    if not hmac.compare_digest((token or "").encode(), key.token.encode()):
        raise _unknown()
    _check_time(stamp, expires_seconds, now_ms)
    signed = tuple(said["SignedHeaders"].split(";"))
    _check_signed(asked, signed, dated_by)
    found = Announced(
        asked, key, region, scope, stamp, signed, signature=said["Signature"], query=query, digest=_digest(asked)
    )
    if found.digest is not None:
        _compare(found, found.digest)
    return found


def verify(found: Announced, body: bytes) -> None:
    """Raises ServiceError where this is not what was signed."""
    digest = hashlib.sha256(body).hexdigest()
    if found.digest is None:
        _compare(found, digest)
    elif not hmac.compare_digest(found.digest, digest):
        raise _mismatch()


# --- what is said ---


def _in_header(text: str) -> dict[str, str]:
    algorithm, _, rest = text.partition(" ")
    pairs = [part.strip().partition("=")[::2] for part in rest.split(",")]
    said = dict(pairs)
    missing = [name for name in _PARTS if not said.get(name)]
    if algorithm != _ALGORITHM or missing or len(said) != len(pairs):
        needs = [f"Authorization header requires '{name}' parameter." for name in missing]
        raise _incomplete(" ".join(needs) or f"Authorization must be {_ALGORITHM} with each parameter once.")
    return said


def _in_url(query: str) -> tuple[dict[str, str], str]:
    """The parameters of the signature, and the query that was signed: all but the signature itself."""
    pairs = [(unquote(pair.partition("=")[0]), pair) for pair in query.split("&")]
    parameters: dict[str, str] = {}
    for name, pair in pairs:
        if name in parameters:
            raise _incomplete(f"AWS query-string parameters must include '{name}' once.")
        if name.startswith("X-Amz-"):
            parameters[name] = unquote(pair.partition("=")[2])
    if missing := [name for name in _IN_URL if not parameters.get(name)]:
        raise _incomplete(" ".join(f"AWS query-string parameters must include '{name}'." for name in missing))
    if parameters["X-Amz-Algorithm"] != _ALGORITHM:
        raise _incomplete(f"X-Amz-Algorithm must be {_ALGORITHM}.")
    return parameters, "&".join(pair for name, pair in pairs if name != "X-Amz-Signature")


def _stamp(asked: Asked) -> tuple[str, str]:
    """The time, and the header that says it."""
    stamp = asked.header("x-amz-date")
    if stamp is not None:
        return stamp, "x-amz-date"
    date = asked.header("date")
    if date is None:
        raise _incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if _IS_STAMP.fullmatch(date):
        return date, "date"
    try:
        return time.strftime(_STAMP, parsedate_to_datetime(date).utctimetuple()), "date"
    except (ValueError, OverflowError):
        raise _incomplete("Date must be in ISO-8601 'basic format' or as RFC 1123 has it.") from None


def _expires(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= _MAX_EXPIRES_SECONDS):
        raise _incomplete(f"X-Amz-Expires must be a number of seconds in 1..{_MAX_EXPIRES_SECONDS}.")
    return int(text)


def _credential(text: str, *, scope: str, stamp: str, keys: Mapping[str, AccessKey]) -> tuple[AccessKey, str]:
    parts = _CREDENTIAL.fullmatch(text)
    if parts is None:
        raise _incomplete("Credential must be KEY/YYYYMMDD/REGION/SERVICE/aws4_request.")
    name, day, region, service = parts.groups()
    if name not in keys:
        raise _unknown()
    if service != scope:
        raise _invalid(f"Credential should be scoped to correct service: '{scope}'.")
    if day != stamp[:8]:
        raise _invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.")
    return keys[name], region


# --- what is checked ---


def _check_time(stamp: str, expires_seconds: int | None, now_ms: int) -> None:
    try:
        at = calendar.timegm(time.strptime(stamp, _STAMP))
    except ValueError:
        at = None
    if at is None or not _IS_STAMP.fullmatch(stamp):
        raise _incomplete("Date must be in ISO-8601 'basic format'.")
    now, lasts = now_ms // 1000, _SKEW_SECONDS if expires_seconds is None else expires_seconds
    if at < now - lasts:
        period = "5 min." if expires_seconds is None else f"{lasts} s"
        raise _invalid(f"Signature expired: {stamp} is now earlier than {_at(now - lasts)} ({_at(now)} - {period})")
    if at > now + _SKEW_SECONDS:
        latest = _at(now + _SKEW_SECONDS)
        raise _invalid(f"Signature not yet current: {stamp} is still later than {latest} ({_at(now)} + 5 min.)")


def _at(seconds: int) -> str:
    return time.strftime(_STAMP, time.gmtime(seconds))


def _check_signed(asked: Asked, signed: tuple[str, ...], dated_by: str) -> None:
    """Host, the time and all of AWS's headers; and what is signed must be there."""
    if "host" not in signed:
        raise _invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    sent = {_text(name).lower() for name, _ in asked.headers}
    needed = {dated_by, *(name for name in sent if name.startswith("x-amz-"))}
    if missing := sorted(needed - set(signed)):
        raise _invalid(f"There were headers present in the request which were not signed: {', '.join(missing)}")
    if len(signed) > _MAX_SIGNED_HEADERS or not set(signed) <= sent:
        raise _mismatch()


def _digest(asked: Asked) -> str | None:
    said = asked.header("x-amz-content-sha256")
    if said is not None and not _HASH.fullmatch(said):
        raise _invalid("x-amz-content-sha256 must be the SHA-256 of the body; this service takes no other.")
    return said


def _compare(found: Announced, digest: str) -> None:
    signer = SigV4Auth(Credentials(found.key.id, found.key.secret), found.service, found.region)
    request = AWSRequest(url=f"http://localhost/?{found.query}")
    request.context["timestamp"] = found.stamp
    asked, headers = found.asked, _signed_headers(found)
    # What would be shortened here would be another operation where it is carried out
    if not _is_plain(asked.path) or "#" in found.query:
        raise _mismatch()
    canonical = "\n".join(
        (
            asked.method.upper(),
            quote(normalize_url_path(asked.path), safe="/~"),
            signer.canonical_query_string(request),
            signer.canonical_headers(headers) + "\n",
            signer.signed_headers(headers),
            digest,
        )
    )
    expected = signer.signature(signer.string_to_sign(request, canonical), request)
    if not hmac.compare_digest(expected.encode(), found.signature.encode()):
        raise _mismatch()


def _signed_headers(found: Announced) -> HTTPHeaders:
    headers = HTTPHeaders()
    for name, value in found.asked.headers:
        if (word := _text(name).lower()) in found.signed:
            headers[word] = _text(value)
    return headers


def _is_plain(path: str) -> bool:
    return path.startswith("/") and "//" not in path and "#" not in path and not {".", ".."} & set(path.split("/"))


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


# --- errors ---


def _incomplete(sentence: str) -> ServiceError:
    return ServiceError("IncompleteSignatureException", sentence, status=403)


def _invalid(sentence: str) -> ServiceError:
    return ServiceError("InvalidSignatureException", sentence, status=403)


def _mismatch() -> ServiceError:
    return _invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details."
    )


def _unknown() -> ServiceError:
    sentence = "The security token included in the request is invalid."
    return ServiceError("UnrecognizedClientException", sentence, status=403)
