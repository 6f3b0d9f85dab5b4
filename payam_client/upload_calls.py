"""Large files, sent in parts by tus 1.0: after a cut the rest follows, and not the whole again."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import BinaryIO

from payam_client.errors import PayamError
from payam_client.session import Session

PART = 4 * 1024 * 1024
"""Bytes that one request sends, and that are in memory at once."""
TRIES = 8
"""In a row without a byte more."""
VERSION = {"Tus-Resumable": "1.0.0"}
ENDED = {400, 401, 403, 404, 410, 412, 413, 415}
"""Statuses after which no further try helps."""


class UploadCalls(Session):
    async def upload(
        self,
        file: Path | BinaryIO | bytes,
        *,
        name: str | None = None,
        content_type: str = "application/octet-stream",
        upload: str | None = None,
        on_begin: Callable[[str], None] | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> str:
        """Send a file of any size, to be attached with `attach_upload`. Returns its id.

        `on_begin` is called with the id at once. Keep it, and give it as `upload`, to go on after
        a restart of your program. `on_progress` is called with the share that the server has, from
        0 to 1. To stop, cancel the task that waits; `discard_upload` then deletes what is there.
        A BinaryIO must be seekable.
        """
        if isinstance(file, Path):
            with file.open("rb") as opened:
                return await self.upload(
                    opened,
                    name=name or file.name,
                    content_type=content_type,
                    upload=upload,
                    on_begin=on_begin,
                    on_progress=on_progress,
                )
        source = BytesIO(file) if isinstance(file, bytes) else file
        size = await asyncio.to_thread(source.seek, 0, SEEK_END)
        name = name or Path(str(getattr(file, "name", ""))).name or "file"
        id_ = await self._begin(name, content_type, size) if upload is None else upload
        if on_begin is not None:
            on_begin(id_)
        offset = 0 if upload is None else await self._offset(id_)
        tries = 0
        while offset < size:
            before = offset
            try:
                offset = await self._append(id_, source, offset)
            except PayamError as error:
                tries += 1
                if error.status in ENDED or tries > TRIES:
                    raise
                await asyncio.sleep(max(self.backoff.pause(tries - 1), error.retry_after or 0))
                offset = await self._offset(id_)
            if offset > before:
                tries = 0
            if on_progress is not None:
                on_progress(offset / size)
        return id_

    async def discard_upload(self, upload: str) -> None:
        """Give up an upload that is not attached."""
        await self._exchange("DELETE", path_of(upload), headers=VERSION, is_repeatable=True)

    async def _begin(self, name: str, content_type: str, size: int) -> str:
        about = {"filename": name, "filetype": content_type}
        pairs = [f"{key} {b64encode(value.encode()).decode()}" for key, value in about.items()]
        headers = {**VERSION, "Upload-Length": str(size), "Upload-Metadata": ",".join(pairs)}
        answer = await self._exchange("POST", "/api/uploads/", headers=headers, is_repeatable=True)
        return str(answer.headers["Location"]).rstrip("/").rpartition("/")[2]

    async def _append(self, upload: str, source: BinaryIO, offset: int) -> int:
        def part() -> bytes:
            source.seek(offset)
            return source.read(PART)

        headers = {
            **VERSION,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        content = await asyncio.to_thread(part)
        answer = await self._exchange("PATCH", path_of(upload), content=content, headers=headers)
        return int(answer.headers["Upload-Offset"])

    async def _offset(self, upload: str) -> int:
        """How many bytes the server has."""
        answer = await self._exchange("HEAD", path_of(upload), headers=VERSION, is_repeatable=True)
        return int(answer.headers["Upload-Offset"])


def path_of(upload: str) -> str:
    return f"/api/uploads/{upload}/"
