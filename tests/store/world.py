"""People, conversations and changes for the store's tests, made with the store itself."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from chat.changes import log
from chat.changes.attachments import AttachmentAdded
from chat.changes.conversations import ConversationUpdated
from chat.changes.messages import EditedMessage, MessageDeleted, MessageEdited
from chat.changes.notes import NOTE, frame_of
from chat.changes.participants import ParticipantJoined, ParticipantLeft
from chat.changes.pins import MessagePinned, MessageUnpinned
from chat.changes.reactions import ReactionAdded, ReactionRemoved
from chat.changes.support_tickets import TicketUpdated
from chat.errors import Unavailable
from chat.events import Change, ChangeFrame, Event
from chat.records import Conversation, SupportTicket, User
from chat.store import (
    attachments,
    conversation_list,
    conversations,
    message_changes,
    notes,
    participants,
    pins,
    reactions,
    read_marks,
    schema,
    users,
)
from chat.store import support_tickets as tickets
from chat.store.attachments import StoredFile
from chat.store.connect import connect, connect_index
from chat.store.database import Database, Transaction
from chat.store.patience import Patience
from chat.store.postgres.database import PostgresStore
from chat.store.sends import Send
from chat.store.work import Apply, Outcome
from chat.store.writer import Writer
from chat.text.searching import text_key

POOL_SIZE = 8
PATIENT = Patience(connection=60.0, read=60.0, lock=60.0)
"""Of a database that is there, on a machine that may be slow."""
MOMENT = 1_698_400_800_000_000
"""2023-10-27T10:00:00Z in microseconds since the epoch."""


@asynccontextmanager
async def opened(
    url: str, *, migrated: bool = False, patience: Patience = PATIENT
) -> AsyncIterator[Database]:
    database = connect(url, POOL_SIZE, patience)
    await database.open()
    try:
        if migrated:
            await schema.migrate(database)
        yield database
    finally:
        await database.close()


def set_patience(database: Database, patience: Patience) -> None:
    """How long this PostgreSQL store waits from now on. It was opened with more patience: a slow
    machine takes longer for that than a test may wait for a server that is away.
    """
    assert isinstance(database, PostgresStore)
    connections = database._connections
    connections._patience = patience
    pool = database.peewee.pool_backend.pool
    pool.timeout = pool.reconnect_timeout = patience.connection


async def until_it_is_back(database: Database) -> None:
    """Wait until it reads and writes again."""
    async with asyncio.timeout(60):
        while True:
            with suppress(Unavailable):
                await database.fetch("SELECT 1")
                async with database.transaction() as transaction:
                    assert await transaction.fetch("SELECT 1") == [(1,)]
                return
            await asyncio.sleep(0.1)


@asynccontextmanager
async def opened_index(url: str) -> AsyncIterator[Database]:
    """Where search looks, beside a database that has its schema."""
    async with opened(url) as database:
        index = connect_index(database, url, POOL_SIZE)
        if index is database:
            yield index
            return
        await index.open()
        try:
            yield index
        finally:
            await index.close()


async def user(database: Database, username: str, *, is_staff: bool = False) -> int:
    async with database.transaction() as transaction:
        user_id = await users.create(transaction, database, username, is_staff=is_staff)
    assert user_id is not None, f"{username} is taken"
    return user_id


async def conversation(database: Database, *user_ids: int, title: str = "") -> int:
    """Begun by the first of them."""
    async with database.transaction() as transaction:
        return await conversations.create(transaction, database, user_ids[0], user_ids, title)


async def all_of(database: Database, user_id: int) -> list[Conversation]:
    """Every conversation of the user, as the list shows them."""
    ids = await conversation_list.ids(database, user_id)
    return await conversation_list.some(database, user_id, ids)


async def pair(database: Database) -> tuple[int, int, int]:
    """A conversation, and the two who are in it: its id, Ali's and Sara's."""
    ali, sara = await user(database, "ali"), await user(database, "sara")
    return await conversation(database, ali, sara), ali, sara


def draft(
    conversation_id: int,
    sender_id: int,
    content: str = "hello",
    client_id: str | None = None,
    created_at: int = MOMENT,
) -> Send:
    return Send(conversation_id, sender_id, "ali", content, client_id, created_at)


async def sent(
    database: Database, conversation_id: int, sender_id: int, content: str = "hello"
) -> Send:
    """A message that is stored."""
    send = draft(conversation_id, sender_id, content)
    await database.store_sends([send])
    assert send.error is None
    return send


async def stored(database: Database, conversation_id: int) -> list[tuple[int, int, str]]:
    """Id, seq and content of each message, in the order of ids."""
    rows = await database.fetch(
        "SELECT id, seq, content FROM messages WHERE conversation_id = ? ORDER BY id",
        (conversation_id,),
    )
    return [(id_, seq, content) for id_, seq, content in rows]


async def row(database: Database, conversation_id: int) -> tuple[int, int | None, int]:
    """The conversation's seq, last message and activity."""
    found = await database.fetch_one(
        "SELECT seq, last_message_id, active_at FROM conversations WHERE id = ?",
        (conversation_id,),
    )
    assert found is not None
    return found[0], found[1], found[2]


def expect_dense(rows: list[tuple[int, int, str]]) -> None:
    """Seqs count from 1 without a gap, and ids ascend with them."""
    assert [seq for _, seq, _ in rows] == list(range(1, len(rows) + 1))
    assert all(one[0] < next_[0] for one, next_ in pairwise(rows))


async def read_up_to(
    database: Database, conversation_id: int, user_id: int, message_id: int
) -> bool:
    async with database.transaction() as transaction:
        return await read_marks.read_up_to(transaction, conversation_id, user_id, message_id)


def stored_file(name: str = "a.txt", stored_name: str = "0" * 32) -> StoredFile:
    return StoredFile(stored_name, name, 3, "text/plain", "f" * 64)


class Changes:
    """Changes to one conversation, each in a transaction of its own; each returns its `seq`."""

    def __init__(self, database: Database, conversation_id: int) -> None:
        self.database = database
        self.conversation_id = conversation_id

    @asynccontextmanager
    async def next(self) -> AsyncIterator[tuple[Transaction, int]]:
        async with self.database.transaction() as transaction:
            await transaction.lock_conversations([self.conversation_id])
            yield transaction, await conversations.advance(transaction, self.conversation_id)
            await transaction.touch([self.conversation_id])

    async def edit(self, message_id: int, content: str) -> int:
        async with self.next() as (transaction, seq):
            logged = await self._logged(transaction, message_id)
            await message_changes.edit(transaction, self.conversation_id, message_id, content, seq)
            frame = MessageEdited(EditedMessage(message_id, content), seq=seq)
            await self._write(transaction, frame, message_id, logged)
        return seq

    async def delete(self, message_id: int) -> int:
        async with self.next() as (transaction, seq):
            logged = await self._logged(transaction, message_id)
            removed = await attachments.remove_all(transaction, self.conversation_id, [message_id])
            pinned_as = await pins.remove_all(transaction, self.conversation_id, [message_id])
            await log.forget(transaction, self.conversation_id, [*removed.values(), *pinned_as])
            await reactions.remove_all(transaction, self.conversation_id, [message_id])
            await message_changes.delete(transaction, self.conversation_id, {message_id: seq})
            await self._write(transaction, MessageDeleted(message_id, seq=seq), message_id, logged)
        return seq

    async def attach(self, message_id: int, stored_name: str) -> int:
        async with self.next() as (transaction, seq):
            file = stored_file(stored_name=stored_name)
            message = await message_changes.find(transaction, self.conversation_id, message_id)
            assert message is not None
            added = await attachments.create(
                transaction, self.conversation_id, message_id, message.sender_id, seq, file
            )
            await self._write(transaction, AttachmentAdded(message_id, added, seq=seq), added.id)
        return seq

    async def pin(self, message_id: int, user_id: int, *, is_pinned: bool = True) -> int:
        async with self.next() as (transaction, seq):
            talk = self.conversation_id
            _, earlier = await pins.state(transaction, talk, message_id)
            await pins.put(transaction, talk, message_id, seq, user_id, is_pinned=is_pinned)
            frame = MessagePinned if is_pinned else MessageUnpinned
            await self._write(transaction, frame(message_id, "", seq=seq), message_id, earlier)
        return seq

    async def react(
        self, message_id: int, user_id: int, emoji: str = "👍", *, is_there: bool = True
    ) -> int:
        async with self.next() as (transaction, seq):
            subject = (self.conversation_id, message_id, user_id, emoji)
            earlier = (await reactions.state(transaction, *subject)).seq
            id_, count = await reactions.put(transaction, *subject, seq, is_there=is_there)
            frame = ReactionAdded if is_there else ReactionRemoved
            await self._write(
                transaction, frame(message_id, emoji, "", count, seq=seq), id_, earlier
            )
        return seq

    async def open_ticket(self, user_id: int, subject: str = "broken") -> int:
        async with self.next() as (transaction, seq):
            ticket_id = await tickets.create(
                transaction, self.conversation_id, seq, user_id, subject, "normal"
            )
            ticket = await tickets.stored(transaction, self.conversation_id, ticket_id)
            await self._write(transaction, TicketUpdated(ticket, seq=seq), ticket_id)
        return seq

    async def change_ticket(self, ticket: SupportTicket, status: str = "pending") -> int:
        async with self.next() as (transaction, seq):
            seqs = await tickets.seqs_without_step(transaction, [(ticket.conversation, ticket.id)])
            earlier = seqs.get(ticket.id, 0)
            await tickets.update(transaction, [(seq, replace(ticket, status=status))])
            await self._write(transaction, TicketUpdated(ticket, seq=seq), ticket.id, earlier)
        return seq

    async def rename(self, title: str) -> int:
        async with self.next() as (transaction, seq):
            _, earlier = await conversations.title(transaction, self.conversation_id)
            await conversations.rename(transaction, self.conversation_id, title, seq)
            frame = ConversationUpdated(title, seq=seq)
            await self._write(transaction, frame, self.conversation_id, earlier)
        return seq

    async def join(self, user_id: int) -> int:
        async with self.next() as (transaction, seq):
            earlier = await participants.seqs(transaction, self.conversation_id, [user_id])
            await participants.join(transaction, self.conversation_id, {user_id: seq})
            frame = ParticipantJoined(User(user_id, ""), seq=seq)
            await self._write(transaction, frame, user_id, earlier.get(user_id, 0))
        return seq

    async def leave(self, user_id: int) -> int:
        """Of somebody who was never in it, too: then only the number is taken."""
        async with self.next() as (transaction, seq):
            earlier = await participants.seqs(transaction, self.conversation_id, [user_id])
            if user_id in earlier:
                await participants.leave(transaction, self.conversation_id, user_id, seq)
                frame = ParticipantLeft(User(user_id, ""), seq=seq)
                await self._write(transaction, frame, user_id, earlier[user_id])
        return seq

    async def _logged(self, transaction: Transaction, message_id: int) -> int:
        found = await message_changes.find(transaction, self.conversation_id, message_id)
        return found.logged_seq if found else 0

    async def note(self, author_id: int, content: str) -> int:
        """Returns the id of the note."""
        async with self.next() as (transaction, seq):
            place = self.conversation_id
            id_ = await notes.create(
                transaction, place, seq, author_id, content, text_key(content), None, None
            )
            found = await notes.of_places(transaction, [(place, id_)])
            await self._write(transaction, frame_of(found[id_]), id_, kind=NOTE)
        return id_

    async def edit_note(self, note_id: int, content: str) -> int:
        async with self.next() as (transaction, seq):
            place = self.conversation_id
            found = await notes.of_places(transaction, [(place, note_id)])
            await notes.edit(transaction, place, note_id, content, text_key(content), seq)
            changed = await notes.of_places(transaction, [(place, note_id)])
            earlier = found[note_id].seq
            await self._write(transaction, frame_of(changed[note_id]), note_id, earlier, NOTE)
        return seq
        return seq

    async def _write(
        self,
        transaction: Transaction,
        frame: ChangeFrame,
        subject_id: int,
        replaces: int = 0,
        kind: str = "",
    ) -> None:
        change = Change(self.conversation_id, frame)
        await log.write(transaction, None, log.Written(change, subject_id, replaces, kind))


@asynccontextmanager
async def writing(
    database: Database,
    publish: Callable[[Sequence[Event]], None] = lambda events: None,
    doubt: Callable[[Collection[int]], None] = lambda ids: None,
    *,
    capacity: int = 10_000,
    timeout: float = 20.0,  # noqa: ASYNC109 - the writer's setting
) -> AsyncIterator[Writer]:
    """A writer that runs; what it has taken is answered when the block ends."""
    writer = Writer(database, publish, doubt=doubt, capacity=capacity, timeout=timeout)
    running = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        writer.close()
        await running


def frames(events: Sequence[Event], *kinds: type[Any]) -> list[Any]:
    """The frames of the changes of these kinds, in their order."""
    return [one.frame for one in events if isinstance(one, Change) and isinstance(one.frame, kinds)]


def editing(conversation_id: int, message_id: int, content: str) -> Apply[int]:
    """What makes an edit within the writer's transaction; its result is the edit's `seq`."""

    async def apply(transaction: Transaction) -> Outcome[int]:
        found = await message_changes.find(transaction, conversation_id, message_id)
        seq = await conversations.advance(transaction, conversation_id)
        await message_changes.edit(transaction, conversation_id, message_id, content, seq)
        change = Change(conversation_id, MessageEdited(EditedMessage(message_id, content), seq=seq))
        logged = found.logged_seq if found else 0
        await log.write(transaction, None, log.Written(change, message_id, logged))
        return Outcome(seq)

    return apply
