"""From a load and the measured costs to workers, nodes, memory and the load of the databases."""

from dataclasses import dataclass
from math import ceil

from loadtest.model import costs

MOST_ROUNDS = 100
DAY = 86_400


@dataclass(frozen=True)
class Demand:
    """A load, and how full things may be."""

    sockets: int
    messages: float
    """Per second."""
    receivers: int = 2
    """Sockets that get each message, the sender's own among them."""
    conversations: int = 50
    """Of the user of each socket."""
    returns: float | None = None
    """Sockets that come back per second; without it, each one once per hour."""
    pages: float | None = None
    """Pages of messages read per second; without it, each socket one in ten minutes."""
    commits: float | None = None
    """Per second, of all workers; without it, each commits what came while it committed."""
    cores: int = 8
    """Per node; one worker each."""
    busy: float = 0.6
    """The most that a core of Payam, Redis or PostgreSQL may be busy, as a fraction."""
    yardstick: float = costs.YARDSTICK
    """Seconds that a core takes for the piece of work of `loadtest/yardstick.py`."""

    @property
    def pace(self) -> float:
        """How many times as much processor time everything takes as on the core of the costs."""
        return self.yardstick / costs.YARDSTICK

    def commits_per_second(self, workers: int) -> float:
        """Messages that come while a worker commits share its next commit."""
        if self.commits is not None:
            return self.commits
        return min(self.messages, workers / costs.COMMIT_SECONDS.value)

    @property
    def returns_per_second(self) -> float:
        return self.sockets / 3600 if self.returns is None else self.returns

    @property
    def pages_per_second(self) -> float:
        return self.sockets / 600 if self.pages is None else self.pages


@dataclass(frozen=True)
class Need:
    """What the load needs. Busy values are numbers of cores that are fully busy."""

    workers: int
    nodes: int
    worker_busy: float
    """Of one worker, as a fraction of its core."""
    node_memory: float
    """Bytes."""
    remote: float
    """Other workers that each message is relayed to."""
    publishes: float
    relayed: float
    """Both per second."""
    redis_busy: float
    redis_primaries: int
    postgres_busy: float
    postgres_cores: int
    stored_per_day: float
    """Bytes."""
    all_return: float
    """Seconds of all workers until every socket is back after all were cut."""


def need_of(demand: Demand) -> Need:
    """Reckon. The number of workers decides how much is relayed, which decides the number of
    workers, so it goes on until both agree.
    """
    workers = 1
    for _ in range(MOST_ROUNDS):
        wanted = max(1, ceil(worker_time(demand, workers) / demand.busy))
        if wanted <= workers:
            break
        workers = wanted
    return need_with(demand, workers)


def need_with(demand: Demand, workers: int) -> Need:
    """Reckon what so many workers need, be they too few or too many."""
    remote = remote_workers(demand.receivers, workers)
    relayed = demand.messages * remote
    publishes = demand.messages if workers > 1 else 0.0
    commits = demand.commits_per_second(workers)
    postgres = demand.pace * (
        costs.POSTGRES_IDLE.value
        + commits * costs.POSTGRES_COMMIT.value
        + demand.messages * costs.POSTGRES_MESSAGE.value
        + demand.returns_per_second * costs.POSTGRES_RETURN.value
        + demand.pages_per_second * costs.POSTGRES_READ.value
    )
    redis = redis_time(demand, workers)
    primaries = max(1, ceil(redis / demand.busy)) if workers > 1 else 0
    redis += redis_idle(demand, 2 * primaries)
    nodes = ceil(workers / demand.cores)
    socket = costs.SOCKET_MEMORY.value + demand.conversations * costs.ENTRY_MEMORY.value
    memory = workers * costs.WORKER_MEMORY.value + demand.sockets * socket
    return Need(
        workers=workers,
        nodes=nodes,
        worker_busy=worker_time(demand, workers) / workers,
        node_memory=memory / nodes,
        remote=remote,
        publishes=publishes,
        relayed=relayed,
        redis_busy=redis,
        redis_primaries=primaries,
        postgres_busy=postgres,
        postgres_cores=max(1, ceil(postgres / demand.busy)),
        stored_per_day=demand.messages * DAY * costs.STORED_MESSAGE.value,
        all_return=demand.pace * demand.sockets * costs.RETURN_TIME.value / workers,
    )


def worker_time(demand: Demand, workers: int) -> float:
    """Seconds of processor time per second, of all workers together, if there are so many."""
    message = (
        costs.MESSAGE_TIME.value
        + max(0, demand.receivers - 2) * costs.DELIVERY_TIME.value
        + more_copies(demand.receivers, workers) * costs.RELAY_TIME.value
    )
    return demand.pace * (
        workers * costs.WORKER_TIME.value
        + demand.commits_per_second(workers) * costs.COMMIT_TIME.value
        + demand.messages * message
        + demand.returns_per_second * costs.RETURN_TIME.value
        + demand.pages_per_second * costs.PAGE_TIME.value
    )


def redis_time(demand: Demand, workers: int) -> float:
    """The same of all primaries together, besides what they take idle."""
    if workers == 1:
        return 0.0
    copies = more_copies(demand.receivers, workers)
    return demand.pace * (
        demand.commits_per_second(workers) * costs.REDIS_COMMIT.value
        + demand.messages * (costs.REDIS_MESSAGE.value + copies * costs.REDIS_COPY.value)
    )


def redis_idle(demand: Demand, servers: int) -> float:
    """What so many servers of Redis, replicas among them, take without any load."""
    return demand.pace * servers * costs.REDIS_IDLE.value


def more_copies(receivers: int, workers: int) -> float:
    """Copies of a message through Redis, besides those of one to two sockets."""
    return max(0.0, remote_workers(receivers, workers) - remote_workers(2, workers))


def remote_workers(receivers: int, workers: int) -> float:
    """How many workers besides the sender's own have a receiver, if sockets are spread evenly."""
    others = receivers - 1
    return (workers - 1) * (1 - (1 - 1 / workers) ** others)
