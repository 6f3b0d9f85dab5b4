"""What PostgreSQL says in its own way, and what it is given in its own way."""

from collections.abc import Iterable
from functools import lru_cache
from typing import ClassVar

LOCK_CONVERSATIONS = (
    "SELECT 1 FROM conversations WHERE id = ANY(?::bigint[]) ORDER BY id FOR UPDATE"
)


class Postgres:
    """How PostgreSQL says what the databases say differently."""

    dialect: ClassVar[str] = "postgresql"
    binary: ClassVar[str] = ' COLLATE "C"'
    ids: ClassVar[str] = (
        "SELECT CAST(value AS bigint) FROM json_array_elements_text(CAST(? AS json))"
    )
    texts: ClassVar[str] = "SELECT value FROM json_array_elements_text(CAST(? AS json))"


@lru_cache(maxsize=512)
def placeholders(sql: str) -> bytes:
    """`?` in the driver's spelling. No statement of ours has a literal `?` or `%`."""
    return sql.replace("?", "%s").encode()


def array(values: Iterable[int | str | None]) -> str:
    """An array as PostgreSQL reads it: psycopg writes lists too, and takes eight times as long."""
    return "{" + ",".join([element(value) for value in values]) + "}"


def element(value: int | str | None) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return "NULL" if value is None else str(value)
