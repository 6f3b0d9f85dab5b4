"""Readiness follows what a process stands on."""

import asyncio

import httpx

from tests.support.payam_server import PayamServer
from tests.support.redis_server import RedisServer

PATIENCE_SECONDS = 30  # keeps a test from hanging


async def test_readiness_follows_the_relay() -> None:
    """503 that names it while Redis is away, 200 once it is back; alive all the time."""
    with (
        RedisServer() as relay,
        PayamServer({"REDIS_URL": relay.url}) as server,
    ):
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
            relay.stop()
            away = await until(http, 503)
            assert away.json()["missing"] == ["relay"]
            assert (await http.get("/health/live")).status_code == 200
            relay.start()
            back = await until(http, 200)
            assert back.json() == {"status": "ready"}


async def until(http: httpx.AsyncClient, status: int) -> httpx.Response:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (response := await http.get("/health/ready")).status_code != status:
            await asyncio.sleep(0.05)
    return response
