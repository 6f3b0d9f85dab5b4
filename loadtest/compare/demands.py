"""What a comparison measures, and the goals of Payam beside each rival.

The factors are the project's own promise. They are between medians of rounds in which the servers
took turns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from loadtest.crowd import Crowd
from loadtest.measuring import Run

FEW = Crowd(users=4, conversations=98, members=2)
"""User 1 of these is in fifty conversations: the first, and every even one."""
MANY_EACH = Crowd(users=5000, conversations=100_000, members=10)
"""Each of these is in 200 conversations, and in that of everybody."""
THOUSAND_EACH = Crowd(users=10, conversations=5000, members=2)
TEN_THOUSAND_EACH = Crowd(users=4, conversations=20_000, members=2)
MILLISECOND = 1e-3

RUNS = {
    # This comes first: for seconds after much was written, a commit may take half a second.
    "latency": Run("latency", "--receivers 200 --rate 10 --seconds 10"),
    "fanout 200": Run("fanout", "--receivers 200 --in-flight 8 --seconds 5"),
    "fanout 500": Run("fanout", "--receivers 500 --in-flight 64 --seconds 5"),
    "pairs": Run("pairs", "--pairs 50 --in-flight 1 --seconds 5"),
    "idle": Run("idle", "--sockets 8000"),
    "everything": Run(
        "everything", "--sockets 5000 --missed 10 --missed-in 10 --times 1", crowd=MANY_EACH
    ),
    "resume": Run(
        "everything", "--sockets 9 --missed 500 --missed-in 100 --times 20", crowd=THOUSAND_EACH
    ),
    "first screen": Run(
        "everything", "--sockets 3 --missed 2 --missed-in 2 --times 20", crowd=TEN_THOUSAND_EACH
    ),
    # Posts come last: a server that stores more in this time would have more to read after it.
    "rest": Run("rest", "--requests list read post --page 50 --seconds 4", crowd=FEW),
}


@dataclass(frozen=True)
class Bound:
    """The least, or the most, that a value may be, as a multiple of another value."""

    word: Literal["at least", "at most"]
    factor: float

    def holds(self, ratio: float) -> bool:
        return ratio >= self.factor if self.word == "at least" else ratio <= self.factor

    def __str__(self) -> str:
        return f"{self.word} {self.factor:g}×"


def least(factor: float) -> Bound:
    return Bound("at least", factor)


def most(factor: float) -> Bound:
    return Bound("at most", factor)


def beside(*peers: str) -> dict[str, Bound | None]:
    """These without a goal."""
    return dict.fromkeys(peers)


@dataclass(frozen=True)
class Figure:
    """One row: a metric of a run, for `subject` and for its rivals (names of peers).

    A rival has a bound if there is a goal. `limit` is the most that the subject's own value may
    be. Values are divided by `unit` before they are shown.
    """

    title: str
    run: str
    metric: str
    subject: str = "payam"
    rivals: Mapping[str, Bound | None] = field(default_factory=dict)
    limit: float | None = None
    unit: float = 1


FIGURES = (
    Figure(
        "deliveries/s, 200 receivers, 8 in flight",
        "fanout 200",
        "deliveries_per_second",
        rivals={
            "channels": least(50),
            "socketio": least(6),
            "nchan": least(1.5),
            "uwebsockets": None,
            "ejabberd": least(25),
        },
    ),
    Figure(
        "deliveries/s, 500 receivers, 64 in flight",
        "fanout 500",
        "deliveries_per_second",
        rivals={"socketio": least(30), "nchan": least(6), "uwebsockets": None},
    ),
    Figure(
        "durable messages/s, 50 conversations of two, 1 in flight per client",
        "pairs",
        "messages_per_second",
        rivals={
            "channels": least(20),
            "socketio": least(7),
            "uwebsockets": least(0.5),
            "ejabberd": least(10),
        },
    ),
    Figure(
        "durable messages/s, on SQLite",
        "pairs",
        "messages_per_second",
        subject="payam-sqlite",
        rivals={"socketio": least(9)},
    ),
    Figure(
        "latency p50, ms, 200 receivers × 10 messages/s",
        "latency",
        "delivery_p50",
        rivals={
            "channels": None,
            "socketio": most(1),
            "nchan": None,
            "uwebsockets": None,
            "ejabberd": None,
        },
        unit=MILLISECOND,
    ),
    Figure(
        "latency p99, ms",
        "latency",
        "delivery_p99",
        rivals={
            "channels": None,
            "socketio": most(0.8),
            "nchan": most(2),
            "uwebsockets": None,
            "ejabberd": most(0.5),
        },
        unit=MILLISECOND,
    ),
    Figure(
        "latency p99, ms, on SQLite",
        "latency",
        "delivery_p99",
        subject="payam-sqlite",
        rivals={"nchan": most(1.5)},
        unit=MILLISECOND,
    ),
    Figure(
        "memory per idle socket, of 8,000, KiB",
        "idle",
        "kib_per_socket",
        rivals=beside("channels", "socketio", "nchan", "uwebsockets", "ejabberd"),
        limit=1.5,
    ),
    Figure(
        "handshakes/s, authenticated, with `since`",
        "idle",
        "handshakes_per_second",
        rivals={
            "channels": least(3),
            "socketio": None,
            "uwebsockets": None,
            "ejabberd": None,
        },
    ),
    Figure(
        "memory per socket for everything, KiB: 5,000 users with 200 conversations each",
        "everything",
        "kib_per_socket",
        rivals={"socketio": most(0.25)},
        limit=24,
    ),
    Figure(
        "returns/s of such users with a cursor, nothing missed",
        "everything",
        "returns_per_second",
        rivals={"socketio": least(5)},
    ),
    Figure(
        "return p50, ms, after 500 messages in 100 of 1,000 conversations, to the last frame",
        "resume",
        "resume_p50",
        rivals=beside("socketio", "synapse"),
        limit=10 * MILLISECOND,
        unit=MILLISECOND,
    ),
    Figure(
        "first screen p50, ms, of a user with 10,000 conversations: socket, newest 20",
        "first screen",
        "screen_p50",
        limit=200 * MILLISECOND,
        unit=MILLISECOND,
    ),
    Figure(
        "REST `POST` a message, requests/s",
        "rest",
        "post_per_second",
        rivals={"channels": least(15)},
    ),
    Figure(
        "REST `GET` 50 messages, requests/s",
        "rest",
        "read_per_second",
        rivals={"channels": least(20)},
    ),
    Figure(
        "REST list 50 conversations, requests/s",
        "rest",
        "list_per_second",
        rivals={"channels": least(15)},
    ),
    Figure(
        "server's CPU per delivery, µs, 200 receivers",
        "fanout 200",
        "server_cpu_per_delivery",
        rivals={
            **beside("channels", "socketio", "nchan", "ejabberd"),
            "uwebsockets": most(1),
        },
    ),
    Figure(
        "server's CPU per delivery, µs, 500 receivers",
        "fanout 500",
        "server_cpu_per_delivery",
        rivals=beside("socketio", "nchan", "uwebsockets"),
    ),
    Figure(
        "CPU per delivery, µs, two workers against one, 200 receivers",
        "fanout 200",
        "server_cpu_per_delivery",
        subject="payam-2",
        rivals={"payam": most(1.3)},
    ),
    Figure(
        "CPU per delivery, µs, four workers against one, 200 receivers",
        "fanout 200",
        "server_cpu_per_delivery",
        subject="payam-4",
        rivals={"payam": most(1.3)},
    ),
)
