"""What is asked of search, and what it answers."""

from msgspec import Struct

Place = tuple[int, int]
"""A conversation, and a message of it."""


class Page(Struct, frozen=True):
    """`rest` is the `before` with which the question goes on; None where nothing is left."""

    places: list[Place]
    rest: int | None


class Query(Struct, frozen=True):
    """`keys` are those of the text that is looked for: one of them has to be in a message's text.
    None is empty. Each of the others but `limit` may be None.

    `conversation_id` is one that the caller may read. Without it, all in which `user_id` is a
    participant are meant. `before` is the id of a message: only earlier ones are found.
    """

    user_id: int
    keys: tuple[str, ...]
    conversation_id: int | None
    sender_id: int | None
    before: int | None
    limit: int


def only(query: Query, table: str, *, before: bool = True) -> tuple[str, list[int]]:
    """The conditions that the query has beside its text, and their parameters."""
    conditions, parameters = "", []
    if query.sender_id is not None:
        conditions += f" AND {table}.sender_id = ?"
        parameters.append(query.sender_id)
    if before and query.before is not None:
        conditions += f" AND {table}.message_id < ?"
        parameters.append(query.before)
    return conditions, parameters
