"""The commands of docs/operations.md: a running server's backup, restored into a fresh one."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.commands import run
from tests.support.payam_server import PayamServer
from tests.support.people import People, Person
from tests.support.postgres_server import PostgresServer

FILE = b"\x00attached\xff"
DATABASES = ("SQLite", "PostgreSQL")


@dataclass
class Place:
    """A server, and what the page's commands need to know of it."""

    server: PayamServer
    backup: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**self.server.settings, "BACKUP": str(self.backup)}


@pytest.fixture(scope="module", params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def settings_for(database: str, postgres: PostgresServer, template: str | None) -> dict[str, str]:
    if database == "SQLite":
        return {"RATE_LIMITS": "off"}
    return {"RATE_LIMITS": "off", "DATABASE_URL": postgres.create_database(template=template)}


@pytest.fixture(scope="module")
def server(
    database: str, postgres_server: PostgresServer, migrated_template: str
) -> Iterator[PayamServer]:
    """One that runs."""
    with PayamServer(settings_for(database, postgres_server, migrated_template)) as server:
        yield server


@pytest.fixture
def place(server: PayamServer, tmp_path: Path) -> Place:
    return Place(server, tmp_path / "backup")


async def send(person: Person, messages: str, content: str) -> int:
    """The new message's id."""
    response = await person.http.post(messages, json={"content": content})
    assert response.status_code == 201, response.text
    message_id: int = response.json()["id"]
    return message_id


@asynccontextmanager
async def sending(person: Person, messages: str) -> AsyncIterator[list[int]]:
    """Somebody who does not stop meanwhile; the ids of what was acknowledged, in order."""
    sent = [await send(person, messages, "before")]

    async def go_on() -> None:
        while True:
            sent.append(await send(person, messages, "meanwhile"))

    task = asyncio.create_task(go_on())
    try:
        yield sent
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_backup_of_a_running_server_is_restored_whole(
    place: Place, database: str, postgres_server: PostgresServer
) -> None:
    """What was there comes back, the doctor finds nothing, and clients go on from there.

    Somebody sends while it is backed up: what comes back is all that they had sent up to
    some moment. After it the numbers count in another epoch: who sends the old one has to
    read again, and who sends none where the conversation is now.
    """
    async with People(place.server) as people:
        ali = await people("ali")
        conversation = await ali.begin_conversation()
        messages = f"/api/conversations/{conversation}/messages/"
        attached = await ali.http.post(
            f"{messages}{await send(ali, messages, 'look')}/attachments/",
            files={"file": ("a.bin", FILE)},
        )
        url = attached.json()["url"]

        async with sending(ali, messages) as sent:
            least = len(sent)
            await asyncio.to_thread(run, f"Backing up {database}", place.environment)
        lost = await send(ali, messages, "after the backup")
        since = (await ali.http.get(f"{messages}{lost}/")).json()["seq"]
        epoch = (await ali.http.get(f"/api/conversations/{conversation}/")).json()["epoch"]

    # The same secret, as a restored deployment has.
    settings = settings_for(database, postgres_server, None)
    settings["JWT_SECRET"] = place.server.settings["JWT_SECRET"]
    fresh = PayamServer(settings)
    try:
        printed = run(f"Restoring {database}", Place(fresh, place.backup).environment)
        assert "the epoch is now" in printed
        assert "nothing has drifted" in printed
        fresh.start()
        async with People(fresh) as people:
            sara = await people("sara")
            sara.use({"access": ali.access, "refresh": ali.refresh})
            back = [message["id"] for message in (await sara.http.get(messages)).json()[1:]]
            assert least <= len(back)
            assert back == sent[: len(back)]
            assert (await sara.http.get(url)).content == FILE
            knowing = await sara.connect(conversation, since=since, epoch=epoch)
            reset = await knowing.receive()
            assert (reset["type"], reset["epoch"] == epoch) == ("reset", False)
            socket = await sara.connect(conversation, since=since)
            assert await socket.receive_resumed() == reset["seq"] < since
            new = await send(sara, messages, "and on")
            for one in (knowing, socket):
                assert (await one.receive_type("chat.message"))["id"] == new
    finally:
        fresh.close()


@pytest.mark.parametrize("database", ["SQLite"], indirect=True)
async def test_sqlite_is_backed_up_without_its_program(place: Place) -> None:
    """Python alone makes a whole copy, beside a server that runs."""
    async with People(place.server) as people:
        ali = await people("ali")
    place.backup.mkdir()
    run("Without the program sqlite3", place.environment)
    with closing(sqlite3.connect(place.backup / "payam.sqlite3")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        names = copy.execute("SELECT id FROM users WHERE username = ?", (ali.username,))
        assert names.fetchall() == [(ali.id,)]
