"""Attachments: add one to one's own message, list them, and read a file."""

import asyncio
import re
from collections.abc import AsyncIterator

from msgspec import Struct

from chat import records
from chat.auth.identity import Identity
from chat.changes import log
from chat.changes.attachments import AttachmentAdded
from chat.errors import Conflict, InvalidInput, NotFound, PayamError, Unavailable
from chat.events import Change
from chat.services.arriving import Arriving
from chat.services.blocks import require_unblocked
from chat.services.message_rules import require_own
from chat.services.messages import Messages
from chat.services.notes import refuse_note
from chat.services.once import once
from chat.services.quotas import Quotas
from chat.store import attachments as store
from chat.store import conversations, resumable_uploads, users
from chat.store.database import Database, Reads, Transaction
from chat.store.files import Files
from chat.store.idempotency_keys import IdempotencyKey, made_with
from chat.store.work import Outcome
from chat.store.writer import Writer
from chat.times import now

NAME_MAX_LENGTH = 255
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
        quotas: Quotas,
        arriving: Arriving,
    ) -> None:
        """`most` is in bytes, of one file."""
        self._database = database
        self._writer = writer
        self._files = files
        self._messages = messages
        self._most = most
        self._quotas = quotas
        self._arriving = arriving

    async def require_attachable(
        self, who: Identity, conversation_id: int, message_id: int, key: str | None
    ) -> None:
        """Raises the errors of `add`, before a byte of the file is read. With a `key` it may be a
        retry, for which no room is needed.
        """
        await require_attachable(self._database, who, conversation_id, message_id)
        if key is None:
            await self._quotas.require_room(
                self._database, who.user_id, conversation_id, message_id, 1
            )

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
        name, content_type = clean_name(upload.name), media_type(upload.content_type)
        with self._arriving.counted(who.user_id, upload.chunks) as chunks:
            file = await self._files.receive(name, content_type, chunks, self._most)
            request = ("attachments", message_id, file.name, file.sha256)
            claim = IdempotencyKey.of(who.user_id, key, *request)
            return await self._keep(who, conversation_id, message_id, file, claim)

    async def add_upload(
        self,
        who: Identity,
        conversation_id: int,
        message_id: int,
        upload_id: str,
        key: str | None = None,
    ) -> tuple[records.Attachment, bool]:
        """The same for a resumable upload, which is attached once.

        Raises InvalidInput for an upload that the caller does not have, and Conflict for one that
        is not finished, or is attached already.
        """
        claim = IdempotencyKey.of(who.user_id, key, "attachments", message_id, "upload", upload_id)
        upload = await resumable_uploads.find(self._database, who.user_id, upload_id, now())
        if claim is not None:
            made = await made_with(self._database, claim)
            if made:
                return await self._made(who, conversation_id, message_id, made), False
        if upload is None:
            raise InvalidInput({"upload": ["There is no such upload of yours."]})
        if upload.attached_at is not None:
            raise attached_already()
        arrived = await asyncio.to_thread(self._files.drafts.arrived, upload_id)
        if arrived < upload.size:
            raise unfinished(arrived, upload.size)
        await self._quotas.require_room(
            self._database, who.user_id, conversation_id, message_id, upload.size
        )
        file = await self._files.adopt(upload.name, upload.content_type, upload_id)
        attached = await self._keep(who, conversation_id, message_id, file, claim, upload_id)
        await asyncio.to_thread(self._files.drafts.remove, upload_id)
        return attached

    async def _keep(
        self,
        who: Identity,
        conversation_id: int,
        message_id: int,
        file: store.StoredFile,
        key: IdempotencyKey | None,
        upload_id: str | None = None,
    ) -> tuple[records.Attachment, bool]:
        """Write the row of the file, or delete the file."""
        created: records.Attachment | None = None

        async def make(transaction: Transaction) -> Outcome[int]:
            nonlocal created
            await require_attachable(transaction, who, conversation_id, message_id)
            # From here on neither the user nor anybody in this conversation adds another file.
            await users.lock(transaction, who.user_id)
            await self._quotas.require_room(
                transaction, who.user_id, conversation_id, message_id, file.size
            )
            if upload_id is not None and not await resumable_uploads.attach(
                transaction, upload_id, now()
            ):
                raise attached_already()
            seq = await conversations.advance(transaction, conversation_id)
            created = await store.create(
                transaction, conversation_id, message_id, who.user_id, seq, file
            )
            change = Change(conversation_id, AttachmentAdded(message_id, created, seq=seq))
            await log.write(transaction, who.user_id, log.Written(change, created.id))
            return Outcome(created.id, (change,))

        apply = once(key, make)
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
        return await self._made(who, conversation_id, message_id, made.id), False

    async def _made(
        self, who: Identity, conversation_id: int, message_id: int, attachment_id: int
    ) -> records.Attachment:
        """The attachment that a first request has made."""
        for attachment in await self.list(who, conversation_id, message_id):
            if attachment.id == attachment_id:
                return attachment
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
    ) -> store.StoredFile:
        """The row of the file, for participants and agents only."""
        await self._messages.get(who, conversation_id, message_id)
        file = await store.file_of(self._database, conversation_id, message_id, attachment_id)
        if file is None:
            raise no_such_attachment()
        return file

    async def open_thumbnail(
        self, who: Identity, conversation_id: int, message_id: int, attachment_id: int
    ) -> store.StoredFile:
        """The same for its thumbnail. Raises NotFound if it has none."""
        file = await self.open(who, conversation_id, message_id, attachment_id)
        if file.thumbnail_size is None:
            raise NotFound("This attachment has no thumbnail.")
        return file


def attached_already() -> Conflict:
    return Conflict("upload: is attached already.", code="upload_attached")


def unfinished(arrived: int, size: int) -> Conflict:
    return Conflict(f"upload: {arrived} of {size} bytes have arrived.", code="upload_unfinished")


def no_such_attachment() -> NotFound:
    return NotFound("There is no such attachment of this message.")


async def require_attachable(
    reads: Reads, who: Identity, conversation_id: int, message_id: int
) -> None:
    try:
        found = await require_own(reads, who, conversation_id, message_id)
    except NotFound:
        await refuse_note(reads, who, conversation_id, message_id)
        raise
    if found.is_deleted:
        raise Conflict("The message is deleted.", code="message_deleted")
    await require_unblocked(reads, who, conversation_id)


def clean_name(name: str) -> str:
    """The last part of the name that the client gave, without control characters. `.gitignore`
    keeps its dot, and a name of dots alone is none.
    """
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in last if c.isprintable() or c in JOINERS).strip(" ").rstrip(" .")
    return kept[-NAME_MAX_LENGTH:] or "file"


def media_type(content_type: str) -> str:
    """The type that the client gave, without parameters; a general one if it is no type."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind if MEDIA_TYPE.fullmatch(kind) else "application/octet-stream"
