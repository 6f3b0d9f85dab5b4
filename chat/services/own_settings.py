"""A participant's own settings of a conversation: muted until, archived, pinned.

They take no `seq`, because nobody else receives them.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from chat.auth.identity import Identity
from chat.changes.conversations import ConversationUpdated
from chat.errors import Forbidden
from chat.events import OwnChanged
from chat.services.membership import require_member
from chat.services.moments import moment_of
from chat.store import own_settings as store
from chat.store.database import Database, Transaction
from chat.store.own_settings import Own, muted_text
from chat.store.work import Outcome
from chat.store.writer import Writer
from chat.times import now


class Changes(Struct, frozen=True):
    """The new value of each setting. One that is not given stays as it is."""

    muted_until: datetime | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET

    def applied_to(self, present: Own) -> Own:
        """Raises InvalidInput for a moment that has no time zone, or is beyond every calendar."""
        muted_until = present.muted_until
        if self.muted_until is not UNSET:
            muted_until = moment_of("muted_until", self.muted_until)
        return Own(
            None if muted_until is None or muted_until <= now() else muted_until,
            present.is_archived if self.archived is UNSET else self.archived,
            present.is_pinned if self.pinned is UNSET else self.pinned,
        )


class OwnSettings:
    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def change(self, who: Identity, conversation_id: int, changes: Changes) -> None:
        """Change the caller's settings. What they are already changes nothing.

        Raises NotFound, and Forbidden for an agent, of whom nothing is stored.
        """
        changes.applied_to(Own())  # raises InvalidInput
        await require_member(self._database, who, conversation_id)

        async def apply(transaction: Transaction) -> Outcome[None]:
            await require_member(transaction, who, conversation_id)
            found = await store.of(transaction, who.user_id, [conversation_id])
            if conversation_id not in found:
                raise only_participants()
            _, present = found[conversation_id]
            wanted = changes.applied_to(present)
            if wanted == present:
                return Outcome(None)
            await store.put(transaction, conversation_id, who.user_id, wanted)
            return Outcome(None, (OwnChanged(conversation_id, who.user_id),))

        await self._writer.change(conversation_id, apply, is_repeatable=True)

    async def frames(
        self, who: Identity, conversation_ids: Collection[int]
    ) -> dict[int, ConversationUpdated]:
        """The frames that say the caller's present settings, by conversation."""
        found = await store.of(self._database, who.user_id, conversation_ids)
        return {
            conversation_id: ConversationUpdated(
                title,
                muted_text(own.muted_until),
                own.is_archived,
                own.is_pinned,
                seq=0,
            )
            for conversation_id, (title, own) in found.items()
        }

    async def changed_since(self, who: Identity, positions: Mapping[int, int]) -> list[int]:
        """The conversations whose settings the caller has changed since the client's positions.

        Those that changed when the client was exactly at its position are among them: the
        client may or may not have received that.
        """
        return await store.changed_since(self._database, who.user_id, positions)


def only_participants() -> Forbidden:
    return Forbidden("Only a participant has settings of the conversation.")
