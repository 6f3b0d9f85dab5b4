"""Query parameters, and links to the next or the previous page (RFC 8288)."""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from urllib.parse import parse_qsl, quote_plus

from sanic import Request

from chat.api import places
from chat.errors import InvalidInput
from chat.records import ID_MAX

LIMIT_MAX = 200
KEPT = 256
"""Queries whose reading is remembered. A head has 8 KiB, so this is 2 MiB at most."""
DIGITS = re.compile(r"[0-9]{1,19}")


def parameters(request: Request, names: Collection[str]) -> dict[str, str]:
    """The query's parameters that have these names. (Others were refused before.)

    Raises InvalidInput for a parameter that comes twice, or is no UTF-8.
    """
    found: dict[str, str] = {}
    for name, value in pairs_of(request):
        if name not in names:
            continue
        if name in found:
            raise InvalidInput({name: ["May be there only once."]})
        if not value.isascii() and is_broken(value):
            raise InvalidInput({name: ["Is not in UTF-8."]})
        found[name] = value
    return found


def pairs_of(request: Request) -> Sequence[tuple[str, str]]:
    """The names and values of the query, in their order. What is no UTF-8 becomes surrogates."""
    query: str = request.query_string
    return pairs_in(query) if query else ()


@lru_cache(KEPT)  # one request asks up to three times, and a client asks for the same pages
def pairs_in(query: str) -> Sequence[tuple[str, str]]:
    return tuple(parse_qsl(query, keep_blank_values=True, errors="surrogateescape"))


def is_broken(value: str) -> bool:
    """Whether it has bytes that stand for no character."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False


def integers(request: Request, names: Collection[str]) -> dict[str, int]:
    """The same for whole numbers: `limit` from 1 to LIMIT_MAX, and others from 0 to ID_MAX."""
    return {
        name: limit(value) if name == "limit" else integer(name, value, 0, ID_MAX)
        for name, value in parameters(request, names).items()
    }


def limit(value: str) -> int:
    """Read a `limit`, from 1 to LIMIT_MAX. Raises InvalidInput."""
    return integer("limit", value, 1, LIMIT_MAX)


def integer(name: str, value: str, least: int, most: int) -> int:
    if not DIGITS.fullmatch(value) or not least <= int(value) <= most:
        raise InvalidInput({name: [f"A whole number from {least} to {most}."]})
    return int(value)


def flag(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise InvalidInput({name: ["true or false."]})
    return value == "true"


def link(request: Request, relation: str, query: dict[str, int | str]) -> dict[str, str]:
    """A Link header to the same path with another query."""
    # Numbers need no encoding, and `urlencode` would take 2 % of the time of a page.
    pairs = [
        f"{name}={value if isinstance(value, int) else quote_plus(value)}"
        for name, value in query.items()
    ]
    path = places.prefix_of(request) + request.path
    return {"Link": f'<{path}?{"&".join(pairs)}>; rel="{relation}"'}
