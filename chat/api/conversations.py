"""Conversations: the caller's list, beginning one, who is in it, what was read."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, responses
from chat.api.schemas import NewConversation, NewParticipant, ReadUpTo, Title
from chat.services.registry import Services

blueprint = Blueprint("conversations", url_prefix="/api/conversations")

ONE = "/<conversation_id:id>/"


@blueprint.get("/")
async def list_all(request: Request) -> HTTPResponse:
    services: Services = request.app.ctx.services
    return responses.json(await services.conversations.list(request.ctx.identity))


@blueprint.post("/")
async def create(request: Request) -> HTTPResponse:
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewConversation)
    conversation = await services.conversations.create(
        request.ctx.identity, body.participants, body.title
    )
    return responses.json(conversation, 201)


@blueprint.get(ONE)
async def one(request: Request, conversation_id: int) -> HTTPResponse:
    services: Services = request.app.ctx.services
    return responses.json(await services.conversations.get(request.ctx.identity, conversation_id))


@blueprint.patch(ONE)
async def rename(request: Request, conversation_id: int) -> HTTPResponse:
    services: Services = request.app.ctx.services
    body = bodies.decode(request, Title)
    return responses.json(
        await services.conversations.rename(request.ctx.identity, conversation_id, body.title)
    )


@blueprint.post(ONE + "participants/")
async def add_participant(request: Request, conversation_id: int) -> HTTPResponse:
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewParticipant)
    conversation = await services.conversations.add(
        request.ctx.identity, conversation_id, body.user_id
    )
    return responses.json(conversation, 201)


@blueprint.delete(ONE + "participants/<user_id:id>/")
async def remove_participant(request: Request, conversation_id: int, user_id: int) -> HTTPResponse:
    services: Services = request.app.ctx.services
    await services.conversations.remove(request.ctx.identity, conversation_id, user_id)
    return responses.empty()


@blueprint.post(ONE + "read/")
async def read(request: Request, conversation_id: int) -> HTTPResponse:
    services: Services = request.app.ctx.services
    body = bodies.decode(request, ReadUpTo)
    await services.conversations.mark_read(request.ctx.identity, conversation_id, body.message_id)
    return responses.empty()
