"""Blocks of users."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import responses
from chat.api.operations import Operation
from chat.records import User
from chat.services.blocks import of_oneself
from chat.services.registry import Services

blueprint = Blueprint("blocks", url_prefix="/api/users")

BLOCK = "/<user_id:id>/block/"


@blueprint.get("/me/blocks/")
@Operation(gives={200: list[User]})
async def list_all(request: Request) -> HTTPResponse:
    """List whom the caller has blocked.

    The last one comes first.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.blocks.of(request.ctx.identity))


@blueprint.put(BLOCK)
@Operation(gives={204: None}, refuses=(of_oneself(),))
async def block(request: Request, user_id: int) -> HTTPResponse:
    """Block a user.

    Whatever they send in the conversation of the two is refused with 403 `blocked`, and so is a
    conversation that they begin with the caller. Neither of the two sees the other's presence. In
    conversations of more people nothing changes. A second time changes nothing.
    """
    services: Services = request.app.ctx.services
    await services.blocks.put(request.ctx.identity, user_id)
    return responses.empty()


@blueprint.delete(BLOCK)
@Operation(gives={204: None})
async def unblock(request: Request, user_id: int) -> HTTPResponse:
    """Block a user no more.

    Where there is no block, this changes nothing.
    """
    services: Services = request.app.ctx.services
    await services.blocks.remove(request.ctx.identity, user_id)
    return responses.empty()
