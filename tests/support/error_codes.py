"""Every `code` that the server can send, read from its source."""

import ast
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

from sanic.exceptions import SanicException

from chat import errors
from chat.api.problems import CODES
from tests.support.payam_server import CHECKOUT


def kinds(of: type[Exception]) -> Iterator[Any]:
    """The class and all classes below it."""
    yield of
    for kind in of.__subclasses__():
        yield from kinds(kind)


@cache
def server_codes() -> frozenset[str]:
    """Those of the tree of errors, those that a single place gives, and those of Sanic's errors."""
    found = {kind.code for kind in kinds(errors.PayamError) if kind.__module__ == errors.__name__}
    for path in (CHECKOUT / "chat").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "code":
                found |= {node.value.value} if isinstance(node.value, ast.Constant) else set()
    statuses = {getattr(kind, "status_code", None) or 500 for kind in kinds(SanicException)}
    return frozenset(found) | {
        CODES.get(one) or HTTPStatus(one).name.lower() for one in statuses if 400 <= one != 500
    }
