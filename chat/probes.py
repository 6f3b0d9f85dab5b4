"""`python -m chat check`: tries each thing that a server needs, and changes nothing."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from chat.auth.keys import keys_from
from chat.auth.vapid import vapid_from
from chat.errors import NotFound, PayamError, Unavailable
from chat.realtime.relay.connect import relay_over
from chat.realtime.relay.relay import RelayListener
from chat.store import schema
from chat.store.bucket import Bucket
from chat.store.connect import attempt_lock, connect
from config import address, folder
from config.errors import SettingsError
from config.settings import Settings

Probe = Callable[[Settings], Awaitable[str]]
"""Returns what was found. Raises SettingsError or PayamError, whose text says what is wrong."""

RELAY_SECONDS = 6.0
"""Longer than Redis, or several Sentinels one after the other, may take to answer."""
LOOK_SECONDS = 0.01


async def report(settings: Settings, say: Callable[[str], None]) -> bool:
    """Say in one line for each thing whether it works. Returns whether all of them do."""
    relay = logging.getLogger("payam.relay")
    relay.disabled = True  # the line says the same
    try:
        return await try_all(settings, say)
    finally:
        relay.disabled = False


async def try_all(settings: Settings, say: Callable[[str], None]) -> bool:
    failed = 0
    for name, probe in PROBES.items():
        try:
            say(f"ok      {name}: {await probe(settings)}")
        except (SettingsError, PayamError) as error:
            failed += 1
            cause = error.__cause__ if isinstance(error, Unavailable) else None
            say(f"failed  {name}: {' '.join(str(cause or error).split())}")
    say(f"{failed} of {len(PROBES)} failed" if failed else "all of it can work")
    return failed == 0


async def files(settings: Settings) -> str:
    existed = folder.attempt(settings.data_dir)
    if settings.uploads.exists():
        folder.attempt(settings.uploads)
    if settings.attachment_storage:
        with contextlib.suppress(NotFound):  # so it answers
            await Bucket(settings.attachment_storage).size("payam-check")
    place = settings.data_dir.absolute()
    return f"{place} can be written" if existed else f"{place} is not there, and can be made"


async def port(settings: Settings) -> str:
    address.listen(settings.host, settings.port, 1).close()
    return f"{address.shown(settings.host, settings.port)} is free"


async def keys(settings: Settings) -> str:
    is_kept = not settings.jwt_secret and settings.jwt_algorithm == "HS256"
    if is_kept and not settings.secret_file.exists():
        return "a secret will be made at the start, and kept in DATA_DIR"
    source = keys_from(settings)  # makes no secret, because one exists
    await source.attempt()
    return f"{settings.jwt_algorithm} tokens can be checked"


async def push(settings: Settings) -> str:
    if not settings.push:
        return "none"
    if not settings.vapid_private_key and not settings.vapid_file.exists():
        return "a key will be made at the start, and kept in DATA_DIR"
    vapid_from(settings).prepare()
    lacks = "" if settings.vapid_subject else ", but not for Safari, which needs VAPID_SUBJECT"
    return f"web pushes can be signed{lacks}"


async def database(settings: Settings) -> str:
    attempt_lock(settings.database, has_relay=bool(settings.redis_url))
    store = connect(settings.database, 2)
    try:
        found = await store.inspect()
        if store.dialect == "postgresql":
            await store.open()
            await schema.require_current(store)
        return found
    finally:
        await store.close()


async def relay(settings: Settings) -> str:
    if not settings.redis_url:
        return "none, for one process alone"
    redis = relay_over(settings.redis_url)
    running = asyncio.create_task(redis.run(Deaf()))
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RELAY_SECONDS):
                while not (redis.is_connected or running.done()):
                    await asyncio.sleep(LOOK_SECONDS)
        if not redis.is_connected:
            raise Unavailable(redis.trouble or "Redis does not answer", retry_after=0)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return "what is published to Redis comes back"


class Deaf(RelayListener):
    """Receives what the relay brings, and ignores it."""

    def relayed(self, conversation_id: int, payload: bytes) -> None: ...

    def progress(self, seq: int) -> bytes:
        return b""

    def announced(self, payload: bytes) -> None: ...

    def subscribed(self, conversation_ids: Sequence[int]) -> None: ...

    def interrupted(self) -> None: ...


PROBES: dict[str, Probe] = {
    "files": files,
    "port": port,
    "keys": keys,
    "push": push,
    "database": database,
    "relay": relay,
}
