"""What one message costs the server, from few conversations to many."""

import resource

from loadtest.charts import compact
from loadtest.crowd import Crowd
from loadtest.growth.answer import Answer
from loadtest.growth.bench import Bench
from loadtest.growth.steps import answer_by_size, cost_by_size
from loadtest.measurement import Measurement
from loadtest.measuring import Run
from loadtest.plots import linear

IN_FLIGHT = 8
USERS = 1000
OTHER_FILES = 200
"""Files that a process has open besides its sockets, with a reserve."""


def ask(bench: Bench) -> Answer | None:
    """The same number of messages is in flight at every size. Otherwise larger batches would hide
    what grows.
    """
    sizes = bench.sizes.conversations
    crowd = Crowd(users=USERS, conversations=max(sizes), members=2)
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - OTHER_FILES
    options = f"--in-turn {IN_FLIGHT} --sockets {allowed}"
    runs = {size: Run("pairs", f"--pairs {size} {options}", crowd) for size in sizes}
    found = cost_by_size(bench, runs, cost_of_message, "conversations")
    sockets = min(2 * max(sizes), allowed)
    return answer_by_size(
        bench,
        found,
        lambda costs: linear(max(costs), compact),
        name="conversations",
        title="Processor time per message, µs, by conversations of two",
        about=f"Up to {sockets:,} sockets, which send in turn, {IN_FLIGHT} messages in flight at a"
        " time. Payam's own time, for storing and delivering: flat is good.",
        unit="conversations",
    )


def cost_of_message(measured: Measurement) -> float | None:
    """Microseconds."""
    figures = measured.figures
    if not figures.get("messages_per_second"):
        return None
    return figures["server_cpu"] / 100 / figures["messages_per_second"] * 1e6
