"""Where clients find this server: behind which path, and (for documents) at which host.

A proxy may give Payam a path of a site that has other things beside it. `BASE_PATH` says
which path. Without it a trusted proxy may say so with each request, in X-Forwarded-Prefix.
Every path in an answer then begins with it. The path of the request itself may have the
prefix or not; both are understood.

A frame is encoded once for all sockets, so in frames only BASE_PATH counts.
"""

import re
from typing import Any

from msgspec import Struct
from sanic import Request, Sanic
from sanic.compat import Header

from chat.http import addresses
from chat.placing import placed
from config.kinds import BASE_PATH
from config.settings import Settings

HOST = re.compile(r"(?:[A-Za-z0-9._~-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
VARIES = "X-Forwarded-Prefix, X-Forwarded-Host, X-Forwarded-Proto"
PREFIX_HEADER = "x-forwarded-prefix"


class Place(Struct, frozen=True):
    """`host` has a port, unless it is the scheme's own; `prefix` has no slash at its end."""

    is_secure: bool
    host: str
    prefix: str


def install(app: Sanic[Any, Any], settings: Settings) -> None:
    """Let connections know behind which path clients find this server."""

    def prefix_of(peer: str, headers: Header) -> str:
        if settings.base_path or PREFIX_HEADER not in headers:
            return settings.base_path
        if not addresses.is_within(peer, settings.trusted_proxies):
            return ""
        given = nearest(headers.getall(PREFIX_HEADER)).rstrip("/")
        return given if BASE_PATH.fullmatch(given) else ""

    app.ctx.prefix_of = prefix_of


def prefix_of(request: Request) -> str:
    """The prefix of all paths in the answer to this request."""
    return str(getattr(request.ctx, "prefix", ""))


def shown(request: Request, value: Any) -> Any:
    """A record, or a list of records, whose paths have the prefix for this client."""
    return placed(prefix_of(request), value)


def of(request: Request) -> Place:
    """The address at which the client of this request finds this server."""
    settings: Settings = request.app.ctx.settings
    host: str = request.headers.getone("host", "")
    scheme = "http"
    if addresses.is_within(request.ip, settings.trusted_proxies):
        host = nearest(request.headers.getall("x-forwarded-host", [])) or host
        scheme = nearest(request.headers.getall("x-forwarded-proto", [])).lower()
    if not HOST.fullmatch(host):
        host = f"{settings.host}:{settings.port}"
    return Place(scheme in ("https", "wss"), host, prefix_of(request))


def nearest(lines: list[str]) -> str:
    """The entry of the nearest proxy, which is the last one of a list."""
    return lines[-1].rpartition(",")[2].strip() if lines else ""
