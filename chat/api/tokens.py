"""Tokens: signing in, renewing and signing out."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import addresses, bodies, responses
from chat.api.schemas import Credentials, RefreshToken
from chat.services.registry import Services

blueprint = Blueprint("tokens", url_prefix="/api/token")

NOT_KEPT = {"Cache-Control": "no-store"}
"""RFC 6749 section 5.1: no cache keeps a token."""


@blueprint.post("/", ctx_public=True)
async def sign_in(request: Request) -> HTTPResponse:
    services: Services = request.app.ctx.services
    body = bodies.decode(request, Credentials)
    address = addresses.of_client(request, request.app.ctx.settings.trusted_proxies)
    pair = await services.sessions.sign_in(body.username, body.password, address)
    return responses.json(pair, headers=NOT_KEPT)


@blueprint.post("/refresh/", ctx_public=True)
async def refresh(request: Request) -> HTTPResponse:
    services: Services = request.app.ctx.services
    body = bodies.decode(request, RefreshToken)
    return responses.json(await services.sessions.refresh(body.refresh), headers=NOT_KEPT)


@blueprint.post("/revoke/", ctx_public=True)
async def revoke(request: Request) -> HTTPResponse:
    services: Services = request.app.ctx.services
    body = bodies.decode(request, RefreshToken)
    await services.sessions.revoke(body.refresh)
    return responses.empty()
