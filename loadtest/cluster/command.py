"""python -m loadtest cluster [--faults machine redis …] [--messages 1000] | --model 1 8 32

Starts three machines in network namespaces, breaks what is named while people talk, and holds what
was sent, acknowledged and received against the database, as the tests of faults do. Root only.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from loadtest.cluster.cluster import Cluster
from loadtest.cluster.comparing import compare
from loadtest.cluster.faults import BEFORE_SECONDS, FAULTS, Fault
from loadtest.cluster.measuring import measured
from loadtest.cluster.network import NoNetwork
from loadtest.markdown import as_markdown
from loadtest.yardstick import MICROSECOND
from tests.faults.load import SOCKETS, Load, Outcome, one_round

PRIORITY = 5
"""Of Linux's real-time priorities, 1 to 99."""
HEADS = [
    "fault",
    "socket",
    "changes",
    "acked",
    "reconnects",
    "lost",
    "doubled",
    "out of order",
    "wrong",
]


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="python -m loadtest cluster",
        description="Break parts of Payam on three machines, and see that nothing is lost.",
    )
    root.add_argument(
        "--faults", nargs="+", choices=FAULTS, default=list(FAULTS), help="in this order (all)"
    )
    root.add_argument("--sockets", nargs="+", choices=SOCKETS, default=list(SOCKETS), help="(both)")
    root.add_argument(
        "--messages", type=int, default=1000, help="at least so many during each fault (1000)"
    )
    root.add_argument("--rate", type=int, default=250, help="messages per second (250)")
    root.add_argument("--conversations", type=int, default=50, help="of two people each (50)")
    root.add_argument("--users", type=int, default=10, help="(10)")
    root.add_argument("--workers", type=int, default=2, help="of each machine (2)")
    root.add_argument(
        "--model",
        nargs="+",
        type=int,
        metavar="N",
        help="instead: with so many messages in flight per socket, hold what each kind of process"
        " spends against `loadtest model`",
    )
    root.add_argument("--seconds", type=float, default=8.0, help="of each such run (8)")
    return root


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status: 1 when something was lost, doubled, out of order or wrong; 2 where
    there can be no namespaces.
    """
    options = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as stack:
            if options.model:
                stack.enter_context(real_time())
            cluster = Cluster(options.workers, options.conversations, options.users)
            stack.enter_context(cluster)
            if options.model:
                return check_model(cluster, options)
            outcomes = [
                (fault.row, socket, asyncio.run(broken(cluster, fault, socket, options)))
                for fault in (FAULTS[name] for name in options.faults)
                for socket in fault.sockets
                if socket in options.sockets
            ]
    except NoNetwork as error:
        print(f"loadtest: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("loadtest: stopped; nothing is left running", file=sys.stderr)
        return 2
    print(as_markdown(HEADS, (line(*one) for one in outcomes)), end="")
    bad = [(row, one.findings) for row, _, one in outcomes if one.findings]
    for row, findings in bad:
        print(f"\n{row}:\n{findings}")
    return 1 if bad else 0


@contextmanager
def real_time() -> Iterator[None]:
    """Let no other program take the cores from this process and from those that it starts. Each
    wait would leave them with cold caches, which costs them up to twice the processor time.
    """
    before, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
    except PermissionError:
        print("loadtest: no real-time priority here: others' work shows", file=sys.stderr)
    try:
        yield
    finally:
        os.sched_setscheduler(0, before, parameter)


def check_model(cluster: Cluster, options: argparse.Namespace) -> int:
    """Print both for each load. Returns 1 where they differ too much, or the ledger does."""
    good = True
    for in_flight in options.model:
        found = measured(cluster, options.seconds, in_flight)
        workers = options.workers * len(cluster.nodes)
        lines = list(compare(found, workers, len(cluster.redis.nodes)))
        each = f"{found.messages:,.0f} messages per second, {found.commits:,.0f} commits"
        each += f", yardstick {found.yardstick / MICROSECOND:.0f} µs"
        print(as_markdown([each, "measured", "model", "off"], (one.cells() for one in lines)))
        good = good and not found.lost and all(one.is_near for one in lines)
    return 0 if good else 1


async def broken(
    cluster: Cluster, fault: Fault, socket: str, options: argparse.Namespace
) -> Outcome:
    """One round of this fault, with clients on this socket."""

    def breaks() -> None:
        time.sleep(BEFORE_SECONDS)
        fault.breaks(cluster)

    load = Load(cluster.people, changes=True, socket=socket, rate=options.rate)
    print(f"{fault.row}, {socket} …", file=sys.stderr, flush=True)
    return await one_round(load, lambda: asyncio.to_thread(breaks), messages=options.messages)


def line(row: str, socket: str, one: Outcome) -> list[str]:
    found = one.findings
    numbers = [one.messages, one.acked, one.reconnects]
    numbers += map(len, (found.lost, found.doubled, found.disordered, found.wrong))
    return [row, f"`{socket}`", *(f"{number:,}" for number in numbers)]
