"""SQLite's one write lock is taken to change something, and for nothing else."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from tests.contract.helpers import Pair
from tests.support.payam_server import PayamServer
from tests.support.people import People

FILE = {"file": ("a.txt", b"text")}


@contextmanager
def locked(server: PayamServer) -> Iterator[None]:
    """Another process writes all the while: what waits for the lock is answered with 503."""
    path = Path(server.settings["DATA_DIR"]) / "payam.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.rollback()


async def test_what_only_reads_answers_while_somebody_writes(on_sqlite: PayamServer) -> None:
    """Every path that is read, a socket's handshake, and what it missed."""
    async with People(on_sqlite) as people:
        pair = await Pair.of(people)
        sent = (await pair.ali.http.post(pair.messages, json={"content": "hello"})).json()
        attachments = f"{pair.messages}{sent['id']}/attachments/"
        attached = (await pair.ali.http.post(attachments, files=FILE)).json()
        of_pair = f"/api/conversations/{pair.conversation}/"
        newcomer = await people("reza")
        with locked(on_sqlite):
            for path in (
                "/health/ready",
                "/api/users/me/",
                "/api/users/?search=ali",
                "/api/conversations/",
                "/api/conversations/?limit=1",
                of_pair,
                f"{of_pair}participants/",
                pair.messages,
                f"{pair.messages}?limit=1",
                f"{pair.messages}?since=0",
                f"{pair.messages}{sent['id']}/",
                attachments,
                attached["url"],
            ):
                answer = await pair.sara.http.get(path)
                assert answer.status_code == 200, (path, answer.text)
            assert (await newcomer.http.get("/api/conversations/")).json() == []
            socket = await pair.sara.connect(pair.conversation, since=0)
            assert (await socket.receive())["content"] == "hello"


async def test_who_may_not_is_refused_while_somebody_writes(on_sqlite: PayamServer) -> None:
    """For each kind of change: a check is a read, and a file is not even sent."""
    async with People(on_sqlite) as people:
        pair = await Pair.of(people)
        stranger = await people("stranger")
        sent = (await pair.ali.http.post(pair.messages, json={"content": "hello"})).json()
        gone = (await pair.ali.http.post(pair.messages, json={"content": "gone"})).json()
        await pair.ali.http.delete(f"{pair.messages}{gone['id']}/")
        message = f"{pair.messages}{sent['id']}/"
        of_pair = f"/api/conversations/{pair.conversation}/"
        ali, sara, other = pair.ali.http, pair.sara.http, stranger.http
        calls: list[tuple[int, Callable[[], Awaitable[httpx.Response]]]] = [
            (404, lambda: other.post(f"{message}attachments/", files=FILE)),
            (403, lambda: sara.post(f"{message}attachments/", files=FILE)),
            (404, lambda: ali.post(f"{pair.messages}{2**40}/attachments/", files=FILE)),
            (409, lambda: ali.post(f"{pair.messages}{gone['id']}/attachments/", files=FILE)),
            (404, lambda: other.patch(message, json={"content": "x"})),
            (403, lambda: sara.patch(message, json={"content": "x"})),
            (403, lambda: sara.delete(message)),
            (404, lambda: other.patch(of_pair, json={"title": "x"})),
            (404, lambda: other.post(f"{of_pair}participants/", json={"user_id": stranger.id})),
            (400, lambda: ali.post(f"{of_pair}participants/", json={"user_id": 2**40})),
            (404, lambda: other.delete(f"{of_pair}participants/{stranger.id}/")),
            (403, lambda: sara.delete(f"{of_pair}participants/{pair.ali.id}/")),
            (404, lambda: other.post(f"{of_pair}read/", json={"message_id": sent["id"]})),
            (404, lambda: other.post(f"{of_pair}support_ticket/", json={"subject": "x"})),
            (400, lambda: ali.post("/api/conversations/", json={"participants": [2**40]})),
            (401, lambda: ali.post("/api/token/", json={"username": "ali", "password": "wrong"})),
        ]
        with locked(on_sqlite):
            for place, (status, call) in enumerate(calls):
                answer = await call()
                assert answer.status_code == status, (place, answer.text)
