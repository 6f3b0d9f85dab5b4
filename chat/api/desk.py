"""The rules of the desk, who takes tickets there, and its figures: for staff."""

from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict
from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, etags, paging, responses
from chat.api.operations import Operation
from chat.api.parameters import FiguresPlace, TablePlace
from chat.api.schemas import AgentSwitch, DeskRuleChanges
from chat.records import DeskAgent, DeskFigures, DeskRules
from chat.services.registry import Services
from chat.services.staff import not_staff

blueprint = Blueprint("desk", url_prefix="/api/desk")

NOT_STAFF = not_staff()


@blueprint.get("/rules/")
@Operation(gives={200: DeskRules}, refuses=(NOT_STAFF,))
async def rules(request: Request) -> HTTPResponse:
    """The rules of the desk.

    Only for staff.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.desk.rules(request.ctx.identity))


@blueprint.put("/rules/")
@Operation(takes=DeskRuleChanges, gives={200: DeskRules}, refuses=(NOT_STAFF,))
async def replace_rules(request: Request) -> HTTPResponse:
    """Replace the rules of the desk.

    A rule that is missing becomes what it is in the beginning. Only for staff.
    """
    return responses.json(await changed(request, is_whole=True))


@blueprint.patch("/rules/")
@Operation(takes=DeskRuleChanges, gives={200: DeskRules}, refuses=(NOT_STAFF,))
async def change_rules(request: Request) -> HTTPResponse:
    """Change rules of the desk.

    A rule that is missing stays as it is. Only for staff.
    """
    return responses.json(await changed(request, is_whole=False))


async def changed(request: Request, *, is_whole: bool) -> DeskRules:
    services: Services = request.app.ctx.services
    body = bodies.decode(request, DeskRuleChanges)
    given: dict[str, Any] = {
        name: value for name, value in asdict(body).items() if value is not UNSET
    }
    return await services.desk.change(request.ctx.identity, given, is_whole=is_whole)


@blueprint.get("/agents/")
@Operation(gives={200: list[DeskAgent]}, refuses=(NOT_STAFF,))
async def agents(request: Request) -> HTTPResponse:
    """List the staff, and who takes tickets.

    Only for staff.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.desk.agents(request.ctx.identity))


@blueprint.put("/agents/<user_id:id>/")
@Operation(takes=AgentSwitch, gives={200: DeskAgent}, refuses=(NOT_STAFF,))
async def switch(request: Request, user_id: int) -> HTTPResponse:
    """Say whether an agent takes tickets.

    Only for staff, for themselves and for each other.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, AgentSwitch)
    agent = await services.desk.switch(request.ctx.identity, user_id, takes=body.takes_tickets)
    return responses.json(agent)


@blueprint.get("/figures/")
@Operation(query=FiguresPlace, gives={200: DeskFigures}, refuses=(NOT_STAFF,))
async def figures(request: Request) -> HTTPResponse:
    """The figures of the desk.

    At most 92 days; without `since` and `until` the last seven. Only for staff.
    """
    services: Services = request.app.ctx.services
    query = paging.parameters(request, ("since", "until", "timezone"))
    found = await services.desk_figures.read(request.ctx.identity, **query)
    return responses.json(found)


@blueprint.get("/figures.csv")
@Operation(
    query=TablePlace,
    gives={200: "text/csv"},
    sends=("Content-Disposition",),
    refuses=(NOT_STAFF,),
)
async def table(request: Request) -> HTTPResponse | None:
    """The same as a table for spreadsheets.

    `of` says which: `tickets` that were opened in that time, one per line, or `hours`, or `agents`.
    No cell is taken for a formula. Only for staff.
    """
    services: Services = request.app.ctx.services
    query = paging.parameters(request, ("since", "until", "timezone", "of"))
    chunks = await services.desk_figures.table(request.ctx.identity, **query)
    name = f'attachment; filename="desk-{query.get("of", "tickets")}.csv"'
    head = HTTPResponse(
        headers={"Content-Disposition": name, **etags.KEPT}, content_type="text/csv; charset=utf-8"
    )
    return await responses.stream(request, head, chunks)
