"""The header `Idempotency-Key`: what makes a repeat of a request the same request."""

from sanic import Request

from chat import headers
from chat.errors import InvalidInput, KeyReused
from chat.services import checks

HEADER = "Idempotency-Key"
REUSED = KeyReused(f"{HEADER}: was used before, for something else.")
WRONG = InvalidInput({HEADER: [f"At most {checks.KEY_MAX_LENGTH} characters."]})
"""What a route that takes one may refuse with. The second goes without saying where there is
a body."""


def of(request: Request) -> str | None:
    """The request's key. Raises InvalidInput where it is wrong, or there are several."""
    found = {checks.key(HEADER, line) for line in headers.every(request, HEADER)}
    if len(found) > 1:
        raise InvalidInput({HEADER: ["May be there only once."]})
    return found.pop() if found else None
