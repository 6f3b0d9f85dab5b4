"""How far an import from another chat server has come, and what it could not take."""

from collections.abc import Sequence

from msgspec import Struct

from chat.store.database import Reads, Transaction


class Step(Struct, frozen=True):
    """`after_id` is the last old id that is in; `shift` is what is added to an old id."""

    after_id: int
    shift: int
    done: int
    is_done: bool


async def steps(reads: Reads, source: str) -> dict[str, Step]:
    rows = await reads.fetch(
        "SELECT step, after_id, shift, done, is_done FROM imports WHERE source = ?", (source,)
    )
    return {
        name: Step(after, shift, done, bool(is_done)) for name, after, shift, done, is_done in rows
    }


async def begin(transaction: Transaction, source: str, step: str, shift: int) -> None:
    await transaction.execute(
        "INSERT INTO imports (source, step, shift) VALUES (?, ?, ?)", (source, step, shift)
    )


async def advance(
    transaction: Transaction,
    source: str,
    step: str,
    after: int,
    done: int,
    *,
    is_done: bool = False,
) -> None:
    await transaction.execute(
        """
        UPDATE imports SET after_id = ?, done = done + ?, is_done = ?
        WHERE source = ? AND step = ?
        """,
        (after, done, is_done, source, step),
    )


async def note(
    transaction: Transaction, source: str, notes: Sequence[tuple[str, int | None, str]]
) -> None:
    """Each is a kind, the new id of the user whom it concerns, if any, and the text."""
    await transaction.execute_many(
        "INSERT INTO import_notes (source, kind, user_id, note) VALUES (?, ?, ?, ?)",
        [(source, *one) for one in notes],
    )


async def notes(reads: Reads, source: str, after: int, most: int) -> list[tuple[int, str, str]]:
    """The next notes: id, kind and text."""
    rows = await reads.fetch(
        "SELECT id, kind, note FROM import_notes WHERE source = ? AND id > ? ORDER BY id LIMIT ?",
        (source, after, most),
    )
    return [(id_, kind, text) for id_, kind, text in rows]


async def kinds(reads: Reads, source: str) -> dict[str, int]:
    """How many notes there are of each kind."""
    return dict(
        await reads.fetch(
            "SELECT kind, count(*) FROM import_notes WHERE source = ? GROUP BY kind", (source,)
        )
    )


async def taken(reads: Reads, table: str, first: int, last: int) -> tuple[bool, int]:
    """Whether an id in this range is in use, and the highest that is."""
    ((count, highest),) = await reads.fetch(
        f"""
        SELECT count(CASE WHEN id BETWEEN ? AND ? THEN 1 END), coalesce(max(id), 0) FROM {table}
        """,  # noqa: S608 - a table's name of ours
        (first, last),
    )
    return count > 0, highest
