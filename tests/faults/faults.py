"""The faults of clients, workers, Redis and PostgreSQL. Each breaks something for a while."""

import asyncio
import os
import random
import signal
from collections.abc import Sequence

import psycopg

from tests.faults.load import IN_DOUBT, IS_LONG, Outcome
from tests.faults.proxy import Way
from tests.faults.scene import CROWD, WRITE_SECONDS, Fault, Scene, workers
from tests.support.redis_cluster import ClusterNode, RedisCluster
from tests.support.server_process import ServerProcess

SHARE = 0.3
"""Of the clients, each time."""
CUTS = 40 if IS_LONG else 15
KILLS = 6 if IS_LONG else 2
TIMES = 5 if IS_LONG else 2
HANGS_SECONDS = 8
REDIS_GONE_SECONDS = 30 if IS_LONG else 4
POSTGRES_GONE_SECONDS = 10 if IS_LONG else 3
FOUND_SECONDS = 60
REPLACED_SECONDS = 60
EVERYONE = "chat_everyone"
ABNORMAL = 1006
"""The code that a client gives a connection which ended without a close frame."""

UNANSWERED = 1011
"""The code that a client gives a connection on which its pings are not answered."""


async def any_moment(least: float, most: float) -> None:
    await asyncio.sleep(random.uniform(least, most))  # noqa: S311 - any moment


async def cut_clients(scene: Scene) -> None:
    """A third of them each time, in the middle of frames, handshakes and resumes."""
    for _ in range(CUTS):
        await any_moment(0.05, 0.4)
        scene.clients.cut(SHARE)


async def leave_half_open(scene: Scene) -> None:
    """Both ends give up unasked, since nobody answers their pings, and the clients resume."""
    before, dropped = scene.clients.given_up(), 0
    for _ in range(2):
        await asyncio.sleep(1)
        dropped += scene.clients.drop_half_open(SHARE)
    assert dropped > 0
    async with asyncio.timeout(FOUND_SECONDS):
        while scene.clients.given_up() < before + dropped:
            await asyncio.sleep(0.1)


async def two_workers(scene: Scene) -> list[int]:
    """Their ids, once both are there."""
    async with asyncio.timeout(FOUND_SECONDS):
        while len(found := workers(scene.seeded)) < 2:
            await asyncio.sleep(0.05)
    return found


async def kill_workers_in_turn(scene: Scene) -> None:
    """gunicorn replaces each; nobody notices but by a pause."""
    for _ in range(KILLS):
        await any_moment(0.5, 1.5)
        os.kill(random.choice(await two_workers(scene)), signal.SIGKILL)  # noqa: S311


async def kill_both_workers(scene: Scene) -> None:
    """For a while nobody serves at all."""
    await asyncio.sleep(1)
    for pid in await two_workers(scene):
        os.kill(pid, signal.SIGKILL)


async def replace_workers_twice(scene: Scene) -> None:
    """gunicorn replaces its workers, which tell each client when to come back."""
    for _ in range(2):
        await asyncio.sleep(1)
        old = set(workers(scene.seeded))
        os.kill(scene.seeded.payam.process.pid, signal.SIGHUP)
        async with asyncio.timeout(REPLACED_SECONDS):
            while old & set(workers(scene.seeded)):
                await asyncio.sleep(0.05)


async def restart(server: ServerProcess, times: int, *, crash: bool = False) -> None:
    for _ in range(times):
        await asyncio.sleep(0.7)
        await asyncio.to_thread(server.kill if crash else server.stop)
        await asyncio.to_thread(server.start)


async def be_gone(server: ServerProcess, seconds: float) -> None:
    """Nobody listens on its port meanwhile."""
    await asyncio.sleep(0.5)
    await asyncio.to_thread(server.stop)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(server.start)


async def hang(server: ServerProcess) -> None:
    """Its connections stay open, and nothing comes."""
    await asyncio.sleep(0.5)
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(HANGS_SECONDS)
    finally:
        os.kill(server.process.pid, signal.SIGCONT)


async def crash_postgres_and_return(scene: Scene) -> None:
    """Clients come back with the cursors and numbers that they had before the crash."""
    await restart(scene.postgres, TIMES, crash=True)
    assert scene.load is not None
    await asyncio.gather(*(client.reconnect() for client in scene.load.clients))


async def terminate_backends(scene: Scene) -> None:
    """All of them at once, in the middle of whatever they do."""

    def terminate() -> None:
        with psycopg.connect(scene.postgres.url("postgres"), autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    for _ in range(TIMES * 4):
        await any_moment(0.1, 0.5)
        await asyncio.to_thread(terminate)


async def cut_database(scene: Scene) -> None:
    """Whether a commit was stored is not known then, and is found out by trying again.

    Not every cut meets a commit, so it goes on until one has.
    """
    assert scene.database is not None
    for number in range(TIMES * 50):
        if number >= TIMES * 5 and IN_DOUBT in scene.seeded.payam.log():
            return
        await any_moment(0.05, 0.4)
        scene.database.cut()


async def hold_answers_back(scene: Scene) -> None:
    """For longer than a change may wait, those of commits among them."""
    assert scene.database is not None
    await asyncio.sleep(0.7)
    scene.database.stall(Way.BACK)
    await asyncio.sleep(WRITE_SECONDS + 2)
    scene.database.resume()


async def fail_over(scene: Scene) -> None:
    """The replica is promoted, and the primary comes back as a replica; then the next primary."""

    def lose(cluster: RedisCluster, victim: ClusterNode) -> None:
        victim.kill()
        cluster.wait_until_whole()
        victim.start()
        cluster.wait_for_replicas()

    assert scene.cluster is not None
    carrier = await asyncio.to_thread(scene.cluster.primary_of, EVERYONE)
    primaries = await asyncio.to_thread(scene.cluster.primaries)
    other = next(node for node in primaries if node is not carrier)
    for victim in (carrier, other):
        await asyncio.sleep(0.7)
        await asyncio.to_thread(lose, scene.cluster, victim)


async def hang_primary(scene: Scene) -> None:
    """Awake again, it is a replica."""
    assert scene.cluster is not None
    victim = await asyncio.to_thread(scene.cluster.primary_of, EVERYONE)
    await hang(victim)
    await asyncio.to_thread(scene.cluster.wait_until_whole)
    await asyncio.to_thread(scene.cluster.wait_for_replicas)


def nobody_sent_away(_: Scene, outcomes: Sequence[Outcome]) -> None:
    """The workers close no socket. A client may still give up one, since it waits two seconds for a
    pong.
    """
    for outcome in outcomes:
        assert outcome.codes.keys() <= {ABNORMAL, UNANSWERED}


def in_doubt(scene: Scene, outcomes: Sequence[Outcome]) -> None:
    nobody_sent_away(scene, outcomes)
    assert IN_DOUBT in scene.seeded.payam.log()


def cut_often(scene: Scene, outcomes: Sequence[Outcome]) -> None:
    nobody_sent_away(scene, outcomes)
    for outcome in outcomes:
        assert outcome.reconnects >= CUTS
        assert outcome.codes[ABNORMAL] > 0


def given_up(_: Scene, outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        assert outcome.reconnects > 0
        assert outcome.codes.keys() <= {ABNORMAL, UNANSWERED}


def killed(scene: Scene, outcomes: Sequence[Outcome]) -> None:
    nobody_sent_away(scene, outcomes)
    for outcome in outcomes:
        assert outcome.codes[ABNORMAL] > 0


def all_killed(scene: Scene, outcomes: Sequence[Outcome]) -> None:
    killed(scene, outcomes)
    assert all(outcome.reconnects >= outcome.clients for outcome in outcomes)


def all_sent_away(_: Scene, outcomes: Sequence[Outcome]) -> None:
    assert all(outcome.codes[1012] >= CROWD for outcome in outcomes)


def all_returned(scene: Scene, outcomes: Sequence[Outcome]) -> None:
    """After a crash, a cursor from before cannot be compared: who has one asks by `seq`."""
    assert scene.load is not None
    for outcome in outcomes:
        assert outcome.reconnects >= outcome.clients
        assert (outcome.anew > 0) == (scene.load.socket == "/ws/")


FAULTS = (
    Fault("clients cut off at random moments", "pair", cut_clients, cut_often, through_proxy=True),
    Fault(
        "clients half-open: no FIN, found by heartbeat",
        "pair",
        leave_half_open,
        given_up,
        through_proxy=True,
    ),
    Fault("kill -9 of a worker, again and again", "pair", kill_workers_in_turn, killed),
    Fault("kill -9 of both workers", "pair", kill_both_workers, all_killed),
    Fault("Redis restarted", "pair", lambda scene: restart(scene.redis, 2), nobody_sent_away),
    Fault(
        "Redis killed",
        "pair",
        lambda scene: restart(scene.redis, 3, crash=True),
        nobody_sent_away,
    ),
    Fault(
        f"Redis stopped by SIGSTOP for {HANGS_SECONDS} s",
        "pair",
        lambda scene: hang(scene.redis),
        nobody_sent_away,
    ),
    Fault(
        f"Redis gone for {REDIS_GONE_SECONDS} s",
        "pair",
        lambda scene: be_gone(scene.redis, REDIS_GONE_SECONDS),
        nobody_sent_away,
    ),
    Fault(
        "PostgreSQL restarted",
        "pair",
        lambda scene: restart(scene.postgres, TIMES),
        nobody_sent_away,
    ),
    Fault(
        "PostgreSQL killed",
        "pair",
        lambda scene: restart(scene.postgres, TIMES, crash=True),
        nobody_sent_away,
    ),
    Fault(
        "PostgreSQL killed, then clients that come back with what they had before",
        "pair",
        crash_postgres_and_return,
        all_returned,
    ),
    Fault(
        f"PostgreSQL gone for {POSTGRES_GONE_SECONDS} s",
        "pair",
        lambda scene: be_gone(scene.postgres, POSTGRES_GONE_SECONDS),
        nobody_sent_away,
    ),
    Fault("every PostgreSQL backend terminated", "pair", terminate_backends, nobody_sent_away),
    Fault("connections to PostgreSQL cut", "apart", cut_database, in_doubt),
    Fault(
        "PostgreSQL's answers held back for longer than WRITE_TIMEOUT",
        "apart",
        hold_answers_back,
        in_doubt,
    ),
    Fault(
        f"rolling restart with {CROWD} sockets, twice in a row",
        "crowd",
        replace_workers_twice,
        all_sent_away,
    ),
    Fault(
        "Redis Cluster: primary killed and failed over",
        "on_cluster",
        fail_over,
        nobody_sent_away,
    ),
    Fault(
        f"Redis Cluster: primary stopped by SIGSTOP for {HANGS_SECONDS} s",
        "on_cluster",
        hang_primary,
        nobody_sent_away,
    ),
)
