"""Which web pages may call us, and how they are told (CORS).

AWS lets every page call, because every call is signed. Here calls need not be, and a page that could create a function
would run code of its own on this machine. So only pages of this machine may, and a request must name us as this machine
or a private network does: else a public name that somebody points here (DNS rebinding) would make a page one of ours.

With access keys every call is signed or carries a token, which no page has that somebody else made. Then a server may
have any name, and its own pages may call it under that name; pages of other servers still only where they are named.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

# Names that no public DNS gives: RFC 6761, RFC 6762, and ICANN's reservation of .internal
_PRIVATE = (".localhost", ".internal", ".local", ".test")
_ALLOWED = {
    "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
    # A list, because * does not cover Authorization. Source: spec/aws-api.md, rule 11
    "access-control-allow-headers": "authorization, content-type, x-amz-bearer, x-amz-client-context, "
    "x-amz-content-sha256, x-amz-date, x-amz-invocation-type, x-amz-log-type, x-amz-security-token, x-amz-user-agent, "
    "amz-sdk-invocation-id, amz-sdk-request",
    "access-control-max-age": "600",
}
_EXPOSED = "x-amzn-errortype, x-amzn-requestid, x-amz-executed-version, x-amz-function-error, x-amz-log-result"


@dataclass(frozen=True, slots=True)
class Pages:
    """Which pages may call: those of this machine, those of `origins` (`https://example.com`), and where the server
    `has_keys` its own.
    """

    origins: frozenset[str] = frozenset()
    has_keys: bool = False

    def refusal(self, headers: Mapping[str, str]) -> str:
        """Why this request is not answered, "" where it is."""
        named = headers.get("host", "localhost")
        host = _host(f"//{named}")
        if not self.has_keys and not _is_private(host):
            return f"Host is {host!r}; call offhook as localhost, by an IP address or by a private name."
        origin = headers.get("origin")
        if origin is None or _is_this_machine(_host(origin)) or origin in self.origins:
            return ""
        if self.has_keys and origin.partition("://")[2] == named:
            return ""
        return f"Pages of {origin!r} may not call offhook; only pages of this machine and of [server] origins may."


def permission(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that let the page behind an allowed request read the answer; none where there is no page."""
    origin = headers.get("origin")
    if origin is None:
        return {}
    return {"access-control-allow-origin": origin, "access-control-expose-headers": _EXPOSED, "vary": "Origin"}


def preflight(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that answer a browser's question whether a call is allowed."""
    return {**permission(headers), **_ALLOWED}


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_private(host: str) -> bool:
    return bool(host) and ("." not in host or _address(host) is not None or host.endswith(_PRIVATE))


def _is_this_machine(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or host.endswith(".localhost") or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
