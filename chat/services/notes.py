"""Internal notes: staff write them into a conversation, and nobody else ever sees them."""

from collections.abc import Collection

from msgspec import Raw, UnsetType

from chat import records
from chat.auth.identity import Identity
from chat.changes import log
from chat.changes.notes import NOTE, frame_of
from chat.errors import Conflict, Forbidden, NotFound
from chat.events import Change, Reached
from chat.services import checks
from chat.services.marking import marked
from chat.services.membership import require_member
from chat.services.metadata import text_of
from chat.services.once import once
from chat.store import conversations, participants, users
from chat.store import notes as store
from chat.store.database import Database, Reads, Transaction
from chat.store.idempotency_keys import IdempotencyKey
from chat.store.search import ESCAPE
from chat.store.work import Apply, Outcome
from chat.store.writer import Writer
from chat.text.searching import keys_of, text_key


class Notes:
    def __init__(self, database: Database, writer: Writer, *, most: int) -> None:
        """`most` is in characters."""
        self._database = database
        self._writer = writer
        self._most = most

    async def create(
        self,
        who: Identity,
        conversation_id: int,
        content: str,
        client_id: str | None,
        metadata: Raw | UnsetType,
    ) -> tuple[records.Message, bool]:
        """Write a note. Returns it, and whether it is new: a retry with the same `client_id` gets
        the first one. Raises Forbidden for a caller who is not staff.
        """
        checks.text("content", content, most=self._most)
        checks.key("client_id", client_id)
        text = text_of(metadata)
        await require_member(self._database, who, conversation_id)

        async def make(transaction: Transaction) -> Outcome[int]:
            await require_member(transaction, who, conversation_id)
            if await users.staff_member(transaction, who.user_id) is None:
                raise not_staff()
            seq = await conversations.advance(transaction, conversation_id)
            note_id = await store.create(
                transaction,
                conversation_id,
                seq,
                who.user_id,
                content,
                text_key(content),
                text,
                client_id,
            )
            return await self._changed(transaction, who, conversation_id, note_id)

        key = None if client_id is None else f"note {conversation_id} {client_id}"
        apply = once(IdempotencyKey.of(who.user_id, key, "notes", content, text), make)
        made = await self._writer.change(conversation_id, apply, is_repeatable=key is not None)
        return await self.get(who, conversation_id, made.id), made.is_new

    async def has(self, who: Identity, conversation_id: int, note_id: int) -> bool:
        """Whether this is the id of a note that the caller may read."""
        if not who.is_staff:
            return False
        note = await store.one(self._database, who.user_id, conversation_id, note_id)
        return note is not None and await participants.may_enter(
            self._database, conversation_id, who.user_id
        )

    async def get(self, who: Identity, conversation_id: int, note_id: int) -> records.Message:
        await require_member(self._database, who, conversation_id)
        note = await store.one(self._database, who.user_id, conversation_id, note_id)
        if note is None:
            raise no_such_note()
        return note

    async def edit(
        self, who: Identity, conversation_id: int, note_id: int, content: str
    ) -> records.Message:
        checks.text("content", content, most=self._most)

        async def apply(transaction: Transaction) -> Outcome[int]:
            found = await self._own(transaction, who, conversation_id, note_id)
            if found.is_deleted:
                raise Conflict("The message is deleted.", code="message_deleted")
            seq = await conversations.advance(transaction, conversation_id)
            await store.edit(transaction, conversation_id, note_id, content, text_key(content), seq)
            return await self._changed(transaction, who, conversation_id, note_id, found.seq)

        await self._writer.change(conversation_id, apply)
        return await self.get(who, conversation_id, note_id)

    async def delete(self, who: Identity, conversation_id: int, note_id: int) -> None:
        """Delete one's own note. A second time changes nothing."""

        async def apply(transaction: Transaction) -> Outcome[int]:
            found = await self._own(transaction, who, conversation_id, note_id)
            if found.is_deleted:
                return Outcome(note_id)
            seq = await conversations.advance(transaction, conversation_id)
            await store.delete(transaction, conversation_id, {note_id: seq})
            return await self._changed(transaction, who, conversation_id, note_id, found.seq)

        await self._writer.change(conversation_id, apply)

    async def _own(
        self, transaction: Transaction, who: Identity, conversation_id: int, note_id: int
    ) -> records.Message:
        await require_member(transaction, who, conversation_id)
        found = await store.one(transaction, who.user_id, conversation_id, note_id)
        if found is None:
            raise no_such_note()
        if found.sender.id != who.user_id:
            raise Forbidden("Only its sender changes a message.")
        return found

    async def _changed(
        self,
        transaction: Transaction,
        who: Identity,
        conversation_id: int,
        note_id: int,
        replaces: int = 0,
    ) -> Outcome[int]:
        """Write the log. Each process then reads the note from the database, together with the
        question who is staff now: so it never goes over the relay.
        """
        note = await store.one(transaction, who.user_id, conversation_id, note_id)
        assert note is not None
        change = Change(conversation_id, frame_of(note))
        await log.write(transaction, who.user_id, log.Written(change, note_id, replaces, NOTE))
        return Outcome(note_id, (Reached(conversation_id, note.seq),))

    async def some(
        self, who: Identity, conversation_id: int, note_ids: Collection[int]
    ) -> dict[int, records.Message]:
        """Those of the ids that are notes, for staff."""
        if not (who.is_staff and note_ids):
            return {}
        return await store.some(self._database, who.user_id, conversation_id, note_ids)

    async def page(
        self,
        who: Identity,
        conversation_id: int,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
    ) -> list[records.Message]:
        """At most `limit`, oldest first, as `Messages.page` gives messages; none but for staff."""
        if not who.is_staff:
            return []
        return await store.page(
            self._database, who.user_id, conversation_id, limit, before=before, after=after
        )

    async def find(
        self,
        who: Identity,
        text: str,
        *,
        conversation_id: int | None,
        author_id: int | None,
        before: int | None,
        least: int | None,
        limit: int,
    ) -> tuple[list[records.Found], int | None]:
        """At most `limit` notes that contain the text, newest first; none but for staff.

        With them comes the `before` of what follows, or None where nothing does.
        """
        if not who.is_staff:
            return [], None
        found = await store.found(
            self._database,
            who.user_id,
            [f"%{key.translate(ESCAPE)}%" for key in keys_of(text)],
            conversation_id=conversation_id,
            author_id=author_id,
            before=before,
            least=least,
            limit=limit,
        )
        rest = found[-1][1].id if len(found) == limit else None
        return await marked(found, text), rest

    async def written_by(self, who: Identity) -> list[tuple[int, records.Message]]:
        """All notes of the caller, while they are staff: (conversation, note)."""
        return await store.of_author(self._database, who.user_id)


def forgetting(
    conversation_id: int, most: int, *, before: int | None = None, author_id: int | None = None
) -> Apply[int]:
    """Delete at most so many notes, of those that `store.standing` finds; says how many."""

    async def apply(transaction: Transaction) -> Outcome[int]:
        found = await store.standing(
            transaction, conversation_id, most, before=before, author_id=author_id
        )
        if not found:
            return Outcome(0)
        ids = [note_id for note_id, _ in found]
        seqs = await conversations.advance_for(transaction, conversation_id, ids)
        await store.delete(transaction, conversation_id, seqs)
        notes = await store.of_places(transaction, [(conversation_id, id_) for id_ in ids])
        written = [
            log.Written(Change(conversation_id, frame_of(notes[id_])), id_, replaces, NOTE)
            for id_, replaces in found
        ]
        await log.write(transaction, None, *written)
        reached = Reached(conversation_id, written[-1].change.seq)
        return Outcome(len(written), (reached,))

    return apply


def not_staff() -> Forbidden:
    return Forbidden("Only staff write notes.")


async def refuse_note(reads: Reads, who: Identity, conversation_id: int, message_id: int) -> None:
    """Raises Conflict, for staff, if the id is that of a note. No message has this id."""
    if who.is_staff and await store.one(reads, who.user_id, conversation_id, message_id):
        raise text_only()


def text_only() -> Conflict:
    return Conflict(
        "A note of staff holds text only: no attachments, pins, replies or reactions.",
        code="note_holds_text",
    )


def no_such_note() -> NotFound:
    return NotFound("There is no such message in this conversation.")
