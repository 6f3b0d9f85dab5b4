"""SQL and parameters that PostgreSQL wants in a form of its own."""

from collections.abc import Iterable
from typing import ClassVar

from chat.store.database import PART

LOCK_CONVERSATIONS = (
    "SELECT 1 FROM conversations WHERE id = ANY(?::bigint[]) ORDER BY id FOR UPDATE"
)

STAMP = "(SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint))"
NOTE_TOUCHED = f"""
    INSERT INTO touched (changed, ids, at) VALUES ({STAMP}, ?, ?)
    ON CONFLICT (changed) DO UPDATE SET ids = touched.ids || ',' || excluded.ids
"""  # noqa: S608 - of ours
TOUCH = f"""
    WITH noted AS ({NOTE_TOUCHED})
    UPDATE conversations SET changed = {STAMP} WHERE id = ANY(?::bigint[])
"""  # noqa: S608 - of ours


class Postgres:
    """PostgreSQL's form of the SQL in which the two databases differ."""

    dialect: ClassVar[str] = "postgresql"
    form = "postgresql"
    part = PART
    binary: ClassVar[str] = ' COLLATE "C"'
    not_by: ClassVar[str] = ""
    # Of an array PostgreSQL knows how many items it has, of JSON it takes a hundred for granted:
    # then it reads the whole of a small table, rather than its index.
    ids: ClassVar[str] = "SELECT unnest(CAST(translate(?, '[]', '{}') AS bigint[]))"
    texts: ClassVar[str] = "SELECT value FROM json_array_elements_text(CAST(? AS json))"
    pairs: ClassVar[str] = """
        SELECT CAST(value ->> 0 AS bigint) AS one, CAST(value ->> 1 AS bigint) AS two
        FROM json_array_elements(CAST(? AS json))
    """
    stamp: ClassVar[str] = STAMP
    horizon: ClassVar[str] = "CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"
    # A dump takes the name to another cluster, whose transactions have other numbers.
    incarnation: ClassVar[str] = (
        "(SELECT name || to_hex(system_identifier) FROM incarnation, pg_control_system())"
    )
    joined: ClassVar[str] = "string_agg"
    moment: ClassVar[str] = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"


def array(values: Iterable[int | str | None]) -> str:
    """An array in PostgreSQL's text form. psycopg can write lists too, but eight times slower."""
    return "{" + ",".join([element(value) for value in values]) + "}"


def element(value: int | str | None) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return "NULL" if value is None else str(value)
