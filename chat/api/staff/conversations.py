"""Conversations, for staff: the same as `payam conversations`, `retention` and `stats`."""

from contextlib import aclosing

from sanic import Blueprint, HTTPResponse, Request

from chat import records
from chat.api import bodies, etags, responses
from chat.api.messages import IS_DELETED
from chat.api.operations import Operation
from chat.api.schemas import Retaining
from chat.services.oversight import AT_ONCE
from chat.services.registry import Services
from chat.services.staff import not_staff

blueprint = Blueprint("staff_conversations", url_prefix="/api/staff")

ONE = "/conversations/<conversation_id:id>/"
NOT_STAFF = not_staff()


@blueprint.get(ONE)
@Operation(gives={200: records.WholeConversation}, refuses=(NOT_STAFF,))
async def show(request: Request, conversation_id: int) -> HTTPResponse:
    """One conversation, whoever is in it.

    What is said in it does not come. Only for staff.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.oversight.show(request.ctx.identity, conversation_id))


@blueprint.delete(ONE)
@Operation(gives={202: None}, refuses=(NOT_STAFF,))
async def delete(request: Request, conversation_id: int) -> HTTPResponse:
    """Delete a conversation, for ever.

    All participants leave it, and then each message is deleted, with its files. Its people
    learn of it as of any change, also those who are away. Only for staff.
    """
    services: Services = request.app.ctx.services
    await services.oversight.delete(request.ctx.identity, conversation_id)
    return HTTPResponse(status=202)


@blueprint.get(f"{ONE}export/")
@Operation(gives={200: "application/zip"}, sends=("Content-Disposition",), refuses=(NOT_STAFF,))
async def export(request: Request, conversation_id: int) -> HTTPResponse | None:
    """Everything of a conversation, as a zip.

    `conversation.json`, `messages.json` and the files in `files/`. Only for staff.
    """
    services: Services = request.app.ctx.services
    chunks = await services.oversight.export(request.ctx.identity, conversation_id)
    name = f'attachment; filename="conversation-{conversation_id}.zip"'
    headers = {"Content-Disposition": name, **etags.KEPT}
    head = HTTPResponse(headers=headers, content_type="application/zip")
    return await responses.stream(request, head, chunks)


@blueprint.delete(f"{ONE}messages/<message_id:id>/")
@Operation(gives={204: None}, refuses=(NOT_STAFF, IS_DELETED))
async def remove(request: Request, conversation_id: int, message_id: int) -> HTTPResponse:
    """Remove a message of anybody.

    It becomes a deleted one, as if its sender had deleted it, and what it said is forgotten. Only
    for staff.
    """
    services: Services = request.app.ctx.services
    await services.oversight.remove(request.ctx.identity, conversation_id, message_id)
    return responses.empty()


@blueprint.post("/retention/")
@Operation(takes=Retaining, gives={200: records.Retained}, refuses=(NOT_STAFF,))
async def retain(request: Request) -> HTTPResponse:
    """Delete messages that are older than so many days.

    One request deletes about a thousand: ask again until `is_done`. Only for staff.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, Retaining)
    deleted = 0
    counts = services.oversight.retain(request.ctx.identity, body.days, AT_ONCE)
    async with aclosing(counts):
        async for count in counts:
            deleted += count
    return responses.json(records.Retained(deleted, deleted < AT_ONCE))


@blueprint.get("/stats/")
@Operation(gives={200: records.Statistics}, refuses=(NOT_STAFF,))
async def stats(request: Request) -> HTTPResponse:
    """How much there is of everything.

    It reads whole tables: ask seldom. Only for staff.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.statistics.read(request.ctx.identity))
