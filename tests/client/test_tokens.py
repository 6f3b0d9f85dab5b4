"""Tokens: renewed before they end, and when they are refused; once for all who ask."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from payam_client import ConversationClosed, PayamError, Tokens
from tests.client.people import Pair, connect
from tests.faults.proxy import FaultProxy, Way
from tests.support.payam_server import PayamServer
from tests.support.tokens import access_token

SECONDS = 60  # keeps a test from hanging


def refresh_ids(server: PayamServer) -> set[str]:
    """Which refresh tokens work, as the server has stored it."""
    file = Path(server.settings["DATA_DIR"]) / "payam.sqlite3"
    with closing(sqlite3.connect(file)) as database:
        return {id_ for (id_,) in database.execute("SELECT refresh_id FROM token_families")}


class Kept:
    """Where an app keeps its tokens."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens: Tokens | None = tokens
        self.count = 0

    def __call__(self, tokens: Tokens | None) -> None:
        self.tokens = tokens
        self.count += 1


async def ends_in(seconds: int, newcomers: Pair, server: PayamServer) -> Kept:
    """Ali's refresh token, with an access token that ends then."""
    assert newcomers.ali.tokens is not None
    access = access_token(server, (await newcomers.ali.me()).id, "somebody", seconds)
    return Kept(Tokens(access, newcomers.ali.tokens.refresh))


def forged(tokens: Tokens | None) -> Kept:
    """By its dates it is good, and the server refuses it."""
    assert tokens is not None
    signed = tokens.access.rpartition(".")[0]
    return Kept(Tokens(f"{signed}.{'A' * 43}", tokens.refresh))


async def test_a_token_at_its_end_is_renewed_once_for_all_who_ask(
    newcomers: Pair, server: PayamServer
) -> None:
    """Twice would be a theft to the server: it would end the sign-in."""
    store = await ends_in(-5, newcomers, server)
    async with connect(server.url, store.tokens, keep=store) as ali:
        answers = await asyncio.gather(*(ali.me() for _ in range(5)))
        assert len({answer.id for answer in answers}) == 1
        assert (store.count, store.tokens) == (1, ali.tokens)


async def test_who_is_cancelled_while_a_token_is_renewed_does_not_lose_it(
    newcomers: Pair, proxy: FaultProxy, broken_url: str, server: PayamServer
) -> None:
    store = await ends_in(-5, newcomers, server)
    async with asyncio.timeout(SECONDS), connect(broken_url, store.tokens, keep=store) as ali:
        proxy.stall()
        asking = asyncio.create_task(ali.me())
        while not proxy.connections:
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.wait([asking])
        proxy.resume()
        while not store.count:
            await asyncio.sleep(0.01)
        await ali.me()
        assert (store.count, store.tokens) == (1, ali.tokens)


async def test_a_token_that_rest_refuses_is_renewed(newcomers: Pair, server: PayamServer) -> None:
    store = forged(newcomers.ali.tokens)
    async with connect(server.url, store.tokens, keep=store) as ali:
        assert await ali.conversation(newcomers.id)
        assert store.count == 1


async def test_a_token_that_a_handshake_refuses_is_renewed(
    newcomers: Pair, server: PayamServer
) -> None:
    store = forged(newcomers.ali.tokens)
    async with asyncio.timeout(SECONDS), connect(server.url, store.tokens, keep=store) as ali:
        await ali.open(newcomers.id, since=0).send("hello")
        assert store.count == 1
        assert await newcomers.stored() == ["hello"]


async def test_an_open_conversation_renews_its_token_without_reconnecting(
    newcomers: Pair, proxy: FaultProxy, broken_url: str, server: PayamServer
) -> None:
    """The server says that the end is near, and is given the next one in time."""
    store = await ends_in(50, newcomers, server)  # the server warns a minute before
    async with asyncio.timeout(SECONDS), connect(broken_url, store.tokens, keep=store) as ali:
        his = ali.open(newcomers.id, since=0)
        await his.opened()
        while not store.count:
            await asyncio.sleep(0.01)
        await his.send("still there")
        # One for the websocket, one for the call that renewed.
        assert proxy.connections == 2


async def test_a_revoked_sign_in_closes_its_conversations_and_says_so(
    newcomers: Pair, server: PayamServer
) -> None:
    assert newcomers.ali.tokens is not None
    store = Kept(newcomers.ali.tokens)
    async with asyncio.timeout(SECONDS), connect(server.url, store.tokens, keep=store) as ali:
        his = ali.open(newcomers.id)
        await his.opened()
        await newcomers.ali.log_out()
        with pytest.raises(ConversationClosed) as closed:
            async for _ in his:
                pass
        assert (closed.value.close_code, closed.value.code) == (4401, "token_revoked")
        assert (store.tokens, ali.tokens) == (None, None)
        with pytest.raises(PayamError, match="Not signed in") as refused:
            await ali.me()
        assert refused.value.status == 401


async def test_what_waits_to_be_sent_is_not_sent_as_another_user(
    newcomers: Pair, proxy: FaultProxy, broken_url: str
) -> None:
    """A conversation is its user's: it ends where another signs in, and so do its messages."""
    async with asyncio.timeout(SECONDS), connect(broken_url, newcomers.ali.tokens) as page:
        his = page.open(newcomers.id, since=0)
        await his.opened()
        await proxy.refuse()
        proxy.cut()
        sending = asyncio.create_task(his.send("of Ali's"))
        while his.state == "open":
            await asyncio.sleep(0.01)
        page._keeper.set(newcomers.sara.tokens, page._keeper.begin())  # as signing in does
        await proxy.accept()
        with pytest.raises(ConversationClosed) as closed:
            await sending
        assert (closed.value.close_code, closed.value.code) == (4401, "not_authenticated")
        assert (await page.me()).id == (await newcomers.sara.me()).id
        assert await newcomers.stored() == []


async def test_a_renewal_whose_answer_is_lost_is_asked_again(
    newcomers: Pair, proxy: FaultProxy, broken_url: str, server: PayamServer
) -> None:
    """Soon after, it gives the same pair: the sign-in lives on."""
    store = await ends_in(-5, newcomers, server)
    async with asyncio.timeout(SECONDS), connect(broken_url, store.tokens, keep=store) as ali:
        proxy.stall(Way.BACK)
        before = refresh_ids(server)
        asking = asyncio.create_task(ali.me())
        while refresh_ids(server) == before:
            await asyncio.sleep(0.01)
        proxy.cut()
        proxy.resume()
        me = await asking
        assert store.count == 1
    async with connect(server.url, store.tokens, keep=store) as ali:
        assert await ali.me() == me


async def test_what_is_no_token_is_said_at_once() -> None:
    with pytest.raises(PayamError, match="access: is not a JSON Web Token"):
        connect("http://127.0.0.1:1", Tokens("abc", "def"))
