"""What the OpenAPI document says of a route besides its path and its docstring."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import Struct
from sanic.exceptions import SanicException

from chat.errors import PayamError

H = TypeVar("H", bound=Callable[..., Any])


class Operation(Struct, frozen=True, kw_only=True):
    """Decorates a handler: `@Operation(takes=NewMessage, gives={201: Message})`.

    Shapes are structs, or lists of structs.

    - `takes` is the body: JSON, or a form with `is_form`.
    - `takes_json` is the body in JSON that may come instead of a form.
    - `query` and `headers` are structs whose fields are parameters.
    - `gives` says what comes with each status that is no error: a shape, dict for any object,
      a media type for something other than JSON, None for nothing.
    - `sends` names headers that may come with the answer.
    - `refuses` are the errors of this route alone. Those of many routes (400, 401, 404, …) are
      in the document without it.
    - `takes_any_query` is for addresses to which others add parameters. Elsewhere a parameter
      that `query` does not have is refused.
    """

    gives: Mapping[int, Any]
    takes: type[Struct] | None = None
    is_form: bool = False
    takes_json: type[Struct] | None = None
    query: type[Struct] | None = None
    headers: type[Struct] | None = None
    sends: tuple[str, ...] = ()
    refuses: tuple[PayamError | SanicException, ...] = ()
    takes_any_query: bool = False

    def __call__(self, handler: H) -> H:
        handler.__dict__["operation"] = self
        return handler


def operation_of(handler: Any) -> Operation | None:
    """The operation of a handler; None if it has none."""
    return getattr(handler, "operation", None)
