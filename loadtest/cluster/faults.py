"""What breaks in a cluster. Each fault returns once all is mended."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from loadtest.cluster.cluster import Cluster
from tests.faults.deployment import Seeded
from tests.faults.load import SOCKETS
from tests.support.commands import run_command

BEFORE_SECONDS = 1
AWAY_SECONDS = 6
"""How long a machine is cut off: longer than clients, nginx and Redis need to notice."""
SETTLED_SECONDS = 1


@dataclass(frozen=True)
class Fault:
    """`sockets` are those whose clients in the tests of faults can meet it."""

    row: str
    breaks: Callable[[Cluster], None]
    sockets: Sequence[str] = SOCKETS


def cut_off(cluster: Cluster) -> None:
    """The last machine, on which no PostgreSQL is: its workers reach nobody, and a Redis primary
    and a replica go with it.
    """
    machine = cluster.machines[-1]
    machine.cut_off()
    try:
        time.sleep(AWAY_SECONDS)
    finally:
        machine.plug_in()
    cluster.redis.wait_until_whole()
    cluster.redis.wait_for_replicas()


def lose_redis(cluster: Cluster) -> None:
    """A primary dies, and comes back as the replica of who took its place."""
    victim = cluster.redis.primaries()[0]
    victim.kill()
    cluster.redis.wait_until_whole()
    victim.start()
    cluster.redis.wait_for_replicas()


def lose_postgres(cluster: Cluster) -> None:
    """The primary dies, and the standby is promoted. It has all that was acknowledged, so the epoch
    stays.
    """
    before = epoch_of(cluster.people)
    cluster.fail_over()
    time.sleep(SETTLED_SECONDS)
    cluster.complete()
    after = epoch_of(cluster.people)
    assert before == after, f"the epoch was {before}, and is {after}"


def renew_epoch(cluster: Cluster) -> None:
    """The same, and then `restored`, as after a failover that may have lost commits."""
    before = epoch_of(cluster.people)
    cluster.fail_over()
    run_command("restored", settings=cluster.nodes[0].settings)
    time.sleep(SETTLED_SECONDS)
    cluster.complete()
    assert epoch_of(cluster.people) != before, f"the epoch is still {before}"


def restart_poolers(cluster: Cluster) -> None:
    for pooler in cluster.poolers:
        pooler.stop()
        pooler.start()
        time.sleep(SETTLED_SECONDS)


def epoch_of(people: Seeded) -> str:
    [(epoch,)] = people.query("SELECT epoch FROM history")
    return str(epoch)


FAULTS: Mapping[str, Fault] = {
    "none": Fault("nothing", lambda _: None),
    "machine": Fault(f"a machine cut off for {AWAY_SECONDS} s", cut_off),
    "redis": Fault("a Redis primary killed, its replica promoted", lose_redis),
    "pgbouncer": Fault("each PgBouncer restarted", restart_poolers),
    "postgres": Fault("PostgreSQL's primary killed, the standby promoted", lose_postgres),
    # With a cursor, which names its epoch, clients would have to read everything again over REST.
    "restored": Fault("the same, then `python -m chat restored`", renew_epoch, SOCKETS[:1]),
}
