"""Tokens: sign in, renew both tokens, sign out."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, responses
from chat.api.operations import Operation
from chat.api.schemas import Credentials, RefreshToken
from chat.errors import Forbidden, NotAuthenticated, RateLimited
from chat.http import addresses
from chat.services.registry import Services
from chat.services.sessions import Pair

blueprint = Blueprint("tokens", url_prefix="/api/token")

NOT_KEPT = {"Cache-Control": "no-store"}
"""RFC 6749 section 5.1: no cache keeps a token."""
USED = NotAuthenticated("The refresh token was used before.", code="token_revoked")
TOO_MANY = RateLimited("Too many token requests from this address.", retry_after=1)
NO_TOKEN = NotAuthenticated("The token is not valid.", code="token_invalid")


@blueprint.post("/", ctx_public=True)
@Operation(
    takes=Credentials,
    gives={200: Pair},
    sends=("Cache-Control",),
    refuses=(
        NotAuthenticated("Wrong username or password.", code="wrong_credentials"),
        Forbidden("Tokens come from another identity provider here."),
        RateLimited("Too many password attempts for this name.", retry_after=1),
    ),
)
async def sign_in(request: Request) -> HTTPResponse:
    """Sign in."""
    services: Services = request.app.ctx.services
    body = bodies.decode(request, Credentials)
    address = addresses.of_client(request, request.app.ctx.settings.trusted_proxies)
    pair = await services.sessions.sign_in(body.username, body.password, address)
    return responses.json(pair, headers=NOT_KEPT)


@blueprint.post("/refresh/", ctx_public=True)
@Operation(
    takes=RefreshToken,
    gives={200: Pair},
    sends=("Cache-Control",),
    refuses=(NO_TOKEN, USED, TOO_MANY),
)
async def refresh(request: Request) -> HTTPResponse:
    """Renew both tokens.

    A refresh token works once. For `JWT_REFRESH_GRACE` seconds after that, the last one gives
    the same pair again, because the answer may have been lost. Using it later, or using an
    older one, revokes its whole family.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, RefreshToken)
    address = addresses.of_client(request, request.app.ctx.settings.trusted_proxies)
    return responses.json(await services.sessions.refresh(body.refresh, address), headers=NOT_KEPT)


@blueprint.post("/revoke/", ctx_public=True)
@Operation(takes=RefreshToken, gives={204: None}, refuses=(NO_TOKEN, TOO_MANY))
async def revoke(request: Request) -> HTTPResponse:
    """Sign out.

    All tokens of the family stop working, on live sockets too.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, RefreshToken)
    address = addresses.of_client(request, request.app.ctx.settings.trusted_proxies)
    await services.sessions.revoke(body.refresh, address)
    return responses.empty()
