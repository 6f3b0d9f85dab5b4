"""Headers of requests, none of which is looked into before its length is known."""

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
}
"""Most characters of each header that is read, all its lines together. Whole heads of
requests have a limit of their own, 8 KiB, but what is quick with 100 characters may be slow
with 8,000. A client's X-Request-ID that is too long is replaced, not refused."""


def one(request: Request, name: str) -> str | None:
    """The header, or its first line where it came several times; None where it is not there.

    Raises InvalidInput, which names the header, for one above its limit.
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
