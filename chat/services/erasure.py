"""A user erases themselves: the account at once, and in the background all that they wrote.

1. One transaction makes the user a tombstone: another name, no password, no sign-in, no devices.
   All of their sockets close, on every node.
2. Their tickets are closed, and lose subject and comment.
3. They leave each of their conversations. Where nobody else is in it, its title, metadata and
   picture go. Each of their messages and notes becomes a deleted one. These are changes with
   numbers like any other, so clients that were away hear of them too. Files go.
4. What is to be done is kept in the database. If the process dies, another one goes on.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from msgspec.structs import replace

from chat.auth.identity import Identity
from chat.auth.passwords import Passwords
from chat.changes import log as changes_log
from chat.changes.reactions import ReactionRemoved
from chat.errors import Forbidden, InvalidInput, NotAuthenticated
from chat.events import Change, Event, UserErased
from chat.records import User
from chat.services import checks
from chat.services.chores import keep_doing
from chat.services.comings import leaving
from chat.services.deletions import deletion
from chat.services.limits import Limit
from chat.services.notes import forgetting
from chat.services.ticket_steps import stepping
from chat.store import (
    conversations,
    message_changes,
    notes,
    participants,
    reactions,
    support_tickets,
    ticket_answers,
    users,
)
from chat.store import erasures as store
from chat.store.avatars import USERS
from chat.store.chores import ERASURES
from chat.store.database import Database, Transaction, in_parts
from chat.store.files import Files
from chat.store.work import Apply, Outcome
from chat.store.writer import Writer
from chat.text.names import key_of

log = logging.getLogger("payam.erasure")

READ = 500
"""Messages of a conversation that are looked at in one statement."""
DELETED = 50
"""Messages that are deleted in one transaction, so that senders wait for no longer."""


class Erasure:
    def __init__(
        self,
        database: Database,
        writer: Writer,
        files: Files,
        passwords: Passwords,
        per_name: Limit,
        announce: Callable[[UserErased], None],
        announced: Callable[[], Awaitable[None]],
    ) -> None:
        """`announced` waits until what was announced is on its way to all nodes."""
        self._database = database
        self._writer = writer
        self._files = files
        self._passwords = passwords
        self._per_name = per_name
        self._announce = announce
        self._announced = announced
        self._wake = asyncio.Event()

    async def begin(self, who: Identity, password: str | None) -> None:
        """Erase the caller. Raises InvalidInput and Forbidden where the password is missing or
        wrong. Whoever has none needs none, and neither do users of another issuer's tokens: they
        did not sign in here.
        """
        account = await users.by_id(self._database, who.user_id)
        if account is None:
            raise NotAuthenticated("The token's user does not exist.", code="user_unknown")
        if account.password_hash is not None and who.family is not None:
            await self._require_password(account, password)
        await self.erase(who.user_id)
        log.info("user %d erases themselves", who.user_id)

    async def erase(
        self, user_id: int, also: Callable[[Transaction], Awaitable[None]] | None = None
    ) -> bool:
        """Erase a user; `also` happens in the same transaction. Returns False for one who is erased
        already.
        """
        everybody = [user_id, *await store.guests_of(self._database, user_id)]
        avatars = await USERS.find_all(self._database, everybody)
        async with self._database.transaction() as transaction:
            if not await store.begin(transaction, user_id):
                return False
            if also is not None:
                await also(transaction)
        self._files.discard_later([one.stored_name for one in avatars])
        for id_ in everybody:
            self._announce(UserErased(id_))
        self._wake.set()
        await self._announced()
        return True

    async def _require_password(self, account: users.Account, password: str | None) -> None:
        if password is None:
            raise InvalidInput({"password": ["The present password is needed."]})
        checks.short("password", password, checks.PASSWORD_MAX_LENGTH)
        await self._per_name.count(key_of(account.username))
        if not await self._passwords.verify(password, account.password_hash):
            raise wrong_password()

    async def run(self) -> None:
        """Erase what is to be erased, until cancelled."""
        await keep_doing(self._database, ERASURES, self.finish, self._wake)

    async def complete(self, user_id: int, done: Callable[[int], None]) -> None:
        """Do it now, unless another process is at it. `done` gets counts of conversations."""
        if await ERASURES.claim(self._database, user_id):
            await self.finish(user_id, done)

    async def finish(self, user_id: int, done: Callable[[int], None] = lambda _: None) -> None:
        """Close every ticket, leave every conversation, and delete every message and note.
        Repeated, it changes nothing.
        """
        async with self._database.transaction() as transaction:
            await store.forget(transaction, user_id)
        for ticket_id, conversation_id in await store.tickets(self._database, user_id):
            await ERASURES.renew(self._database, user_id)
            await self._writer.change(
                conversation_id, emptying(user_id, conversation_id, ticket_id)
            )
        for conversation_id in await store.conversations(self._database, user_id):
            await ERASURES.renew(self._database, user_id)
            await self._writer.change(conversation_id, self._leaving(conversation_id, user_id))
            after: int | None = 0
            while after is not None:
                after, ids = await store.messages_of(
                    self._database, conversation_id, user_id, after, READ
                )
                for part in in_parts(ids, DELETED):
                    await self._writer.change(
                        conversation_id, wiping(self._files, user_id, conversation_id, part)
                    )
            reacted = await reactions.of_user(self._database, conversation_id, user_id)
            for some in in_parts(reacted, DELETED):
                await self._writer.change(
                    conversation_id, taking_back(conversation_id, user_id, some)
                )
            done(1)
        for conversation_id in await notes.noted(self._database, user_id):
            await ERASURES.renew(self._database, user_id)
            forget = forgetting(conversation_id, DELETED, author_id=user_id)
            while await self._writer.change(conversation_id, forget):
                pass
        await self._files.settled()
        await ERASURES.end(self._database, user_id)
        log.info("user %d is erased", user_id)

    def _leaving(self, conversation_id: int, user_id: int) -> Apply[None]:
        async def apply(transaction: Transaction) -> Outcome[None]:
            events = list[Change]()
            if await participants.is_active(transaction, conversation_id, user_id):
                user = User(user_id, store.TOMBSTONE.format(user_id))
                events = await leaving(transaction, user_id, conversation_id, user)
            picture = await store.undress(transaction, conversation_id)
            names = [] if picture is None else [picture.stored_name]
            return Outcome(None, events, after=partial(self._files.discard_later, names))

        return apply


def emptying(user_id: int, conversation_id: int, ticket_id: int) -> Apply[None]:
    """Close this ticket of the user, and take out of it what they said."""

    async def apply(transaction: Transaction) -> Outcome[None]:
        ticket = await support_tickets.stored(transaction, conversation_id, ticket_id)
        rating = None if ticket.rating is None else replace(ticket.rating, comment="")
        empty = replace(ticket, subject="", status="closed", rating=rating)
        if empty == ticket:
            return Outcome(None)
        action = "changed" if ticket.status == "closed" else "closed"
        made = await stepping(transaction, empty, action, user_id)
        return Outcome(None, made.events, made.after)

    return apply


def wiping(
    files: Files, actor_id: int | None, conversation_id: int, message_ids: Sequence[int]
) -> Apply[int]:
    """Delete these messages, and leave no content of any; says how many were not deleted yet.

    `actor_id` is who is erased with them, or None where staff and the operator delete them.
    """

    async def apply(transaction: Transaction) -> Outcome[int]:
        await ticket_answers.keep_answers(transaction, conversation_id)
        events, of_messages = list[Change](), list[str]()
        found = await message_changes.find_all(transaction, conversation_id, message_ids)
        present = {id_: one for id_, one in sorted(found.items()) if not one.is_deleted}
        if present:
            events, of_messages = await deletion(transaction, actor_id, conversation_id, present)
        await store.blank(
            transaction, conversation_id, message_ids, is_erasure=actor_id is not None
        )
        after = partial(files.discard_later, of_messages)
        return Outcome(len(events), events, after=after)

    return apply


def taking_back(
    conversation_id: int, user_id: int, reacted: Sequence[tuple[int, str, int]]
) -> Apply[None]:
    """Take back reactions of a user, under the conversation's lock."""

    async def apply(transaction: Transaction) -> Outcome[None]:
        events = list[Event]()
        for message_id, emoji, _ in reacted:
            subject = (conversation_id, message_id, user_id, emoji)
            present = await reactions.state(transaction, *subject)
            if not present.is_there:
                continue
            seq = await conversations.advance(transaction, conversation_id)
            reaction_id, count = await reactions.put(transaction, *subject, seq, is_there=False)
            name = store.TOMBSTONE.format(user_id)
            frame = ReactionRemoved(message_id, emoji, name, count, seq=seq)
            change = Change(conversation_id, frame)
            written = changes_log.Written(change, reaction_id, present.seq)
            await changes_log.write(transaction, user_id, written)
            events.append(change)
        return Outcome(None, events)

    return apply


def wrong_password() -> Forbidden:
    return Forbidden("The password is wrong.", code="wrong_password")
