"""What is said in an account: shown at once, kept, and stored once, whatever ends in between."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import connect as websocket
from websockets.asyncio.server import ServerConnection, serve

from payam_client import (
    Account,
    ConversationClosed,
    FileStorage,
    MemoryStorage,
    PayamError,
    SendingChanged,
    Storage,
)
from payam_client.outbox import Outbox
from tests.client.people import Pair, connect
from tests.client.test_account import take, until
from tests.faults.proxy import FaultProxy, Way
from tests.support.payam_server import CHECKOUT, PayamServer

SECONDS = 60  # keeps a test from hanging
TALKER = Path(__file__).with_name("talker.py")


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[FileStorage]:
    storage = FileStorage(tmp_path / "kept.sqlite3")
    yield storage
    await storage.close()


@asynccontextmanager
async def account_of(
    pair: Pair, url: str, storage: Storage | None = None
) -> AsyncIterator[Account]:
    """Ali's, through this address."""
    async with (
        asyncio.timeout(SECONDS),
        connect(url, pair.ali.tokens) as ali,
        ali.account(storage) as account,
    ):
        await account.opened()
        yield account


def shown(account: Account, id_: int) -> list[tuple[str, str]]:
    [conversation] = [one for one in account.conversations if one.id == id_]
    return [(one.content, one.status) for one in conversation.messages]


async def offline(account: Account, proxy: FaultProxy) -> None:
    await proxy.refuse()
    proxy.cut()
    await until(lambda: account.state == "waiting")


async def test_what_is_said_is_shown_at_once_and_once(pair: Pair, server: PayamServer) -> None:
    async with account_of(pair, server.url) as account:
        his = await account.conversation(pair.id)
        sendings = [his.send(f"m {number}") for number in range(5)]
        assert shown(account, pair.id) == [(f"m {number}", "sending") for number in range(5)]
        assert account.pending == 5
        acks = [await one for one in sendings]
        assert [(one.id, one.client_id) for one in his.messages] == [
            (ack.id, one.client_id) for ack, one in zip(acks, sendings, strict=True)
        ]
        assert shown(account, pair.id) == [(f"m {number}", "stored") for number in range(5)]
        assert account.pending == 0
        assert await pair.stored() == [f"m {number}" for number in range(5)]


async def test_the_next_run_sends_what_the_last_one_could_not(
    pair: Pair, proxy: FaultProxy, broken_url: str, server: PayamServer, storage: FileStorage
) -> None:
    """In order, before what it says itself; as the same messages."""
    texts = [f"offline {number}" for number in range(5)]
    async with account_of(pair, broken_url, storage) as account:
        his = await account.conversation(pair.id)
        await offline(account, proxy)
        sendings = [his.send(text) for text in texts]
        for sending in sendings:
            await sending.saved()
    for sending in sendings:
        with pytest.raises(ConversationClosed):
            await sending
    assert await pair.stored() == []
    async with account_of(pair, server.url, storage) as account:
        again = account.send(pair.id, texts[0], sendings[0].client_id)
        await account.send(pair.id, "online")
        assert (await again).client_id == sendings[0].client_id
    async with account_of(pair, server.url, storage) as account:
        assert account.pending == 0
    assert await pair.stored() == [*texts, "online"]
    keys = [one.client_id for one in await pair.ali.messages(pair.id)]
    assert keys[:5] == [sending.client_id for sending in sendings]


async def test_one_whose_ack_was_lost_is_the_same_message_in_the_next_run(
    pair: Pair, proxy: FaultProxy, broken_url: str, server: PayamServer, storage: FileStorage
) -> None:
    async with account_of(pair, broken_url, storage) as account:
        proxy.stall(Way.BACK)
        account.send(pair.id, "once")
        while await pair.stored() == []:
            await asyncio.sleep(0.01)
        proxy.cut()
    proxy.resume()
    async with account_of(pair, server.url, storage) as account:
        await until(lambda: account.pending == 0)
    assert await pair.stored() == ["once"]


async def test_a_program_that_is_killed_loses_and_doubles_nothing(
    pair: Pair, server: PayamServer, tmp_path: Path
) -> None:
    """Three times; what it printed is in its storage, so the server has it in the end, in order."""
    tokens = pair.ali.tokens
    assert tokens is not None
    (tmp_path / "tokens").write_text(f"{tokens.access} {tokens.refresh}", encoding="utf-8")
    kept, said = tmp_path / "kept.sqlite3", list[int]()
    for _ in range(3):
        first = said[-1] + 1000 if said else 0
        arguments = [server.url, tmp_path / "tokens", kept, pair.id, first]
        async with asyncio.timeout(SECONDS):
            program = await asyncio.create_subprocess_exec(
                sys.executable,
                TALKER,
                *map(str, arguments),
                env={"PYTHONPATH": str(CHECKOUT)},
                stdout=asyncio.subprocess.PIPE,
            )
            assert program.stdout is not None
            for _ in range(9):
                said.append(int(await program.stdout.readline()))
            program.kill()
            rest = await program.stdout.read()
            said += [int(line) for line in rest.splitlines(keepends=True) if line.endswith(b"\n")]
            await program.wait()
    storage = FileStorage(kept)
    async with account_of(pair, server.url, storage) as account:
        await until(lambda: account.pending == 0)
    await storage.close()
    stored = [int(text) for text in await pair.stored()]
    assert stored == sorted(set(stored))
    assert set(said) <= set(stored)


async def test_what_is_refused_is_shown_as_failed_until_it_is_discarded(
    pair: Pair, server: PayamServer, storage: FileStorage
) -> None:
    """Over restarts, too; the next message goes its way."""
    long = "x" * 10_001
    async with account_of(pair, server.url, storage) as account:
        his = await account.conversation(pair.id)
        sending = his.send(long)
        await his.send("short")
        with pytest.raises(PayamError) as refused:
            await sending
        assert "message" in refused.value.errors
        assert shown(account, pair.id) == [("short", "stored"), (long, "failed")]
        assert his.messages[1].error is refused.value
        while True:
            event = await take(account, SendingChanged)
            assert isinstance(event, SendingChanged)
            if event.status == "failed":
                break
        assert (event.client_id, event.error) == (sending.client_id, refused.value.code)
    async with account_of(pair, server.url, storage) as account:
        his = await account.conversation(pair.id)
        assert shown(account, pair.id)[-1] == (long, "failed")
        again = his.retry(sending.client_id)
        assert shown(account, pair.id)[-1] == (long, "sending")
        with pytest.raises(PayamError):
            await again
        await his.discard(sending.client_id)
        assert long not in dict(shown(account, pair.id))
        with pytest.raises(PayamError, match="no message that failed"):
            his.retry(sending.client_id)
    async with account_of(pair, server.url, storage) as account:
        assert long not in dict(shown(account, pair.id))
    assert await pair.stored() == ["short"]


async def test_what_is_said_where_one_is_no_more_fails(
    newcomers: Pair, server: PayamServer
) -> None:
    pair = newcomers
    async with account_of(pair, server.url) as account:
        await pair.sara.add_participant(pair.id, (await pair.sara.me()).id)
        his = await account.conversation(pair.id)
        await pair.ali.remove_participant(pair.id, account.me.id)
        await until(lambda: his.is_removed)
        with pytest.raises(PayamError) as refused:
            await account.send(pair.id, "too late")
        assert refused.value.code == "not_found"


async def test_the_same_client_id_is_the_same_message(pair: Pair, server: PayamServer) -> None:
    async with account_of(pair, server.url) as account:
        one = account.send(pair.id, "one", "mine")
        assert account.send(pair.id, "one", "mine") is one
        assert (await one).id == (await account.send(pair.id, "one", "mine")).id
    assert await pair.stored() == ["one"]


async def test_an_upload_says_how_far_it_is_and_stops(pair: Pair, server: PayamServer) -> None:
    """The server keeps nothing of one that was stopped."""
    async with account_of(pair, server.url) as account:
        his = await account.conversation(pair.id)
        message = (await his.send("a report")).id or 0
        shares = list[float]()
        whole = bytes(1_000_000)
        await his.attach(message, whole, name="a.bin", on_progress=shares.append)
        assert shares == sorted(shares)
        assert len(shares) > 10
        assert shares[-1] == 1.0
        begun = asyncio.Event()
        upload = asyncio.create_task(
            his.attach(message, bytes(9_000_000), name="b.bin", on_progress=lambda _: begun.set())
        )
        await begun.wait()
        upload.cancel()
        await asyncio.wait([upload])
        assert upload.cancelled()
        assert [one.name for one in await pair.ali.attachments(pair.id, message)] == ["a.bin"]


@pytest.fixture(params=["memory", "file"])
async def any_storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    if request.param == "memory":
        yield MemoryStorage()
        return
    storage = FileStorage(tmp_path / "any.sqlite3")
    yield storage
    await storage.close()


async def test_storages_keep_texts_by_key(any_storage: Storage) -> None:
    assert await any_storage.get("a/1") is None
    for key, value in (("a/1", "سلام"), ("a/2", ""), ("a_/1", "other"), ("b/1", "b")):
        await any_storage.set(key, value)
    await any_storage.set("a/2", "two")
    assert await any_storage.get("a/1") == "سلام"
    assert sorted(await any_storage.values("a/")) == ["two", "سلام"]
    assert sorted(await any_storage.values("a_")) == ["other"]
    await any_storage.delete("a/1")
    await any_storage.delete("a/1")
    assert await any_storage.values("a/") == ["two"]


async def test_a_file_has_what_another_program_has_kept(tmp_path: Path) -> None:
    """While both are open."""
    first, second = FileStorage(tmp_path / "k"), FileStorage(tmp_path / "k")
    await first.set("key", "one")
    await second.set("key", "two")
    assert await first.get("key") == "two"
    await first.close()
    await second.close()


async def test_what_fails_while_it_is_under_way_keeps_the_connection() -> None:
    """As a send to a conversation that the user is removed from: nobody waits for its answer, and
    what comes next is sent.
    """
    received: asyncio.Queue[str] = asyncio.Queue()

    async def listen(socket: ServerConnection) -> None:
        async for frame in socket:
            received.put_nowait(str(frame))

    async with asyncio.timeout(SECONDS), serve(listen, "127.0.0.1", 0) as silent:
        port = next(iter(silent.sockets)).getsockname()[1]
        async with websocket(f"ws://127.0.0.1:{port}", proxy=None) as socket:
            outbox = Outbox()
            lost = outbox.put({"message": "lost"})
            giving = asyncio.create_task(outbox.give(socket, 2 * SECONDS))
            assert "lost" in await received.get()
            outbox.fail(PayamError("No such conversation.", code="not_found"))
            assert await giving
            with pytest.raises(PayamError):
                await lost
            stored = asyncio.get_running_loop().create_future()
            never = outbox.put({"message": "never"}, stored)
            giving = asyncio.create_task(outbox.give(socket, 2 * SECONDS))
            await asyncio.sleep(0)
            never.cancel()
            stored.set_result(None)
            assert await giving
            outbox.put({"message": "next"})
            giving = asyncio.create_task(outbox.give(socket, 2 * SECONDS))
            assert "next" in await received.get()
            giving.cancel()
