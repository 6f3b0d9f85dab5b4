"""Guests of a shop's page, users whom the shop's signature names, and whether the desk is there."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, responses
from chat.api.operations import Operation
from chat.api.schemas import Identification, NewGuest
from chat.api.tokens import NO_TOKEN, NOT_KEPT
from chat.auth.identity import Identity
from chat.errors import RateLimited
from chat.http import addresses
from chat.records import Desk, Guest, SignedIn
from chat.services.guests import closed, not_staff, wrong_signature
from chat.services.registry import Services
from chat.services.sessions import no_sign_in

blueprint = Blueprint("guests", url_prefix="/api")

TOO_MANY = RateLimited("Too many guests from this address.", retry_after=1)


@blueprint.post("/guests/", ctx_public=True)
@Operation(
    takes=NewGuest,
    gives={201: SignedIn},
    sends=("Cache-Control",),
    refuses=(closed(), TOO_MANY),
)
async def create(request: Request) -> HTTPResponse:
    """Sign a guest in.

    Only where the server has `GUESTS=true`. A guest sees staff and their own conversations only.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewGuest)
    made = await services.guests.create(
        body.name, body.email, body.consent, addresses.of_caller(request)
    )
    return responses.json(made, 201, headers=NOT_KEPT)


@blueprint.post("/guests/identify/", ctx_public=True)
@Operation(
    takes=Identification,
    gives={201: SignedIn},
    sends=("Cache-Control",),
    refuses=(closed(), wrong_signature(), no_sign_in(), NO_TOKEN, TOO_MANY),
)
async def identify(request: Request) -> HTTPResponse:
    """Sign a user of the shop in, whom the shop's server names.

    `signature` is the HMAC-SHA-256 of `user_id` with the key `WIDGET_SECRET`, in hex. With the
    token of a guest in `guest`, the conversations of the guest are the user's from now on.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, Identification)
    who: Identity | None = None
    if body.guest is not None:
        who = await services.sessions.identify(body.guest)
    made = await services.guests.identify(
        who, body.user_id, body.signature, body.name, body.email, addresses.of_caller(request)
    )
    return responses.json(made, 201, headers=NOT_KEPT)


@blueprint.get("/guests/<user_id:id>/")
@Operation(gives={200: Guest}, refuses=(not_staff(),))
async def one(request: Request, user_id: int) -> HTTPResponse:
    """What a guest said of themselves.

    Only for staff.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.guests.get(request.ctx.identity, user_id))


@blueprint.get("/desk/")
@Operation(gives={200: Desk})
async def desk(request: Request) -> HTTPResponse:
    """Whether an agent is online, and the names of a few who are."""
    services: Services = request.app.ctx.services
    return responses.json(await services.guests.desk())
