"""Ids in paths: `<message_id:id>`. A path with something that cannot be an id gets 404."""

from typing import Any

from sanic import Sanic

from chat.api.paging import DIGITS
from chat.records import ID_MAX


def parse_id(text: str) -> int:
    """Raises ValueError, which means to the router that the path does not match."""
    if not DIGITS.fullmatch(text) or int(text) > ID_MAX:
        raise ValueError(text)
    return int(text)


def install(app: Sanic[Any, Any]) -> None:
    app.router.register_pattern("id", parse_id, DIGITS)
