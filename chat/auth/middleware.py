"""Finds the user behind a request, before any handler runs.

The token comes in `Authorization` (as Bearer, or as Token or JWT, which DRF clients send). A
browser's websocket cannot set headers, so its token comes in
`Sec-WebSocket-Protocol: chat.v1, bearer.<token>`. A token never comes in a URL, because URLs are
logged.

Afterwards `request.ctx.identity` is the Identity. A route made with `ctx_public=True` has none.
A route made with `ctx_socket=True` has none either: its handler finds the user itself
(`chat.realtime.gate`), because a socket's token is checked against the database each time.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from sanic import Request, Sanic

from chat import headers
from chat.auth.identity import Identity
from chat.errors import NotAuthenticated

SCHEMES = ("bearer", "token", "jwt")
SUBPROTOCOL = "chat.v1"
TOKEN_SUBPROTOCOL = "bearer."  # noqa: S105 - a prefix, not a token

Identify = Callable[[str], Awaitable[Identity]]


def header_token(request: Request) -> str | None:
    """The token of the Authorization header; None if there is none."""
    lines = headers.every(request, "Authorization")
    return token_in(lines) if lines else None


def token_in(lines: list[str]) -> str:
    """The token in the lines of the Authorization header. Raises NotAuthenticated."""
    if len(lines) > 1:  # a proxy before us may have believed another one of them
        raise NotAuthenticated("Authorization must come once.")
    scheme, _, token = lines[0].strip().partition(" ")
    if scheme.lower() not in SCHEMES or not token.strip():
        raise NotAuthenticated("Authorization must be: Bearer <token>.")
    return token.strip()


def offered_subprotocols(request: Request) -> list[str]:
    return subprotocols_in(headers.every(request, "Sec-WebSocket-Protocol"))


def subprotocols_in(lines: list[str]) -> list[str]:
    """The subprotocols that the lines of a Sec-WebSocket-Protocol header offer."""
    return [offer.strip() for offer in ",".join(lines).split(",") if offer.strip()]


def subprotocol_token(request: Request) -> str | None:
    return token_among(offered_subprotocols(request))


def token_among(offers: list[str]) -> str | None:
    for offer in offers:
        if offer.startswith(TOKEN_SUBPROTOCOL):
            return offer.removeprefix(TOKEN_SUBPROTOCOL)
    return None


def socket_token(request: Request) -> str:
    """The token of a handshake; raises NotAuthenticated if there is none."""
    token = header_token(request)
    if token is None:
        token = subprotocol_token(request)
    if token is None:
        raise no_token()
    return token


def no_token() -> NotAuthenticated:
    return NotAuthenticated("A token is needed: Authorization: Bearer <token>.")


def install(app: Sanic[Any, Any], identify: Identify, count: Callable[[Identity], None]) -> None:
    """Add the middleware. `count` counts a user's requests, and raises RateLimited."""

    @app.on_request
    async def authenticate(request: Request) -> None:
        route = request.route
        # With OPTIONS a browser asks, without a token, whether it may send one.
        if route is None or request.method == "OPTIONS":
            return
        if getattr(route.ctx, "public", False) or getattr(route.ctx, "socket", False):
            return
        token = header_token(request)
        if token is None:
            raise no_token()
        request.ctx.identity = await identify(token)
        count(request.ctx.identity)
