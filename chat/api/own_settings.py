"""The caller's own settings of a conversation."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, responses
from chat.api.operations import Operation
from chat.api.schemas import OwnChanges
from chat.records import Conversation
from chat.services.own_settings import Changes, only_participants
from chat.services.registry import Services

blueprint = Blueprint("own_settings", url_prefix="/api/conversations/<conversation_id:id>")


@blueprint.patch("/me/")
@Operation(takes=OwnChanges, gives={200: Conversation}, refuses=(only_participants(),))
async def change(request: Request, conversation_id: int) -> HTTPResponse:
    """Mute, archive or pin a conversation for oneself.

    Nobody else sees it. The caller's sockets of `/ws/` get `conversation.updated` with all three
    settings and without a number (`seq` is 0).
    """
    services: Services = request.app.ctx.services
    who = request.ctx.identity
    body = bodies.decode(request, OwnChanges)
    changes = Changes(body.muted_until, body.archived, body.pinned)
    await services.own_settings.change(who, conversation_id, changes)
    return responses.json(await services.conversations.get(who, conversation_id))
