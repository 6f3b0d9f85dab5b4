"""Messages over REST, and their files."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, BinaryIO

from payam_client.errors import PayamError
from payam_client.http import ATTEMPTS
from payam_client.outbox import new_id
from payam_client.paths import files_of, of, parse, query, reaction_at
from payam_client.records import Attachment, Found, Message
from payam_client.sends import extras_of
from payam_client.session import Session
from payam_client.uploads import Watched

CHUNK = 64 * 1024
"""Bytes of a file that are in memory at once."""


class MessageCalls(Session):
    async def messages(
        self,
        id_: int,
        *,
        limit: int = 50,
        before: int | None = None,
        after: int | None = None,
        since: int | None = None,
        epoch: str | None = None,
    ) -> list[Message]:
        """A page, oldest first: the newest page, or the one before or after a message's id.

        With `since` these are the messages that changed after that `seq`, in the order of their
        last change. With `epoch` too, PayamError `epoch_changed` is raised if that number does not
        count any more, because the server's database was put back. Then read everything again. A
        page with fewer than `limit` messages is the last one.
        """
        place = {"before": before, "after": after, "since": since, "epoch": epoch}
        path = query(f"{of(id_)}messages/", limit=limit, **place)
        return await self._get(path, list[Message])

    async def send(
        self,
        id_: int,
        text: str,
        *,
        client_id: str | None = None,
        reply_to: int | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> Message:
        """Send a message without opening the conversation. It is stored once, even if retried.

        `reply_to` is the id of a message of the same conversation.
        """
        body: dict[str, Any] = {"content": text, "client_id": client_id or new_id()}
        body |= extras_of(reply_to, metadata)
        path = f"{of(id_)}messages/"
        return parse(await self.request("POST", path, body, is_repeatable=True), Message)

    async def search(
        self,
        text: str,
        *,
        conversation: int | None = None,
        sender: int | None = None,
        before: int | None = None,
        limit: int = 20,
    ) -> list[Found]:
        """The newest `limit` messages that contain the text, at most 100. Fewer are all there are.

        Without `conversation` all of one's own are searched. `sender` is a user's id. With `before`
        they are older than the message of that id.
        """
        found: list[Found] = []
        pages = self.search_pages(
            text, conversation=conversation, sender=sender, before=before, limit=limit
        )
        async with aclosing(pages):
            async for page in pages:
                found += page
                if len(found) >= limit:
                    break
        return found[:limit]

    async def search_pages(
        self,
        text: str,
        *,
        conversation: int | None = None,
        sender: int | None = None,
        before: int | None = None,
        limit: int = 20,
    ) -> AsyncGenerator[list[Found], None]:
        """The same page by page, to the oldest message that contains the text.

        The server ends a page when it has looked for long enough. So one may have fewer messages
        than `limit`, or none, and yet not be the last.
        """
        asked = {"conversation": conversation, "sender": sender, "before": before, "limit": limit}
        path: str | None = query("/api/search/", q=text, **asked)
        while path is not None:
            answer = await self._exchange("GET", path, is_repeatable=True)
            yield parse(answer.content, list[Found])
            link = answer.links.get("next")
            path = self._path_of(link["url"]) if link else None

    async def replies(
        self, id_: int, message_id: int, *, limit: int = 50, after: int = 0
    ) -> list[Message]:
        """The replies to a message from behind the message `after`, oldest first.

        A page of fewer than `limit` is the last.
        """
        path = query(f"{of(id_)}messages/{message_id}/replies/", limit=limit, after=after)
        return await self._get(path, list[Message])

    async def pins(self, id_: int) -> list[Message]:
        """The pinned messages of a conversation, the last pinned first."""
        return await self._get(f"{of(id_)}pins/", list[Message])

    async def pin(self, id_: int, message_id: int) -> None:
        """Pin a message. A second time changes nothing."""
        await self.request("PUT", f"{of(id_)}messages/{message_id}/pin/", is_repeatable=True)

    async def unpin(self, id_: int, message_id: int) -> None:
        """Unpin a message. A second time changes nothing."""
        await self.request("DELETE", f"{of(id_)}messages/{message_id}/pin/", is_repeatable=True)

    async def react(self, id_: int, message_id: int, emoji: str) -> None:
        """React to a message with one emoji. A second time changes nothing."""
        await self.request("PUT", reaction_at(id_, message_id, emoji), is_repeatable=True)

    async def unreact(self, id_: int, message_id: int, emoji: str) -> None:
        """Take a reaction back. A second time changes nothing."""
        await self.request("DELETE", reaction_at(id_, message_id, emoji), is_repeatable=True)

    async def report(self, id_: int, message_id: int, reason: str) -> None:
        """Show a message to staff. A second time changes nothing."""
        path = f"{of(id_)}messages/{message_id}/report/"
        await self.request("POST", path, {"reason": reason}, is_repeatable=True)

    async def attachments(self, id_: int, message_id: int) -> list[Attachment]:
        return await self._get(files_of(id_, message_id), list[Attachment])

    async def attach(
        self,
        id_: int,
        message_id: int,
        file: Path | BinaryIO | bytes,
        *,
        name: str | None = None,
        key: str | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Attachment:
        """Add a file to one's own message. It is read while it is sent.

        `name` is needed if `file` has none. A BinaryIO is sent from its beginning, and is tried
        again only if it can be read again. `on_progress` is called with the share that was sent,
        from 0 to 1. To stop an upload, cancel the task that waits for it. The connection is then
        cut, and the server keeps nothing.
        """
        if isinstance(file, Path):
            with file.open("rb") as opened:
                name = name or file.name
                return await self.attach(
                    id_, message_id, opened, name=name, key=key, on_progress=on_progress
                )
        name = name or Path(str(getattr(file, "name", ""))).name
        if not name:
            raise ValueError("name: is needed for a file that has none")
        is_repeatable = isinstance(file, bytes) or file.seekable()  # noqa: ASYNC240 # no Path
        answer = await self.request(
            "POST",
            files_of(id_, message_id),
            files={"file": (name, file if on_progress is None else Watched(file, on_progress))},
            key=key or new_id(),
            is_repeatable=is_repeatable,
        )
        return parse(answer, Attachment)

    async def attach_upload(
        self, id_: int, message_id: int, upload: str, *, key: str | None = None
    ) -> Attachment:
        """Attach a finished upload of `/api/uploads/` to one's own message.

        Any client of tus makes such uploads. `upload` is the last part of the upload's URL.
        """
        answer = await self.request(
            "POST",
            files_of(id_, message_id),
            {"upload": upload},
            key=key or new_id(),
            is_repeatable=True,
        )
        return parse(answer, Attachment)

    async def thumbnail(self, attachment: Attachment) -> bytes:
        """The thumbnail of a picture, a WebP picture. Raises ValueError if it has none."""
        if attachment.thumbnail_url is None:
            raise ValueError("attachment: has no thumbnail")
        path = self._path_of(attachment.thumbnail_url)
        return await self.request("GET", path, is_repeatable=True)

    async def download(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """The file in chunks. If the connection is cut, the rest comes over the next one."""
        done, attempt, refused = 0, 0, None
        subject = self.subject
        headers = {"Accept-Encoding": "identity"}
        while True:
            token = await self.token(refused, subject=subject)
            try:
                async with self._http.stream(
                    "GET", self._path_of(attachment.url), token=token, headers=headers
                ) as answer:
                    async for chunk in answer.aiter_bytes(CHUNK):
                        done, attempt = done + len(chunk), 0
                        yield chunk
            except PayamError as error:
                attempt += 1
                may_pass = error.code == "offline" or (error.status == 401 and refused is None)
                if not may_pass or attempt == ATTEMPTS:
                    raise
                if error.status == 401:
                    refused = token
            else:
                return
            # An attachment never changes, so the rest fits the part that is there.
            headers["Range"] = f"bytes={done}-"
            await asyncio.sleep(self.backoff.pause(attempt))
