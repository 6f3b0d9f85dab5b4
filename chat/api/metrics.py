"""What Payam counts of itself, for Prometheus, without a token."""

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST
from sanic import Blueprint, HTTPResponse, Request

from chat import metrics
from chat.api.operations import Operation

blueprint = Blueprint("metrics", url_prefix="/metrics")


@blueprint.get("/", ctx_public=True)
@Operation(gives={200: "text/plain"}, takes_any_query=True)
async def read(request: Request) -> HTTPResponse:
    """Counters, gauges and histograms of all workers, in Prometheus' text format.

    They name no user and no conversation. But how busy a server is concerns only its operator,
    so let the proxy refuse this path to the outside.
    """
    request.app.ctx.sampler.sample()
    # With several workers this reads files.
    text = await asyncio.to_thread(metrics.exposition)
    return HTTPResponse(text, content_type=CONTENT_TYPE_LATEST)
