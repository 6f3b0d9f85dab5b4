"""Invite links: by which people come into a conversation."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, keys, responses
from chat.api.operations import Operation
from chat.api.parameters import OnceHeaders
from chat.api.schemas import NewInvite
from chat.errors import Conflict
from chat.records import Conversation, Invitation, Invite
from chat.services.invites import ended, full, of_a_guest, removed, too_many, used_up
from chat.services.registry import Services
from chat.services.rights import admins_only, no_roles
from chat.store.sends import blocked

blueprint = Blueprint("invites", url_prefix="/api")

ALL = "/conversations/<conversation_id:id>/invites/"
LINK = "/invites/<code:str>/"
CLOSED: tuple[Conflict, ...] = (used_up(), ended(), full())


@blueprint.get(ALL)
@Operation(gives={200: list[Invite]}, refuses=(admins_only(), no_roles()))
async def list_all(request: Request, conversation_id: int) -> HTTPResponse:
    """List the invite links of a conversation.

    The newest comes first. Only for its owner, admins and staff.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.invites.of(request.ctx.identity, conversation_id))


@blueprint.post(ALL)
@Operation(
    takes=NewInvite,
    headers=OnceHeaders,
    gives={201: Invite, 200: Invite},
    refuses=(admins_only(), of_a_guest(), no_roles(), too_many(), keys.REUSED),
)
async def create(request: Request, conversation_id: int) -> HTTPResponse:
    """Make an invite link.

    Without `expires_at` it has no end, and without `max_uses` any number of people come in by it.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewInvite)
    invite, is_new = await services.invites.create(
        request.ctx.identity, conversation_id, body.expires_at, body.max_uses, keys.of(request)
    )
    return responses.json(invite, 201 if is_new else 200)


@blueprint.delete(ALL + "<invite_id:id>/")
@Operation(gives={204: None}, refuses=(admins_only(), no_roles()))
async def revoke(request: Request, conversation_id: int, invite_id: int) -> HTTPResponse:
    """Revoke an invite link.

    Nobody comes in by it any more. Those who came in stay.
    """
    services: Services = request.app.ctx.services
    await services.invites.revoke(request.ctx.identity, conversation_id, invite_id)
    return responses.empty()


@blueprint.get(LINK)
@Operation(gives={200: Invitation}, refuses=(removed(), blocked(), *CLOSED))
async def look(request: Request, code: str) -> HTTPResponse:
    """Look where an invite link leads.

    Whoever could not join is refused in the same way here.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.invites.look(request.ctx.identity, code))


@blueprint.post(LINK)
@Operation(
    headers=OnceHeaders,
    gives={201: Conversation, 200: Conversation},
    refuses=(removed(), blocked(), *CLOSED, keys.REUSED, keys.WRONG),
)
async def join(request: Request, code: str) -> HTTPResponse:
    """Join a conversation by its invite link.

    Everybody's sockets get `participant.joined`. Whoever is in it already gets 200, and takes no
    place of the link.
    """
    services: Services = request.app.ctx.services
    conversation, is_new = await services.invites.join(request.ctx.identity, code, keys.of(request))
    return responses.json(conversation, 201 if is_new else 200)
