"""REST: one call and its answer. A call that is safe to repeat is repeated."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, TypedDict, Unpack

import httpx
import msgspec

from payam_client.backoff import Backoff
from payam_client.errors import PayamError

ATTEMPTS = 4
NOT_MODIFIED = 304
PASSING = {0, 429, 503}
"""Statuses of problems that pass by themselves. 0 means no answer at all."""


class _Problem(msgspec.Struct):
    """Payam's description of an error. A proxy's error has none of these fields."""

    detail: str = ""
    code: str = "error"
    errors: dict[str, list[str]] = {}


@cache
def trusted(*, trust_env: bool) -> ssl.SSLContext:
    """The root certificates, read once per process: reading them takes 20 ms."""
    return httpx.create_ssl_context(trust_env=trust_env)


class Options(TypedDict, total=False):
    """Of a request, besides its method and path. `body` is encoded as JSON."""

    token: str | None
    body: object
    content: bytes | None
    files: Mapping[str, Any] | None
    headers: Mapping[str, str] | None


class Http:
    """`patience` is the most seconds that the server may be silent."""

    def __init__(self, url: str, backoff: Backoff, patience: float, *, trust_env: bool) -> None:
        self._backoff = backoff
        self._patience = patience
        self._client = httpx.AsyncClient(
            base_url=url, timeout=patience, trust_env=trust_env, verify=trusted(trust_env=trust_env)
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def call(self, method: str, path: str, **options: Any) -> bytes:
        """The body of `exchange`'s answer."""
        return (await self.exchange(method, path, **options)).content

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        is_repeatable: bool = False,
        **options: Unpack[Options],
    ) -> httpx.Response:
        """The answer, with its body. Raises PayamError for any status but 2xx and 304.

        With `is_repeatable` it is tried four times, if the problem may pass soon.
        """
        for attempt in range(ATTEMPTS):
            try:
                async with self.stream(method, path, **options) as answer:
                    await answer.aread()
                    return answer
            except PayamError as error:
                wait = error.retry_after or 0
                is_last = attempt == ATTEMPTS - 1 or wait > self._patience
                if not is_repeatable or error.status not in PASSING or is_last:
                    raise
                await asyncio.sleep(max(wait, self._backoff.pause(attempt)))
        raise AssertionError("the last attempt returns or raises")

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        **options: Unpack[Options],
    ) -> AsyncIterator[httpx.Response]:
        """The answer, whose body is not read yet. Raises PayamError as `call` does."""
        headers = dict(options.get("headers") or {})
        content = options.get("content")
        if (token := options.get("token")) is not None:
            headers["Authorization"] = f"Bearer {token}"
        if (body := options.get("body")) is not None:
            headers["Content-Type"] = "application/json"
            content = msgspec.json.encode(body)
        try:
            # A file may be kept elsewhere. httpx gives the token to no other origin.
            async with self._client.stream(
                method,
                path,
                content=content,
                files=options.get("files"),
                headers=headers,
                follow_redirects=method == "GET",
            ) as answer:
                if not answer.is_success and answer.status_code != NOT_MODIFIED:
                    wait = answer.headers.get("Retry-After")
                    raise refusal(answer.status_code, await answer.aread(), wait)
                yield answer
        except httpx.TransportError as error:
            said = str(error) or type(error).__name__
            raise PayamError(f"The server cannot be reached: {said}", code="offline") from error


def refusal(status: int, body: bytes | bytearray, retry_after: str | None) -> PayamError:
    """The error that an answer other than 2xx describes."""
    try:
        problem = msgspec.json.decode(body, type=_Problem)
    except msgspec.DecodeError:
        problem = _Problem()
    return PayamError(
        problem.detail or f"The server answered {status}.",
        code=problem.code,
        status=status,
        errors=problem.errors,
        retry_after=float(retry_after) if retry_after and retry_after.isdecimal() else None,
    )
