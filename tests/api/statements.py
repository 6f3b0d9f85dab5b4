"""What requests, and frames of sockets, ask the database."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from structlog.contextvars import bound_contextvars, get_contextvars
from websockets.asyncio.client import connect

from chat.realtime.socket import Sockets
from chat.services.sharing import Shared, SharedByKey
from chat.store.postgres.database import PostgresStore, PostgresTransaction
from chat.store.sqlite.database import SqliteStore, SqliteTransaction
from chat.store.work import ChangeWork
from chat.store.writer import Writer
from tests.api.client import Person

OF_ALL = {"request_id": "a frame"}
"""What the log has of a request, for what is counted without one."""
PATIENCE = 60.0


def is_counted() -> bool:
    return "request_id" in get_contextvars()


class Counter:
    """Counts the statements of requests, and not those of what runs beside them.

    The writer works for a request in a task of its own: what it does there for a request is counted
    too, but not what a batch has once (lock, insert, stamp), whoever is in it. A reading that many
    share is counted, if one who is counted asked for it.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._taken: list[str] = []
        for kind, names in (
            (SqliteStore, ("fetch",)),
            (PostgresStore, ("fetch",)),
            (SqliteTransaction, ("fetch", "execute", "execute_many", "later")),
            (PostgresTransaction, ("fetch", "execute", "execute_many", "later")),
        ):
            for name in names:
                self._count(patch, kind, name)
        follow_the_writer(patch)
        for shared in (Shared, SharedByKey):
            follow_readings(patch, shared)
        listen(patch)

    def _count(self, patch: pytest.MonkeyPatch, kind: type[Any], name: str) -> None:
        real = getattr(kind, name)

        async def call(store: Any, sql: str, *rest: Any) -> Any:
            if is_counted():
                self._taken.append(sql)
            return await real(store, sql, *rest)

        patch.setattr(kind, name, call)

    def of(self, who: Person, method: str, path: str, **options: Any) -> list[str]:
        """The statements of one request. `options` are httpx's own."""
        self.take()
        answer = who.request(method, path, **options)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return self.take()

    def of_socket(
        self, who: Person, path: str, frames: Sequence[dict[str, Any]]
    ) -> dict[str, list[str]]:
        """The statements of each frame, by its type; the first one's are the handshake's too."""
        return who.api.run(self._of_socket(who, path, frames))

    async def _of_socket(
        self, who: Person, path: str, frames: Sequence[dict[str, Any]]
    ) -> dict[str, list[str]]:
        self.take()
        headers = {"Authorization": f"Bearer {who.access}"}
        url = f"ws://127.0.0.1:{who.api.port}{path}"
        found = dict[str, list[str]]()
        async with (
            asyncio.timeout(PATIENCE),
            connect(url, additional_headers=headers, proxy=None, open_timeout=60) as socket,
        ):
            for frame in frames:
                await socket.send(json.dumps({**frame, "ref": "r"}))
                while (answer := json.loads(await socket.recv())).get("ref") != "r":
                    pass
                assert answer["type"] in ("ack", "resumed"), answer
                found[frame["type"]] = self.take()
        return found

    def take(self) -> list[str]:
        """The statements since the last call."""
        taken, self._taken = self._taken, []
        return taken


def follow_the_writer(patch: pytest.MonkeyPatch) -> None:
    """Let the writer's task say for whom it works."""
    put, store_sends = Writer._put, Writer._store_sends
    sends = list[Any]()

    def noting(writer: Writer, work: Any) -> None:
        if is_counted():
            if isinstance(work, ChangeWork):
                work.apply = counted(work.apply)
            else:
                sends.append(work)
        put(writer, work)

    async def storing(writer: Writer, run: list[Any]) -> None:
        if any(work in sends for work in run):
            sends.clear()
            with bound_contextvars(**OF_ALL):
                await store_sends(writer, run)
        else:
            await store_sends(writer, run)

    patch.setattr(Writer, "_put", noting)
    patch.setattr(Writer, "_store_sends", storing)


def follow_readings(patch: pytest.MonkeyPatch, shared: type[Any]) -> None:
    """Let the task that reads for many say for whom it works."""
    ask, run = shared.ask, shared._run
    of_counted = set[Any]()

    async def asking(reading: Any, asked: Any) -> Any:
        if is_counted():
            of_counted.add(reading)
        return await ask(reading, asked)

    async def running(reading: Any, *key: Any) -> None:
        if reading not in of_counted:
            await run(reading, *key)
            return
        with bound_contextvars(**OF_ALL):
            await run(reading, *key)
        of_counted.discard(reading)

    patch.setattr(shared, "ask", asking)
    patch.setattr(shared, "_run", running)


def counted(apply: Any) -> Any:
    async def call(transaction: Any) -> Any:
        with bound_contextvars(**OF_ALL):
            return await apply(transaction)

    return call


def listen(patch: pytest.MonkeyPatch) -> None:
    """Count what frames ask for, of the sockets that tests open here."""
    received = Sockets.text_received

    def call(sockets: Sockets, connection: Any, text: str) -> None:
        with bound_contextvars(**OF_ALL):
            received(sockets, connection, text)

    patch.setattr(Sockets, "text_received", call)
