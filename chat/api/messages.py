"""Messages: the whole list or a page of it, sending, editing, deleting."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, paging, responses
from chat.api.schemas import EditedMessage, NewMessage
from chat.errors import InvalidInput
from chat.services import checks
from chat.services.registry import Services

blueprint = Blueprint("messages", url_prefix="/api/conversations/<conversation_id:id>/messages")

ONE = "/<message_id:id>/"
PAGE_LIMIT = 50
KEY_HEADER = "Idempotency-Key"


@blueprint.get("/")
async def list_all(request: Request, conversation_id: int) -> HTTPResponse | None:
    """Every message, or with a query a page, or what changed after a point."""
    services: Services = request.app.ctx.services
    query = paging.integers(request, ("limit", "before", "after", "since"))
    if not query:
        pages = await services.messages.stream(request.ctx.identity, conversation_id)
        return await responses.stream_array(request, pages)
    places = [name for name in ("before", "after", "since") if name in query]
    if len(places) > 1:
        raise InvalidInput({places[1]: [f"May not come together with {places[0]}."]})
    if "since" in query:
        return await changes(request, conversation_id, query)
    return await page(request, conversation_id, query)


async def page(request: Request, conversation_id: int, query: dict[str, int]) -> HTTPResponse:
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
        return responses.json(found)
    if "after" in query:
        link = paging.link(request, "next", {"limit": limit, "after": found[-1].id})
    else:
        link = paging.link(request, "prev", {"limit": limit, "before": found[0].id})
    return responses.json(found, headers=link)


async def changes(request: Request, conversation_id: int, query: dict[str, int]) -> HTTPResponse:
    services: Services = request.app.ctx.services
    limit = query.get("limit", paging.LIMIT_MAX)
    found = await services.messages.changed_since(
        request.ctx.identity, conversation_id, query["since"], limit
    )
    if len(found) < limit:
        return responses.json(found)
    link = paging.link(request, "next", {"limit": limit, "since": found[-1].seq})
    return responses.json(found, headers=link)


@blueprint.post("/")
async def create(request: Request, conversation_id: int) -> HTTPResponse:
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewMessage)
    message, is_new = await services.messages.create(
        request.ctx.identity, conversation_id, body.content, key_of(request, body)
    )
    return responses.json(message, 201 if is_new else 200)


def key_of(request: Request, body: NewMessage) -> str | None:
    """What makes a retry the same message, from the body or the header."""
    keys = {checks.key(KEY_HEADER, key) for key in request.headers.getall(KEY_HEADER, [])}
    if body.client_id is not None:
        keys.add(body.client_id)
    if len(keys) > 1:
        raise InvalidInput({"client_id": [f"Differs from the header {KEY_HEADER}."]})
    return keys.pop() if keys else None


@blueprint.get(ONE)
async def one(request: Request, conversation_id: int, message_id: int) -> HTTPResponse:
    services: Services = request.app.ctx.services
    return responses.json(
        await services.messages.get(request.ctx.identity, conversation_id, message_id)
    )


@blueprint.patch(ONE)
async def edit(request: Request, conversation_id: int, message_id: int) -> HTTPResponse:
    services: Services = request.app.ctx.services
    body = bodies.decode(request, EditedMessage)
    return responses.json(
        await services.messages.edit(
            request.ctx.identity, conversation_id, message_id, body.content
        )
    )


@blueprint.delete(ONE)
async def delete(request: Request, conversation_id: int, message_id: int) -> HTTPResponse:
    services: Services = request.app.ctx.services
    await services.messages.delete(request.ctx.identity, conversation_id, message_id)
    return responses.empty()
