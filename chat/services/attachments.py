"""Attachments: add one to one's own message, list them, and read a file."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

from msgspec import Struct

from chat import records
from chat.auth.identity import Identity
from chat.changes import log
from chat.changes.attachments import AttachmentAdded
from chat.errors import Conflict, NotFound, PayamError, Unavailable
from chat.events import Change
from chat.services.messages import Messages, require_own
from chat.services.once import once
from chat.store import attachments as store
from chat.store import conversations
from chat.store.database import Database, Reads, Transaction
from chat.store.files import Files
from chat.store.idempotency_keys import IdempotencyKey
from chat.store.work import Outcome
from chat.store.writer import Writer

NAME_MAX_LENGTH = 255
PER_MESSAGE = 100
"""Most attachments per message. There is a limit because every list shows all of them."""
JOINERS = "\u200c\u200d"
"""Invisible characters that belong to the spelling of Persian and of Indian languages."""
MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,100}/[\w!#$&^.+-]{1,100}", re.ASCII)


class Upload(Struct, frozen=True):
    """A file that a client uploads. Its `name` and `content_type` are the client's own words,
    and are not trusted.
    """

    name: str
    content_type: str
    chunks: AsyncIterator[bytes]


class Attachments:
    def __init__(
        self,
        database: Database,
        writer: Writer,
        files: Files,
        messages: Messages,
        *,
        most: int,
    ) -> None:
        """`most` is in bytes."""
        self._database = database
        self._writer = writer
        self._files = files
        self._messages = messages
        self._most = most

    async def require_attachable(
        self, who: Identity, conversation_id: int, message_id: int
    ) -> None:
        """Raises the errors of `add`, before a byte of the file is read."""
        await require_attachable(self._database, who, conversation_id, message_id)

    async def add(
        self,
        who: Identity,
        conversation_id: int,
        message_id: int,
        upload: Upload,
        key: str | None = None,
    ) -> tuple[records.Attachment, bool]:
        """Store the file, then its row. Where the row is refused, the file is deleted again.

        Returns the attachment, and whether it is new. With a `key` that was used before, the
        same file under the same name gives the first attachment, and another file or name
        raises KeyReused.
        """

        created: records.Attachment | None = None

        async def make(transaction: Transaction) -> Outcome[int]:
            nonlocal created
            await require_attachable(transaction, who, conversation_id, message_id)
            if await store.count(transaction, conversation_id, message_id) >= PER_MESSAGE:
                raise too_many()
            seq = await conversations.advance(transaction, conversation_id)
            created = await store.create(transaction, conversation_id, message_id, seq, file)
            change = Change(conversation_id, AttachmentAdded(message_id, created, seq=seq))
            await log.write(transaction, who.user_id, log.Written(change, created.id))
            return Outcome(created.id, (change,))

        file = await self._files.receive(
            clean_name(upload.name), media_type(upload.content_type), upload.chunks, self._most
        )
        request = ("attachments", message_id, file.name, file.sha256)
        apply = once(IdempotencyKey.of(who.user_id, key, *request), make)
        try:
            made = await self._writer.change(conversation_id, apply, is_repeatable=key is not None)
        except Unavailable:
            await self._discard_unless_stored(file)
            raise
        except PayamError:
            await self._files.discard([file.stored_name])
            raise
        if made.is_new and created is not None:
            return created, True
        # If the commit's answer was lost, the stored row may be that of this very file.
        await self._discard_unless_stored(file)
        for attachment in await self.list(who, conversation_id, message_id):
            if attachment.id == made.id:
                return attachment, False
        raise no_such_attachment()  # its message was deleted meanwhile

    async def _discard_unless_stored(self, file: store.StoredFile) -> None:
        """Delete the file if its row is not stored. While the database cannot say, it stays."""
        try:
            stored = await store.is_stored(self._database, file.stored_name)
        except Unavailable:
            return
        if not stored:
            await self._files.discard([file.stored_name])

    async def list(
        self, who: Identity, conversation_id: int, message_id: int
    ) -> list[records.Attachment]:
        return (await self._messages.get(who, conversation_id, message_id)).attachments

    async def open(
        self, who: Identity, conversation_id: int, message_id: int, attachment_id: int
    ) -> tuple[store.StoredFile, Path]:
        """What the database knows of the file, and its path; for participants and agents only."""
        await self._messages.get(who, conversation_id, message_id)
        file = await store.file_of(self._database, conversation_id, message_id, attachment_id)
        if file is None:
            raise no_such_attachment()
        return file, self._files.path(file.stored_name)

    async def open_thumbnail(
        self, who: Identity, conversation_id: int, message_id: int, attachment_id: int
    ) -> tuple[store.StoredFile, Path]:
        """The same for its thumbnail. Raises NotFound if it has none."""
        file, _ = await self.open(who, conversation_id, message_id, attachment_id)
        if file.thumbnail_size is None:
            raise NotFound("This attachment has no thumbnail.")
        return file, self._files.thumbnail(file.stored_name)


def too_many() -> Conflict:
    return Conflict(
        f"A message has at most {PER_MESSAGE} attachments.", code="too_many_attachments"
    )


def no_such_attachment() -> NotFound:
    return NotFound("There is no such attachment of this message.")


async def require_attachable(
    reads: Reads, who: Identity, conversation_id: int, message_id: int
) -> None:
    found = await require_own(reads, who, conversation_id, message_id)
    if found.is_deleted:
        raise Conflict("The message is deleted.", code="message_deleted")


def clean_name(name: str) -> str:
    """The last part of the name that the client gave, without control characters."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in last if c.isprintable() or c in JOINERS).strip(" .")
    return kept[-NAME_MAX_LENGTH:] or "file"


def media_type(content_type: str) -> str:
    """The type that the client gave, without parameters; a general one if it is no type."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind if MEDIA_TYPE.fullmatch(kind) else "application/octet-stream"
