"""Resumable uploads: begin one, continue it where it was cut, give it up, and let it expire."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from msgspec import Struct

from chat.auth.identity import Identity
from chat.errors import Conflict, NotFound, TooLarge, Unavailable
from chat.services.attachments import clean_name, media_type
from chat.services.quotas import UPLOADS_MAX, Quotas, too_many
from chat.store import resumable_uploads as store
from chat.store import users
from chat.store.database import Database, Transaction
from chat.store.drafts import Drafts, gone
from chat.store.resumable_uploads import ResumableUpload
from chat.times import now

log = logging.getLogger("payam.files")

LOOK_SECONDS = 60.0


class Progress(Struct, frozen=True):
    """An upload, and how many of its bytes have arrived and are on the disk."""

    upload: ResumableUpload
    offset: int


class ResumableUploads:
    def __init__(
        self,
        database: Database,
        drafts: Drafts,
        quotas: Quotas,
        *,
        most: int,
        quota: int,
        lifetime: float,
    ) -> None:
        """`most` is the most bytes of one upload, and `quota` of all of one user that are not
        attached. Those that are attached are counted by `quotas`. `lifetime` is in seconds.
        """
        self.most = most
        self.quota = max(quota, most)
        self.lifetime = lifetime
        self._database = database
        self._drafts = drafts
        self._quotas = quotas

    async def create(
        self, who: Identity, size: int, name: str, content_type: str, metadata: str
    ) -> Progress:
        """Begin an upload of `size` bytes. Raises TooLarge, and Conflict beyond the quota."""
        if size > self.most:
            raise TooLarge(f"Upload-Length: at most {self.most} bytes.")
        began = now()
        upload = ResumableUpload(
            id=secrets.token_hex(16),
            user_id=who.user_id,
            name=clean_name(name),
            content_type=media_type(content_type),
            metadata=metadata,
            size=size,
            created_at=began,
            expires_at=began + int(self.lifetime * 1_000_000),
        )
        async with refusing_a_full_disk():
            await asyncio.to_thread(self._drafts.create, upload.id)
        try:
            async with self._database.transaction() as transaction:
                await users.lock(transaction, who.user_id)
                await self._require_room(transaction, upload)
                await store.create(transaction, upload)
        except BaseException:
            self._drafts.remove(upload.id)
            raise
        return Progress(upload, 0)

    async def _require_room(self, transaction: Transaction, upload: ResumableUpload) -> None:
        others = await store.waiting(transaction, upload.user_id, upload.created_at)
        if len(others) >= UPLOADS_MAX:
            raise too_many()
        if sum(other.size for other in others) + upload.size > self.quota:
            raise over_quota(self.quota)
        await self._quotas.require_room_of_user(transaction, upload.user_id, upload.size)

    async def get(self, who: Identity, upload_id: str) -> Progress:
        """Raises NotFound, also for an upload of somebody else, and for one that is attached."""
        upload = await self._find(who, upload_id)
        return Progress(upload, await asyncio.to_thread(self._drafts.arrived, upload_id))

    async def of(self, who: Identity) -> list[Progress]:
        """The caller's uploads that are not attached, the oldest first."""
        found = list[Progress]()
        for upload in await store.waiting(self._database, who.user_id, now()):
            with suppress(NotFound):  # it was given up meanwhile
                arrived = await asyncio.to_thread(self._drafts.arrived, upload.id)
                found.append(Progress(upload, arrived))
        return found

    async def append(
        self, who: Identity, upload_id: str, offset: int, chunks: AsyncIterator[bytes]
    ) -> Progress:
        """Continue the upload at `offset`. Raises NotFound, Conflict, InvalidInput, Unavailable."""
        upload = await self._find(who, upload_id)
        async with refusing_a_full_disk():
            return Progress(
                upload, await self._drafts.append(upload_id, offset, chunks, upload.size)
            )

    async def remove(self, who: Identity, upload_id: str) -> None:
        """Give the upload up. Raises NotFound."""
        await self._find(who, upload_id)
        async with self._database.transaction() as transaction:
            if not await store.remove(transaction, upload_id):
                raise gone()
        await asyncio.to_thread(self._drafts.remove, upload_id)

    async def _find(self, who: Identity, upload_id: str) -> ResumableUpload:
        upload = await store.find(self._database, who.user_id, upload_id, now())
        if upload is None or upload.attached_at is not None:
            raise gone()
        return upload

    async def run(self) -> None:
        """Delete what expires, from time to time, as long as this is not cancelled."""
        while True:
            try:
                await self.remove_expired()
            except Unavailable:  # next time, then
                pass
            except OSError as error:
                log.error("expired uploads could not be deleted: %s", error)  # noqa: TRY400
            await asyncio.sleep(min(LOOK_SECONDS, self.lifetime))

    async def remove_expired(self) -> None:
        async with self._database.transaction() as transaction:
            expired = await store.remove_expired(transaction, now())
        for upload_id in expired:
            await asyncio.to_thread(self._drafts.remove, upload_id)


@asynccontextmanager
async def refusing_a_full_disk() -> AsyncIterator[None]:
    try:
        yield
    except OSError as error:
        log.error("an upload could not be stored: %s", error)  # noqa: TRY400 - the disk's trouble
        raise Unavailable("The file cannot be stored at the moment.", retry_after=5.0) from error


def over_quota(quota: int) -> Conflict:
    return Conflict(
        f"Upload-Length: a user's uploads may have {quota} bytes together. Attach or delete one.",
        code="too_many_uploads",
    )
