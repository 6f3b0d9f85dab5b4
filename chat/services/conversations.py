"""Conversations: list them, begin one, change who is in it, mark what was read."""

import re
from collections.abc import AsyncIterator, Collection, Sequence

from msgspec import UNSET, Raw, UnsetType

from chat import records
from chat.auth.identity import Identity
from chat.changes import log
from chat.changes.conversations import updated
from chat.errors import InvalidInput, NotFound
from chat.events import Change, Joined
from chat.records import RIGHTS
from chat.services import checks
from chat.services.blocks import require_unblocked, require_welcome
from chat.services.comings import joining, leaving, require_group
from chat.services.malformed import shown
from chat.services.membership import Membership, MembershipProofs, require_member
from chat.services.metadata import text_of
from chat.services.once import once
from chat.services.rights import require_above, require_admin, require_right
from chat.store import (
    conversation_list,
    guests,
    idempotency_keys,
    participants,
    push_news,
    users,
)
from chat.store import conversations as store
from chat.store.conversation_list import EVERYTHING, Asked, Place
from chat.store.database import Database, Reads, Transaction
from chat.store.idempotency_keys import IdempotencyKey
from chat.store.sends import not_a_participant
from chat.store.work import Outcome
from chat.store.writer import NEW, Writer

PARTICIPANTS_MAX = 10_000
"""Most participants of a conversation."""
LIST_PART = 100
"""Conversations that are in memory at once while a whole list is streamed."""
CURSOR = r"([0-9]{1,18})\.([0-9]{1,18})"
"""Where a page ends, as text: when its last conversation was active, and that one's id."""


class Conversations:
    """Some changes check the caller's right twice. The first check takes no lock, and refuses
    most callers cheaply. The second one, under the lock, is the one that counts.
    """

    def __init__(self, database: Database, writer: Writer, *, per_request: int) -> None:
        """`per_request` is the most participants that one request may name."""
        self._database = database
        self._writer = writer
        self._per_request = per_request
        self._proofs = MembershipProofs(database)

    async def close(self) -> None:
        """Stop asking the database."""
        await self._proofs.close()

    async def ids(self, who: Identity, asked: Asked = EVERYTHING) -> Sequence[int]:
        """The ids of all conversations of the caller, most recently active first.

        `asked` is what must be true, or false, of each: `archived`, `pinned`, `muted`, `direct`.
        """
        return await conversation_list.ids(self._database, who.user_id, asked)

    async def parts(
        self, who: Identity, ids: Sequence[int]
    ) -> AsyncIterator[list[records.Conversation]]:
        """These conversations in this order, one part at a time. One in which the caller is no
        participant is left out.
        """
        for start in range(0, len(ids), LIST_PART):
            part = ids[start : start + LIST_PART]
            yield await conversation_list.some(self._database, who.user_id, part)

    async def page(
        self, who: Identity, cursor: str | None, limit: int, asked: Asked = EVERYTHING
    ) -> tuple[list[records.Conversation], str | None]:
        """At most `limit`, most recently active first, and the cursor of the next page, if any.

        A conversation that becomes active moves to the first page. No other one moves.
        """
        behind = place_of(cursor) if cursor is not None else None
        page: list[records.Conversation] = []
        while True:
            wanted = min(limit - len(page), LIST_PART)
            found, behind = await conversation_list.page(
                self._database, who.user_id, behind, wanted, asked
            )
            page += found
            if behind is None:
                return page, None
            if len(page) == limit:
                return page, cursor_of(behind)

    async def get(self, who: Identity, conversation_id: int) -> records.Conversation:
        conversation = await conversation_list.one(self._database, conversation_id, who.user_id)
        if conversation is None:
            raise not_a_participant()
        return conversation

    async def membership(self, who: Identity, conversation_id: int) -> Membership:
        """Proof that the caller is a participant, or an agent; raises NotFound for others."""
        return await self._proofs.of(who, conversation_id)

    async def create(
        self,
        who: Identity,
        user_ids: Sequence[int],
        title: str,
        key: str | None = None,
        metadata: Raw | UnsetType = UNSET,
    ) -> tuple[records.Conversation, bool]:
        """Begin a conversation. Returns it, and whether it is new: a retry with the same `key`
        gets the first one.

        The caller is always in it. The error names unknown ids.
        """
        self._require_few("participants", user_ids)
        checks.line("title", title, most=checks.TITLE_MAX_LENGTH, least=0)
        kept = text_of(metadata)
        members = await self.require_users(who, "participants", {who.user_id, *user_ids})
        await require_welcome(self._database, who, members)

        async def make(transaction: Transaction) -> Outcome[int]:
            made = await store.create(
                transaction, self._database, who.user_id, members, title, kept
            )
            await push_news.begun(transaction, made, members.keys() - {who.user_id})
            return Outcome(made, (Joined(made, tuple(members)),))

        request = (user_ids, title) if kept is None else (user_ids, title, kept)
        apply = once(IdempotencyKey.of(who.user_id, key, "conversations", *request), make)
        made = await self._writer.change(NEW, apply, is_repeatable=key is not None)
        return await self.get(who, made.id), made.is_new

    async def change(
        self,
        who: Identity,
        conversation_id: int,
        title: str | UnsetType = UNSET,
        metadata: Raw | UnsetType = UNSET,
        members_may: Sequence[str] | UnsetType = UNSET,
    ) -> records.Conversation:
        """Change the title, the metadata, or what members may do, which is for owner and admins.
        What it has already changes nothing.
        """
        if title is not UNSET:
            checks.line("title", title, most=checks.TITLE_MAX_LENGTH, least=0)
        kept, rights = text_of(metadata), rights_text(members_may)

        async def require(reads: Reads) -> None:
            if members_may is not UNSET:
                await require_admin(reads, who, conversation_id)
            else:
                await require_right(reads, who, conversation_id, "rename")

        await require(self._database)

        async def apply(transaction: Transaction) -> Outcome[None]:
            await require(transaction)
            await require_unblocked(transaction, who, conversation_id)
            _, replaces = await store.title(transaction, conversation_id)
            found = await store.described(transaction, [conversation_id])
            present = found[conversation_id]
            wanted = store.Description(
                present.title if title is UNSET else title,
                present.metadata if metadata is UNSET else kept,
                present.members_may if members_may is UNSET else rights,
                present.avatar,
            )
            if present == wanted:
                return Outcome(None)
            seq = await store.advance(transaction, conversation_id)
            await store.describe(transaction, conversation_id, wanted, seq)
            change = Change(conversation_id, updated(conversation_id, wanted, seq))
            written = log.Written(change, conversation_id, replaces)
            await log.write(transaction, who.user_id, written)
            return Outcome(None, (change,))

        await self._writer.change(conversation_id, apply)
        return await self.get(who, conversation_id)

    async def participants(
        self, who: Identity, conversation_id: int, after: int, limit: int
    ) -> list[records.Participant]:
        """At most `limit` participants in the order of their ids, from behind user `after`."""
        await self.membership(who, conversation_id)  # raises NotFound
        return await participants.page(self._database, conversation_id, after, limit)

    async def add(
        self,
        who: Identity,
        conversation_id: int,
        field: str,
        user_ids: Sequence[int],
        key: str | None = None,
    ) -> tuple[records.Conversation, bool]:
        """Add participants. Returns the conversation, and whether this `key` is new.

        Any participant may add others, where `members_may` does not leave it out. Adding somebody
        who is there already changes nothing. `field` is the name that an error gives to the ids.
        Raises Conflict for a direct conversation, and for more participants than there may be.
        """
        self._require_few(field, user_ids)
        await require_right(self._database, who, conversation_id, "add")
        named = await self.require_users(who, field, set(user_ids))
        await require_welcome(self._database, who, named)

        async def make(transaction: Transaction) -> Outcome[int]:
            await require_right(transaction, who, conversation_id, "add")
            there = await participants.among(transaction, conversation_id, named)
            new = [user for user in named.values() if user.id not in there]
            if not new:
                return Outcome(conversation_id)
            await require_group(transaction, conversation_id, new)
            count = await participants.count(transaction, conversation_id)
            if count + len(new) > PARTICIPANTS_MAX:
                most = f"The conversation has {count} participants of at most {PARTICIPANTS_MAX}."
                raise InvalidInput({field: [most]})
            joined = await joining(transaction, who, conversation_id, new)
            return Outcome(conversation_id, joined)

        request = ("participants", conversation_id, user_ids)
        apply = once(IdempotencyKey.of(who.user_id, key, *request), make)
        made = await self._writer.change(conversation_id, apply, is_repeatable=key is not None)
        return await self.get(who, conversation_id), made.is_new

    def _require_few(self, field: str, user_ids: Sequence[int]) -> None:
        if len(user_ids) > self._per_request:
            few = f"At most {self._per_request} at a time; add others with further requests."
            raise InvalidInput({field: [few]})

    async def require_users(
        self, who: Identity, field: str, user_ids: Collection[int]
    ) -> dict[int, records.User]:
        """The users by id. Raises InvalidInput, which names the ids that do not exist. For a guest
        nobody exists but staff, and guests exist for staff only.
        """
        visible = await guests.visible(self._database, who.user_id, set(user_ids))
        found = {user.id: user for user in await users.present(self._database, visible)}
        if unknown := sorted(set(user_ids) - found.keys()):
            named = ", ".join(str(id_) for id_ in unknown)
            raise InvalidInput({field: [f"No such users: {named}."]})
        return found

    async def remove(
        self, who: Identity, conversation_id: int, user_id: int, text: str | None = None
    ) -> None:
        """Remove a participant. Anyone may leave. The owner, an admin or staff removes others; an
        admin only members.

        `text` is the idempotency key. A retry with it removes nobody who was added again since.
        """
        key = IdempotencyKey.of(who.user_id, text, "removal", conversation_id, user_id)
        if key is not None and await idempotency_keys.made_with(self._database, key) is not None:
            return  # a caller who left by this request has no right here any more
        await require_remover(self._database, who, conversation_id, user_id)
        account = await users.by_id(self._database, user_id)

        async def make(transaction: Transaction) -> Outcome[int]:
            await require_remover(transaction, who, conversation_id, user_id)
            if account is None or not await participants.is_active(
                transaction, conversation_id, user_id
            ):
                raise NotFound("There is no such participant.")
            user = records.User(user_id, account.username)
            left = await leaving(transaction, who.user_id, conversation_id, user)
            return Outcome(user_id, left)

        await self._writer.change(conversation_id, once(key, make), is_repeatable=key is not None)


def rights_text(members_may: Sequence[str] | UnsetType) -> str | None:
    """The column of what members may do; None for everything. Raises InvalidInput."""
    if members_may is UNSET:
        return None
    if unknown := sorted(set(members_may) - set(RIGHTS)):
        one = shown(unknown[0])
        raise InvalidInput({"members_may": [f"Any of {', '.join(RIGHTS)}; not {one}."]})
    return None if set(members_may) == set(RIGHTS) else " ".join(sorted(set(members_may)))


def cursor_of(place: Place) -> str:
    return f"{place.active_at}.{place.id}"


def place_of(cursor: str) -> Place:
    match = re.fullmatch(CURSOR, cursor, re.ASCII)
    if match is None:
        raise InvalidInput({"cursor": ["What the `Link` of a page gave."]})
    return Place(int(match[1]), int(match[2]))


async def require_remover(reads: Reads, who: Identity, conversation_id: int, user_id: int) -> None:
    """Anyone leaves. Raises NotFound or Forbidden where the caller may not remove this user."""
    if user_id == who.user_id:
        await require_member(reads, who, conversation_id)
    else:
        await require_above(reads, who, conversation_id, user_id)
