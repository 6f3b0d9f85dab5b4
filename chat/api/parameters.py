"""Parameters in queries and headers, for the OpenAPI document: one struct per route.

This module refuses query parameters that the route's struct does not have, before the handler
runs. It does not read their values: `paging`, `ranges` and the handlers do.
"""

from functools import lru_cache
from typing import Annotated, Any

from msgspec import UNSET, Struct, UnsetType, field
from msgspec.structs import fields
from sanic import Request, Sanic

from chat.api import bodies, paging
from chat.api.operations import operation_of
from chat.api.schemas import Body
from chat.errors import InvalidInput
from chat.records import ID_MAX, Priority, Status
from chat.services import checks
from chat.services.conversations import CURSOR
from chat.services.desk_figures import TABLES
from chat.services.fields import Epoch, Key, Seq, said
from chat.services.malformed import unknown
from chat.services.search import LIMIT_MAX as FOUND_MAX
from chat.services.search import QUERY_MAX_LENGTH
from chat.services.users import SEARCH_MAX

ADDED = "_"
"""jQuery adds this parameter so that no cache answers."""
ALREADY_SO = ("format", "json")
"""Clients of Django REST framework ask for this, and get JSON in any case."""
SEARCH_LIMIT = 20
LIST_LIMIT = 50

Limit = Annotated[int, said("The most that come.", minimum=1, maximum=paging.LIMIT_MAX)]
Place = Annotated[int, said(minimum=0, maximum=ID_MAX)]
Tags = Annotated[str, said("Entity tags of what the client has.")]
Prefix = Annotated[str, said(maxLength=checks.USERNAME_MAX_LENGTH, pattern="^[^\\u0000]*$")]


class UserSearch(Struct):
    search: Annotated[Prefix, said("What the name begins with; letter case does not count.")] = ""
    limit: Annotated[int, said("The most that come.", minimum=1, maximum=SEARCH_MAX)] = SEARCH_LIMIT


class MessageSearch(Struct):
    q: Annotated[
        str,
        said(
            "What the message contains.",
            minLength=1,
            maxLength=QUERY_MAX_LENGTH,
            pattern="^[^\\u0000]*$",
        ),
    ]
    conversation: Annotated[Place, said("Only in this one.")] | UnsetType = UNSET
    sender: Annotated[Place, said("Only what this user sent.")] | UnsetType = UNSET
    before: Annotated[Place, said("Only messages before this one.")] | UnsetType = UNSET
    limit: Annotated[int, said("The most that come.", minimum=1, maximum=FOUND_MAX)] = SEARCH_LIMIT


class MessagePlace(Struct):
    """At most one of `before`, `after` and `since`. `epoch` comes only with `since`."""

    limit: Limit | UnsetType = UNSET
    before: Annotated[Place, said("The messages before this one.")] | UnsetType = UNSET
    after: Annotated[Place, said("The messages after this one.")] | UnsetType = UNSET
    since: Annotated[Seq, said("What changed after this change number.")] | UnsetType = UNSET
    epoch: Epoch | UnsetType = UNSET


class Moderation(Struct):
    moderate: Annotated[bool, said("Somebody else's message, as a moderator.")] = False


class ReplyPlace(Struct):
    limit: Limit | UnsetType = UNSET
    after: Annotated[Place, said("The replies after this message.")] | UnsetType = UNSET


class TicketPlace(Struct):
    status: Status | UnsetType = UNSET
    assigned_to: (
        Annotated[
            str,
            said(
                "The id of an agent, `me`, or `none` for those in the queue.",
                pattern="^(me|none|[0-9]{1,18})$",
            ),
        ]
        | UnsetType
    ) = UNSET
    created_by: Annotated[Place, said("Of this customer.")] | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    q: (
        Annotated[
            str,
            said(
                "What the subject or the customer's name contains.",
                minLength=1,
                maxLength=QUERY_MAX_LENGTH,
                pattern="^[^\\u0000]*$",
            ),
        ]
        | UnsetType
    ) = UNSET
    limit: Limit = LIST_LIMIT
    before: Annotated[Place, said("The tickets before this one.")] | UnsetType = UNSET


class ConversationPlace(Struct):
    limit: Limit | UnsetType = UNSET
    cursor: (
        Annotated[str, said("What the `Link` of a page gave.", pattern=f"^{CURSOR}$")] | UnsetType
    ) = UNSET
    archived: (
        Annotated[bool, said("Those that the caller has archived, or those not.")] | UnsetType
    ) = UNSET
    pinned: Annotated[bool, said("Those that the caller has pinned, or those not.")] | UnsetType = (
        UNSET
    )
    muted: Annotated[bool, said("Those that the caller has muted, or those not.")] | UnsetType = (
        UNSET
    )
    direct: Annotated[bool, said("Direct conversations, or the others.")] | UnsetType = UNSET


class ParticipantPlace(Struct):
    limit: Limit = LIST_LIMIT
    after: Annotated[Place, said("Those behind the user with this id.")] | UnsetType = UNSET


class CannedResponsePlace(Struct):
    limit: Limit = LIST_LIMIT
    after: Annotated[Place, said("Those behind the one with this id.")] | UnsetType = UNSET


class StepPlace(Struct):
    limit: Limit = LIST_LIMIT
    after: Annotated[Seq, said("Those after this `seq`.")] | UnsetType = UNSET


class ReportPlace(Struct):
    limit: Limit = LIST_LIMIT
    before: Annotated[Place, said("The reports before this one.")] | UnsetType = UNSET


class AccountPlace(Struct):
    search: Annotated[Prefix, said("What the name begins with; letter case does not count.")] = ""
    staff: Annotated[bool, said("Only staff, or only others.")] | UnsetType = UNSET
    suspended: Annotated[bool, said("Only suspended users, or only others.")] | UnsetType = UNSET
    limit: Limit = LIST_LIMIT
    after: Annotated[Place, said("Those behind the user with this id.")] | UnsetType = UNSET


class ActPlace(Struct):
    user: Annotated[Place, said("Only what was done to this user.")] | UnsetType = UNSET
    limit: Limit = LIST_LIMIT
    before: Annotated[Place, said("What was done before this.")] | UnsetType = UNSET


class TicketChoice(Struct):
    id: Annotated[Place, said("The ticket that is meant.")] | UnsetType = UNSET


class OnceHeaders(Struct):
    key: (
        Annotated[
            Key,
            said(
                "Chosen by the client, for one request: a repeat makes nothing and is answered"
                " with what the first one made, with 200; another request is 422. Kept for ever."
            ),
        ]
        | UnsetType
    ) = field(name="Idempotency-Key", default=UNSET)


class SendHeaders(Struct):
    key: Annotated[Key, said("The same as `client_id`.")] | UnsetType = field(
        name="Idempotency-Key", default=UNSET
    )


Tus = Annotated[str, said("The version of the tus protocol.", enum=("1.0.0",))]
Offset = Annotated[str, said("How many bytes have arrived.", pattern="^[0-9]{1,19}$")]


class UploadHeaders(Struct):
    tus_resumable: Tus | UnsetType = field(name="Tus-Resumable", default=UNSET)


class NewUploadHeaders(Struct):
    length: Annotated[str, said("The size of the file, in bytes.", pattern="^[0-9]{1,19}$")] = (
        field(name="Upload-Length")
    )
    metadata: (
        Annotated[
            str,
            said(
                "Names and values in base64, with commas between the pairs: `filename` and"
                " `filetype` say what the client calls the file."
            ),
        ]
        | UnsetType
    ) = field(name="Upload-Metadata", default=UNSET)
    tus_resumable: Tus | UnsetType = field(name="Tus-Resumable", default=UNSET)


class AppendHeaders(Struct):
    offset: Offset = field(name="Upload-Offset")
    tus_resumable: Tus | UnsetType = field(name="Tus-Resumable", default=UNSET)


DeskMoment = Annotated[str, said("Like 2026-01-31T08:00:00Z, or a date like 2026-01-31.")]


class FiguresPlace(Struct):
    since: Annotated[DeskMoment, said("The first moment.")] | UnsetType = UNSET
    until: Annotated[DeskMoment, said("The first moment after it.")] | UnsetType = UNSET
    timezone: (
        Annotated[str, said("A name of the IANA; without it that of the rules.")] | UnsetType
    ) = UNSET


class TablePlace(FiguresPlace):
    of: Annotated[str, said(enum=TABLES)] = TABLES[0]


class FileHeaders(Struct):
    range: Annotated[str, said("One range of bytes.")] | UnsetType = field(
        name="Range", default=UNSET
    )
    if_range: Annotated[str, said("The range only of the file with this ETag.")] | UnsetType = (
        field(name="If-Range", default=UNSET)
    )
    if_none_match: Tags | UnsetType = field(name="If-None-Match", default=UNSET)


class ConditionalHeaders(Struct):
    if_none_match: Tags | UnsetType = field(name="If-None-Match", default=UNSET)


WITH_BODIES = ("POST", "PUT")
"""Each PATCH takes a body, and the body of any other method means nothing (RFC 9110)."""


def install(app: Sanic[Any, Any]) -> None:
    """Call this after the authentication, so that nobody learns a route's parameters without it."""
    app.register_middleware(require_known, "request")


async def require_known(request: Request) -> None:
    """Raises InvalidInput, which names the parameter, for one that the route does not know.

    A misspelt parameter must not be dropped in silence. For the same reason a POST or
    PUT that takes no body refuses a body with fields.

    This holds for the API only. Others add parameters to the address of a page, of a file that
    is downloaded (`?download=1`, `?t=123`), and of what a monitor asks for.
    """
    if request.route is None or request.method == "OPTIONS":
        return
    operation = operation_of(request.route.handler)
    if operation is None:
        return
    if request.method in WITH_BODIES and operation.takes is None and request.body.strip():
        bodies.decode(request, Body)  # an object without fields counts as no body
    if not request.query_string or operation.takes_any_query:
        return
    known = names_of(operation.query)
    for name, value in paging.pairs_of(request):
        if name not in known and name != ADDED and (name, value) != ALREADY_SO:
            readable = name.encode(errors="surrogateescape").decode(errors="replace")
            raise InvalidInput(unknown(readable, known, "parameter"))


@lru_cache
def names_of(shape: type[Struct] | None) -> tuple[str, ...]:
    return tuple(one.encode_name for one in fields(shape)) if shape else ()
