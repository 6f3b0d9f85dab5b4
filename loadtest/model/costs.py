"""What one of each thing costs, and where that was measured. The model has no other numbers.

Processor time is in seconds of one core, memory in bytes. "Small machine" is the shared virtual one
with two cores of docs/performance.md. Better cores need less time.
"""

from dataclasses import dataclass

MICRO = 1e-6
MILLI = 1e-3
KIB = 1024
MIB = 1024 * KIB

YARDSTICK = 440 * MICRO
"""Seconds that the piece of work of `loadtest/yardstick.py` takes on the core of these times. Where
it takes twice as long, so does everything else.
"""


@dataclass(frozen=True)
class Cost:
    value: float
    source: str


CLUSTER = (
    "`loadtest cluster --model`, 23 loads of 1,996 to 15,316 messages per second, by yardstick"
)
GROWTH = "`loadtest growth`, PostgreSQL and Redis, small machine"

WORKER_MEMORY = Cost(90 * MIB, f"{GROWTH}, 200 people after an hour (`2646199`)")
SOCKET_MEMORY = Cost(1.94 * KIB, "`loadtest compare`, 8,000 idle sockets (`4f3af0f`)")
ENTRY_MEMORY = Cost(
    (7.0 - 1.94) * KIB / 200,
    "the difference to 5,000 users with 200 conversations each (`efde832`), per conversation",
)
DELIVERY_TIME = Cost(1.02 * MICRO, f"{GROWTH}, `receivers`: 10 to 1,000 receivers (`4f3af0f`)")
RELAY_TIME = Cost(15.6 * MICRO, "redis-py alone: 64,000 messages per second read on a core, RESP3")
COMMIT_SECONDS = Cost(
    4 * MILLI, "`loadtest pairs`: 100 messages in flight, 25,400 per second; of the clock"
)
WORKER_TIME = Cost(
    10 * MILLI, f"{CLUSTER}, without messages: 0.061 of a core, 6 workers; per second"
)
COMMIT_TIME = Cost(1.47 * MILLI, f"{CLUSTER}: the part per commit")
MESSAGE_TIME = Cost(
    24 * MICRO, f"{CLUSTER}: the part per message, to two sockets, with its way through Redis"
)
RETURN_TIME = Cost(0.85 * MILLI, "`loadtest compare`, `everything`: a return (`efde832`)")
PAGE_TIME = Cost(0.36 * MILLI, "`loadtest rest`, a page of 50 messages, busy machine (`fd39efe`)")

POSTGRES_IDLE = Cost(22 * MILLI, f"{CLUSTER}, without messages: 0.022 of a core")
POSTGRES_COMMIT = Cost(
    1.67 * MILLI, f"{CLUSTER}: the part per commit, with PgBouncer and a standby"
)
POSTGRES_MESSAGE = Cost(44 * MICRO, f"{CLUSTER}: the part per message")
POSTGRES_RETURN = Cost(0.6 * MILLI, "users with 200 conversations each, busy machine (`028a387`)")
POSTGRES_READ = Cost(0.8 * MILLI, "`loadtest rest`, busy machine (`fd39efe`): 0.6 and 1.0 ms")
STORED_MESSAGE = Cost(800.0, "4 GB for the 5,000,000 messages of `loadtest growth`, with indexes")

REDIS_IDLE = Cost(1 * MILLI, f"{CLUSTER}: the part that does not grow; 3 ms without messages")
REDIS_COMMIT = Cost(0.256 * MILLI, f"{CLUSTER}: the part per commit")
REDIS_MESSAGE = Cost(1.6 * MICRO, f"{CLUSTER}: the part per message: a publish, and 0.8 copies")
REDIS_COPY = Cost(
    7 * MICRO, "a private Redis 7 with 4 subscribers, one publish at a time, busy machine"
)
