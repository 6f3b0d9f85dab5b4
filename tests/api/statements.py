"""What requests ask the database."""

from typing import Any

import pytest
from structlog.contextvars import get_contextvars

from chat.store.postgres.database import PostgresStore, PostgresTransaction
from chat.store.sqlite.database import SqliteStore, SqliteTransaction
from tests.api.client import Person

TRIES = 3


class Counter:
    """Counts the statements of requests, and not those of what runs beside them.

    With `is_writing` every transaction is counted: that of the writer, which does the work for a
    request, and anything else that writes at that time. `least_of` leaves the latter out.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.is_writing = False
        self._taken: list[str] = []
        for store, transaction in (
            (SqliteStore, SqliteTransaction),
            (PostgresStore, PostgresTransaction),
        ):
            self._count(patch, store, "fetch", in_transaction=False)
            for name in ("fetch", "execute", "execute_many"):
                self._count(patch, transaction, name, in_transaction=True)

    def _count(
        self, patch: pytest.MonkeyPatch, kind: type[Any], name: str, *, in_transaction: bool
    ) -> None:
        real = getattr(kind, name)

        async def call(store: Any, sql: str, *rest: Any) -> Any:
            if (in_transaction and self.is_writing) or "request_id" in get_contextvars():
                self._taken.append(sql)
            return await real(store, sql, *rest)

        patch.setattr(kind, name, call)

    def of(self, who: Person, path: str) -> list[str]:
        return self.least_of(who, "GET", path)

    def least_of(self, who: Person, method: str, path: str, **options: Any) -> list[str]:
        """The fewest of some tries, after one that brings into memory what is kept there."""
        found: list[list[str]] = []
        for _ in range(1 + TRIES):
            self.take()
            answer = who.request(method, path, **options)
            assert answer.status_code < 300, f"{method} {path}: {answer.text}"
            found.append(self.take())
        return min(found[1:], key=len)

    def take(self) -> list[str]:
        """The statements since the last call."""
        taken, self._taken = self._taken, []
        return taken
