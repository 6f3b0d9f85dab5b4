"""Files in a bucket that speaks S3, instead of on the disk.

Its rights and place come from the usual variables of S3's own tools: AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL, and those of roles. A client downloads by a
signed address that is good for LINK_SECONDS, so the bytes do not pass through Payam.
"""

from collections.abc import AsyncGenerator, Awaitable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import obstore
from msgspec import Struct
from obstore.exceptions import BaseError
from obstore.store import S3Store

from chat.errors import NotFound, Unavailable

LINK_SECONDS = 300
PART = 8 * 1024 * 1024
"""Bytes of a part of a large file; so many are in memory at once, for each of PARTS parts."""
PARTS = 4
TIMEOUT = timedelta(seconds=30)
RETRIES = 3

Result = TypeVar("Result")


class Kept(Struct, frozen=True):
    """A file in the bucket: its size in bytes, and when it was written, in seconds since 1970."""

    size: int
    written_at: float


class Bucket:
    def __init__(self, url: str) -> None:
        """`url` is `s3://bucket/prefix`."""
        self.url = url
        name, _, prefix = url.removeprefix("s3://").partition("/")
        self._store = S3Store(
            name,
            prefix=prefix.strip("/") or None,
            # Whether the way to the bucket is encrypted is said by AWS_ENDPOINT_URL.
            client_options={"allow_http": True, "timeout": TIMEOUT},
            retry_config={"max_retries": RETRIES, "retry_timeout": TIMEOUT},
        )

    async def put(self, path: Path, name: str, content_type: str, disposition: str) -> None:
        """Copy the file at `path`. When this returns, the bucket has it whole."""
        attributes: Any = {"Content-Type": content_type, "Content-Disposition": disposition}
        await reached(
            obstore.put_async(
                self._store,
                key(name),
                path,
                attributes=attributes,
                chunk_size=PART,
                max_concurrency=PARTS,
            )
        )

    async def chunks(self, name: str, start: int, size: int) -> AsyncGenerator[bytes, None]:
        """These bytes of the file. Raises NotFound."""
        if size == 0:
            await self.size(name)
            return
        options: Any = {"range": (start, start + size)}
        found = await reached(obstore.get_async(self._store, key(name), options=options))
        try:
            async for chunk in found.stream():
                yield bytes(chunk)
        except BaseError as error:
            raise away() from error

    async def size(self, name: str) -> int:
        """The size of a file in bytes. Raises NotFound."""
        return int((await reached(obstore.head_async(self._store, key(name))))["size"])

    async def link(self, name: str, method: Literal["GET", "HEAD"]) -> str:
        """An address at which anybody gets the file for LINK_SECONDS."""
        within = timedelta(seconds=LINK_SECONDS)
        return str(await reached(obstore.sign_async(self._store, method, key(name), within)))

    @property
    def origin(self) -> str:
        """The origin of its addresses: scheme, host and port. Empty where it is not known yet."""
        try:
            parts = urlsplit(obstore.sign(self._store, "GET", "x", timedelta(seconds=1)))
        except (BaseError, OSError):
            return ""
        return f"{parts.scheme}://{parts.netloc}"

    async def remove(self, names: Sequence[str]) -> None:
        """Delete these files, where they are there."""
        for name in names:
            try:
                await reached(obstore.delete_async(self._store, key(name)))
            except NotFound:
                continue

    async def everything(self) -> dict[str, Kept]:
        """Every file, by name.

        What others put under the same prefix is none, as a folder that a console made.
        """
        found: dict[str, Kept] = {}
        try:
            async for page in obstore.list(self._store):
                for one in page:
                    name = one["path"].rpartition("/")[2]
                    if one["path"] == key(name):
                        found[name] = Kept(one["size"], one["last_modified"].timestamp())
        except BaseError as error:
            raise away() from error
        return found


def key(name: str) -> str:
    """The key of a file. It is its path on the disk, so a folder can be copied to a bucket as it
    is.
    """
    return f"{name[:2]}/{name}"


async def reached(work: Awaitable[Result]) -> Result:
    """The result. Raises NotFound, and Unavailable where the bucket cannot be used."""
    try:
        return await work
    except FileNotFoundError:
        raise NotFound("There is no such attachment of this message.") from None
    except (BaseError, OSError) as error:
        raise away() from error


def away() -> Unavailable:
    return Unavailable("The store of files cannot be reached at the moment.", retry_after=5.0)
