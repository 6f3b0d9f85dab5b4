"""Answers that are sent before the request has been read to its end.

When a connection is closed while the client still sends, it is reset, and the answer may be
lost. A client that uploads too much would see a broken connection instead of the reason. So
the answer goes out first. What still arrives is then read and thrown away for a while, and
the connection is closed after that.
"""

import asyncio
from contextlib import suppress
from typing import Any

from sanic import HTTPResponse, Request
from sanic.exceptions import BadRequest

LINGER_SECONDS = 30.0


def is_unread(request: Request) -> bool:
    """Whether a part of the request's body is still unread."""
    stream: Any = request.stream
    return stream is not None and bool(stream.request_body)


async def answer(request: Request, response: HTTPResponse) -> None:
    """Send the response, then let the client finish. The connection is not used again."""
    stream: Any = request.stream
    stream.keep_alive = False
    request.reset_response()
    sent = await request.respond(response)
    await sent.send(end_stream=True)
    stream.request_max_size = float("inf")
    with suppress(TimeoutError, BadRequest):
        async with asyncio.timeout(LINGER_SECONDS):
            async for _ in stream:
                pass
    # Sanic itself would wait for the rest without a time limit.
    stream.request_body = None
