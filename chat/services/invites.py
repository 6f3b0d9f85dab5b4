"""Invite links: whoever has one comes into the conversation, so many times, until its end.

The owner, admins and staff make, list and revoke them. The conversation's lock is held while one
is used, so the count is exact: of two who come at once for the last place, one gets in.
"""

from collections.abc import Sequence
from datetime import datetime

from chat import records
from chat.auth.identity import Identity
from chat.errors import Conflict, Forbidden, InvalidInput, NotFound
from chat.events import Event
from chat.records import User
from chat.services.blocks import require_welcome
from chat.services.comings import joining, require_group
from chat.services.conversations import PARTICIPANTS_MAX, Conversations
from chat.services.moments import moment_of
from chat.services.once import Made, once
from chat.services.rights import require_admin
from chat.store import guests, participants
from chat.store import invites as store
from chat.store.database import Database, Reads, Transaction
from chat.store.idempotency_keys import IdempotencyKey
from chat.store.invites import Stored
from chat.store.work import Apply, Outcome
from chat.store.writer import Writer
from chat.times import now

INVITES_MAX = 100
"""Links of a conversation: the list of them has no pages."""


class Invites:
    def __init__(self, database: Database, writer: Writer, conversations: Conversations) -> None:
        self._database = database
        self._writer = writer
        self._conversations = conversations

    async def of(self, who: Identity, conversation_id: int) -> Sequence[records.Invite]:
        """All links of the conversation, the newest first, those at their end too."""
        await require_admin(self._database, who, conversation_id)
        return await store.of_conversation(self._database, conversation_id)

    async def create(
        self,
        who: Identity,
        conversation_id: int,
        expires_at: datetime | None,
        max_uses: int | None,
        key: str | None,
    ) -> tuple[records.Invite, bool]:
        """Make a link. Returns it, and whether it is new: a retry with the same `key` gets the
        first one. Raises Forbidden for a guest, who reaches nobody but staff.
        """
        if await guests.is_guest(self._database, who.user_id):
            raise of_a_guest()
        end = moment_of("expires_at", expires_at)
        if end is not None and end <= now():
            raise InvalidInput({"expires_at": ["Must be in the future."]})
        if max_uses is not None and not 1 <= max_uses <= PARTICIPANTS_MAX:
            raise InvalidInput({"max_uses": [f"A whole number from 1 to {PARTICIPANTS_MAX}."]})
        await require_admin(self._database, who, conversation_id)

        async def make(transaction: Transaction) -> Outcome[int]:
            await require_admin(transaction, who, conversation_id)
            if len(await store.of_conversation(transaction, conversation_id)) >= INVITES_MAX:
                raise too_many()
            return Outcome(
                await store.add(transaction, conversation_id, who.user_id, end, max_uses)
            )

        request = ("invites", conversation_id, end, max_uses)
        apply = once(IdempotencyKey.of(who.user_id, key, *request), make)
        made = await self._writer.change(conversation_id, apply, is_repeatable=key is not None)
        found = await store.one(self._database, conversation_id, made.id)
        if found is None:
            raise no_such_invite()
        return found.invite, made.is_new

    async def revoke(self, who: Identity, conversation_id: int, invite_id: int) -> None:
        """Revoke a link: nobody comes in by it from now on. Raises NotFound."""
        await require_admin(self._database, who, conversation_id)

        async def apply(transaction: Transaction) -> Outcome[None]:
            await require_admin(transaction, who, conversation_id)
            if not await store.remove(transaction, conversation_id, invite_id):
                raise no_such_invite()
            return Outcome(None)

        await self._writer.change(conversation_id, apply)

    async def way(self, code: str) -> "Way":
        """Check the link of somebody who signs up by it. Raises NotFound."""
        found = await find(self._database, code)
        return Way(self._writer, found.conversation_id, code)

    async def look(self, who: Identity, code: str) -> records.Invitation:
        """What the link leads to. Raises what joining by it would raise."""
        found = await find(self._database, code)
        conversation_id = found.conversation_id
        is_member = await participants.is_active(self._database, conversation_id, who.user_id)
        if not is_member:
            await require_open(self._database, who, found)
        title, count = await store.lead_to(self._database, conversation_id)
        return records.Invitation(
            records.Destination(conversation_id, title, count),
            found.invite.created_by,
            found.invite.expires_at,
            is_member,
        )

    async def join(
        self, who: Identity, code: str, key: str | None
    ) -> tuple[records.Conversation, bool]:
        """Come in by the link. Returns the conversation, and whether the caller is new in it.

        Whoever is in it already stays, which takes no place. Raises NotFound for a link that is
        not there or leads to nobody, Conflict for one at its end, and Forbidden for somebody who
        was removed or is blocked.
        """
        conversation_id = (await find(self._database, code)).conversation_id
        is_new = False

        async def make(transaction: Transaction) -> Outcome[int]:
            nonlocal is_new
            is_new = False  # an earlier try may have been rolled back
            found = await find(transaction, code)
            if await participants.is_active(transaction, conversation_id, who.user_id):
                return Outcome(conversation_id)
            await require_open(transaction, who, found)
            is_new = True
            await store.count_one(transaction, found.invite.id)
            me = User(who.user_id, who.username)
            return Outcome(conversation_id, await joining(transaction, who, conversation_id, [me]))

        apply = once(IdempotencyKey.of(who.user_id, key, "invites", "join", code), make)
        # A second try finds what the first one did: the caller is in it.
        await self._writer.change(conversation_id, apply, is_repeatable=True)
        return await self._conversations.get(who, conversation_id), is_new


class Way:
    """Signs up by a link: the account and its place in the conversation come together, or not."""

    def __init__(self, writer: Writer, conversation_id: int, code: str) -> None:
        self._writer = writer
        self._conversation_id = conversation_id
        self._code = code

    async def run(self, apply: Apply[Made]) -> Made:
        return await self._writer.change(self._conversation_id, apply)

    async def require_open(self, transaction: Transaction) -> None:
        """Let a new user in. Nobody can have removed or blocked a user who is new."""
        nobody = Identity(0, "", False, 0.0, None)
        await require_open(transaction, nobody, await find(transaction, self._code))

    async def come(self, transaction: Transaction, user_id: int, username: str) -> Sequence[Event]:
        who = Identity(user_id, username, False, 0.0, None)
        await store.count_one(transaction, (await find(transaction, self._code)).invite.id)
        me = User(user_id, username)
        return await joining(transaction, who, self._conversation_id, [me])


async def find(reads: Reads, code: str) -> Stored:
    found = await store.by_code(reads, code)
    if found is None:
        raise no_such_invite()
    return found


async def require_open(reads: Reads, who: Identity, found: Stored) -> None:
    """Raises NotFound, Forbidden or Conflict where this user cannot come in by the link."""
    conversation_id = found.conversation_id
    # Guests write to the desk, and to nobody else; nor does anybody come by what they made.
    if await guests.is_guest(reads, who.user_id) or await guests.is_guest(
        reads, found.invite.created_by.id
    ):
        raise no_such_invite()
    if await participants.was_removed(reads, conversation_id, who.user_id):
        raise removed()
    owners = await participants.owners(reads, conversation_id)
    await require_welcome(reads, who, {*owners, found.invite.created_by.id})
    await require_group(reads, conversation_id, [User(who.user_id, who.username)])
    if found.has_ended:
        raise ended()
    if found.is_used_up:
        raise used_up()
    count = await participants.count(reads, conversation_id)
    if count == 0:  # everybody has left, and nobody comes into what they said
        raise no_such_invite()
    if count >= PARTICIPANTS_MAX:
        raise full()


def no_such_invite() -> NotFound:
    return NotFound("There is no such invite link.")


def removed() -> Forbidden:
    return Forbidden(
        "You were removed from this conversation: somebody in it may add you again.",
        code="removed",
    )


def ended() -> Conflict:
    return Conflict("The invite link has expired.", code="invite_expired")


def used_up() -> Conflict:
    return Conflict("The invite link was used as often as it may be.", code="invite_used_up")


def full() -> Conflict:
    return Conflict(
        f"The conversation has {PARTICIPANTS_MAX} participants, and no more come in.",
        code="conversation_full",
    )


def too_many() -> Conflict:
    return Conflict(
        f"A conversation has at most {INVITES_MAX} invite links.", code="too_many_invites"
    )


def of_a_guest() -> Forbidden:
    return Forbidden("Guests make no invite links.")
