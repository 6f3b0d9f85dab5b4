"""Support tickets: the one of a conversation, and for staff the list of all."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, paging, responses
from chat.api.operations import Operation
from chat.api.parameters import LIST_LIMIT, TicketPlace
from chat.api.schemas import NewTicket, TicketChanges
from chat.errors import Conflict, Forbidden
from chat.records import SupportTicket
from chat.services.registry import Services

blueprint = Blueprint("support_tickets", url_prefix="/api")

ONE = "/conversations/<conversation_id:id>/support_ticket/"


@blueprint.post(ONE)
@Operation(
    takes=NewTicket,
    gives={201: SupportTicket},
    refuses=(Conflict("The conversation has a ticket that is not closed."),),
)
async def create(request: Request, conversation_id: int) -> HTTPResponse:
    """Open a ticket."""
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewTicket)
    ticket = await services.support_tickets.open(
        request.ctx.identity, conversation_id, body.subject, body.priority
    )
    return responses.json(ticket, 201)


@blueprint.patch(ONE)
@Operation(
    takes=TicketChanges,
    gives={200: SupportTicket},
    refuses=(Forbidden("Only staff assign tickets."),),
)
async def change(request: Request, conversation_id: int) -> HTTPResponse:
    """Change the ticket.

    The one that is not closed; staff need not be in the conversation.
    """
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
@Operation(gives={204: None})
async def close(request: Request, conversation_id: int) -> HTTPResponse:
    """Close the ticket."""
    services: Services = request.app.ctx.services
    await services.support_tickets.update(request.ctx.identity, conversation_id, status="closed")
    return responses.empty()


@blueprint.get("/support_tickets/")
@Operation(
    query=TicketPlace,
    gives={200: list[SupportTicket]},
    sends=("Link",),
    refuses=(Forbidden("Only staff list tickets."),),
)
async def list_all(request: Request) -> HTTPResponse:
    """List all tickets.

    Newest first; for staff.
    """
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
