"""Who is asking, established once for HTTP and websocket alike, before any handler.

The token comes in `Authorization` (as Bearer, or as Token or JWT, which DRF clients
send), or, from a browser's websocket, which cannot set headers, in
`Sec-WebSocket-Protocol: chat.v1, bearer.<token>`. Never in a URL: URLs are logged.

Afterwards `request.ctx.identity` is the Identity. A route made with `ctx_public=True`
has none. A browser cannot see the status of a refused handshake, so for a token that
came as a subprotocol the refusal is kept in `request.ctx.refusal`, and the socket is
accepted and closed with a code that says the same.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from sanic import Request, Sanic

from chat import headers
from chat.auth.identity import Identity
from chat.errors import NotAuthenticated, PayamError

SCHEMES = ("bearer", "token", "jwt")
SUBPROTOCOL = "chat.v1"
TOKEN_SUBPROTOCOL = "bearer."  # noqa: S105 - a prefix, not a token

Identify = Callable[[str], Awaitable[Identity]]


def header_token(request: Request) -> str | None:
    """The token of the Authorization header; None where there is none."""
    header = headers.one(request, "Authorization")
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() not in SCHEMES or not token.strip():
        raise NotAuthenticated("Authorization must be: Bearer <token>.")
    return token.strip()


def offered_subprotocols(request: Request) -> list[str]:
    offers = ",".join(headers.every(request, "Sec-WebSocket-Protocol"))
    return [offer.strip() for offer in offers.split(",") if offer.strip()]


def subprotocol_token(request: Request) -> str | None:
    for offer in offered_subprotocols(request):
        if offer.startswith(TOKEN_SUBPROTOCOL):
            return offer.removeprefix(TOKEN_SUBPROTOCOL)
    return None


def install(
    app: Sanic[Any, Any],
    identify: Identify,
    identify_afresh: Identify,
    count: Callable[[Identity], None],
) -> None:
    """`identify_afresh` is for sockets: it asks the database whether the token was revoked.

    `count` refuses too many requests.
    """

    @app.on_request
    async def authenticate(request: Request) -> None:
        route = request.route
        # A browser asks by OPTIONS, without a token, whether it may send one.
        if route is None or getattr(route.ctx, "public", False) or request.method == "OPTIONS":
            return
        is_websocket = bool(route.extra.websocket)
        request.ctx.refusal = None
        token = header_token(request)
        in_subprotocol = token is None and is_websocket
        if in_subprotocol:
            token = subprotocol_token(request)
        if token is None:
            raise NotAuthenticated("A token is needed: Authorization: Bearer <token>.")
        try:
            request.ctx.identity = await (identify_afresh if is_websocket else identify)(token)
            count(request.ctx.identity)
        except PayamError as error:
            if not in_subprotocol:
                raise
            request.ctx.refusal = error
