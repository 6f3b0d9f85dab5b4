"""Conversations that stay open, whatever is done to the connection."""

import asyncio
import random

import pytest

from payam_client import (
    ConversationClosed,
    MessageRead,
    MessageSent,
    PayamError,
    Reset,
    Resumed,
    UserTyping,
)
from tests.client.people import Heard, Pair, connect, sign_up
from tests.faults.proxy import FaultProxy, Way
from tests.support.commands import run_command
from tests.support.payam_server import PayamServer

SECONDS = 60  # keeps a test from hanging
COUNT = 60
CUT_EVERY = 6


def numbered(name: str, count: int) -> list[str]:
    return [f"{name} {number}" for number in range(count)]


async def test_two_people_talk(pair: Pair) -> None:
    """Every kind of frame, from the one to the other."""
    async with pair.ali.open(pair.id) as his, pair.sara.open(pair.id) as hers:
        await his.opened()
        await hers.opened()
        heard = Heard()
        await his.typing(True)
        # The server asks who has blocked him, so what he sends next could overtake it.
        await heard.read(hers, lambda heard: bool(heard.events))
        ack = await his.send("سلام")
        await his.edit(ack.id or 0, "درود")
        await heard.read(hers, lambda heard: len(heard.seqs) == 2)
        assert heard.contents == {ack.id: "درود"}
        assert heard.events[0] == UserTyping("ali", is_typing=True)
        assert isinstance(heard.events[1], MessageSent)
        assert (heard.events[1].timestamp, heard.events[1].seq) == (ack.timestamp, ack.seq)
        await hers.mark_read(ack.id or 0)
        seen = Heard()
        await seen.read(his, lambda heard: any(isinstance(e, MessageRead) for e in heard.events))
        await his.delete(ack.id or 0)
        await heard.read(hers, lambda heard: len(heard.seqs) == 3)
        assert heard.contents == {ack.id: None}
        assert hers.seq == heard.seqs[-1]


async def test_cut_at_random_nothing_is_lost_doubled_or_out_of_order(
    pair: Pair, proxy: FaultProxy, broken_url: str
) -> None:
    """Each has seen both sides' messages and edits once, in the order in which they are stored."""
    async with (
        asyncio.timeout(SECONDS),
        connect(broken_url, pair.ali.tokens) as ali,
        connect(broken_url, pair.sara.tokens) as sara,
    ):
        ends = [ali.open(pair.id, since=0), sara.open(pair.id, since=0)]
        accounts = [Heard(), Heard()]

        async def talk(name: str, place: int) -> None:
            sends = [asyncio.create_task(ends[place].send(t)) for t in numbered(name, COUNT)]
            for number, send in enumerate(sends):
                ack = await send
                if number % 10 == 0:
                    await ends[place].edit(ack.id or 0, f"{name} {number} edited")
                if number % CUT_EVERY == place:
                    await asyncio.sleep(random.uniform(0, 0.01))  # noqa: S311 - any moment
                    await proxy.cut_some(0.7)

        await asyncio.gather(talk("his", 0), talk("her", 1))
        stored = {m.id: m.content for m in await pair.ali.messages(pair.id, limit=200)}
        for end, account in zip(ends, accounts, strict=True):
            await account.read(end, lambda heard: heard.contents == stored)
        assert proxy.connections > 2 * 5
    assert len(stored) == 2 * COUNT
    for name in ("his", "her"):
        own = [text.removesuffix(" edited") for text in stored.values() if text.startswith(name)]
        assert own == numbered(name, COUNT)


async def test_what_is_said_offline_is_queued_in_order_and_sent_once(
    pair: Pair, proxy: FaultProxy, broken_url: str
) -> None:
    async with asyncio.timeout(SECONDS), connect(broken_url, pair.ali.tokens) as ali:
        his = ali.open(pair.id)
        await his.opened()
        await proxy.refuse()
        proxy.cut()
        texts = numbered("offline", 5)
        sends = [asyncio.create_task(his.send(text)) for text in texts]
        while his.waiting < len(texts) or his.state != "waiting":
            await asyncio.sleep(0.01)
        assert await pair.stored() == []
        await proxy.accept()
        acks = await asyncio.gather(*sends)
        assert await pair.stored() == texts
        assert [ack.id for ack in acks] == [m.id for m in await pair.ali.messages(pair.id)]
        assert his.waiting == 0


async def test_a_message_whose_ack_is_lost_is_the_same_message_again(
    pair: Pair, proxy: FaultProxy, broken_url: str
) -> None:
    async with asyncio.timeout(SECONDS), connect(broken_url, pair.ali.tokens) as ali:
        his = ali.open(pair.id)
        await his.opened()
        proxy.stall(Way.BACK)
        sending = asyncio.create_task(his.send("once"))
        while await pair.stored() == []:
            await asyncio.sleep(0.01)
        proxy.cut()
        proxy.resume()
        ack = await sending
        assert [message.id for message in await pair.ali.messages(pair.id)] == [ack.id]


async def test_what_is_cancelled_before_it_is_sent_is_not_sent(
    pair: Pair, proxy: FaultProxy, broken_url: str
) -> None:
    async with asyncio.timeout(SECONDS), connect(broken_url, pair.ali.tokens) as ali:
        his = ali.open(pair.id)
        await his.opened()
        await proxy.refuse()
        proxy.cut()
        given_up = asyncio.create_task(his.send("never mind"))
        kept = asyncio.create_task(his.send("but this"))
        while his.waiting < 2:
            await asyncio.sleep(0)
        given_up.cancel()
        await proxy.accept()
        await kept
        assert await pair.stored() == ["but this"]


async def test_who_does_not_read_is_told_later_from_the_server(
    pair: Pair, proxy: FaultProxy, broken_url: str
) -> None:
    """More than the backlog happens: what was let go comes on another connection."""
    async with (
        asyncio.timeout(SECONDS),
        connect(broken_url, pair.sara.tokens, backlog=4) as sara,
        pair.ali.open(pair.id) as his,
    ):
        hers = sara.open(pair.id, since=0)
        await hers.opened()
        texts = numbered("m", 19)
        for text in texts:
            await his.send(text)
        heard = Heard()
        await heard.read(hers, lambda heard: len(heard.contents) == len(texts))
        assert list(heard.contents.values()) == texts
        assert proxy.connections > 1


async def test_too_many_messages_are_sent_later_in_order() -> None:
    """More than this server takes from one user at once, which is ten."""
    texts = numbered("fast", 13)
    with PayamServer({"RATE_MESSAGES": "2"}) as strict:
        ali, sara = await sign_up(strict.url, "ali"), await sign_up(strict.url, "sara")
        async with asyncio.timeout(SECONDS), Pair(ali, sara) as pair:
            his = ali.open(pair.id)
            await asyncio.gather(*(his.send(text) for text in texts))
            assert await pair.stored() == texts


async def test_what_is_refused_says_why_and_the_next_is_sent(pair: Pair) -> None:
    async with asyncio.timeout(SECONDS), pair.ali.open(pair.id) as his:
        refused, sent = await asyncio.gather(
            his.send("x" * 10_001), his.send("short"), return_exceptions=True
        )
        assert isinstance(refused, PayamError)
        assert "message" in refused.errors
        assert "10000" in str(refused)
        assert not isinstance(sent, BaseException)
        assert await pair.stored() == ["short"]


async def test_who_is_removed_is_told_so_and_not_connected_again(pair: Pair) -> None:
    async with asyncio.timeout(SECONDS), pair.sara.open(pair.id) as hers:
        await hers.opened()
        await pair.ali.remove_participant(pair.id, (await pair.sara.me()).id)
        with pytest.raises(ConversationClosed, match="4404 not_found"):
            async for _ in hers:
                pass
        with pytest.raises(ConversationClosed) as closed:
            await hers.send("too late")
        assert (closed.value.close_code, hers.state) == (4404, "closed")


async def test_a_conversation_that_is_not_ones_own_is_not_found(pair: Pair) -> None:
    """With `since` the handshake is refused, without it the question where it is."""
    for since in (0, None):
        async with asyncio.timeout(SECONDS), pair.ali.open(pair.id + 1000, since=since) as none:
            with pytest.raises(ConversationClosed) as closed:
                await none.opened()
            assert (closed.value.code, closed.value.close_code) == ("not_found", 4404)


async def test_closing_ends_the_iteration_and_what_waits(
    pair: Pair, proxy: FaultProxy, broken_url: str
) -> None:
    async with asyncio.timeout(SECONDS), connect(broken_url, pair.ali.tokens) as ali:
        his = ali.open(pair.id)
        await his.opened()
        await proxy.refuse()
        proxy.cut()
        sending = asyncio.create_task(his.send("never"))
        while not his.waiting:
            await asyncio.sleep(0)
        await his.close()
        assert [event async for event in his if isinstance(event, MessageSent)] == []
        with pytest.raises(ConversationClosed, match="it was closed here"):
            await sending


async def test_a_restart_is_waited_for_and_nothing_is_lost_in_it(
    pair: Pair, server: PayamServer
) -> None:
    """What is said while the server is away is sent when it is back; so is what was missed."""
    async with asyncio.timeout(SECONDS):
        hers, his = pair.sara.open(pair.id, since=0), pair.ali.open(pair.id)
        await his.opened()
        await hers.opened()
        await his.send("before")
        await asyncio.to_thread(server.stop)
        sending = asyncio.create_task(his.send("while it was away"))
        await asyncio.to_thread(server.start)
        await sending
        heard = Heard()
        await heard.read(hers, lambda heard: len(heard.contents) == 2)
        assert list(heard.contents.values()) == ["before", "while it was away"]


async def put_back(server: PayamServer) -> None:
    """The database itself stays as it is: to the server's clients its numbers count anew."""
    await asyncio.to_thread(run_command, "restored", settings=server.settings)


async def test_after_a_reset_everything_comes_again(pair: Pair, server: PayamServer) -> None:
    """Once and in order; who comes back with the old epoch gets the same."""
    async with asyncio.timeout(SECONDS), pair.ali.open(pair.id) as his:
        for text in ("one", "two"):
            await his.send(text)
        record = await pair.sara.conversation(pair.id)
        hers = pair.sara.open(pair.id, since=record.seq, epoch=record.epoch)
        assert await anext(hers) == Resumed(2, record.epoch)
        await put_back(server)
        now = (await pair.ali.conversation(pair.id)).epoch
        assert now is not None
        for conversation in (hers, pair.sara.open(pair.id, since=2, epoch=record.epoch)):
            assert await anext(conversation) == Reset(2, now)
            assert (conversation.seq, conversation.epoch) == (0, now)
            heard = Heard()
            await heard.read(conversation, lambda heard: len(heard.seqs) == 2)
            assert list(heard.contents.values()) == ["one", "two"]
            assert await anext(conversation) == Resumed(2, now)
        with pytest.raises(PayamError) as refused:
            await pair.sara.messages(pair.id, since=2, epoch=record.epoch)
        assert (refused.value.code, refused.value.status) == ("epoch_changed", 409)


async def test_without_replay_it_goes_on_live(pair: Pair, server: PayamServer) -> None:
    """From the point that the Reset names."""
    async with asyncio.timeout(SECONDS), pair.ali.open(pair.id) as his:
        await his.send("one")
        hers = pair.sara.open(pair.id, since=0, replay=False)
        heard = Heard()
        await heard.read(hers, lambda heard: len(heard.seqs) == 1)
        await put_back(server)
        event = await anext(hers)
        while not isinstance(event, Reset):
            event = await anext(hers)
        assert event.seq == hers.seq == 1
        await his.send("two")
        event = await anext(hers)
        assert isinstance(event, MessageSent)
        assert (event.seq, event.content) == (2, "two")


async def test_what_names_a_message_is_not_given_to_a_server_that_was_put_back(
    pair: Pair, server: PayamServer, proxy: FaultProxy, broken_url: str
) -> None:
    """The id may be another message's by then; what is new is stored all the same."""
    async with asyncio.timeout(SECONDS), connect(broken_url, pair.ali.tokens) as ali:
        his = ali.open(pair.id)
        ack = await his.send("one")
        await proxy.refuse()
        proxy.cut()
        while his.state != "waiting":
            await asyncio.sleep(0.01)
        edit = asyncio.create_task(his.edit(ack.id or 0, "another message by then"))
        sent = asyncio.create_task(his.send("two"))
        await asyncio.sleep(0)
        await put_back(server)
        await proxy.accept()
        with pytest.raises(PayamError) as refused:
            await edit
        assert refused.value.code == "epoch_changed"
        await sent
    assert await pair.stored() == ["one", "two"]
