"""Who is asking: a sign-in on a server, whose tokens renew themselves, and any call with it."""

from collections.abc import Callable, Mapping
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
    """What stays open as the user who is signed in, and ends with the sign-in."""

    async def close(self) -> None: ...


class Session:
    """Who is signed in; `Payam` says what the parameters are."""

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
        """Close all that is open, and the connections."""
        await self._close_all()
        await self._keeper.settle()
        await self._http.close()

    async def _close_all(self) -> None:
        for one in list(self._open):
            await one.close()

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

    def _path_of(self, given: str) -> str:
        """A path that the server has given, as ours are: those begin after `url`.

        Where the server is behind a path of a site, its paths may begin with that.
        """
        prefix = urlsplit(self.url).path
        return given.removeprefix(prefix) if given.startswith(prefix + "/") else given
