"""Conversations: list them, begin one, change who is in it, mark what was read."""

from msgspec import UNSET
from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, etags, keys, paging, responses
from chat.api.operations import Operation
from chat.api.parameters import (
    LIST_LIMIT,
    ConditionalHeaders,
    ConversationPlace,
    OnceHeaders,
    ParticipantPlace,
)
from chat.api.schemas import (
    ConversationChanges,
    NewConversation,
    NewParticipant,
    ReadUpTo,
    RoleChange,
)
from chat.errors import Conflict, InvalidInput
from chat.http import addresses
from chat.records import Conversation, Participant
from chat.services.conversations import LIST_PART
from chat.services.registry import Services
from chat.services.rights import admins_only, no_roles
from chat.services.roles import owner_needed, owner_only
from chat.store.conversation_list import ASKED, Asked

blueprint = Blueprint("conversations", url_prefix="/api/conversations")

ONE = "/<conversation_id:id>/"


@blueprint.get("/")
@Operation(
    query=ConversationPlace,
    headers=ConditionalHeaders,
    gives={200: list[Conversation], 304: None},
    sends=("Link", "ETag", "Cache-Control"),
)
async def list_all(request: Request) -> HTTPResponse | None:
    """List the caller's conversations: all, or a page.

    The most recently active one is first. With `limit` a page comes, and `Link` leads to the
    next page. A conversation that becomes active meanwhile moves to the first page; no other
    one moves. Without `limit` the whole list comes. A long list is streamed, without an `ETag`.
    `archived`, `pinned`, `muted` and `direct` ask only for those that are so, or for the others.
    """
    services: Services = request.app.ctx.services
    who = request.ctx.identity
    query = paging.parameters(request, ("limit", "cursor", *ASKED))
    asked = {name: paging.flag(name, value) for name, value in query.items() if name in ASKED}
    if query.keys() - asked.keys():
        return await page(request, query, asked)
    found, cursor = await services.conversations.page(who, None, LIST_PART, asked)
    if cursor is None:
        return etags.json(request, found)
    ids = await services.conversations.ids(who, asked)
    return await responses.stream_array(request, services.conversations.parts(who, ids))


async def page(request: Request, query: dict[str, str], asked: Asked) -> HTTPResponse:
    services: Services = request.app.ctx.services
    limit = paging.limit(query["limit"]) if "limit" in query else LIST_LIMIT
    found, cursor = await services.conversations.page(
        request.ctx.identity, query.get("cursor"), limit, asked
    )
    if cursor is None:
        return etags.json(request, found)
    chosen = {name: query[name] for name in asked}
    link = paging.link(request, "next", {"limit": limit, "cursor": cursor, **chosen})
    return etags.json(request, found, link)


@blueprint.post("/")
@Operation(
    takes=NewConversation,
    headers=OnceHeaders,
    gives={201: Conversation, 200: Conversation},
    refuses=(keys.REUSED,),
)
async def create(request: Request) -> HTTPResponse:
    """Begin a conversation.

    The caller is always in it. `participants` names at most PARTICIPANTS_PER_REQUEST users.
    Add more of them afterwards.

    With `direct` and one participant it is the direct conversation of the two. Two people have
    only one: it is found (200) or begun (201), whichever of them asks. Somebody who left it is
    added again. If the two already have a conversation alone, without a title or a ticket,
    that one becomes their direct conversation.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewConversation)
    who = request.ctx.identity
    await services.guest_limits.conversation(who, addresses.of_caller(request))
    begin = services.direct_conversations.begin if body.direct else services.conversations.create
    conversation, is_new = await begin(
        who, body.participants, body.title, keys.of(request), body.metadata
    )
    return responses.json(conversation, 201 if is_new else 200)


@blueprint.get(ONE)
@Operation(
    headers=ConditionalHeaders,
    gives={200: Conversation, 304: None},
    sends=("ETag", "Cache-Control"),
)
async def one(request: Request, conversation_id: int) -> HTTPResponse:
    """One conversation."""
    services: Services = request.app.ctx.services
    conversation = await services.conversations.get(request.ctx.identity, conversation_id)
    return etags.json(request, conversation)


@blueprint.patch(ONE)
@Operation(
    takes=ConversationChanges, gives={200: Conversation}, refuses=(admins_only(), no_roles())
)
async def change(request: Request, conversation_id: int) -> HTTPResponse:
    """Change the title, the metadata, or what members may do.

    `members_may` is for the owner and admins; with it others may lose the right to the rest.
    Everybody's sockets get `conversation.updated`. What it has already changes nothing.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, ConversationChanges)
    return responses.json(
        await services.conversations.change(
            request.ctx.identity, conversation_id, body.title, body.metadata, body.members_may
        )
    )


@blueprint.get(ONE + "participants/")
@Operation(query=ParticipantPlace, gives={200: list[Participant]}, sends=("Link",))
async def participants(request: Request, conversation_id: int) -> HTTPResponse:
    """List the participants.

    They come in the order of their ids. `Link` leads to the next page.
    """
    services: Services = request.app.ctx.services
    query = paging.integers(request, ("limit", "after"))
    limit = query.get("limit", LIST_LIMIT)
    found = await services.conversations.participants(
        request.ctx.identity, conversation_id, query.get("after", 0), limit
    )
    found = await services.presences.of(request.ctx.identity, found)
    if len(found) < limit:
        return responses.json(found)
    link = paging.link(request, "next", {"limit": limit, "after": found[-1].id})
    return responses.json(found, headers=link)


@blueprint.post(ONE + "participants/")
@Operation(
    takes=NewParticipant,
    headers=OnceHeaders,
    gives={201: Conversation, 200: Conversation},
    refuses=(
        admins_only(),
        keys.REUSED,
        Conflict("A direct conversation has two participants.", code="direct_conversation"),
    ),
)
async def add_participant(request: Request, conversation_id: int) -> HTTPResponse:
    """Add a participant, or several.

    Any participant may do this, unless `members_may` leaves it out. Somebody who is there
    already stays. A conversation has at most 10,000 participants.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewParticipant)
    conversation, is_new = await services.conversations.add(
        request.ctx.identity, conversation_id, *named(body), keys.of(request)
    )
    return responses.json(conversation, 201 if is_new else 200)


def named(body: NewParticipant) -> tuple[str, list[int]]:
    """The field that names users, and their ids."""
    if body.user_ids is UNSET and body.user_id is not UNSET:
        return "user_id", [body.user_id]
    if body.user_id is UNSET and body.user_ids is not UNSET:
        return "user_ids", body.user_ids
    raise InvalidInput({"user_id": ["Either this or user_ids is required."]})


@blueprint.delete(ONE + "participants/<user_id:id>/")
@Operation(
    headers=OnceHeaders,
    gives={204: None},
    refuses=(admins_only(), keys.REUSED, keys.WRONG),
)
async def remove_participant(request: Request, conversation_id: int, user_id: int) -> HTTPResponse:
    """Remove a participant, or leave.

    The owner, an admin or staff removes others; an admin only members. When the owner is gone, the
    admin who has been there longest owns the conversation, or else the member.
    With an `Idempotency-Key` a retry removes nobody who was added again meanwhile.
    """
    services: Services = request.app.ctx.services
    await services.conversations.remove(
        request.ctx.identity, conversation_id, user_id, keys.of(request)
    )
    return responses.empty()


@blueprint.patch(ONE + "participants/<user_id:id>/")
@Operation(
    takes=RoleChange,
    gives={200: Participant},
    refuses=(owner_only(), owner_needed(), no_roles()),
)
async def change_role(request: Request, conversation_id: int, user_id: int) -> HTTPResponse:
    """Change a participant's role.

    Only the owner does this. To make somebody else the `owner` makes the caller an admin.
    Everybody's sockets get `conversation.updated` with the `participant`.
    """
    services: Services = request.app.ctx.services
    who = request.ctx.identity
    body = bodies.decode(request, RoleChange)
    changed = await services.roles.change(who, conversation_id, user_id, body.role)
    (found,) = await services.presences.of(who, [changed])
    return responses.json(found)


@blueprint.post(ONE + "read/")
@Operation(takes=ReadUpTo, gives={204: None})
async def read(request: Request, conversation_id: int) -> HTTPResponse:
    """Mark everything up to a message as read."""
    services: Services = request.app.ctx.services
    body = bodies.decode(request, ReadUpTo)
    await services.read_marks.move(request.ctx.identity, conversation_id, body.message_id)
    return responses.empty()
