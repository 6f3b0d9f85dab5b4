"""Everything of a user as a zip, made while it is sent: a part of it is in memory at a time."""

import asyncio
import io
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from chat.auth.identity import Identity
from chat.errors import NotAuthenticated, NotFound
from chat.services.conversations import Conversations
from chat.services.notes import Notes
from chat.store import erasures, users
from chat.store import export as store
from chat.store.attachments import StoredFile
from chat.store.avatars import USERS
from chat.store.database import Database
from chat.store.files import THUMBNAIL_TYPE, Files

READ = 200
"""Messages of a conversation that are looked at in one statement."""
COMPRESSED = 64 * 1024
"""Bytes that are compressed before others have their turn: some milliseconds."""

encode = msgspec.json.Encoder().encode


class Archive(io.RawIOBase):
    """A zip is written into it and taken out of it in parts. It cannot go back, so no part has to
    wait.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)

    def put(self, archive: zipfile.ZipFile, name: str, content: object) -> None:
        """Add a small file of JSON."""
        archive.writestr(name, encode(content))

    async def array(
        self, archive: zipfile.ZipFile, name: str, pages: AsyncIterator[list[Any]]
    ) -> AsyncGenerator[bytes, None]:
        with archive.open(name, "w", force_zip64=True) as entry:
            before = b"["
            async for page in pages:
                for item in page:
                    encoded = before + encode(item)
                    before = b",\n"
                    for start in range(0, len(encoded), COMPRESSED):
                        entry.write(encoded[start : start + COMPRESSED])
                        await asyncio.sleep(0)
                    if piece := self.taken():
                        yield piece
            entry.write(b"]" if before != b"[" else b"[]")
        yield self.taken()

    async def file(
        self, archive: zipfile.ZipFile, name: str, file: StoredFile
    ) -> AsyncGenerator[bytes, None]:
        chunks = self._files.chunks(file.stored_name, 0, file.size)
        try:
            first = await anext(chunks, b"")
        except NotFound:  # its message was deleted meanwhile
            return
        async with aclosing(chunks):
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
                entry.write(first)
                yield self.taken()
                async for chunk in chunks:
                    entry.write(chunk)
                    yield self.taken()


class Exports:
    def __init__(
        self, database: Database, files: Files, conversations: Conversations, notes: Notes
    ) -> None:
        self._database = database
        self._notes = notes
        self._files = files
        self._conversations = conversations

    async def of(self, who: Identity) -> AsyncGenerator[bytes, None]:
        """The bytes of the zip. Raises NotAuthenticated before the first ones."""
        account = await users.by_id(self._database, who.user_id)
        if account is None:
            raise NotAuthenticated("The token's user does not exist.", code="user_unknown")
        profile = encode(await store.profile(self._database, who.user_id))
        # Who became a user of the shop keeps what they said as a guest before.
        everybody = [who.user_id, *await erasures.guests_of(self._database, who.user_id)]
        tickets = await store.tickets(self._database, everybody)
        sink = Archive(self._files)
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            archive.writestr("profile.json", profile)
            async with aclosing(self._avatar(archive, sink, who)) as pieces:
                async for piece in pieces:
                    yield piece
            ids = await self._conversations.ids(who)
            parts = self._conversations.parts(who, ids)
            # A client may leave in the middle. Then the file that is being written is closed before
            # the archive, which cannot end otherwise.
            arrays: list[tuple[str, AsyncIterator[list[Any]]]] = [
                ("conversations.json", parts),
                ("messages.json", self._sent(everybody)),
            ]
            if tickets:
                archive.writestr("tickets.json", encode(tickets))
            if who.is_staff:
                arrays.append(("notes.json", self._noted(who)))
            for name, pages in arrays:
                async with aclosing(sink.array(archive, name, pages)) as pieces:
                    async for piece in pieces:
                        yield piece
            async for conversation_id, message_ids in self._mine(everybody):
                for _, id_, file in await store.files(self._database, conversation_id, message_ids):
                    path = path_of(id_, file.name)
                    async with aclosing(sink.file(archive, path, file)) as pieces:
                        async for piece in pieces:
                            yield piece
        yield sink.taken()

    async def _avatar(
        self, archive: zipfile.ZipFile, sink: Archive, who: Identity
    ) -> AsyncGenerator[bytes, None]:
        avatar = await USERS.find(self._database, who.user_id)
        if avatar is not None:
            file = StoredFile(avatar.stored_name, "avatar", avatar.size, THUMBNAIL_TYPE, "")
            async with aclosing(sink.file(archive, "avatar.webp", file)) as pieces:
                async for piece in pieces:
                    yield piece

    async def _mine(self, everybody: Sequence[int]) -> AsyncIterator[tuple[int, list[int]]]:
        """The messages that these users have sent: conversation and ids."""
        for user_id in everybody:
            for conversation_id in await erasures.conversations(self._database, user_id):
                after: int | None = 0
                while after is not None:
                    after, ids = await erasures.messages_of(
                        self._database, conversation_id, user_id, after, READ
                    )
                    if ids:
                        yield conversation_id, ids

    async def _sent(self, everybody: Sequence[int]) -> AsyncIterator[list[dict[str, Any]]]:
        async for conversation_id, ids in self._mine(everybody):
            found = await store.sent(self._database, conversation_id, ids)
            named: dict[int, list[str]] = {}
            for message_id, id_, file in await store.files(self._database, conversation_id, ids):
                named.setdefault(message_id, []).append(path_of(id_, file.name))
            yield [{**message, "files": named.get(message["id"], [])} for message in found]

    async def _noted(self, who: Identity) -> AsyncIterator[list[dict[str, Any]]]:
        yield [
            {
                "id": note.id,
                "conversation": conversation_id,
                "content": note.content,
                "timestamp": note.timestamp,
                "is_edited": note.is_edited,
            }
            for conversation_id, note in await self._notes.written_by(who)
        ]


def path_of(attachment_id: int, name: str) -> str:
    """The path of a file in the zip. Names of files may repeat, and ids do not."""
    return f"files/{attachment_id}-{name}"
