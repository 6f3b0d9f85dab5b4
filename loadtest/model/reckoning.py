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
    cores: int = 8
    """Per node; one worker each."""
    busy: float = 0.6
    """The most that a core of Payam, Redis or PostgreSQL may be busy, as a fraction."""

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
    remote = remote_workers(demand.receivers, workers)
    relayed = demand.messages * remote
    publishes = demand.messages if workers > 1 else 0.0
    redis = publishes * costs.REDIS_PUBLISH.value + relayed * costs.REDIS_COPY.value
    postgres = (
        demand.messages * costs.POSTGRES_MESSAGE.value
        + demand.returns_per_second * costs.POSTGRES_RETURN.value
        + demand.pages_per_second * costs.POSTGRES_READ.value
    )
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
        redis_primaries=ceil(redis / demand.busy) if workers > 1 else 0,
        postgres_busy=postgres,
        postgres_cores=max(1, ceil(postgres / demand.busy)),
        stored_per_day=demand.messages * DAY * costs.STORED_MESSAGE.value,
        all_return=demand.sockets * costs.RETURN_TIME.value / workers,
    )


def worker_time(demand: Demand, workers: int) -> float:
    """Seconds of processor time per second, of all workers together, if there are so many."""
    relaying = 0.0
    if workers > 1:
        remote = remote_workers(demand.receivers, workers)
        relaying = costs.PUBLISH_TIME.value + remote * costs.RELAY_TIME.value
    message = costs.MESSAGE_TIME.value + demand.receivers * costs.DELIVERY_TIME.value + relaying
    return (
        demand.messages * message
        + demand.returns_per_second * costs.RETURN_TIME.value
        + demand.pages_per_second * costs.PAGE_TIME.value
    )


def remote_workers(receivers: int, workers: int) -> float:
    """How many workers besides the sender's own have a receiver, if sockets are spread evenly."""
    others = receivers - 1
    return (workers - 1) * (1 - (1 - 1 / workers) ** others)
