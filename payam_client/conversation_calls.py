"""Conversations over REST, in pages or one by one, and their participants."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, NamedTuple

import httpx
from msgspec import UNSET, UnsetType

from payam_client.http import NOT_MODIFIED
from payam_client.paths import of, parse, query
from payam_client.records import ConversationRecord, Me, Participant, Profile, User
from payam_client.session import Session


class Page(NamedTuple):
    """A page of conversations, its entity tag, and the path of the next page."""

    path: str
    tag: str
    records: list[ConversationRecord]
    next: str | None


class ConversationCalls(Session):
    _first = Page("", "", [], None)
    """The first page of the conversations, as it last came."""

    async def users(self, search: str, limit: int = 20) -> list[Profile]:
        """Users whose names begin with `search`."""
        return await self._get(query("/api/users/", search=search, limit=limit), list[Profile])

    async def block(self, user_id: int) -> None:
        """Let this user send nothing to the caller any more, and begin nothing with them."""
        await self.request("PUT", f"/api/users/{user_id}/block/", is_repeatable=True)

    async def unblock(self, user_id: int) -> None:
        await self.request("DELETE", f"/api/users/{user_id}/block/", is_repeatable=True)

    async def blocks(self) -> list[User]:
        """Whom the caller has blocked, the last one first."""
        return await self._get("/api/users/me/blocks/", list[User])

    async def conversations(
        self,
        *,
        archived: bool | None = None,
        pinned: bool | None = None,
        muted: bool | None = None,
        direct: bool | None = None,
    ) -> list[ConversationRecord]:
        """One's own conversations, most recently active first.

        What is not None asks only for those that are so, or that are not.
        """
        path = "/api/conversations/"
        asked = {"archived": archived, "pinned": pinned, "muted": muted, "direct": direct}
        given = {name: str(is_so).lower() for name, is_so in asked.items() if is_so is not None}
        if given:
            path = query(path, **given)
        return await self._get(path, list[ConversationRecord])

    async def conversation_pages(self, limit: int = 50) -> AsyncIterator[list[ConversationRecord]]:
        """The same in pages of up to 200 conversations.

        A conversation that becomes active meanwhile moves to the first page. Asking for that page
        again costs little: the server does not send it if it has not changed.
        """
        path: str | None = query("/api/conversations/", limit=limit)
        while path is not None:
            headers = {"If-None-Match": self._first.tag} if path == self._first.path else {}
            answer = await self._exchange("GET", path, headers=headers, is_repeatable=True)
            page = self._first if answer.status_code == NOT_MODIFIED else self._page(path, answer)
            if "cursor=" not in path:
                self._first = page
            yield page.records
            path = page.next

    def _page(self, path: str, answer: httpx.Response) -> Page:
        link = answer.links.get("next")
        following = self._path_of(link["url"]) if link else None
        records = parse(answer.content, list[ConversationRecord])
        return Page(path, answer.headers.get("ETag", ""), records, following)

    async def conversation(self, id_: int) -> ConversationRecord:
        return await self._get(of(id_), ConversationRecord)

    async def begin(
        self,
        participants: list[int],
        title: str = "",
        *,
        direct: bool = False,
        metadata: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> ConversationRecord:
        """Begin a conversation. `participants` are ids of users; one's own id is not needed.

        With `direct` and one user this finds or begins the direct conversation with that user,
        which has no title.
        """
        body = {"participants": participants, "title": title, "direct": direct}
        if metadata is not None:
            body["metadata"] = metadata
        return parse(await self._make("/api/conversations/", key, body), ConversationRecord)

    async def rename(self, id_: int, title: str) -> ConversationRecord:
        return parse(await self.request("PATCH", of(id_), {"title": title}), ConversationRecord)

    async def change(
        self,
        id_: int,
        *,
        title: str | None = None,
        metadata: dict[str, Any] | None = None,
        members_may: list[str] | None = None,
    ) -> ConversationRecord:
        """Change the title or the metadata of a conversation, or what members may do (any of `add`,
        `pin` and `rename`). What is None stays as it is.
        """
        body = {"title": title, "metadata": metadata, "members_may": members_may}
        given = {name: value for name, value in body.items() if value is not None}
        return parse(await self.request("PATCH", of(id_), given), ConversationRecord)

    async def change_password(self, old: str, new: str) -> None:
        """Change one's password. Every other sign-in ends. Raises PayamError `wrong_password`."""
        body = {"old_password": old, "new_password": new}
        await self.request("POST", "/api/users/me/password/", body)

    async def change_me(
        self, *, display_name: str | None = None, metadata: dict[str, Any] | None = None
    ) -> Me:
        """Change the name that others see, or one's own metadata. What is None stays as it is."""
        body = {"display_name": display_name, "metadata": metadata}
        given = {name: value for name, value in body.items() if value is not None}
        return parse(await self.request("PATCH", "/api/users/me/", given), Me)

    async def set_own(
        self,
        id_: int,
        *,
        muted_until: datetime | UnsetType | None = UNSET,
        archived: bool | UnsetType = UNSET,
        pinned: bool | UnsetType = UNSET,
    ) -> ConversationRecord:
        """Change one's own settings of a conversation; what is not given stays as it is.

        `muted_until` has a time zone. None, or a moment that has passed, mutes nothing.
        """
        given = {"muted_until": muted_until, "archived": archived, "pinned": pinned}
        body = {name: value for name, value in given.items() if value is not UNSET}
        answer = await self.request("PATCH", f"{of(id_)}me/", body, is_repeatable=True)
        return parse(answer, ConversationRecord)

    async def add_participant(
        self, id_: int, user_id: int, *, key: str | None = None
    ) -> ConversationRecord:
        answer = await self._make(f"{of(id_)}participants/", key, {"user_id": user_id})
        return parse(answer, ConversationRecord)

    async def participants(self, id_: int, *, limit: int = 50, after: int = 0) -> list[Participant]:
        """Participants by id, from behind `after`. A page of fewer than `limit` is the last."""
        path = query(f"{of(id_)}participants/", limit=limit, after=after)
        return await self._get(path, list[Participant])

    async def remove_participant(self, id_: int, user_id: int) -> None:
        await self.request("DELETE", f"{of(id_)}participants/{user_id}/")

    async def mark_read(self, id_: int, message_id: int) -> None:
        """Mark everything up to this message as read."""
        await self.request(
            "POST", f"{of(id_)}read/", {"message_id": message_id}, is_repeatable=True
        )
