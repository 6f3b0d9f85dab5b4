"""All conversations of a user on one socket, whatever is done to it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from payam_client import (
    Account,
    AccountEvent,
    AccountReset,
    AttachmentAdded,
    CaughtUp,
    ConversationClosed,
    ConversationCreated,
    ConversationRemoved,
    FileStorage,
    LiveConversation,
    MessageDeleted,
    MessageEdited,
    MessageRead,
    MessageSent,
    Payam,
    PayamError,
    ReactionAdded,
    Reactions,
    SendingChanged,
    UserTyping,
)
from payam_client.events import Change
from payam_client.records import ConversationRecord
from tests.client.people import Pair, connect, sign_up
from tests.faults.proxy import FaultProxy
from tests.support.commands import run_command
from tests.support.payam_server import PayamServer

SECONDS = 60  # keeps a test from hanging
CONVERSATIONS = 5
COUNT = 20


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(0.01)


async def comes_to(found: Callable[[], object], expected: object) -> None:
    """What is kept of a conversation may change a little after its events are given."""
    await until(lambda: found() == expected)


async def agrees(found: Callable[[], object], ask: Callable[[], Awaitable[object]]) -> None:
    """What is kept here, and what the server says, come to the same within the test's time."""
    while found() != await ask():
        await asyncio.sleep(0.05)


def records_of(account: Account) -> list[ConversationRecord]:
    return [one.record for one in account.conversations]


def texts_of(live: LiveConversation) -> dict[int | None, str]:
    return {message.id: message.content for message in live.messages}


async def take(account: Account, *kinds: type[AccountEvent]) -> AccountEvent:
    """The next event of these kinds."""
    async for event in account:
        if isinstance(event, kinds):
            return event
    raise AssertionError("the account was closed")


class Seen:
    """What comes out of an account: the contents of each conversation, and each change once."""

    def __init__(self) -> None:
        self.contents: dict[int, dict[int, str]] = {}
        self.seqs: dict[int, int] = {}

    async def follow(self, account: Account) -> None:
        async for event in account:
            self.add(event)

    def add(self, event: AccountEvent) -> None:
        if not isinstance(event, Change):
            return
        assert event.conversation is not None
        last = self.seqs.get(event.conversation, 0)
        assert event.seq > last, f"{event} came after seq {last}"
        self.seqs[event.conversation] = event.seq
        contents = self.contents.setdefault(event.conversation, {})
        if isinstance(event, MessageSent):
            contents[event.id] = event.content
        elif isinstance(event, MessageEdited):
            contents[event.message.id] = event.message.content
        elif isinstance(event, MessageDeleted):
            contents[event.message_id] = ""


def contents_of(conversation: LiveConversation) -> list[str]:
    return [message.content for message in conversation.messages]


async def test_two_people_talk(newcomers: Pair) -> None:
    """Every kind of frame, and what becomes of the list and the messages by it."""
    pair = newcomers
    async with (
        asyncio.timeout(SECONDS),
        pair.ali.account() as his_account,
        pair.sara.account() as her_account,
    ):
        await his_account.opened()
        await her_account.opened()
        his = await his_account.conversation(pair.id)
        hers = await her_account.conversation(pair.id)
        me = her_account.me.username
        await his.typing(True)
        typing = await take(her_account, UserTyping)
        assert isinstance(typing, UserTyping)
        assert (typing.user, typing.conversation) == (his_account.me.username, pair.id)
        assert hers.typing_users == [his_account.me.username]
        ack = await his.send("سلام")
        assert isinstance(ack.id, int)
        await take(her_account, MessageSent)
        assert (hers.unread_count, her_account.unread, hers.typing_users) == (1, 1, [])
        assert (his.unread_count, his_account.unread) == (0, 0)
        await his.edit(ack.id, "درود")
        await take(her_account, MessageEdited)
        await take(his_account, MessageEdited)
        assert contents_of(hers) == contents_of(his) == ["درود"]
        assert [his.messages[0].is_read, hers.messages[0].is_read] == [False, False]
        await hers.mark_read(ack.id)
        assert (hers.unread_count, her_account.unread, hers.last_read_id) == (0, 0, ack.id)
        await take(his_account, MessageRead)
        assert his.read_by == {me: ack.id}
        assert [his.messages[0].is_read, hers.messages[0].is_read] == [True, True]
        file = await his.attach(ack.id, b"1,2", name="a.csv")
        await take(her_account, AttachmentAdded)
        assert hers.messages[0].attachments == (file,)
        await pair.ali.react(pair.id, ack.id, "👍")
        await pair.sara.react(pair.id, ack.id, "🎉")
        await take(her_account, ReactionAdded)
        await take(her_account, ReactionAdded)
        given = (Reactions("👍", 1, me=False), Reactions("🎉", 1, me=True))
        assert hers.messages[0].reactions == given
        await his.delete(ack.id)
        await take(her_account, MessageDeleted)
        assert [(one.content, one.is_deleted, one.attachments) for one in hers.messages] == [
            ("", True, ())
        ]
        await agrees(lambda: hers.record, partial(pair.sara.conversation, pair.id))


async def test_the_list_is_kept_and_in_order(pair: Pair, server: PayamServer) -> None:
    """As REST answers it, after each thing that moves it."""
    async with asyncio.timeout(SECONDS), await sign_up(server.url, "reza") as reza:
        who = await reza.me()
        async with reza.account() as account:
            await account.opened()
            await until(lambda: account.is_complete)
            assert account.conversations == []
            ids = [(await pair.ali.begin([who.id])).id for _ in range(3)]
            for _ in ids:
                await take(account, ConversationCreated)
            assert [one.id for one in account.conversations] == ids[::-1]
            await pair.ali.send(ids[0], "this one")
            await take(account, MessageSent)
            assert account.conversations[0].id == ids[0]
            await pair.ali.rename(ids[1], "Trip")
            await pair.ali.open_ticket(ids[1], "printer")
            await pair.ali.add_participant(ids[1], (await pair.sara.me()).id)
            await until(lambda: account.conversations[2].record.participant_count == 3)
            await agrees(lambda: records_of(account), reza.conversations)
            assert account.unread == 1
            muted = datetime(2999, 1, 1, tzinfo=UTC)
            await reza.set_own(ids[1], pinned=True)  # as on another device
            own = await reza.set_own(ids[1], muted_until=muted, archived=True)
            assert (own.muted_until, own.archived, own.pinned) == (muted, True, True)
            await until(lambda: account.conversations[2].record == own)
            assert [one.id for one in await reza.conversations(archived=True)] == [ids[1]]
            await pair.ali.remove_participant(ids[0], who.id)
            removed = await take(account, ConversationRemoved)
            assert removed == ConversationRemoved(ids[0])
            assert [one.id for one in account.conversations] == [ids[2], ids[1]]
            assert account.unread == 0
            with pytest.raises(PayamError, match="No such conversation") as refused:
                await account.conversation(ids[0])
            assert refused.value.code == "not_found"
            await pair.ali.add_participant(ids[0], who.id)
            await take(account, ConversationCreated)
            await agrees(lambda: records_of(account), reza.conversations)


def check_order(stored: Mapping[int, str]) -> None:
    """Each side's messages are there once, in the order in which they were said."""
    assert len(stored) == 2 * COUNT
    for name in ("his", "her"):
        own = [text.split()[1] for text in stored.values() if text.startswith(name)]
        assert own == [str(number) for number in range(COUNT)]


async def test_cut_at_random_nothing_is_lost_doubled_or_out_of_order(
    pair: Pair, proxy: FaultProxy, broken_url: str
) -> None:
    """In many conversations at once; the list and the messages end as REST has them."""
    other = (await pair.sara.me()).id
    ids = [(await pair.ali.begin([other])).id for _ in range(CONVERSATIONS)]
    async with (
        asyncio.timeout(2 * SECONDS),
        connect(broken_url, pair.ali.tokens) as ali,
        connect(broken_url, pair.sara.tokens) as sara,
        ali.account() as his_account,
        sara.account() as her_account,
    ):
        accounts = [his_account, her_account]
        seen = [Seen(), Seen()]
        for account in accounts:
            await account.opened()
            await until(lambda account=account: account.is_complete)  # type: ignore[misc]
        following = [
            asyncio.create_task(one.follow(account))
            for one, account in zip(seen, accounts, strict=True)
        ]

        async def talk(account: Account, id_: int, name: str) -> None:
            conversation = await account.conversation(id_)
            sends = [conversation.send(f"{name} {number}") for number in range(COUNT)]
            for number, send in enumerate(sends):
                ack = await send
                if number % 7 == 0:
                    await conversation.edit(ack.id or 0, f"{name} {number} edited")
                if number % 5 == 0:
                    await asyncio.sleep(random.uniform(0, 0.02))  # noqa: S311 - any moment
                    await proxy.cut_some(0.7)

        await asyncio.gather(
            *(
                talk(account, id_, name)
                for id_ in ids
                for account, name in zip(accounts, ("his", "her"), strict=True)
            )
        )
        assert proxy.connections > 5
        for id_ in ids:
            stored = {m.id: m.content for m in await pair.ali.messages(id_, limit=200)}
            check_order(stored)
            for one, account in zip(seen, accounts, strict=True):
                while one.contents.get(id_) != stored:
                    await asyncio.sleep(0.01)
                live = await account.conversation(id_)
                await comes_to(partial(texts_of, live), stored)
        records = {one.id: one for one in await pair.sara.conversations()}
        await comes_to(lambda: {one.id: one.record for one in her_account.conversations}, records)
        await comes_to(lambda: (his_account.pending, her_account.pending), (0, 0))
        for task in following:
            task.cancel()
        ended = await asyncio.gather(*following, return_exceptions=True)
        assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended


async def test_what_was_missed_comes_and_what_began_meanwhile(
    pair: Pair, proxy: FaultProxy, broken_url: str
) -> None:
    """Messages, a conversation that began and one that was lost, in one resume."""
    me = (await pair.sara.me()).id
    kept, lost = [(await pair.ali.begin([me])).id for _ in range(2)]
    async with (
        asyncio.timeout(SECONDS),
        connect(broken_url, pair.sara.tokens) as sara,
        sara.account() as account,
    ):
        await account.opened()
        await until(lambda: account.is_complete)
        hers = await account.conversation(kept)
        await hers.send("first")
        await proxy.refuse()
        proxy.cut()
        await until(lambda: account.state == "waiting")
        await pair.ali.send(kept, "missed")
        begun = (await pair.ali.begin([me], "new")).id
        await pair.ali.send(begun, "hello")
        await pair.ali.remove_participant(lost, me)
        await proxy.accept()
        account.wake()
        await account.opened()
        await until(lambda: [one.id for one in account.conversations][:2] == [begun, kept])
        await until(lambda: lost not in {one.id for one in account.conversations})
        await comes_to(lambda: contents_of(hers), ["first", "missed"])
        begun_one = await account.conversation(begun)
        await comes_to(lambda: (begun_one.title, begun_one.unread_count), ("new", 1))
        await begun_one.load_older()
        assert contents_of(begun_one) == ["hello"]


async def test_marks_of_reading_that_were_missed_come_on_return(
    newcomers: Pair, proxy: FaultProxy, broken_url: str
) -> None:
    """Of others, so that one's own messages are read; and one's own from another device."""
    pair = newcomers
    theirs = await pair.ali.send(pair.id, "theirs")
    async with (
        asyncio.timeout(SECONDS),
        connect(broken_url, pair.sara.tokens) as sara,
        sara.account() as account,
    ):
        await account.opened()
        hers = await account.conversation(pair.id)
        own = await hers.send("own")
        assert (account.unread, hers.messages[-1].is_read) == (1, False)
        await proxy.refuse()
        proxy.cut()
        await until(lambda: account.state == "waiting")
        await pair.ali.mark_read(pair.id, own.id or 0)
        await pair.sara.mark_read(pair.id, theirs.id)
        await proxy.accept()
        account.wake()
        await account.opened()
        await until(lambda: hers.messages[-1].is_read)
        await until(lambda: account.unread == 0)
        await agrees(lambda: hers.record, partial(pair.sara.conversation, pair.id))


async def test_who_has_read_is_known_without_an_event(pair: Pair) -> None:
    """From the list of participants, after a new start of the program."""
    message = await pair.ali.send(pair.id, "one")
    await pair.sara.mark_read(pair.id, message.id)
    async with asyncio.timeout(SECONDS), pair.ali.account() as account:
        await account.opened()
        his = await account.conversation(pair.id)
        await his.load_older()
        page = await his.load_participants()
        assert {one.id for one in page} == {one.id for one in his.participants}
        assert his.messages[0].is_read


async def test_pages_and_events_make_one_list_of_messages(pair: Pair) -> None:
    for number in range(7):
        await pair.ali.send(pair.id, f"old {number}")
    async with asyncio.timeout(SECONDS), pair.sara.account() as account:
        await account.opened()
        hers = await account.conversation(pair.id)
        assert (hers.messages, hers.has_older) == ([], True)
        await pair.ali.send(pair.id, "live")
        await until(lambda: len(hers.messages) == 1)
        assert await hers.load_older(limit=3)
        assert contents_of(hers) == ["old 4", "old 5", "old 6", "live"]
        loading = asyncio.create_task(hers.load_older(limit=4))
        first = (await pair.ali.messages(pair.id, limit=20))[0]
        async with pair.ali.open(pair.id) as his:
            await his.edit(first.id, "old 0 edited")
        assert await loading
        assert not await hers.load_older(limit=4)
        await until(lambda: hers.messages[0].content == "old 0 edited")
        assert contents_of(hers)[1:] == [*(f"old {number}" for number in range(1, 7)), "live"]
        assert [one.content for one in await pair.sara.messages(pair.id)] == contents_of(hers)


async def test_after_a_restart_it_goes_on_where_the_iteration_stopped(
    pair: Pair, server: PayamServer, tmp_path: Path
) -> None:
    """By what the storage kept: nothing twice, nothing missed, whatever came meanwhile."""
    texts = [f"m {number}" for number in range(9)]
    got = list[str]()
    for part in range(3):
        storage = FileStorage(tmp_path / "kept.sqlite3")
        async with (
            asyncio.timeout(SECONDS),
            connect(server.url, pair.sara.tokens) as sara,
            sara.account(storage) as account,
        ):
            await account.opened()
            if part == 0:
                for text in texts[:6]:
                    await pair.ali.send(pair.id, text)
            if part == 2:
                await pair.ali.send(pair.id, texts[8])
            for _ in range(3):
                event = await take(account, MessageSent)
                assert isinstance(event, MessageSent)
                got.append(event.content)
        await storage.close()
        if part == 1:
            for text in texts[6:8]:
                await pair.ali.send(pair.id, text)
    assert got == texts


async def test_who_does_not_iterate_gets_it_later(
    pair: Pair, proxy: FaultProxy, broken_url: str
) -> None:
    """More than the backlog happens: the list knows it, and the rest of the events come later."""
    async with (
        asyncio.timeout(SECONDS),
        connect(broken_url, pair.sara.tokens, backlog=4) as sara,
        sara.account() as account,
    ):
        await account.opened()
        hers = await account.conversation(pair.id)
        texts = [f"m {number}" for number in range(19)]
        for text in texts:
            await pair.ali.send(pair.id, text)
        await until(lambda: contents_of(hers) == texts)
        seen = Seen()
        while len(seen.contents.get(pair.id, {})) < len(texts):
            seen.add(await anext(account))
        assert list(seen.contents[pair.id].values()) == texts
        assert contents_of(hers) == texts
        assert proxy.connections > 1


async def put_back(server: PayamServer) -> None:
    """The database itself stays as it is: to the server's clients its numbers count anew."""
    await asyncio.to_thread(run_command, "restored", settings=server.settings)


@pytest.mark.parametrize("is_there", [True, False], ids=["while connected", "while away"])
async def test_after_a_reset_all_is_read_again(
    pair: Pair, server: PayamServer, proxy: FaultProxy, broken_url: str, is_there: bool
) -> None:
    async with (
        asyncio.timeout(SECONDS),
        connect(broken_url, pair.sara.tokens) as sara,
        sara.account() as account,
    ):
        await account.opened()
        hers = await account.conversation(pair.id)
        ack = await hers.send("one")
        await hers.load_older()
        if not is_there:
            await proxy.refuse()
            proxy.cut()
            await until(lambda: account.state == "waiting")
            edit = asyncio.create_task(hers.edit(ack.id or 0, "another message by then"))
            sending = hers.send("two")
        await put_back(server)
        if not is_there:
            await proxy.accept()
            account.wake()
        reset = await take(account, AccountReset)
        assert isinstance(reset, AccountReset)
        now = (await pair.ali.conversation(pair.id)).epoch
        assert (reset.conversation, reset.epoch) == (None, now)
        expected = ["one"]
        if not is_there:
            with pytest.raises(PayamError) as refused:
                await edit
            assert refused.value.code == "epoch_changed"
            await sending
            expected.append("two")
        await until(lambda: hers.record.epoch == now and contents_of(hers) == expected)
        await pair.ali.send(pair.id, "after")
        await until(lambda: contents_of(hers) == [*expected, "after"])
        await until(lambda: account.is_complete)
        await agrees(lambda: hers.record, partial(pair.sara.conversation, pair.id))


async def test_closing_ends_the_iteration(pair: Pair) -> None:
    async with asyncio.timeout(SECONDS):
        account = pair.ali.account()
        await account.opened()
        await account.close()
        events = [event async for event in account]
        assert not [one for one in events if not isinstance(one, CaughtUp | SendingChanged)]
        with pytest.raises(ConversationClosed, match="it was closed here"):
            (await account.conversation(pair.id)).send("too late")


async def test_without_a_sign_in_there_is_no_account(server: PayamServer) -> None:
    async with Payam(server.url, trust_env=False) as nobody:
        with pytest.raises(PayamError, match="Not signed in") as refused:
            nobody.account()
        assert refused.value.status == 401


async def test_a_revoked_sign_in_closes_it(newcomers: Pair) -> None:
    async with asyncio.timeout(SECONDS), connect(newcomers.ali.url, newcomers.ali.tokens) as ali:
        account = ali.account()
        await account.opened()
        await newcomers.ali.log_out()
        with pytest.raises(ConversationClosed) as closed:
            async for _ in account:
                pass
        assert (closed.value.close_code, closed.value.code) == (4401, "token_revoked")


async def test_everything_is_on_one_socket(pair: Pair, proxy: FaultProxy, broken_url: str) -> None:
    """Whatever the number of conversations: REST has one connection besides."""
    other = (await pair.sara.me()).id
    ids = [(await pair.ali.begin([other])).id for _ in range(CONVERSATIONS)]
    async with (
        asyncio.timeout(SECONDS),
        connect(broken_url, pair.ali.tokens) as ali,
        ali.account() as account,
    ):
        await account.opened()
        await until(lambda: account.is_complete)
        before = proxy.connections
        for id_ in ids:
            await (await account.conversation(id_)).send("hello")
        assert proxy.connections == before
