"""The keys with which tokens are checked: a secret, a PEM, or a key set.

`keys_from(settings)` gives one of two. A `FixedKey` never changes. `PublishedKeys` is the key
set (JWKS, RFC 7517) of another issuer. A thread fetches it before it is needed, so checking a
token waits for the network only if its key was never seen before.
"""

import asyncio
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, TypeAlias

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from chat.errors import NotAuthenticated, Unavailable
from config.errors import SettingsError
from config.kept import signing_secret
from config.settings import Settings

logger = logging.getLogger(__name__)

PublicKey: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey

REFRESH_SECONDS = 600.0
PAUSE_SECONDS = 10.0
FETCH_TIMEOUT = 5.0
"""Seconds between two bytes of the issuer's answer."""
FETCH_DEADLINE = 10.0
"""Seconds for the whole of it. After that nobody waits any longer."""

FITS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "RS256": (
        "an RSA key of at least 2048 bits",
        lambda key: isinstance(key, RSAPublicKey) and key.key_size >= 2048,
    ),
    "ES256": (
        "an elliptic curve key on P-256",
        lambda key: isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1),
    ),
    "EdDSA": (
        "an Ed25519 or Ed448 key",
        lambda key: isinstance(key, Ed25519PublicKey | Ed448PublicKey),
    ),
}


class Keys(ABC):
    """Gives the key with which a token must be signed. Use it between `start` and `close`.

    `generation` is a counter: it grows each time that the keys may have become others.
    """

    generation = 0

    @abstractmethod
    async def key_for(self, token: str) -> str | PublicKey:
        """The key that the token's header names.

        Raises NotAuthenticated if the issuer does not have that key, and Unavailable while no
        key is known at all.
        """

    async def start(self) -> None:  # noqa: B027 # only a key set has something to start
        """Get the keys before the first token comes."""

    async def attempt(self) -> None:  # noqa: B027
        """Get a key once, without `start`. Raises Unavailable, which says why there is none."""

    async def close(self) -> None:  # noqa: B027
        """Stop what `start` began."""


class FixedKey(Keys):
    def __init__(self, key: str | PublicKey) -> None:
        self._key = key

    async def key_for(self, token: str) -> str | PublicKey:
        return self._key


class PublishedKeys(Keys):
    """The keys at `url` that fit `algorithm`, fetched again every `refresh` seconds.

    An unknown key id starts a fetch too, because issuers change keys at any time. But no fetch
    begins within `pause` seconds of the last one, because an attacker can make up any number of
    key ids. When a fetch fails, the known keys stay, and the next try is after `pause`.
    """

    def __init__(
        self,
        url: str,
        algorithm: str,
        *,
        refresh: float = REFRESH_SECONDS,
        pause: float = PAUSE_SECONDS,
        deadline: float = FETCH_DEADLINE,
    ) -> None:
        self._client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=FETCH_TIMEOUT)
        self._url = url
        self._algorithm = algorithm
        self._refresh = refresh
        self._pause = pause
        self._deadline = deadline
        self._keys: list[tuple[object, PublicKey]] = []  # with their key ids
        self._last_fetch = -pause
        self._fetching: asyncio.Task[bool] | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._is_reading = False

    async def start(self) -> None:
        """Fetch now, and again and again. An issuer that is away is logged, and tried again."""
        succeeded = await self._fetch()
        self._refreshing = asyncio.create_task(self._keep_fresh(succeeded))

    async def close(self) -> None:
        tasks = [task for task in (self._refreshing, self._fetching) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def key_for(self, token: str) -> str | PublicKey:
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError as error:
            raise NotAuthenticated("The token is not valid.", code="token_invalid") from error
        key = self._find(key_id)
        if key is None and (self._is_fetching or monotonic() - self._last_fetch >= self._pause):
            await self._fetch()
            key = self._find(key_id)
        if not self._keys:
            raise Unavailable(
                "Tokens cannot be checked at the moment: their issuer does not answer.",
                retry_after=self._pause,
            )
        if key is None:
            raise NotAuthenticated("The token is not valid.", code="token_invalid")
        return key

    def _find(self, key_id: str | None) -> PublicKey | None:
        if key_id is None:
            return self._keys[0][1] if len(self._keys) == 1 else None
        return next((key for known_id, key in self._keys if known_id == key_id), None)

    async def _keep_fresh(self, succeeded: bool) -> None:
        while True:
            await asyncio.sleep(self._refresh if succeeded else self._pause)
            succeeded = await self._fetch()

    @property
    def _is_fetching(self) -> bool:
        return self._fetching is not None and not self._fetching.done()

    async def _fetch(self) -> bool:
        """Fetch the keys; returns whether it worked. Calls during a fetch wait for the same one."""
        if self._fetching is None or self._fetching.done():
            self._last_fetch = monotonic()
            self._fetching = asyncio.create_task(self._fetch_once())
        # The caller may be cancelled, but the fetch goes on, because others wait for it too.
        return await asyncio.shield(self._fetching)

    async def _fetch_once(self) -> bool:
        try:
            await self.attempt()
        except Unavailable as error:  # the known keys stay in use
            logger.warning("%s", error)
            return False
        return True

    async def attempt(self) -> None:
        place = f"JWT_JWKS_URL: {self._url}"
        try:
            async with asyncio.timeout(self._deadline):
                published = await self._read()
            keys = usable_keys(published, self._algorithm)
        except Exception as error:  # an issuer may answer anything
            raise Unavailable(
                f"{place} gives no keys: {error!r}", retry_after=self._pause
            ) from None
        if not keys:
            needed = f"{self._algorithm}, which needs {FITS[self._algorithm][0]}"
            raise Unavailable(f"{place} has no key for {needed}", retry_after=self._pause)
        self.replace(keys)

    async def _read(self) -> Any:
        """The issuer's answer, read in a thread of its own.

        An issuer that sends a byte now and then keeps this thread for as long as it likes. So there
        is one at most, none of those that other work needs, and the process does not wait for it.
        """
        if self._is_reading:
            raise TimeoutError("the answer before has not ended yet")
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Any] = loop.create_future()

        def settle(answer: Any, error: Exception | None) -> None:
            self._is_reading = False
            if answered.done():  # nobody waits any longer
                return
            if error is None:
                answered.set_result(answer)
            else:
                answered.set_exception(error)

        def read() -> None:
            answer, failure = None, None
            try:
                answer = self._client.fetch_data()
            except Exception as error:  # it is raised where it is awaited
                failure = error
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(settle, answer, failure)

        self._is_reading = True
        threading.Thread(target=read, name="issuer's keys", daemon=True).start()
        return await answered

    def replace(self, keys: list[tuple[object, PublicKey]]) -> None:
        """From now on these are the issuer's keys, each with its id."""
        if keys != self._keys:
            self._keys = keys
            self.generation += 1


def keys_from(settings: Settings) -> Keys:
    """The keys for these settings. Raises SettingsError if JWT_PUBLIC_KEY has no key that fits."""
    if settings.jwt_jwks_url:
        return PublishedKeys(settings.jwt_jwks_url, settings.jwt_algorithm)
    if settings.jwt_public_key:
        return FixedKey(read_public_key(settings.jwt_public_key, settings.jwt_algorithm))
    return FixedKey(signing_secret(settings))


def read_public_key(pem_or_path: str, algorithm: str) -> PublicKey:
    """Read a public key. Raises SettingsError, which never repeats the value, because it may be a
    private key.
    """
    needed, fits = FITS[algorithm]
    allowed = f"it may be {needed}, public and in PEM, or the path of a file that holds one"
    if pem_or_path.startswith("-----BEGIN "):
        # Files of environment variables cannot have line ends in a value, so \n stands for them.
        pem = pem_or_path.replace("\\n", "\n").encode(errors="replace")
    else:
        try:
            pem = Path(pem_or_path).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a path"
            raise SettingsError(
                f"JWT_PUBLIC_KEY: there is no such file to read ({reason}); {allowed}"
            ) from None
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise SettingsError(f"JWT_PUBLIC_KEY: that is no public key; {allowed}") from None
    if not fits(key):
        raise SettingsError(
            f"JWT_PUBLIC_KEY: that key does not fit JWT_ALGORITHM={algorithm}; {allowed}"
        )
    return key  # type: ignore[return-value] # `fits` has seen its type


def usable_keys(published: dict[str, Any], algorithm: str) -> list[tuple[object, PublicKey]]:
    """The key id and the key of each member of a key set that fits `algorithm`."""
    keys: list[tuple[object, PublicKey]] = []
    members = published.get("keys")
    for member in members if isinstance(members, list) else []:
        if not isinstance(member, dict):
            continue
        if member.get("use", "sig") != "sig" or member.get("alg", algorithm) != algorithm:
            continue
        try:
            key = jwt.PyJWK(member, algorithm).key
        except Exception:  # noqa: S112 # RFC 7517 section 5: what makes no sense is passed over
            continue
        if FITS[algorithm][1](key):
            keys.append((member.get("kid"), key))
    return keys
