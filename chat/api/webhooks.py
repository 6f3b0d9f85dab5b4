"""Webhooks: other systems that receive the changes, for staff."""

from sanic import Blueprint, HTTPResponse, Request

from chat import records
from chat.api import bodies, keys, responses
from chat.api.operations import Operation
from chat.api.parameters import OnceHeaders
from chat.api.schemas import NewReplay, NewWebhook, WebhookChanges
from chat.services.registry import Services
from chat.services.webhooks import NOT_STAFF, too_many

blueprint = Blueprint("webhooks", url_prefix="/api/webhooks")

ONE = "/<webhook_id:id>/"


@blueprint.get("/")
@Operation(gives={200: list[records.Webhook]}, refuses=(NOT_STAFF,))
async def list_all(request: Request) -> HTTPResponse:
    """List the webhooks.

    The oldest is first. Only for staff.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.webhooks.list(request.ctx.identity))


@blueprint.post("/")
@Operation(
    takes=NewWebhook,
    headers=OnceHeaders,
    gives={201: records.Webhook, 200: records.Webhook},
    refuses=(NOT_STAFF, too_many(), keys.REUSED),
)
async def add(request: Request) -> HTTPResponse:
    """Add a webhook.

    It receives what happens from now on, in all conversations. The answer has the secret, this
    once. Only for staff.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewWebhook)
    webhook, is_new = await services.webhooks.add(
        request.ctx.identity,
        body.url,
        events=body.events,
        secret=body.secret,
        is_asymmetric=body.ed25519,
        batches=body.batches,
        key=keys.of(request),
    )
    return responses.json(webhook, 201 if is_new else 200)


@blueprint.get(ONE)
@Operation(gives={200: records.Webhook}, refuses=(NOT_STAFF,))
async def one(request: Request, webhook_id: int) -> HTTPResponse:
    """One webhook.

    Only for staff.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.webhooks.get(request.ctx.identity, webhook_id))


@blueprint.patch(ONE)
@Operation(takes=WebhookChanges, gives={200: records.Webhook}, refuses=(NOT_STAFF,))
async def change(request: Request, webhook_id: int) -> HTTPResponse:
    """Change a webhook, pause it, or let it go on.

    For a day after a change of the secret, requests are signed with both. Nothing is lost by a
    pause: what happens meanwhile is sent afterwards. Only for staff.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, WebhookChanges)
    webhook = await services.webhooks.change(
        request.ctx.identity,
        webhook_id,
        url=body.url,
        events=body.events,
        secret=body.secret,
        batches=body.batches,
        is_paused=body.is_paused,
    )
    return responses.json(webhook)


@blueprint.delete(ONE)
@Operation(gives={204: None}, refuses=(NOT_STAFF,))
async def remove(request: Request, webhook_id: int) -> HTTPResponse:
    """Remove a webhook.

    Only for staff.
    """
    services: Services = request.app.ctx.services
    await services.webhooks.remove(request.ctx.identity, webhook_id)
    return responses.empty()


@blueprint.post(ONE + "test/")
@Operation(gives={200: records.WebhookTest}, refuses=(NOT_STAFF,))
async def test(request: Request, webhook_id: int) -> HTTPResponse:
    """Send a test.

    It is a request with the type `webhook.test`, which stands for no change. Only for staff.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.webhooks.test(request.ctx.identity, webhook_id))


@blueprint.post(ONE + "replay/")
@Operation(takes=NewReplay, gives={200: records.Replay}, refuses=(NOT_STAFF,))
async def replay(request: Request, webhook_id: int) -> HTTPResponse:
    """Send once more what happened since a moment.

    Each change has the `webhook-id` that it had the first time. Only for staff.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewReplay)
    count = await services.webhooks.replay(request.ctx.identity, webhook_id, body.since)
    return responses.json(records.Replay(count))
