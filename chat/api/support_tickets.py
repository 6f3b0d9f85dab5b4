"""Support tickets: one by its id, the one of a conversation, and the list of all for staff."""

from msgspec import UNSET
from sanic import Blueprint, HTTPResponse, Request

from chat import records
from chat.api import bodies, keys, paging, responses
from chat.api.operations import Operation
from chat.api.paging import DIGITS
from chat.api.parameters import LIST_LIMIT, OnceHeaders, StepPlace, TicketChoice, TicketPlace
from chat.api.schemas import NewAssignee, NewRating, NewTicket, TicketChanges
from chat.errors import Forbidden, InvalidInput
from chat.http import addresses, languages
from chat.records import ID_MAX, SupportTicket, TicketStep
from chat.services import checks
from chat.services import ticket_rules as rules
from chat.services.registry import Services
from chat.store.support_tickets import NOBODY, Wanted

blueprint = Blueprint("support_tickets", url_prefix="/api")

OF_CONVERSATION = "/conversations/<conversation_id:id>/support_ticket/"
ONE = "/support_tickets/<ticket_id:id>/"
NOT_STAFF = Forbidden("Only staff assign tickets.")


@blueprint.get("/support_tickets/")
@Operation(
    query=TicketPlace,
    gives={200: list[SupportTicket]},
    sends=("Link",),
    refuses=(Forbidden("Only staff list tickets."),),
)
async def list_all(request: Request) -> HTTPResponse:
    """List tickets: all, or those that are asked for.

    The newest is first. Only for staff.
    """
    services: Services = request.app.ctx.services
    words = paging.parameters(request, ("status", "assigned_to", "priority", "q"))
    query = paging.integers(request, ("limit", "before", "created_by"))
    limit = query.get("limit", LIST_LIMIT)
    wanted = Wanted(
        status=words.get("status"),
        assigned_to=agent_of(request, words.get("assigned_to")),
        created_by=query.get("created_by"),
        priority=words.get("priority"),
        key=words.get("q"),
    )
    found = await services.support_tickets.list(
        request.ctx.identity, wanted, query.get("before"), limit
    )
    if len(found) < limit:
        return responses.json(found)
    following: dict[str, int | str] = {"limit": limit, "before": found[-1].id, **words}
    if wanted.created_by is not None:
        following["created_by"] = wanted.created_by
    return responses.json(found, headers=paging.link(request, "next", following))


def agent_of(request: Request, value: str | None) -> int | None:
    """Read from the query whose tickets are wanted. Raises InvalidInput."""
    if value is None:
        return None
    if value in ("me", "none"):
        return request.ctx.identity.user_id if value == "me" else NOBODY
    if not DIGITS.fullmatch(value) or not 1 <= int(value) <= ID_MAX:
        raise InvalidInput({"assigned_to": ["The id of a user, `me` or `none`."]})
    return int(value)


@blueprint.get(ONE + "steps/")
@Operation(query=StepPlace, gives={200: list[TicketStep]}, sends=("Link",))
async def list_steps(request: Request, ticket_id: int) -> HTTPResponse:
    """List what was done with a ticket.

    The first step comes first. Only for participants of its conversation, and staff.
    """
    services: Services = request.app.ctx.services
    query = paging.integers(request, ("limit", "after"))
    limit = query.get("limit", LIST_LIMIT)
    found = await services.support_tickets.steps(
        request.ctx.identity, ticket_id, query.get("after", 0), limit
    )
    if len(found) < limit:
        return responses.json(found)
    link = paging.link(request, "next", {"limit": limit, "after": found[-1].seq})
    return responses.json(found, headers=link)


@blueprint.get(ONE)
@Operation(gives={200: SupportTicket})
async def one(request: Request, ticket_id: int) -> HTTPResponse:
    """One ticket.

    Only for participants of its conversation, and staff.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.support_tickets.get(request.ctx.identity, ticket_id))


@blueprint.patch(ONE)
@Operation(
    takes=TicketChanges,
    headers=OnceHeaders,
    gives={200: SupportTicket},
    refuses=(NOT_STAFF, rules.ticket_closed(), rules.another_open(), keys.REUSED),
)
async def change(request: Request, ticket_id: int) -> HTTPResponse:
    """Change a ticket.

    A closed ticket takes no change but its reopening.
    """
    return responses.json(await changed(request, None, ticket_id))


@blueprint.post(ONE + "close/")
@Operation(headers=OnceHeaders, gives={200: SupportTicket}, refuses=(keys.REUSED,))
async def close(request: Request, ticket_id: int) -> HTTPResponse:
    """Close a ticket.

    A second time changes nothing, whatever was opened since. With an `Idempotency-Key` that also
    holds where the ticket was opened again meanwhile.
    """
    services: Services = request.app.ctx.services
    ticket = await services.support_tickets.change(
        request.ctx.identity, None, ticket_id, status="closed", key=keys.of(request)
    )
    return responses.json(ticket)


@blueprint.post(ONE + "reopen/")
@Operation(
    headers=OnceHeaders, gives={200: SupportTicket}, refuses=(rules.another_open(), keys.REUSED)
)
async def reopen(request: Request, ticket_id: int) -> HTTPResponse:
    """Open a closed ticket again.

    A ticket that is not closed stays as it is.
    """
    services: Services = request.app.ctx.services
    ticket = await services.support_tickets.reopen(
        request.ctx.identity, ticket_id, keys.of(request)
    )
    return responses.json(ticket)


@blueprint.post(ONE + "rating/")
@Operation(
    takes=NewRating,
    headers=OnceHeaders,
    gives={200: SupportTicket},
    refuses=(rules.for_customers(), rules.not_closed(), keys.REUSED),
)
async def rate(request: Request, ticket_id: int) -> HTTPResponse:
    """Say how content one was with the answers.

    Only for customers, once the ticket is closed. A later rating replaces an earlier one.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewRating)
    ticket = await services.support_tickets.rate(
        request.ctx.identity, ticket_id, body.score, body.comment, keys.of(request)
    )
    return responses.json(ticket)


@blueprint.post(ONE + "assign/")
@Operation(
    takes=NewAssignee,
    headers=OnceHeaders,
    gives={200: SupportTicket},
    refuses=(
        NOT_STAFF,
        rules.already_assigned(records.User(1, "sara")),
        rules.ticket_closed(),
        keys.REUSED,
    ),
)
async def assign(request: Request, ticket_id: int) -> HTTPResponse:
    """Take a ticket, hand it over, or give it back.

    Only for staff. `user_id` null gives the ticket back to the queue. Nobody takes the ticket of
    another agent; only that agent hands it over.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewAssignee)
    ticket = await services.support_tickets.assign(
        request.ctx.identity, ticket_id, body.user_id, keys.of(request)
    )
    return responses.json(ticket)


@blueprint.post(OF_CONVERSATION)
@Operation(
    takes=NewTicket,
    headers=OnceHeaders,
    gives={201: SupportTicket, 200: SupportTicket},
    refuses=(rules.another_open(), keys.REUSED),
)
async def create(request: Request, conversation_id: int) -> HTTPResponse:
    """Open a ticket."""
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewTicket)
    who = request.ctx.identity
    await services.guest_limits.ticket(who, addresses.of_caller(request))
    ticket, is_new = await services.support_tickets.open(
        who,
        conversation_id,
        body.subject,
        body.priority,
        keys.of(request),
        languages_of(request, body),
    )
    return responses.json(ticket, 201 if is_new else 200)


def languages_of(request: Request, body: NewTicket) -> list[str]:
    """The languages that the customer understands, the best first. Raises InvalidInput."""
    if body.language is not UNSET:
        return [checks.text("language", body.language, most=checks.KEY_MAX_LENGTH)]
    return languages.accepted(request.headers.get("Accept-Language", ""))


@blueprint.patch(OF_CONVERSATION)
@Operation(
    takes=TicketChanges,
    query=TicketChoice,
    headers=OnceHeaders,
    gives={200: SupportTicket},
    refuses=(NOT_STAFF, rules.ticket_closed(), rules.another_open(), keys.REUSED),
)
async def change_open(request: Request, conversation_id: int) -> HTTPResponse:
    """Change the ticket of a conversation.

    `id` names the ticket. Without it the open ticket is changed. A retry may then meet the next
    ticket, unless it has an `Idempotency-Key`. Staff need not be in the conversation.
    """
    return responses.json(await changed(request, conversation_id, chosen(request)))


@blueprint.delete(OF_CONVERSATION)
@Operation(gives={204: None}, query=TicketChoice, headers=OnceHeaders, refuses=(keys.REUSED,))
async def close_open(request: Request, conversation_id: int) -> HTTPResponse:
    """Close the ticket of a conversation.

    `id` names the ticket. Without it the open ticket is closed. A retry may then close the next
    ticket, unless it has an `Idempotency-Key`.
    """
    services: Services = request.app.ctx.services
    await services.support_tickets.change(
        request.ctx.identity,
        conversation_id,
        chosen(request),
        status="closed",
        key=keys.of(request),
    )
    return responses.empty()


def chosen(request: Request) -> int | None:
    """The id in the query; None if there is none."""
    return paging.integers(request, ("id",)).get("id")


async def changed(
    request: Request, conversation_id: int | None, ticket_id: int | None
) -> SupportTicket:
    services: Services = request.app.ctx.services
    body = bodies.decode(request, TicketChanges)
    return await services.support_tickets.change(
        request.ctx.identity,
        conversation_id,
        ticket_id,
        subject=body.subject,
        status=body.status,
        priority=body.priority,
        assigned_to=body.assigned_to,
        key=keys.of(request),
    )
