"""Where this server is for its clients: behind which path, and for documents at which host.

A proxy may give Payam a path of a site that has other things beside it. `BASE_PATH` says
which; without it a trusted proxy may say so with each request, in X-Forwarded-Prefix.
Whatever is a path in an answer then begins with it. A request's own path may still carry
it, or not any more: both are understood.

What sockets are sent is encoded once for all of them, so there only BASE_PATH counts.
"""

import re
from typing import Any

from msgspec import Struct
from sanic import Request, Sanic
from sanic.compat import Header

from chat.api import addresses
from chat.placing import placed
from config.kinds import BASE_PATH
from config.settings import Settings

HOST = re.compile(r"(?:[A-Za-z0-9._~-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
VARIES = "X-Forwarded-Prefix, X-Forwarded-Host, X-Forwarded-Proto"
PREFIX_HEADER = "x-forwarded-prefix"


class Place(Struct, frozen=True):
    """`host` has the port where it is not the scheme's own; `prefix` has no slash at its end."""

    is_secure: bool
    host: str
    prefix: str


def install(app: Sanic[Any, Any], settings: Settings) -> None:
    """Tell connections behind which path a request finds us."""

    def prefix_of(peer: str, headers: Header) -> str:
        if settings.base_path or PREFIX_HEADER not in headers:
            return settings.base_path
        if not addresses.is_within(peer, settings.trusted_proxies):
            return ""
        given = nearest(headers.getall(PREFIX_HEADER)).rstrip("/")
        return given if BASE_PATH.fullmatch(given) else ""

    app.ctx.prefix_of = prefix_of


def prefix_of(request: Request) -> str:
    """What stands before all paths of this request's answer."""
    return str(getattr(request.ctx, "prefix", ""))


def shown(request: Request, value: Any) -> Any:
    """A record, or a list of them, with the paths in it as this client finds them."""
    return placed(prefix_of(request), value)


def of(request: Request) -> Place:
    """Where the client that sends this request finds us."""
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
    """What the nearest proxy wrote: the last of a list."""
    return lines[-1].rpartition(",")[2].strip() if lines else ""
