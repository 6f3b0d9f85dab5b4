"""The stored answers of staff: list, read, store, change and delete."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, keys, paging, responses
from chat.api.operations import Operation
from chat.api.parameters import LIST_LIMIT, CannedResponsePlace, OnceHeaders
from chat.api.schemas import CannedResponseChanges, NewCannedResponse
from chat.records import CannedResponse
from chat.services.canned_responses import not_staff
from chat.services.registry import Services

blueprint = Blueprint("canned_responses", url_prefix="/api/canned_responses")

ONE = "/<response_id:id>/"


@blueprint.get("/")
@Operation(
    query=CannedResponsePlace,
    gives={200: list[CannedResponse]},
    sends=("Link",),
    refuses=(not_staff(),),
)
async def list_all(request: Request) -> HTTPResponse:
    """List the stored answers.

    Only for staff.
    """
    services: Services = request.app.ctx.services
    query = paging.integers(request, ("limit", "after"))
    limit = query.get("limit", LIST_LIMIT)
    found = await services.canned_responses.list(request.ctx.identity, query.get("after", 0), limit)
    if len(found) < limit:
        return responses.json(found)
    link = paging.link(request, "next", {"limit": limit, "after": found[-1].id})
    return responses.json(found, headers=link)


@blueprint.post("/")
@Operation(
    takes=NewCannedResponse,
    headers=OnceHeaders,
    gives={201: CannedResponse, 200: CannedResponse},
    refuses=(not_staff(), keys.REUSED),
)
async def create(request: Request) -> HTTPResponse:
    """Store an answer.

    Only for staff. Clients put the customer's name in for `{{customer}}`.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewCannedResponse)
    made, is_new = await services.canned_responses.create(
        request.ctx.identity, body.title, body.content, keys.of(request)
    )
    return responses.json(made, 201 if is_new else 200)


@blueprint.get(ONE)
@Operation(gives={200: CannedResponse}, refuses=(not_staff(),))
async def one(request: Request, response_id: int) -> HTTPResponse:
    """One stored answer.

    Only for staff.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.canned_responses.get(request.ctx.identity, response_id))


@blueprint.patch(ONE)
@Operation(takes=CannedResponseChanges, gives={200: CannedResponse}, refuses=(not_staff(),))
async def change(request: Request, response_id: int) -> HTTPResponse:
    """Change a stored answer.

    Only for staff.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, CannedResponseChanges)
    return responses.json(
        await services.canned_responses.change(
            request.ctx.identity, response_id, body.title, body.content
        )
    )


@blueprint.delete(ONE)
@Operation(gives={204: None}, refuses=(not_staff(),))
async def delete(request: Request, response_id: int) -> HTTPResponse:
    """Delete a stored answer.

    Only for staff.
    """
    services: Services = request.app.ctx.services
    await services.canned_responses.delete(request.ctx.identity, response_id)
    return responses.empty()
