"""python -m loadtest model --sockets 1000000 --messages-per-second 50000 [--receivers 2] …

Reckons from measured costs (`loadtest/model/costs.py`) how many nodes a deployment needs, and how
busy Redis and PostgreSQL are. docs/scaling.md explains what it leaves out.
"""

import argparse
from collections.abc import Iterator, Sequence

from loadtest.markdown import as_markdown
from loadtest.model import costs
from loadtest.model.costs import Cost
from loadtest.model.reckoning import Demand, Need, need_of
from loadtest.report import shown

GIB = 1024**3


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="python -m loadtest model", description="Reckon what a deployment needs."
    )
    root.add_argument("--sockets", type=whole, required=True, metavar="N", help="open at a time")
    root.add_argument(
        "--messages-per-second", type=rate, required=True, metavar="M", help="sent, in all"
    )
    root.add_argument(
        "--receivers",
        type=whole,
        default=Demand.receivers,
        metavar="N",
        help="sockets that get each message, with the sender's own (2)",
    )
    root.add_argument(
        "--conversations",
        type=whole,
        default=Demand.conversations,
        metavar="N",
        help="of the user of each socket (50)",
    )
    root.add_argument(
        "--returns-per-second", type=rate, metavar="R", help="(each socket once per hour)"
    )
    root.add_argument(
        "--pages-per-second", type=rate, metavar="P", help="(each socket one in ten minutes)"
    )
    root.add_argument(
        "--cores", type=whole, default=Demand.cores, metavar="N", help="of a node (8)"
    )
    root.add_argument(
        "--busy",
        type=fraction,
        default=Demand.busy,
        metavar="F",
        help="most that a core may be busy (0.6)",
    )
    root.add_argument(
        "--yardstick",
        type=microseconds,
        default=Demand.yardstick,
        metavar="MICROSECONDS",
        help="what `python -m loadtest yardstick` says of your cores"
        f" ({costs.YARDSTICK / costs.MICRO:.0f})",
    )
    root.add_argument("--costs", action="store_true", help="show where each cost was measured")
    return root


def whole(raw: str) -> int:
    value = int(raw)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def rate(raw: str) -> float:
    value = float(raw)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError("must be 0 or more")
    return value


def microseconds(raw: str) -> float:
    """Returns seconds."""
    value = float(raw)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return value * costs.MICRO


def fraction(raw: str) -> float:
    value = float(raw)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError("must be above 0, and at most 1")
    return value


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status."""
    options = parser().parse_args(arguments)
    demand = Demand(
        sockets=options.sockets,
        messages=options.messages_per_second,
        receivers=options.receivers,
        conversations=options.conversations,
        returns=options.returns_per_second,
        pages=options.pages_per_second,
        cores=options.cores,
        busy=options.busy,
        yardstick=options.yardstick,
    )
    print(as_markdown(["", "needed"], lines(need_of(demand))), end="")
    if options.costs:
        print()
        print(as_markdown(["cost", "value", "measured"], sources()), end="")
    return 0


def lines(need: Need) -> Iterator[tuple[str, str]]:
    yield "workers, one core each", shown(need.workers)
    yield "nodes", shown(need.nodes)
    yield "a worker is busy, %", shown(100 * need.worker_busy)
    yield "memory of a node, GiB", shown(need.node_memory / GIB)
    yield "everybody back after all were cut, s", shown(need.all_return)
    yield "messages through Redis, per second", shown(need.publishes)
    yield "copies out of Redis, per second", shown(need.relayed)
    yield "Redis, cores fully busy", shown(need.redis_busy)
    yield "Redis, primaries", shown(need.redis_primaries)
    yield "PostgreSQL, cores fully busy", shown(need.postgres_busy)
    yield "PostgreSQL, cores", shown(need.postgres_cores)
    yield "stored per day, GiB", shown(need.stored_per_day / GIB)


def sources() -> Iterator[tuple[str, str, str]]:
    for name, cost in vars(costs).items():
        if isinstance(cost, Cost):
            unit = "KiB" if name.endswith("MEMORY") or name.startswith("STORED") else "µs"
            value = cost.value / costs.KIB if unit == "KiB" else cost.value / costs.MICRO
            yield name.lower().replace("_", " "), f"{shown(value)} {unit}", cost.source
