"""Conversations in the hands of staff: look at one, delete it, and remove a message of it.

A conversation is deleted as its people would do it, so that everybody learns of it, also who is
away: all leave, and then each message is deleted, with its files. What nobody is notified of
goes at the end: the title, metadata, tickets, notes and links. Its row stays, with no content.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from functools import partial

from chat import records
from chat.auth.identity import Identity
from chat.errors import Conflict, InvalidInput, NotFound
from chat.events import Event
from chat.services.chores import keep_doing
from chat.services.comings import leaving
from chat.services.conversation_export import ConversationExport
from chat.services.deletions import deletion
from chat.services.erasure import DELETED, READ, wiping
from chat.services.lasting import while_allowed
from chat.services.message_rules import no_such_message
from chat.services.notes import forgetting
from chat.services.staff import require_staff, say_act
from chat.store import acts, erasures, message_changes, notes
from chat.store import oversight as store
from chat.store.avatars import CONVERSATIONS
from chat.store.chores import DELETIONS
from chat.store.database import Database, Transaction, in_parts
from chat.store.files import Files
from chat.store.work import Apply, Outcome
from chat.store.writer import Writer
from chat.times import now

LEAVING = 100
"""Participants who leave in one transaction."""
DAY = 86_400 * 1_000_000
DAYS_MAX = 36_500
AT_ONCE = 1_000
"""Messages that one request of the API deletes at most, so that it is answered soon."""
Count = Callable[[int], None]


class Oversight:
    """`who` is a member of staff, or None for the operator on the command line."""

    def __init__(
        self, database: Database, writer: Writer, files: Files, export: ConversationExport
    ) -> None:
        self._database = database
        self._writer = writer
        self._files = files
        self._export = export
        self._wake = asyncio.Event()

    async def show(self, who: Identity | None, conversation_id: int) -> records.WholeConversation:
        await require_staff(self._database, who)
        found = await store.whole(self._database, conversation_id)
        if found is None:
            raise no_such_conversation()
        return found

    async def export(
        self, who: Identity | None, conversation_id: int
    ) -> AsyncGenerator[bytes, None]:
        """Everything of the conversation, as a zip."""
        actor = await require_staff(self._database, who)
        whole = await self.show(None, conversation_id)
        async with self._database.transaction() as transaction:
            await acts.write(
                transaction, actor, acts.CONVERSATION_EXPORTED, conversation_id=conversation_id
            )
        say_act(actor, acts.CONVERSATION_EXPORTED, f"conversation {conversation_id}")
        chunks = self._export.of(whole)
        return while_allowed(chunks, partial(require_staff, self._database, who))

    async def remove(self, who: Identity | None, conversation_id: int, message_id: int) -> None:
        """Remove a message of anybody, with its files and what it said."""
        actor = await require_staff(self._database, who)
        if await message_changes.find(self._database, conversation_id, message_id) is None:
            raise no_such_message()

        async def apply(transaction: Transaction) -> Outcome[None]:
            found = await message_changes.find(transaction, conversation_id, message_id)
            if found is None:
                raise no_such_message()
            if found.is_deleted:
                raise Conflict("The message is deleted.", code="message_deleted")
            changes, files = await deletion(
                transaction, actor, conversation_id, {message_id: found}
            )
            await erasures.blank(transaction, conversation_id, [message_id])
            await acts.write(
                transaction,
                actor,
                acts.MESSAGE_REMOVED,
                user_id=found.sender_id,
                conversation_id=conversation_id,
                message_id=message_id,
            )
            return Outcome(None, changes, after=partial(self._files.discard_later, files))

        await self._writer.change(conversation_id, apply)
        say_act(actor, acts.MESSAGE_REMOVED, f"message {message_id} of {conversation_id}")

    async def delete(self, who: Identity | None, conversation_id: int) -> None:
        """Note that the conversation is to be deleted. `run` does it, or `complete`."""
        actor = await require_staff(self._database, who)
        if not await store.exists(self._database, conversation_id):
            raise no_such_conversation()
        async with self._database.transaction() as transaction:
            await DELETIONS.add(transaction, [conversation_id])
            await acts.write(
                transaction, actor, acts.CONVERSATION_DELETED, conversation_id=conversation_id
            )
        say_act(actor, acts.CONVERSATION_DELETED, f"conversation {conversation_id}")
        self._wake.set()

    async def run(self) -> None:
        """Delete what is to be deleted, until cancelled."""
        await keep_doing(self._database, DELETIONS, self.finish, self._wake)

    async def complete(self, conversation_id: int, done: Count) -> None:
        """Delete it now, unless another process is at it. `done` gets counts of messages."""
        if await DELETIONS.claim(self._database, conversation_id):
            await self.finish(conversation_id, done)

    async def finish(self, conversation_id: int, done: Count = lambda _: None) -> None:
        """Repeated, it changes nothing."""
        while await self._writer.change(conversation_id, emptying(conversation_id)):
            await DELETIONS.renew(self._database, conversation_id)
        async with self._database.transaction() as transaction:
            await store.wipe(transaction, conversation_id)
            picture = await CONVERSATIONS.put(transaction, conversation_id, None)
        if picture is not None:
            self._files.discard_later([picture.stored_name])
        async for count in self._deleting(conversation_id, now() + DAY):
            await DELETIONS.renew(self._database, conversation_id)
            done(count)
        while await self._forget_retries(conversation_id):
            await DELETIONS.renew(self._database, conversation_id)
        await self._files.settled()
        await DELETIONS.end(self._database, conversation_id)

    async def _forget_retries(self, conversation_id: int) -> int:
        async with self._database.transaction() as transaction:
            return await store.forget_retries(transaction, conversation_id, READ)

    async def retain(
        self, who: Identity | None, days: int, most: int | None = None
    ) -> AsyncGenerator[int, None]:
        """Delete all messages and notes that are older than so many days, in small transactions.

        Gives counts of deleted messages, as it goes on, and stops behind `most`.
        """
        actor = await require_staff(self._database, who)
        if not 1 <= days <= DAYS_MAX:
            raise InvalidInput({"days": [f"A whole number from 1 to {DAYS_MAX}."]})
        before, last, total = now() - days * DAY, 0, 0
        while ids := await store.old(self._database, last, before, READ):
            last = ids[-1]
            for conversation_id in ids:
                async for count in self._deleting(conversation_id, before):
                    total += count
                    yield count
                    if most is not None and total >= most:
                        break
                if most is not None and total >= most:
                    break
            if most is not None and total >= most:
                break
        await self._files.settled()
        async with self._database.transaction() as transaction:
            detail = f"{total} messages older than {days} days"
            await acts.write(transaction, actor, acts.RETENTION, detail=detail)
        say_act(actor, acts.RETENTION, detail)

    async def _deleting(self, conversation_id: int, before: int) -> AsyncGenerator[int, None]:
        """Delete the messages and notes from before the moment; gives counts."""
        after: int | None = 0
        while after is not None:
            part = await store.part(self._database, conversation_id, after, before, READ)
            for ids in in_parts(sorted(part.present + part.deleted), DELETED):
                count = await self._writer.change(
                    conversation_id, wiping(self._files, None, conversation_id, ids)
                )
                yield count
            after = part.last
        while await notes.standing(self._database, conversation_id, 1, before=before):
            yield await self._writer.change(
                conversation_id, forgetting(conversation_id, DELETED, before=before)
            )


def emptying(conversation_id: int) -> Apply[int]:
    """Let some participants leave, under the conversation's lock; says how many have left."""

    async def apply(transaction: Transaction) -> Outcome[int]:
        events = list[Event]()
        leavers = await store.participants(transaction, conversation_id, LEAVING)
        for user in leavers:
            events += await leaving(transaction, None, conversation_id, user)
        return Outcome(len(leavers), events)

    return apply


def no_such_conversation() -> NotFound:
    return NotFound("There is no such conversation.")
