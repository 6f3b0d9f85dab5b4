"""Reactions to messages."""

from urllib.parse import unquote

from sanic import Blueprint, HTTPResponse, Request

from chat.api import responses
from chat.api.messages import IS_DELETED
from chat.api.operations import Operation
from chat.services.notes import text_only
from chat.services.reactions import not_an_emoji, too_many
from chat.services.registry import Services

blueprint = Blueprint(
    "reactions", url_prefix="/api/conversations/<conversation_id:id>/messages/<message_id:id>"
)

REACTION = "/reactions/<emoji:str>/"


@blueprint.put(REACTION)
@Operation(gives={204: None}, refuses=(not_an_emoji(), IS_DELETED, too_many(), text_only()))
async def add(request: Request, conversation_id: int, message_id: int, emoji: str) -> HTTPResponse:
    """React to a message with an emoji.

    Everybody's sockets get `reaction.added`. A second time changes nothing.
    """
    services: Services = request.app.ctx.services
    who = request.ctx.identity
    await services.reactions.put(who, conversation_id, message_id, unquote(emoji), is_there=True)
    return responses.empty()


@blueprint.delete(REACTION)
@Operation(gives={204: None}, refuses=(not_an_emoji(),))
async def remove(
    request: Request, conversation_id: int, message_id: int, emoji: str
) -> HTTPResponse:
    """Take a reaction back.

    Everybody's sockets get `reaction.removed`. What is not there is not taken back, and nothing
    changes.
    """
    services: Services = request.app.ctx.services
    who = request.ctx.identity
    await services.reactions.put(who, conversation_id, message_id, unquote(emoji), is_there=False)
    return responses.empty()
