"""Users: sign-up, oneself, and who there is to talk to."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import addresses, bodies, paging, responses
from chat.api.schemas import Credentials
from chat.services.registry import Services
from chat.services.users import SEARCH_MAX

blueprint = Blueprint("users", url_prefix="/api/users")

SEARCH_LIMIT = 20


@blueprint.post("/", ctx_public=True)
async def sign_up(request: Request) -> HTTPResponse:
    services: Services = request.app.ctx.services
    body = bodies.decode(request, Credentials)
    address = addresses.of_client(request, request.app.ctx.settings.trusted_proxies)
    user = await services.users.sign_up(body.username, body.password, address)
    return responses.json(user, 201)


@blueprint.get("/")
async def search(request: Request) -> HTTPResponse:
    """Those whose name begins with `search`, or without it the first of all."""
    services: Services = request.app.ctx.services
    query = paging.parameters(request, ("search", "limit"))
    limit = paging.integer("limit", query.get("limit", str(SEARCH_LIMIT)), 1, SEARCH_MAX)
    return responses.json(await services.users.search(query.get("search", ""), limit))


@blueprint.get("/me/")
async def me(request: Request) -> HTTPResponse:
    who = request.ctx.identity
    return responses.json({"id": who.user_id, "username": who.username, "is_staff": who.is_staff})
