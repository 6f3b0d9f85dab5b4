"""Clients whose connections break: they resume, and see every change once and in order."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from tests.faults.deployment import Seeded
from tests.faults.load import IS_LONG, Outcome, under_load
from tests.faults.proxy import FaultProxy
from tests.faults.report import Proof

CUTS = 40 if IS_LONG else 15
SHARE = 0.3
"""Of the clients, each time."""
FOUND_SECONDS = 30


@pytest.fixture
async def line(pair: Seeded) -> AsyncIterator[FaultProxy]:
    """What clients reach the workers over."""
    async with FaultProxy(pair.payam.port) as proxy:
        yield proxy


async def test_clients_cut_off_at_random_moments_resume(
    pair: Seeded, line: FaultProxy, prove: Proof
) -> None:
    """A third of them each time, in the middle of frames, handshakes and resumes."""

    async def cut() -> None:
        for _ in range(CUTS):
            await asyncio.sleep(random.uniform(0.05, 0.4))  # noqa: S311 - any moment
            line.cut(SHARE)

    async def round_() -> Outcome:
        return await under_load(pair, cut, line=line)

    outcomes = await prove("clients cut off at random moments", round_)
    assert all(outcome.reconnects >= CUTS for outcome in outcomes)


async def test_half_open_connections_are_found_by_heartbeat(
    pair: Seeded, line: FaultProxy, prove: Proof
) -> None:
    """Both ends give them up unasked, and the clients resume."""
    dropped = 0

    async def drop() -> None:
        nonlocal dropped
        for _ in range(2):
            await asyncio.sleep(1)
            dropped += line.drop_half_open(SHARE)

    async def round_() -> Outcome:
        outcome = await under_load(pair, drop, line=line)
        async with asyncio.timeout(FOUND_SECONDS):
            while line.given_up() < dropped:
                await asyncio.sleep(0.1)
        return outcome

    await prove("clients half-open: no FIN, found by heartbeat", round_)
    assert dropped > 0
