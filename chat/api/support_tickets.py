"""Support tickets: the one of a conversation, and for staff the list of all."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, paging, responses
from chat.api.schemas import NewTicket, TicketChanges
from chat.services.registry import Services

blueprint = Blueprint("support_tickets", url_prefix="/api")

ONE = "/conversations/<conversation_id:id>/support_ticket/"
LIST_LIMIT = 50


@blueprint.post(ONE)
async def create(request: Request, conversation_id: int) -> HTTPResponse:
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewTicket)
    ticket = await services.support_tickets.open(
        request.ctx.identity, conversation_id, body.subject, body.priority
    )
    return responses.json(ticket, 201)


@blueprint.patch(ONE)
async def change(request: Request, conversation_id: int) -> HTTPResponse:
    services: Services = request.app.ctx.services
    body = bodies.decode(request, TicketChanges)
    ticket = await services.support_tickets.update(
        request.ctx.identity,
        conversation_id,
        subject=body.subject,
        status=body.status,
        priority=body.priority,
        assigned_to=body.assigned_to,
    )
    return responses.json(ticket)


@blueprint.delete(ONE)
async def close(request: Request, conversation_id: int) -> HTTPResponse:
    services: Services = request.app.ctx.services
    await services.support_tickets.update(request.ctx.identity, conversation_id, status="closed")
    return responses.empty()


@blueprint.get("/support_tickets/")
async def list_all(request: Request) -> HTTPResponse:
    """Newest first; `status` and `before` (an id) narrow it."""
    services: Services = request.app.ctx.services
    status = paging.parameters(request, ("status",)).get("status")
    query = paging.integers(request, ("limit", "before"))
    limit = query.get("limit", LIST_LIMIT)
    found = await services.support_tickets.list(
        request.ctx.identity, status, query.get("before"), limit
    )
    if len(found) < limit:
        return responses.json(found)
    following: dict[str, int | str] = {"limit": limit, "before": found[-1].id}
    if status is not None:
        following["status"] = status
    return responses.json(found, headers=paging.link(request, "next", following))
