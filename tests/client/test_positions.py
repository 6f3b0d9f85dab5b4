"""A cursor that the server cannot compare any more: PostgreSQL has begun a new incarnation."""

import asyncio
import json

import psycopg
from websockets.asyncio.server import ServerConnection

from payam_client import (
    Backoff,
    ConversationCreated,
    ConversationRemoved,
    MessageSent,
    Payam,
    Tokens,
)
from payam_client.account_events import CaughtUp, Positions
from payam_client.catching_up import CHANGES_MOST, MOST, CatchingUp
from payam_client.positions import Place
from tests.client.people import Pair, sign_up
from tests.client.test_account import SECONDS, agrees, contents_of, until
from tests.client.test_close_codes import HELLO, closing
from tests.faults.proxy import FaultProxy
from tests.support.payam_server import PayamServer


async def test_nothing_is_lost_or_doubled_where_the_cursor_is_of_no_use(postgres_url: str) -> None:
    """The client compares positions, and asks only where it is behind."""
    with PayamServer({"DATABASE_URL": postgres_url, "RATE_LIMITS": "off"}) as server:
        ali, sara = await sign_up(server.url, "ali"), await sign_up(server.url, "sara")
        async with (
            asyncio.timeout(2 * SECONDS),
            Pair(ali, sara) as pair,
            FaultProxy(server.port) as proxy,
            Payam(
                f"http://127.0.0.1:{proxy.port}",
                tokens=sara.tokens,
                backoff=Backoff(SECONDS, SECONDS),  # it comes back when this test says so
                trust_env=False,
            ) as through,
            through.account() as account,
        ):
            me = (await sara.me()).id
            calm, lost = [(await ali.begin([me])).id for _ in range(2)]
            await ali.send(calm, "before")
            await account.opened()
            await until(lambda: account.is_complete)
            before = await ali.send(pair.id, "seen")
            hers = await account.conversation(pair.id)
            await until(lambda: contents_of(hers) == ["seen"])
            await proxy.refuse()
            proxy.cut()
            await until(lambda: account.state == "waiting")
            with psycopg.connect(postgres_url) as database:  # as a crash of PostgreSQL does
                database.execute("DELETE FROM incarnation")
            missed = [await ali.send(pair.id, text) for text in ("missed", "this too")]
            begun, read = [(await ali.begin([me], "new")).id for _ in range(2)]
            await ali.remove_participant(lost, me)
            await proxy.accept()
            await account.conversation(read)  # the list shows it before the positions come
            account.wake()
            await account.opened()
            await until(lambda: begun in {one.id for one in account.conversations})
            await until(lambda: contents_of(hers) == ["seen", "missed", "this too"])

            async def listed() -> object:
                return {one.id: one for one in await sara.conversations()}

            await agrees(lambda: {one.id: one.record for one in account.conversations}, listed)
            events = list[object]()

            def is_here() -> bool:
                is_sent = sent_in(pair.id, events)[-1:] == [missed[-1].id]
                is_new = {begun, read} <= set(begun_in(events))
                return is_sent and is_new and ConversationRemoved(lost) in events

            while not is_here():
                events.append(await anext(account))
            new = begun_in(events)
            assert len(new) == len(set(new))
            assert sent_in(pair.id, events) == [before.id, *(one.id for one in missed)]
            # What was sent to `calm` before may come at any time, or be known by the list.
            assert len(sent_in(calm, events)) <= 1


def sent_in(conversation: int, events: list[object]) -> list[int]:
    sent = [one for one in events if isinstance(one, MessageSent)]
    return [one.id for one in sent if one.conversation == conversation]


def begun_in(events: list[object]) -> list[int]:
    return [one.conversation.id for one in events if isinstance(one, ConversationCreated)]


def test_only_where_it_is_behind_is_asked_for() -> None:
    """By the lowest number of those who must not miss anything. What is new is named, also where
    the list shows it by now.
    """
    catching_up = CatchingUp()
    positions = Positions({12: 345, 13: 7, 14: 3, 15: 9, 16: 4}, epoch="b7c2", cursor="new")
    places = [Place(seqs={12: 340, 13: 7}), Place(seqs={12: 338})]
    assert catching_up.compare(positions, places, {14: 2, 16: 1}, {14}) == [15, 16]
    assert catching_up.next("new") == {
        "type": "resume",
        "cursor": "new",
        "since": {12: 338, 14: 2, 16: 1},
    }
    assert catching_up.next("newer") is None
    catching_up.caught_up(CaughtUp("newer", "b7c2"))
    assert (catching_up.received.cursor, catching_up.received.epoch) == ("newer", "b7c2")


def test_what_is_too_much_for_one_frame_is_asked_for_in_parts() -> None:
    catching_up = CatchingUp()
    count = 2 * MOST + 1
    behind = dict.fromkeys(range(1, count + 1), 0)
    positions = Positions(dict.fromkeys(behind, 1), epoch="b7c2", cursor="1")
    assert catching_up.compare(positions, [Place(seqs=behind)], {}, ()) == []
    asked: list[int] = []
    for cursor in ("1", "2", "3"):
        frame = catching_up.next(cursor)
        assert frame is not None
        assert catching_up.is_asking
        assert frame["cursor"] == cursor
        asked += frame["since"]
    assert catching_up.next("4") is None
    assert not catching_up.is_asking
    assert asked == list(behind)


def test_a_part_has_a_limit_of_changes_too() -> None:
    """All of them wait until the part is there; one conversation alone may have more."""
    catching_up = CatchingUp()
    ends = {12: CHANGES_MOST + 1, 13: CHANGES_MOST - 1, 14: 1, 15: 1}
    positions = Positions(ends, epoch="b7c2", cursor="1")
    assert catching_up.compare(positions, [Place(seqs=dict.fromkeys(ends, 0))], {}, ()) == []
    parts = [catching_up.next("1") for _ in range(4)]
    assert [list(part["since"]) if part else None for part in parts] == [[12], [13, 14], [15], None]


def message(seq: int) -> str:
    sent = {"sender": "sara", "content": "x", "timestamp": "2026-01-01T00:00:00Z"}
    return json.dumps({"type": "chat.message", "id": seq, **sent, "seq": seq, "conversation": 12})


class Ahead:
    """Sends 3 and breaks off. Then it sends 6 before it reads that the client asks for 4."""

    def __init__(self) -> None:
        self.asked: dict[str, object] = {}
        self._is_back = False

    async def __call__(self, socket: ServerConnection) -> None:
        await socket.send(HELLO)
        if not self._is_back:
            self._is_back = True
            await socket.send(message(3))
            await socket.close(1011, "")
            return
        await socket.send('{"type":"positions","positions":{"12":5},"epoch":"b7c2","cursor":"two"}')
        await socket.send(message(6))
        self.asked = json.loads(await socket.recv())
        for seq in (4, 5, 6):
            await socket.send(message(seq))
        await socket.send('{"type":"resumed","cursor":"three","epoch":"b7c2"}')
        await socket.send(message(7))
        await socket.wait_closed()


async def test_what_is_new_waits_for_what_was_missed(signed_in: tuple[Tokens, Tokens]) -> None:
    """Or its number would hide the lower ones."""
    server = Ahead()
    async with closing(signed_in, server) as payam, payam.account() as account:
        seqs = list[int]()
        async for event in account:
            if isinstance(event, MessageSent):
                seqs.append(event.seq)
                if event.seq == 7:
                    break
    assert server.asked == {"type": "resume", "cursor": "two", "since": {"12": 3}}
    assert seqs == [3, 4, 5, 6, 7]
