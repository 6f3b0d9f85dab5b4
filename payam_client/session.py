"""A sign-in on a server, with tokens that are renewed, and any call as that user."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import httpx

from payam_client.backoff import Backoff
from payam_client.errors import PayamError
from payam_client.http import Http
from payam_client.outbox import new_id
from payam_client.paths import Record, once, parse
from payam_client.records import Me
from payam_client.storage import MemoryStorage
from payam_client.tokens import TokenKeeper, Tokens


class Open(Protocol):
    """A connection of the user who is signed in. It ends with the sign-in."""

    async def close(self) -> None: ...


class Session:
    """The user who is signed in. `Payam` explains the parameters."""

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
        self._open: set[Open] = set()
        self.memory = MemoryStorage()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close everything that is open, and the connections."""
        await self._close_all()
        await self._keeper.settle()
        await self._http.close()

    async def _close_all(self) -> None:
        for one in list(self._open):
            await one.close()

    # Who is asking.

    @property
    def tokens(self) -> Tokens | None:
        """The present tokens; None if nobody is signed in."""
        return self._keeper.tokens

    @property
    def subject(self) -> str | None:
        """The `sub` of the present tokens. It is the user's id if Payam made them."""
        return self._keeper.subject

    async def sign_up(self, username: str, password: str) -> None:
        """Make a user, and sign in as them. Raises as `log_in` does."""
        turn = self._keeper.begin()
        body = {"username": username, "password": password}
        headers = once(new_id())
        await self._http.call("POST", "/api/users/", body=body, headers=headers, is_repeatable=True)
        await self._sign_in(body, turn)

    async def log_in(self, username: str, password: str) -> None:
        """Sign in. Raises PayamError, with `superseded` if somebody signed in or out meanwhile."""
        await self._sign_in({"username": username, "password": password}, self._keeper.begin())

    async def _sign_in(self, body: dict[str, str], turn: int) -> None:
        answer = await self._http.call("POST", "/api/token/", body=body, is_repeatable=True)
        await self._use(parse(answer, Tokens), turn)

    async def _begin_as(self, path: str, body: dict[str, str]) -> None:
        """Sign in by another path. It is tried once, because each time begins anew."""
        turn = self._keeper.begin()
        answer = await self._http.call("POST", path, body=body)
        await self._use(parse(answer, Tokens), turn)

    async def _use(self, tokens: Tokens, turn: int) -> None:
        before = self.subject
        if not self._keeper.set(tokens, turn):
            await self._revoke(tokens)
            raise PayamError("Somebody has signed in or out meanwhile.", code="superseded")
        if self.subject != before:  # what is open belongs to another user
            await self._close_all()

    async def log_out(self) -> None:
        """Sign out. The tokens stop working everywhere; here in any case."""
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
        """An access token that works for a while, and is not `refused`.

        With `subject` it is one of this user. Raises PayamError if another user is signed in.
        """
        return await self._keeper.token(refused, subject=subject)

    async def me(self) -> Me:
        return await self._get("/api/users/me/", Me)

    async def erase(self, password: str | None = None) -> None:
        """Erase the account for ever, with every message of it, and sign out.

        Users of another issuer's tokens have no password. Raises PayamError, with the code
        `wrong_password` for a wrong one.
        """
        body = {} if password is None else {"password": password}
        await self.request("DELETE", "/api/users/me/", body)
        self._keeper.begin()
        self._keeper.set(None)
        await self._close_all()

    async def export(self) -> AsyncIterator[bytes]:
        """Everything of the account as a zip, in chunks: write them into a file as they come.

        If the connection is cut, begin again.
        """
        async with self._http.stream(
            "GET", "/api/users/me/export/", token=await self.token()
        ) as answer:
            async for chunk in answer.aiter_bytes():
                yield chunk

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
        """Send a request. Returns the answer's body. `body` becomes JSON; `files` are as in httpx.

        With `key`, an Idempotency-Key, the server makes a thing once.
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
        """Make something once, however often it is tried. `key` is the caller's own, or None."""
        return await self.request("POST", path, body, key=key or new_id(), is_repeatable=True)

    async def _get(self, path: str, kind: type[Record]) -> Record:
        return parse(await self.request("GET", path, is_repeatable=True), kind)

    async def _renew(self, refresh: str) -> Tokens:
        # If an answer is lost, the server gives the same pair to a retry that comes soon.
        body = {"refresh": refresh}
        answer = await self._http.call("POST", "/api/token/refresh/", body=body, is_repeatable=True)
        return parse(answer, Tokens)

    def _path_of(self, given: str) -> str:
        """A path that the server gave, without the part that `url` has already.

        If the server is behind a path of a site, the paths that it gives may begin with that path.
        """
        prefix = urlsplit(self.url).path
        return given.removeprefix(prefix) if given.startswith(prefix + "/") else given
