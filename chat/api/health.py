"""Whether this process runs, and whether it can serve: for load balancers, without a token."""

from msgspec import UNSET
from sanic import Blueprint, HTTPResponse, Request

from chat.api import responses
from chat.api.operations import Operation
from chat.records import Health

FOLLOWERS = "followers"

blueprint = Blueprint("health", url_prefix="/health")


@blueprint.get("/live/", ctx_public=True)
@Operation(gives={200: Health}, takes_any_query=True)
async def live(_: Request) -> HTTPResponse:
    """Whether this process runs."""
    return responses.json(Health("live"))


@blueprint.get("/ready/", ctx_public=True)
@Operation(gives={200: Health, 503: Health}, takes_any_query=True)
async def ready(request: Request) -> HTTPResponse:
    """Whether this process can serve.

    If it cannot, the answer names what is missing. Without `followers` it can: search, webhooks
    and pushes wait, and chat goes on.
    """
    parts: dict[str, bool] = await request.app.ctx.is_ready()
    missing = [name for name, is_there in parts.items() if not is_there]
    if set(missing) - {FOLLOWERS}:
        return responses.json(Health("not ready", missing), 503)
    return responses.json(Health("ready", missing or UNSET))
