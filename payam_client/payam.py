"""Somebody on a server: who they are, REST calls, and conversations that stay open."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Self, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec

from payam_client.backoff import Backoff
from payam_client.conversation import Conversation
from payam_client.errors import PayamError
from payam_client.http import ATTEMPTS, NOT_MODIFIED, Http
from payam_client.inbox import Point
from payam_client.outbox import new_id
from payam_client.records import (
    Attachment,
    ConversationRecord,
    Me,
    Message,
    SupportTicket,
    User,
)
from payam_client.tokens import TokenKeeper, Tokens

Record = TypeVar("Record")

CHUNK = 64 * 1024
"""Bytes of a file that are in memory at a time."""


class Page(NamedTuple):
    """A page of conversations, its entity tag, and the path of the one that follows it."""

    path: str
    tag: str
    records: list[ConversationRecord]
    next: str | None


class Payam:
    """Use it as `async with Payam(url) as payam`: its end closes all that is open.

    `tokens` are those of an earlier run; `keep` is given every new pair to store, and None
    once there is none any more. `patience` is in seconds: an answer that takes longer
    counts as lost. `backlog` is how many events of a conversation wait here for who iterates;
    the rest wait on the server. With `trust_env=False` the environment's proxies are passed over.

    Every call raises PayamError for what the server refuses or does not answer. Tokens
    are renewed before they end, and when they are refused. Calls that only read are
    repeated, up to four times, where the server cannot be reached. So are calls that make
    something: they carry an Idempotency-Key, so that it is made once. `key` names it where the
    call shall still be the same one after a restart of the program.
    """

    def __init__(
        self,
        url: str,
        *,
        tokens: Tokens | None = None,
        keep: Callable[[Tokens | None], None] | None = None,
        backoff: Backoff | None = None,
        patience: float = 15.0,
        backlog: int = 10_000,
        trust_env: bool = True,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"url: {url!r} does not begin with http:// or https://")
        self.url = url.rstrip("/")
        self.backoff = backoff or Backoff()
        self.patience = patience
        self.backlog = backlog
        self.trust_env = trust_env
        self._http = Http(self.url, self.backoff, patience, trust_env=trust_env)
        self._keeper = TokenKeeper(tokens, self._renew, keep)
        self._open: set[Conversation] = set()
        self._first = Page("", "", [], None)
        """The first page of the conversations, as it came last."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every open conversation, and the connections."""
        await self._close_all()
        await self._keeper.settle()
        await self._http.close()

    async def _close_all(self) -> None:
        for conversation in list(self._open):
            await conversation.close()

    # Who is asking.

    @property
    def tokens(self) -> Tokens | None:
        """None where nobody is signed in."""
        return self._keeper.tokens

    @property
    def subject(self) -> str | None:
        """Whose tokens are in use: their `sub`, a user's id where Payam made them."""
        return self._keeper.subject

    async def sign_up(self, username: str, password: str) -> None:
        """Make a user, and sign in as them; raises as `log_in` does."""
        turn = self._keeper.begin()
        body = {"username": username, "password": password}
        headers = once(new_id())
        await self._http.call("POST", "/api/users/", body=body, headers=headers, is_repeatable=True)
        await self._sign_in(body, turn)

    async def log_in(self, username: str, password: str) -> None:
        """Raises PayamError, with `superseded` where somebody has signed in or out meanwhile."""
        await self._sign_in({"username": username, "password": password}, self._keeper.begin())

    async def _sign_in(self, body: dict[str, str], turn: int) -> None:
        before = self.subject
        answer = await self._http.call("POST", "/api/token/", body=body, is_repeatable=True)
        tokens = parse(answer, Tokens)
        if not self._keeper.set(tokens, turn):
            await self._revoke(tokens)
            raise PayamError("Somebody has signed in or out meanwhile.", code="superseded")
        if self.subject != before:  # what is open is another user's
            await self._close_all()

    async def log_out(self) -> None:
        """The tokens stop working everywhere; here they are gone whatever the server says."""
        self._keeper.begin()
        tokens = self._keeper.tokens
        if tokens is None:
            return
        self._keeper.set(None)
        await self._close_all()
        await self._revoke(tokens)

    async def _revoke(self, tokens: Tokens) -> None:
        body = {"refresh": tokens.refresh}
        await self._http.call("POST", "/api/token/revoke/", body=body, is_repeatable=True)

    async def token(self, refused: str | None = None, *, subject: str | None = None) -> str:
        """An access token that works for a while yet, and is not `refused`.

        With `subject`, of this user alone; raises PayamError where another is signed in.
        """
        return await self._keeper.token(refused, subject=subject)

    async def me(self) -> Me:
        return await self._get("/api/users/me/", Me)

    async def users(self, search: str, limit: int = 20) -> list[User]:
        """Users whose names begin so."""
        return await self._get(query("/api/users/", search=search, limit=limit), list[User])

    # Conversations.

    async def conversations(self) -> list[ConversationRecord]:
        """One's own, most recently active first."""
        return await self._get("/api/conversations/", list[ConversationRecord])

    async def conversation_pages(self, limit: int = 50) -> AsyncIterator[list[ConversationRecord]]:
        """The same page by page, up to 200 in each.

        One that becomes active meanwhile moves to the first page, which costs little to ask for
        again: where it has not changed, it is not sent.
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
        key: str | None = None,
    ) -> ConversationRecord:
        """`participants` are ids of users; one's own need not be among them.

        With `direct` and one user it is the one conversation with them, found or begun; it has
        no title.
        """
        body = {"participants": participants, "title": title, "direct": direct}
        return parse(await self._make("/api/conversations/", key, body), ConversationRecord)

    async def rename(self, id_: int, title: str) -> ConversationRecord:
        return parse(await self.request("PATCH", of(id_), {"title": title}), ConversationRecord)

    async def add_participant(
        self, id_: int, user_id: int, *, key: str | None = None
    ) -> ConversationRecord:
        answer = await self._make(f"{of(id_)}participants/", key, {"user_id": user_id})
        return parse(answer, ConversationRecord)

    async def participants(self, id_: int, *, limit: int = 50, after: int = 0) -> list[User]:
        """A page of all of them, by id, behind `after`; one of fewer than `limit` is the last."""
        path = query(f"{of(id_)}participants/", limit=limit, after=after)
        return await self._get(path, list[User])

    async def remove_participant(self, id_: int, user_id: int) -> None:
        await self.request("DELETE", f"{of(id_)}participants/{user_id}/")

    async def mark_read(self, id_: int, message_id: int) -> None:
        """Everything up to this message is read."""
        await self.request(
            "POST", f"{of(id_)}read/", {"message_id": message_id}, is_repeatable=True
        )

    def open(
        self,
        id_: int,
        *,
        since: int | None = None,
        epoch: str | None = None,
        replay: bool = True,
    ) -> Conversation:
        """Stay connected to a conversation, until it is closed.

        `since` is a change number: what came after it is told first. Without it, what
        comes from now on. Take both `since` and `epoch` from an earlier run's `conversation`,
        or from a ConversationRecord; never from the Ack of what was sent, because changes of
        others before it may not have come yet.

        With `epoch`, a server whose database was put back to an older state is noticed: a
        Reset comes, and then the conversation from its first change on. With `replay=False`
        it goes on live instead, for who reads what was there before with `messages`.
        """
        if since is not None and since < 0:
            raise ValueError(f"since: {since} is no change number; they begin at 0")
        if epoch is not None and since is None:
            raise ValueError("epoch: comes together with since")
        point = Point(since, epoch)
        conversation = Conversation(self, id_, point, replay, self._open.discard)
        self._open.add(conversation)
        return conversation

    # Messages and their files.

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
        """A page, oldest first: the latest, or that before or after a message's id.

        With `since`, what changed after that change number, by last change. With `epoch` as
        well, raises PayamError `epoch_changed` where that number does not count any more,
        because the server's database was put back: then read all again. A page of fewer than
        `limit` is the last.
        """
        place = {"before": before, "after": after, "since": since, "epoch": epoch}
        path = query(f"{of(id_)}messages/", limit=limit, **place)
        return await self._get(path, list[Message])

    async def send(self, id_: int, text: str, *, client_id: str | None = None) -> Message:
        """Say something in a conversation that is not open; stored once, however often tried."""
        body = {"content": text, "client_id": client_id or new_id()}
        path = f"{of(id_)}messages/"
        return parse(await self.request("POST", path, body, is_repeatable=True), Message)

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
    ) -> Attachment:
        """Add a file to one's own message, read as it is sent.

        `name` is needed where `file` has none. A BinaryIO is sent from its beginning, and
        tried again only where it can be read again.
        """
        if isinstance(file, Path):
            with file.open("rb") as opened:
                return await self.attach(id_, message_id, opened, name=name or file.name, key=key)
        name = name or Path(str(getattr(file, "name", ""))).name
        if not name:
            raise ValueError("name: is needed for a file that has none")
        answer = await self.request(
            "POST",
            files_of(id_, message_id),
            files={"file": (name, file)},
            key=key or new_id(),
            is_repeatable=isinstance(file, bytes) or file.seekable(),  # noqa: ASYNC240 # no Path
        )
        return parse(answer, Attachment)

    def _path_of(self, given: str) -> str:
        """A path that the server has given, as ours are: those begin after `url`.

        Where the server is behind a path of a site, its paths may begin with that.
        """
        prefix = urlsplit(self.url).path
        return given.removeprefix(prefix) if given.startswith(prefix + "/") else given

    async def download(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """The file, chunk by chunk; where the connection is cut, the rest on the next one."""
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
            # What is attached never changes, so the rest fits to what there is.
            headers["Range"] = f"bytes={done}-"
            await asyncio.sleep(self.backoff.pause(attempt))

    # Support tickets.

    async def open_ticket(
        self, id_: int, subject: str, priority: str = "normal", *, key: str | None = None
    ) -> SupportTicket:
        """`priority` is low, normal, high or urgent."""
        body = {"subject": subject, "priority": priority}
        return parse(await self._make(f"{of(id_)}support_ticket/", key, body), SupportTicket)

    async def ticket(self, ticket_id: int) -> SupportTicket:
        return await self._get(ticket_at(ticket_id), SupportTicket)

    async def change_ticket(self, ticket_id: int, **changes: str | int | None) -> SupportTicket:
        """`changes` are any of `subject`, `status`, `priority`, and for staff `assigned_to`."""
        return await self._to_ticket("PATCH", ticket_at(ticket_id), changes)

    async def close_ticket(self, ticket_id: int) -> SupportTicket:
        return await self._to_ticket("POST", f"{ticket_at(ticket_id)}close/")

    async def reopen_ticket(self, ticket_id: int) -> SupportTicket:
        """Refused with 409 while another ticket of the conversation is open."""
        return await self._to_ticket("POST", f"{ticket_at(ticket_id)}reopen/")

    async def assign_ticket(self, ticket_id: int, user_id: int | None) -> SupportTicket:
        """For staff: take it, hand one's own over, or with None give it back to the queue.

        Refused with `already_assigned` where it is another's.
        """
        body = {"user_id": user_id}
        return await self._to_ticket("POST", f"{ticket_at(ticket_id)}assign/", body)

    async def _to_ticket(self, method: str, path: str, body: object = None) -> SupportTicket:
        # A ticket's own path names what is meant, so once more is no other change.
        return parse(await self.request(method, path, body, is_repeatable=True), SupportTicket)

    async def tickets(
        self, *, status: str | None = None, limit: int = 50, before: int | None = None
    ) -> list[SupportTicket]:
        """Of all conversations, newest first; for staff."""
        path = query("/api/support_tickets/", status=status, limit=limit, before=before)
        return await self._get(path, list[SupportTicket])

    # Any call.

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        files: Mapping[str, Any] | None = None,
        key: str | None = None,
        is_repeatable: bool = False,
    ) -> bytes:
        """The answer's body. `body` becomes JSON; `files` are httpx's.

        `key` is an Idempotency-Key: with one, the server makes a thing once.
        """
        answer = await self._exchange(
            method,
            path,
            body=body,
            files=files,
            headers=once(key),
            is_repeatable=is_repeatable,
        )
        return answer.content

    async def _exchange(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def call(token: str) -> httpx.Response:
            return await self._http.exchange(method, path, token=token, **options)

        subject = self.subject
        token = await self.token()
        try:
            return await call(token)
        except PayamError as error:
            if error.status != 401:
                raise
        return await call(await self.token(token, subject=subject))

    async def _make(self, path: str, key: str | None, body: object) -> bytes:
        """Make something, once however often tried; `key` is the caller's own, or None."""
        return await self.request("POST", path, body, key=key or new_id(), is_repeatable=True)

    async def _get(self, path: str, kind: type[Record]) -> Record:
        return parse(await self.request("GET", path, is_repeatable=True), kind)

    async def _renew(self, refresh: str) -> Tokens:
        # Where an answer is lost, the server gives the same pair to a repeat that comes soon.
        body = {"refresh": refresh}
        answer = await self._http.call("POST", "/api/token/refresh/", body=body, is_repeatable=True)
        return parse(answer, Tokens)


def once(key: str | None) -> dict[str, str]:
    """The header with which the server makes a thing once."""
    return {} if key is None else {"Idempotency-Key": key}


def parse(answer: bytes, kind: type[Record]) -> Record:
    try:
        return msgspec.json.decode(answer, type=kind)
    except msgspec.DecodeError as error:
        raise PayamError(f"The server's answer is not Payam's: {error}") from error


def query(path: str, **parameters: str | int | None) -> str:
    return f"{path}?{urlencode({k: v for k, v in parameters.items() if v is not None})}"


def of(id_: int) -> str:
    """The path of a conversation."""
    return f"/api/conversations/{id_}/"


def ticket_at(ticket_id: int) -> str:
    """The path of a ticket."""
    return f"/api/support_tickets/{ticket_id}/"


def files_of(id_: int, message_id: int) -> str:
    return f"{of(id_)}messages/{message_id}/attachments/"
