"""What staff did, for staff."""

from sanic import Blueprint, HTTPResponse, Request

from chat import records
from chat.api import paging, responses
from chat.api.operations import Operation
from chat.api.parameters import LIST_LIMIT, ActPlace
from chat.services.registry import Services
from chat.services.staff import not_staff

blueprint = Blueprint("staff_acts", url_prefix="/api/staff/acts")


@blueprint.get("/")
@Operation(query=ActPlace, gives={200: list[records.Act]}, sends=("Link",), refuses=(not_staff(),))
async def list_all(request: Request) -> HTTPResponse:
    """List what staff did.

    The newest is first. Nobody can change or delete what is listed. Only for staff.
    """
    services: Services = request.app.ctx.services
    query = paging.integers(request, ("limit", "before", "user"))
    limit, user_id = query.get("limit", LIST_LIMIT), query.get("user")
    found = await services.acts.list(request.ctx.identity, query.get("before"), limit, user_id)
    if len(found) < limit:
        return responses.json(found)
    asked: dict[str, int | str] = {} if user_id is None else {"user": user_id}
    link = paging.link(request, "next", {**asked, "limit": limit, "before": found[-1].id})
    return responses.json(found, headers=link)
