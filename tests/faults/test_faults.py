"""Nothing is lost, doubled or out of order, whatever breaks and however clients are connected."""

import pytest

from tests.faults import faults, faults_of_storage
from tests.faults.load import IS_LONG, MESSAGES, RATE, SOCKETS, Load, Outcome, one_round
from tests.faults.report import Proof
from tests.faults.scene import Fault, scene_of
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

# Those of one place together, so that each is set up once.
FAULTS = sorted((*faults_of_storage.FAULTS, *faults.FAULTS), key=lambda fault: fault.on)


# The short form breaks the same, while less is said.
PACE, LEAST = (RATE, MESSAGES) if IS_LONG else (RATE // 4, MESSAGES // 4)

# What breaks behind the workers is the same for every socket: `make soak` breaks it for each, and
# the short form for the socket that carries the more.
RUNS = [
    pytest.param(fault, socket, id=f"{fault.row}-{socket}")
    for fault in FAULTS
    for socket in SOCKETS
    if IS_LONG or socket == SOCKETS[-1] or fault.through_proxy or fault.on == "crowd"
]


@pytest.mark.parametrize(("fault", "socket"), RUNS)
async def test_nothing_is_lost(
    fault: Fault,
    socket: str,
    request: pytest.FixtureRequest,
    postgres: PostgresServer,
    redis: RedisServer,
    prove: Proof,
) -> None:
    """What was acked is stored once, and everybody has received it once and in order."""
    async with scene_of(fault.on, socket, request, postgres, redis) as scene:

        async def round_() -> Outcome:
            line = scene.clients if fault.through_proxy else None
            changes = fault.changes
            scene.load = Load(scene.seeded, line, changes=changes, socket=socket, rate=PACE)
            return await one_round(scene.load, lambda: fault.breaks(scene), messages=LEAST)

        fault.shown(scene, await prove(fault.row, socket, round_))
