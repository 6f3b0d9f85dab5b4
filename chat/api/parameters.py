"""Parameters in queries and headers as the document tells them: a struct a route.

Whoever reads one is beside it: `paging`, `ranges`, or the handler.
"""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType, field

from chat.api import paging
from chat.records import ID_MAX, Status
from chat.services import checks
from chat.services.conversations import CURSOR
from chat.services.fields import Epoch, Key, Seq, said
from chat.services.users import SEARCH_MAX

SEARCH_LIMIT = 20
LIST_LIMIT = 50

Limit = Annotated[int, said("The most that come.", minimum=1, maximum=paging.LIMIT_MAX)]
Place = Annotated[int, said(minimum=0, maximum=ID_MAX)]
Tags = Annotated[str, said("Entity tags of what the client has.")]
Prefix = Annotated[str, said(maxLength=checks.USERNAME_MAX_LENGTH, pattern="^[^\\u0000]*$")]


class UserSearch(Struct):
    search: Annotated[Prefix, said("What the name begins with; letter case does not count.")] = ""
    limit: Annotated[int, said("The most that come.", minimum=1, maximum=SEARCH_MAX)] = SEARCH_LIMIT


class MessagePlace(Struct):
    """At most one of `before`, `after` and `since`; `epoch` comes with `since`."""

    limit: Limit | UnsetType = UNSET
    before: Annotated[Place, said("The messages before this one.")] | UnsetType = UNSET
    after: Annotated[Place, said("The messages after this one.")] | UnsetType = UNSET
    since: Annotated[Seq, said("What changed after this change number.")] | UnsetType = UNSET
    epoch: Epoch | UnsetType = UNSET


class TicketPlace(Struct):
    status: Status | UnsetType = UNSET
    limit: Limit = LIST_LIMIT
    before: Annotated[Place, said("The tickets before this one.")] | UnsetType = UNSET


class ConversationPlace(Struct):
    limit: Limit | UnsetType = UNSET
    cursor: (
        Annotated[str, said("What the `Link` of a page gave.", pattern=f"^{CURSOR}$")] | UnsetType
    ) = UNSET


class ParticipantPlace(Struct):
    limit: Limit = LIST_LIMIT
    after: Annotated[Place, said("Those behind the user with this id.")] | UnsetType = UNSET


class TicketChoice(Struct):
    id: Annotated[Place, said("The ticket that is meant.")] | UnsetType = UNSET


class SendHeaders(Struct):
    key: Annotated[Key, said("The same as `client_id`.")] | UnsetType = field(
        name="Idempotency-Key", default=UNSET
    )


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
