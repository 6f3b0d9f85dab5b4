"""A database that is put back to an older state, with clients that know more than it does.

The numbers of the example are those of docs/decisions/0006: a backup with 2 changes, clients
that have received 5, and five new messages, which become 3 to 7.
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any, Protocol

import pytest

from payam_client import (
    Backoff,
    Conversation,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    Payam,
    Reset,
    Tokens,
)
from tests.deploy.commands import run, shell
from tests.support.commands import run_command
from tests.support.payam_server import PayamServer
from tests.support.people import People, Person
from tests.support.postgres_server import PostgresServer
from tests.web.test_client import NODE

SECONDS = 60  # keeps a test from hanging
LOOK_SECONDS = 0.02
FOLLOWER = Path(__file__).with_name("follower.mjs")
BEFORE, LOST, NEW = 2, 3, 5


class Follower(Protocol):
    """An app's copy of a conversation: contents by id, and where it would resume."""

    @property
    def messages(self) -> Mapping[int, str]: ...

    @property
    def point(self) -> tuple[int | None, str | None]: ...


Kind = Callable[..., AbstractAsyncContextManager[Follower]]


class InPython:
    def __init__(self, conversation: Conversation) -> None:
        self.messages: dict[int, str] = {}
        self._conversation = conversation

    @property
    def point(self) -> tuple[int | None, str | None]:
        return self._conversation.seq, self._conversation.epoch

    async def follow(self) -> None:
        async for event in self._conversation:
            if isinstance(event, Reset):
                self.messages = {}
            elif isinstance(event, MessageSent):
                self.messages[event.id] = event.content
            elif isinstance(event, MessageEdited):
                self.messages[event.message.id] = event.message.content
            elif isinstance(event, MessageDeleted):
                self.messages[event.message_id] = ""


class InJavaScript:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.messages: dict[int, str] = {}
        self.point: tuple[int | None, str | None] = (None, None)
        self._process = process

    async def follow(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said: dict[str, Any] = json.loads(line)
            self.messages = {int(id_): content for id_, content in said["messages"].items()}
            self.point = said.get("seq"), said.get("epoch")


class Place:
    """A server on one of the databases, its backup, and a conversation of Ali's."""

    def __init__(self, server: PayamServer, postgres: PostgresServer | None, backup: Path) -> None:
        self.server = server
        self.backup = backup
        self._postgres = postgres
        self._database = "PostgreSQL" if postgres else "SQLite"
        self._environment = {**server.settings, "BACKUP": str(backup)}

    def back_up(self) -> None:
        run(f"Backing up {self._database}", self._environment)

    def restore_as_documented(self) -> None:
        """The server is stopped, and `restored` is among the commands."""
        self.server.stop()
        if self._postgres:
            name = self.server.settings["DATABASE_URL"].rpartition("/")[2]
            self._postgres.drop_database(name)
            self._postgres.create_database(name)
        run(f"Restoring {self._database}", self._environment)
        self.server.start()

    def put_back_beneath_it(self) -> None:
        """The server runs all the while, and nobody tells it."""
        if self._postgres:
            restore = "pg_restore --clean --if-exists --no-owner --exit-on-error"
            target = '--single-transaction --dbname="$DATABASE_URL" "$BACKUP/payam.dump"'
            shell(f"{restore} {target}", self._environment)
            return
        live = Path(self.server.settings["DATA_DIR"]) / "payam.sqlite3"
        with (
            closing(sqlite3.connect(self.backup / "payam.sqlite3")) as backup,
            closing(sqlite3.connect(live, timeout=60)) as database,
        ):
            backup.backup(database)

    def put_back_and_say_so(self) -> None:
        """The server runs all the while, and `restored` tells it."""
        self.put_back_beneath_it()
        run_command("restored", settings=self.server.settings)


WAYS: list[Callable[[Place], None]] = [
    Place.restore_as_documented,
    Place.put_back_and_say_so,
    Place.put_back_beneath_it,
]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    settings = {"RATE_LIMITS": "off"}
    postgres: PostgresServer | None = None
    if request.param == "postgresql":
        postgres = request.getfixturevalue("postgres_server")
        template: str = request.getfixturevalue("migrated_template")
        settings["DATABASE_URL"] = postgres.create_database(template=template)
    with PayamServer(settings) as server:
        yield Place(server, postgres, tmp_path / "backup")


@asynccontextmanager
async def in_python(person: Person, conversation: int, **options: Any) -> AsyncIterator[InPython]:
    tokens = Tokens(person.access, person.refresh)
    backoff = Backoff(0.02, 0.2)
    async with (
        Payam(person.server.url, tokens=tokens, backoff=backoff, trust_env=False) as payam,
        payam.open(conversation, **options) as opened,
    ):
        follower = InPython(opened)
        async with following(follower.follow):
            yield follower


@asynccontextmanager
async def in_javascript(
    person: Person, conversation: int, **options: Any
) -> AsyncIterator[InJavaScript]:
    tokens = {"access": person.access, "refresh": person.refresh}
    process = await asyncio.create_subprocess_exec(
        NODE,
        str(FOLLOWER),
        person.server.url,
        str(conversation),
        json.dumps(options),
        json.dumps(tokens),
        stdout=asyncio.subprocess.PIPE,
    )
    follower = InJavaScript(process)
    try:
        async with following(follower.follow):
            yield follower
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def following(follow: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def say(person: Person, messages: str, *contents: str) -> None:
    for content in contents:
        answer = await person.http.post(messages, json={"content": content})
        assert answer.status_code == 201, answer.text


async def stored(person: Person, messages: str) -> dict[int, str]:
    """What the database has, by way of the list."""
    return {one["id"]: one["content"] for one in (await person.http.get(messages)).json()}


async def until_same(followers: list[Follower], expected: dict[int, str]) -> None:
    try:
        async with asyncio.timeout(SECONDS):
            while any(follower.messages != expected for follower in followers):
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        known = "\n".join(f"{type(one).__name__}: {one.messages}" for one in followers)
        raise AssertionError(f"stored: {expected}\n{known}") from None


@pytest.mark.parametrize("put_back", WAYS, ids=lambda way: way.__name__)
async def test_clients_end_with_what_the_database_has(
    place: Place, put_back: Callable[[Place], None]
) -> None:
    """Those that stay connected as well as they can, and those that return with what they kept."""
    async with People(place.server) as people, AsyncExitStack() as open_:
        ali = await people("ali")
        conversation = await ali.begin_conversation()
        messages = f"/api/conversations/{conversation}/messages/"
        await say(ali, messages, "kept 1", "kept 2")
        await asyncio.to_thread(place.back_up)
        await say(ali, messages, "lost 3", "lost 4", "lost 5")
        kinds: tuple[Kind, ...] = (in_python, in_javascript)
        staying: list[Follower] = [
            await open_.enter_async_context(kind(ali, conversation, since=0)) for kind in kinds
        ]
        known = await stored(ali, messages)
        assert len(known) == BEFORE + LOST
        await until_same(staying, known)
        points = [follower.point for follower in staying]
        assert {seq for seq, _ in points} == {BEFORE + LOST}

        await asyncio.to_thread(put_back, place)
        await say(ali, messages, *(f"new {number}" for number in range(3, 3 + NEW)))
        expected = await stored(ali, messages)
        assert len(expected) == BEFORE + NEW
        assert not [content for content in expected.values() if "lost" in content]
        await until_same(staying, expected)
        returning: list[Follower] = [
            await open_.enter_async_context(kind(ali, conversation, since=seq, epoch=epoch))
            for kind, (seq, epoch) in zip(kinds, points, strict=True)
        ]
        await until_same(returning, expected)
        await say(ali, messages, "live")
        await until_same([*staying, *returning], await stored(ali, messages))


async def test_who_sends_no_epoch_gets_what_there_is_after_its_number(place: Place) -> None:
    """The loss that the epoch is there for: such a client is as it was before there was one."""
    async with People(place.server) as people:
        ali = await people("ali")
        conversation = await ali.begin_conversation()
        messages = f"/api/conversations/{conversation}/messages/"
        await say(ali, messages, "kept 1", "kept 2")
        await asyncio.to_thread(place.back_up)
        await say(ali, messages, "lost 3", "lost 4", "lost 5")
        await asyncio.to_thread(place.restore_as_documented)
        await say(ali, messages, *(f"new {number}" for number in range(3, 3 + NEW)))
        socket = await ali.connect(conversation, since=BEFORE + LOST)
        assert [(await socket.receive())["content"] for _ in range(2)] == ["new 6", "new 7"]
        assert await socket.receive_resumed() == BEFORE + NEW
