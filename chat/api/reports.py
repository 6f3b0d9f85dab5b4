"""Reports of messages, for staff."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, keys, paging, responses
from chat.api.messages import IS_DELETED
from chat.api.operations import Operation
from chat.api.parameters import LIST_LIMIT, OnceHeaders, ReportPlace
from chat.api.schemas import NewReport
from chat.records import Report
from chat.services.notes import text_only
from chat.services.registry import Services
from chat.services.reports import not_staff

blueprint = Blueprint("reports", url_prefix="/api")


@blueprint.post("/conversations/<conversation_id:id>/messages/<message_id:id>/report/")
@Operation(
    takes=NewReport,
    headers=OnceHeaders,
    gives={201: Report, 200: Report},
    refuses=(IS_DELETED, keys.REUSED, text_only()),
)
async def create(request: Request, conversation_id: int, message_id: int) -> HTTPResponse:
    """Report a message to staff.

    The report keeps what the message says at this moment. Each user reports a message once: a
    second time gives the first report, and 200.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewReport)
    report, is_new = await services.reports.create(
        request.ctx.identity, conversation_id, message_id, body.reason, keys.of(request)
    )
    return responses.json(report, 201 if is_new else 200)


@blueprint.get("/reports/")
@Operation(query=ReportPlace, gives={200: list[Report]}, sends=("Link",), refuses=(not_staff(),))
async def list_all(request: Request) -> HTTPResponse:
    """List all reports.

    The newest is first. Only for staff.
    """
    services: Services = request.app.ctx.services
    query = paging.integers(request, ("limit", "before"))
    limit = query.get("limit", LIST_LIMIT)
    found = await services.reports.list(request.ctx.identity, query.get("before"), limit)
    if len(found) < limit:
        return responses.json(found)
    link = paging.link(request, "next", {"limit": limit, "before": found[-1].id})
    return responses.json(found, headers=link)
