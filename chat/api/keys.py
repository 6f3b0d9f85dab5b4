"""The header `Idempotency-Key`, by which a retry is recognised as the same request."""

from sanic import Request

from chat import headers
from chat.errors import InvalidInput, KeyReused
from chat.services import checks

HEADER = "Idempotency-Key"
REUSED = KeyReused(f"{HEADER}: was used before, for something else.")
WRONG = InvalidInput({HEADER: [f"At most {checks.KEY_MAX_LENGTH} characters."]})
"""The errors of a route that takes a key. A route with a body documents the second one anyway."""


def of(request: Request) -> str | None:
    """The request's key. Raises InvalidInput for a wrong key, and for several."""
    found = {checks.key(HEADER, line) for line in headers.every(request, HEADER)}
    if len(found) > 1:
        raise InvalidInput({HEADER: ["May be there only once."]})
    return found.pop() if found else None
