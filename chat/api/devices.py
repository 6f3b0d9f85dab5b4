"""Devices to which is pushed what comes while their user is away."""

from msgspec import UNSET
from msgspec.structs import asdict
from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, keys, responses
from chat.api.operations import Operation
from chat.api.parameters import OnceHeaders
from chat.api.schemas import NewDevice
from chat.records import Device
from chat.services.devices import switched_off, too_many
from chat.services.registry import Services

blueprint = Blueprint("devices", url_prefix="/api/devices")

ONE = "/<device_id:id>/"


@blueprint.get("/")
@Operation(gives={200: list[Device]})
async def list_all(request: Request) -> HTTPResponse:
    """List the caller's devices."""
    services: Services = request.app.ctx.services
    return responses.json(await services.devices.of(request.ctx.identity))


@blueprint.post("/")
@Operation(
    takes=NewDevice,
    headers=OnceHeaders,
    gives={201: Device, 200: Device},
    refuses=(keys.REUSED, too_many(), switched_off()),
)
async def register(request: Request) -> HTTPResponse:
    """Register a browser or a phone.

    From then on it gets pushes while its user is online nowhere. One with the same address is
    the same device: it is answered with 200, and gets the new keys. A device belongs to the
    sign-in that registered it last, and goes when that is revoked.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewDevice)
    fields = {name: value for name, value in asdict(body).items() if value is not UNSET}
    device, is_new = await services.devices.register(request.ctx.identity, fields, keys.of(request))
    return responses.json(device, 201 if is_new else 200)


@blueprint.get(ONE)
@Operation(gives={200: Device})
async def one(request: Request, device_id: int) -> HTTPResponse:
    """One of the caller's devices."""
    services: Services = request.app.ctx.services
    return responses.json(await services.devices.one(request.ctx.identity, device_id))


@blueprint.delete(ONE)
@Operation(gives={204: None})
async def remove(request: Request, device_id: int) -> HTTPResponse:
    """Push to the device no more."""
    services: Services = request.app.ctx.services
    await services.devices.remove(request.ctx.identity, device_id)
    return responses.empty()
