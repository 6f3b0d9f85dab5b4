"""The deployment, for staff: the same as `payam version` and `restored`."""

from sanic import Blueprint, HTTPResponse, Request

from chat import records
from chat.api import responses
from chat.api.operations import Operation
from chat.services.registry import Services
from chat.services.staff import not_staff

blueprint = Blueprint("staff_deployment", url_prefix="/api/staff")

NOT_STAFF = not_staff()


@blueprint.get("/version/")
@Operation(gives={200: records.Version}, refuses=(NOT_STAFF,))
async def version(request: Request) -> HTTPResponse:
    """Which version runs.

    Only for staff.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.deployment.version(request.ctx.identity))


@blueprint.post("/restored/")
@Operation(gives={200: records.Restored}, refuses=(NOT_STAFF,))
async def restored(request: Request) -> HTTPResponse:
    """Say that the database was put back to an older state.

    A new epoch begins. Every node closes all sockets with 1012 and a delay, and forgets what it
    had read: at once where Redis passes it on, and otherwise within 5 seconds. No server has to be
    restarted. Clients that come back with the old epoch get `reset`. Only for staff.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.deployment.restored(request.ctx.identity))
