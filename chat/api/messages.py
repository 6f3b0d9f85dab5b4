"""Messages: list all or a page of them, send, edit and delete."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, keys, paging, responses
from chat.api.operations import Operation
from chat.api.parameters import MessagePlace, Moderation, SendHeaders
from chat.api.schemas import NewContent, NewMessage
from chat.errors import Conflict, EpochChanged, Forbidden, InvalidInput, KeyReused
from chat.http import addresses
from chat.records import Message
from chat.services import history
from chat.services.messages import Messages
from chat.services.notes import Notes, not_staff
from chat.services.registry import Services
from chat.services.rights import admins_only

blueprint = Blueprint("messages", url_prefix="/api/conversations/<conversation_id:id>/messages")

ONE = "/<message_id:id>/"
PAGE_LIMIT = 50
NOT_OWN = Forbidden("Only its sender changes a message.")
IS_DELETED = Conflict("The message is deleted.", code="message_deleted")


@blueprint.get("/")
@Operation(
    query=MessagePlace,
    gives={200: list[Message]},
    sends=("Link",),
    refuses=(EpochChanged("b7c2a91e"),),
)
async def list_all(request: Request, conversation_id: int) -> HTTPResponse | None:
    """List messages: all, a page, or what changed.

    The oldest message is first. `limit` alone gives the newest page, and `Link` leads to the
    next one. At most one of `before`, `after` and `since` may come. `since` gives messages in
    the order of their last changes. Without a query the whole list comes, streamed.

    `since` is the highest `seq` that the client received in a change. The `seq` in the answer
    to a message of the client's own does not count, because changes of others before it may
    be missing. With `epoch`, an answer of 409 `epoch_changed` says that the database was put
    back to an older state, or that `since` is higher than the conversation's `seq`. The client
    then reads the messages again.
    """
    services: Services = request.app.ctx.services
    query = paging.integers(request, ("limit", "before", "after", "since"))
    epoch = paging.parameters(request, ("epoch",)).get("epoch")
    if epoch is not None:
        history.require_valid(epoch)
        if "since" not in query:
            raise InvalidInput({"epoch": ["Comes together with since."]})
    if not query:
        pages = await services.messages.stream(request.ctx.identity, conversation_id)
        return await responses.stream_array(request, pages)
    places = [name for name in ("before", "after", "since") if name in query]
    if len(places) > 1:
        raise InvalidInput({places[1]: [f"May not come together with {places[0]}."]})
    if "since" in query:
        return await changes(request, conversation_id, query, epoch)
    return await page(request, conversation_id, query)


async def page(
    request: Request, conversation_id: int, query: dict[str, int]
) -> HTTPResponse | None:
    services: Services = request.app.ctx.services
    limit = query.get("limit", PAGE_LIMIT)
    found = await services.messages.page(
        request.ctx.identity,
        conversation_id,
        limit,
        before=query.get("before"),
        after=query.get("after"),
    )
    if len(found) < limit:
        return await responses.json_array(request, found)
    if "after" in query:
        link = paging.link(request, "next", {"limit": limit, "after": found[-1].id})
    else:
        link = paging.link(request, "prev", {"limit": limit, "before": found[0].id})
    return await responses.json_array(request, found, link)


async def changes(
    request: Request, conversation_id: int, query: dict[str, int], epoch: str | None
) -> HTTPResponse | None:
    services: Services = request.app.ctx.services
    limit = query.get("limit", paging.LIMIT_MAX)
    found = await services.messages.changed_since(
        request.ctx.identity, conversation_id, query["since"], epoch, limit
    )
    if len(found) < limit:
        return await responses.json_array(request, found)
    following: dict[str, int | str] = {"limit": limit, "since": found[-1].seq}
    if epoch is not None:
        following["epoch"] = epoch
    link = paging.link(request, "next", following)
    return await responses.json_array(request, found, link)


@blueprint.post("/")
@Operation(
    takes=NewMessage,
    headers=SendHeaders,
    gives={201: Message, 200: Message},
    refuses=(KeyReused("client_id: was used before, for another message."), not_staff()),
)
async def create(request: Request, conversation_id: int) -> HTTPResponse:
    """Send a message.

    With `client_id`, or the header `Idempotency-Key`, a retry stores nothing and is answered
    with the first message and 200. `reply_to` is a message of the same conversation, which may
    be deleted. With `internal` it is a note of staff: nobody else ever sees it.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewMessage)
    if body.internal:
        if body.reply_to is not None:
            raise InvalidInput({"reply_to": ["May not come together with internal."]})
        message, is_new = await services.notes.create(
            request.ctx.identity,
            conversation_id,
            body.content,
            key_of(request, body),
            body.metadata,
        )
        return responses.json(message, 201 if is_new else 200)
    who = request.ctx.identity
    services.guest_limits.message(who, addresses.of_caller(request) if who.is_guest else None)
    message, is_new = await services.messages.create(
        who,
        conversation_id,
        body.content,
        key_of(request, body),
        body.reply_to,
        body.metadata,
    )
    return responses.json(message, 201 if is_new else 200)


def key_of(request: Request, body: NewMessage) -> str | None:
    """The key by which a retry is recognised, from the body or from the header."""
    key = keys.of(request)
    if None not in (key, body.client_id) and key != body.client_id:
        raise InvalidInput({"client_id": [f"Differs from the header {keys.HEADER}."]})
    return key if key is not None else body.client_id


@blueprint.get(ONE)
@Operation(gives={200: Message})
async def one(request: Request, conversation_id: int, message_id: int) -> HTTPResponse:
    """One message."""
    of_kind = await keeper(request, conversation_id, message_id)
    return responses.json(await of_kind.get(request.ctx.identity, conversation_id, message_id))


@blueprint.patch(ONE)
@Operation(
    takes=NewContent,
    gives={200: Message},
    refuses=(NOT_OWN, IS_DELETED),
)
async def edit(request: Request, conversation_id: int, message_id: int) -> HTTPResponse:
    """Edit one's own message."""
    body = bodies.decode(request, NewContent)
    of_kind = await keeper(request, conversation_id, message_id)
    return responses.json(
        await of_kind.edit(request.ctx.identity, conversation_id, message_id, body.content)
    )


@blueprint.delete(ONE)
@Operation(query=Moderation, gives={204: None}, refuses=(NOT_OWN, admins_only()))
async def delete(request: Request, conversation_id: int, message_id: int) -> HTTPResponse:
    """Delete one's own message, or as a moderator that of somebody else.

    Its attachments are deleted too. A second time changes nothing. With `moderate=true` the owner
    deletes what admins and members sent, and an admin what members sent.
    """
    query = paging.parameters(request, ("moderate",))
    is_moderating = paging.flag("moderate", query.get("moderate", "false"))
    of_kind = await keeper(request, conversation_id, message_id)
    if isinstance(of_kind, Messages):
        await of_kind.delete(
            request.ctx.identity, conversation_id, message_id, is_moderating=is_moderating
        )
    else:
        await of_kind.delete(request.ctx.identity, conversation_id, message_id)
    return responses.empty()


async def keeper(request: Request, conversation_id: int, message_id: int) -> Messages | Notes:
    """The service that has the message with this id: a note of staff is another one's."""
    services: Services = request.app.ctx.services
    is_note = await services.notes.has(request.ctx.identity, conversation_id, message_id)
    return services.notes if is_note else services.messages
