"""What requests ask the database."""

from typing import Any

import pytest
from structlog.contextvars import get_contextvars

from chat.store.sqlite.database import SqliteStore, SqliteTransaction
from tests.api.client import Person


class Counter:
    """Counts the statements of requests, and not those of what runs beside them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._taken: list[str] = []
        self._count(patch, SqliteStore, "fetch")
        for name in ("fetch", "execute", "execute_many"):
            self._count(patch, SqliteTransaction, name)

    def _count(self, patch: pytest.MonkeyPatch, kind: type[Any], name: str) -> None:
        real = getattr(kind, name)

        async def call(store: Any, sql: str, *rest: Any) -> Any:
            if "request_id" in get_contextvars():
                self._taken.append(sql)
            return await real(store, sql, *rest)

        patch.setattr(kind, name, call)

    def of(self, who: Person, path: str) -> list[str]:
        who.get(path)  # what is kept in memory is there then
        self.take()
        answer = who.get(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return self.take()

    def take(self) -> list[str]:
        """The statements since the last call."""
        taken, self._taken = self._taken, []
        return taken
