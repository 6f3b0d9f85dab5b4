"""What the API's document says of a route, where its path and its docstring do not say it."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import Struct
from sanic.exceptions import SanicException

from chat.errors import PayamError

H = TypeVar("H", bound=Callable[..., Any])


class Operation(Struct, frozen=True, kw_only=True):
    """Decorates a handler: `@Operation(takes=NewMessage, gives={201: Message})`.

    Shapes are structs, or lists of them. `takes` is the body: JSON, or with `is_form` a
    form. `query` and `headers` are structs whose fields are parameters. `gives` says what
    comes with each status that is no error: a media type stands for what is no JSON, dict
    for any object, None for nothing; `sends` names the headers that may come with them.
    `refuses` are the errors that only this route knows; those of many (400, 401, 404, …)
    are in the document without it. `takes_any_query` is for addresses to which others add
    parameters; elsewhere those that `query` does not have are refused.
    """

    gives: Mapping[int, Any]
    takes: type[Struct] | None = None
    is_form: bool = False
    query: type[Struct] | None = None
    headers: type[Struct] | None = None
    sends: tuple[str, ...] = ()
    refuses: tuple[PayamError | SanicException, ...] = ()
    takes_any_query: bool = False

    def __call__(self, handler: H) -> H:
        handler.__dict__["operation"] = self
        return handler


def operation_of(handler: Any) -> Operation | None:
    """What is said of a handler; None where nothing is."""
    return getattr(handler, "operation", None)
