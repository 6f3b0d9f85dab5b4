"""Headers of requests. The length of a header is checked before anything else."""

import re

from sanic import Request

from chat.errors import InvalidInput

LIMITS = {
    "Authorization": 8192,
    "Content-Type": 512,
    "Forwarded": 1024,
    "Idempotency-Key": 64,
    "If-None-Match": 2048,
    "If-Range": 256,
    "Range": 128,
    "Sec-WebSocket-Protocol": 8192,
    "Tus-Resumable": 32,
    "Upload-Defer-Length": 32,
    "Upload-Length": 32,
    "Upload-Metadata": 4096,
    "Upload-Offset": 32,
}
"""Most characters of each header, all of its lines together. The whole head of a request has a
limit of its own, 8 KiB, but reading a header that is quick with 100 characters may be slow with
8,000. A client's X-Request-ID that is too long is replaced, not refused."""
REQUEST_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)


def request_id_of(given: str | None) -> str | None:
    """What a client sent as X-Request-ID, if that is acceptable."""
    return given if given is not None and REQUEST_ID.fullmatch(given) else None


def one(request: Request, name: str) -> str | None:
    """The header, or its first line if it came several times; None if it did not come.

    Raises InvalidInput, which names the header, if it is above its limit.
    """
    given: str | None = request.headers.getone(name, None)
    if given is not None:
        require_length(name, given)
    return given


def every(request: Request, name: str) -> list[str]:
    """The lines of a header that may come several times. Raises InvalidInput as `one` does."""
    lines: list[str] = request.headers.getall(name, [])
    if lines:
        require_length(name, ",".join(lines))
    return lines


def require_length(name: str, value: str) -> None:
    most = LIMITS[name]
    if len(value) > most:
        raise InvalidInput({name: [f"At most {most} characters; this has {len(value)}."]})
