"""Whether this process runs, and whether it can serve: for load balancers, without a token."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import responses

blueprint = Blueprint("health", url_prefix="/health")


@blueprint.head("/live/", name="live_head", ctx_public=True)
@blueprint.get("/live/", ctx_public=True)
async def live(_: Request) -> HTTPResponse:
    return responses.json({"status": "live"})


@blueprint.head("/ready/", name="ready_head", ctx_public=True)
@blueprint.get("/ready/", ctx_public=True)
async def ready(request: Request) -> HTTPResponse:
    parts: dict[str, bool] = await request.app.ctx.is_ready()
    missing = [name for name, is_there in parts.items() if not is_there]
    if missing:
        return responses.json({"status": "not ready", "missing": missing}, 503)
    return responses.json({"status": "ready"})
