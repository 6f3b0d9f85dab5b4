"""Pins of a conversation."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import responses
from chat.api.messages import IS_DELETED
from chat.api.operations import Operation
from chat.records import Message
from chat.services.notes import text_only
from chat.services.pins import too_many
from chat.services.registry import Services

blueprint = Blueprint("pins", url_prefix="/api/conversations/<conversation_id:id>")

PIN = "/messages/<message_id:id>/pin/"


@blueprint.get("/pins/")
@Operation(gives={200: list[Message]})
async def list_all(request: Request, conversation_id: int) -> HTTPResponse:
    """List the pinned messages.

    The last pinned comes first.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.pins.of(request.ctx.identity, conversation_id))


@blueprint.put(PIN)
@Operation(gives={204: None}, refuses=(IS_DELETED, too_many(), text_only()))
async def pin(request: Request, conversation_id: int, message_id: int) -> HTTPResponse:
    """Pin a message.

    Everybody's sockets get `message.pinned`. Any participant may. A second time changes nothing.
    """
    services: Services = request.app.ctx.services
    await services.pins.put(request.ctx.identity, conversation_id, message_id, is_pinned=True)
    return responses.empty()


@blueprint.delete(PIN)
@Operation(gives={204: None})
async def unpin(request: Request, conversation_id: int, message_id: int) -> HTTPResponse:
    """Unpin a message.

    Everybody's sockets get `message.unpinned`. A second time changes nothing.
    """
    services: Services = request.app.ctx.services
    await services.pins.put(request.ctx.identity, conversation_id, message_id, is_pinned=False)
    return responses.empty()
