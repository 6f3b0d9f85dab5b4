"""Which tables and columns a Django module keeps its chat in.

The specification of the module names its models and the fields that clients see. The names of the
others differ from one module to the next, so each field has the names that it commonly has.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from chat.errors import PayamError
from chat.importing.source import Source, quoted
from chat.store.database import Row

AT = ("created_at", "timestamp", "created", "date_created")
FIELDS: dict[str, dict[str, Sequence[str]]] = {
    "users": {
        "id": ("id",),
        "username": ("username", "email"),
        "password": ("password",),
        "is_staff": ("is_staff",),
        "is_active": ("is_active",),
        "created_at": ("date_joined", *AT),
        "first_name": ("first_name",),
        "last_name": ("last_name",),
    },
    "conversations": {
        "id": ("id",),
        "title": ("title", "name", "subject"),
        "created_by": ("created_by_id", "creator_id", "owner_id"),
        "created_at": AT,
    },
    "messages": {
        "id": ("id",),
        "conversation": ("conversation_id",),
        "sender": ("sender_id", "author_id", "user_id"),
        "content": ("content", "text", "body", "message"),
        "created_at": ("timestamp", "created_at", "created", "sent_at"),
        "is_read": ("is_read",),
        "is_edited": ("is_edited",),
        "is_deleted": ("is_deleted",),
    },
    "attachments": {
        "id": ("id",),
        "message": ("message_id",),
        "file": ("file", "path", "upload"),
        "name": ("name", "original_name", "filename", "file_name"),
        "content_type": ("content_type", "mime_type", "file_type"),
        "created_at": ("uploaded_at", *AT),
        "conversation": (),
    },
    "tickets": {
        "id": ("id",),
        "conversation": ("conversation_id",),
        "subject": ("subject", "title", "description"),
        "status": ("status",),
        "priority": ("priority",),
        "created_by": ("created_by_id", "user_id", "customer_id", "owner_id"),
        "assigned_to": ("assigned_to_id", "agent_id", "assignee_id"),
        "created_at": AT,
        "updated_at": ("updated_at", "modified_at", "closed_at"),
    },
}
REQUIRED = {
    "users": ("id", "username"),
    "conversations": ("id",),
    "messages": ("id", "conversation", "sender", "content", "created_at"),
    "attachments": ("id", "message", "file"),
    "tickets": ("id",),
}
OPTIONAL = ("attachments", "tickets")
"""What a module may lack: whoever never had files or tickets has no tables for them."""


ID_MOST = 2**53 - 1
"""Of JavaScript's numbers, which are those of JSON for most clients, larger ones are not exact."""


class Part(Struct, frozen=True):
    """One table. `columns` are SQL expressions, in the order of FIELDS; NULL where it has none."""

    table: str
    columns: Sequence[str]

    async def page(self, source: Source, after: int, most: int) -> list[Row]:
        """The next rows, in the order of their ids."""
        return await source.fetch(
            f"SELECT {', '.join(self.columns)} FROM {quoted(self.table)}"  # noqa: S608 - quoted
            " WHERE id > ? ORDER BY id LIMIT ?",
            (after, most),
        )

    async def bounds(self, source: Source) -> tuple[int, int, int]:
        """The number of rows, their lowest id and their highest; 0 where there are none."""
        name = quoted(self.table)
        # Not by min() and max(), which a UUID has not: then the error would be another one.
        ((count, first, last),) = await source.fetch(
            f"SELECT (SELECT count(*) FROM {name}),"  # noqa: S608 - quoted
            f" (SELECT id FROM {name} ORDER BY id LIMIT 1),"
            f" (SELECT id FROM {name} ORDER BY id DESC LIMIT 1)"
        )
        if count == 0:
            return 0, 0, 0
        for id_ in (first, last):
            if not isinstance(id_, int) or not 1 <= id_ <= ID_MOST:
                raise PayamError(
                    f"{self.table}.id has {str(id_)[:40]!r}: Payam's ids are whole numbers"
                    f" from 1 to {ID_MOST}."
                )
        return count, first, last


class Layout(Struct, frozen=True):
    """`members` is the table of participants, and `member` its column of the user."""

    parts: dict[str, Part]
    members: str
    member: str

    async def members_of(self, source: Source, after: int, upto: int) -> list[Row]:
        """Conversation and user, of the conversations in this range of ids, the first first."""
        return await source.fetch(
            f"SELECT conversation_id, {quoted(self.member)} FROM {quoted(self.members)}"  # noqa: S608 - quoted
            " WHERE conversation_id > ? AND conversation_id <= ? ORDER BY conversation_id, id",
            (after, upto),
        )


async def layout_of(source: Source, label: str, user_table: str) -> Layout:
    """Find the tables. Raises PayamError, which names the table or the column that is missing."""
    if not re.fullmatch(r"\w+", label):
        raise PayamError("--app-label: letters, digits and _ only.")
    tables = {
        "users": user_table,
        "conversations": f"{label}_conversation",
        "messages": f"{label}_message",
        "attachments": f"{label}_attachment",
        "tickets": f"{label}_supportticket",
    }
    parts = {}
    for noun, table in tables.items():
        columns = await source.columns(table)
        if columns is not None:
            parts[noun] = part_of(noun, table, columns)
        elif noun not in OPTIONAL:
            option = "--user-table" if noun == "users" else "--app-label"
            raise PayamError(f"There is no table {table}; {option} says how it is called.")
    if "attachments" in parts:
        files, messages = parts["attachments"], parts["messages"]
        of_message = (
            f"(SELECT m.{messages.columns[1]} FROM {quoted(messages.table)} AS m"  # noqa: S608 - quoted
            f" WHERE m.id = {quoted(files.table)}.{files.columns[1]})"
        )
        parts["attachments"] = Part(files.table, [*files.columns[:-1], of_message])
    if "tickets" in parts and parts["tickets"].columns[1] == "NULL":
        parts["tickets"] = await with_conversation(source, parts["tickets"], tables)
    members = f"{label}_conversation_participants"
    of_users = (await source.columns(members) or set()) - {"id", "conversation_id"}
    member = next((name for name in sorted(of_users) if name.endswith("_id")), None)
    if member is None:
        raise PayamError(f"There is no table {members} with a column for the user.")
    return Layout(parts, members, member)


async def with_conversation(source: Source, tickets: Part, tables: dict[str, str]) -> Part:
    """The tickets of a module whose conversations name their ticket, and not the other way."""
    if "support_ticket_id" not in (await source.columns(tables["conversations"]) or ()):
        raise PayamError(f"{tickets.table} has no column conversation_id.")
    of_ticket = (
        f"(SELECT min(c.id) FROM {quoted(tables['conversations'])} AS c"  # noqa: S608 - quoted
        f" WHERE c.support_ticket_id = {quoted(tickets.table)}.id)"
    )
    return Part(tickets.table, [tickets.columns[0], of_ticket, *tickets.columns[2:]])


def part_of(noun: str, table: str, columns: set[str]) -> Part:
    chosen: list[str] = []
    for field, names in FIELDS[noun].items():
        name = next((name for name in names if name in columns), None)
        if name is None and field in REQUIRED[noun]:
            raise PayamError(f"{table} has no column {names[0]}.")
        chosen.append("NULL" if name is None else quoted(name))
    return Part(table, chosen)
