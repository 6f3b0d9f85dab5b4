"""Replies to a message."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import paging, responses
from chat.api.messages import PAGE_LIMIT
from chat.api.operations import Operation
from chat.api.parameters import ReplyPlace
from chat.records import Message
from chat.services.registry import Services

blueprint = Blueprint(
    "replies", url_prefix="/api/conversations/<conversation_id:id>/messages/<message_id:id>"
)


@blueprint.get("/replies/")
@Operation(query=ReplyPlace, gives={200: list[Message]}, sends=("Link",))
async def list_all(request: Request, conversation_id: int, message_id: int) -> HTTPResponse | None:
    """List the replies to a message.

    The oldest comes first, deleted ones too. `Link` leads to the next page.
    """
    services: Services = request.app.ctx.services
    query = paging.integers(request, ("limit", "after"))
    limit = query.get("limit", PAGE_LIMIT)
    found = await services.messages.replies(
        request.ctx.identity, conversation_id, message_id, query.get("after", 0), limit
    )
    if len(found) < limit:
        return await responses.json_array(request, found)
    link = paging.link(request, "next", {"limit": limit, "after": found[-1].id})
    return await responses.json_array(request, found, link)
