"""One run, from the first socket to the report."""

import argparse
import asyncio
import signal
from contextlib import suppress
from datetime import UTC, datetime

from loadtest.client import Traffic
from loadtest.histogram import Histogram
from loadtest.ledger import Ledger, Marks
from loadtest.load import Load
from loadtest.options import arguments_of, crowd_of
from loadtest.process import usage
from loadtest.progress import Progress
from loadtest.report import Report, report_on
from loadtest.scenarios import SCENARIOS
from loadtest.sparse import SparseLedger
from loadtest.targets import TARGETS
from loadtest.targets.target import Target
from loadtest.tokens import Tokens

SNAPSHOT_SECONDS = 0.25
SNAPSHOTS = 800
"""Most snapshots of a run, however long it is, because the plots draw all of them."""


def make_load(options: argparse.Namespace, tokens: Tokens, target: Target) -> Load:
    ledger = (SparseLedger if target.shares_numbers else Ledger)(Marks(target.mark))
    url = options.url.rstrip("/")
    traffic = Traffic(url, target, ledger, Histogram(), options.text_length)
    return Load(
        traffic,
        tokens,
        crowd_of(options),
        options.seconds,
        options.warm_up,
        options.patience,
        pid=options.pid,
    )


async def run(options: argparse.Namespace, tokens: Tokens) -> Report:
    """Run the scenario that the options name, against the server that they name.

    Ctrl-C ends it early, with a report of what was measured until then. Raises CannotConnect,
    RequestFailed, NoConversation, NoToken and NoProcess.
    """
    if options.pid is not None:
        usage(options.pid)
    began = datetime.now(UTC)
    load = make_load(options, tokens, TARGETS[options.server])
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, load.stopped.set)
    with Progress(load, options.scenario) as progress:
        looking = asyncio.create_task(look(load, progress))
        try:
            if options.begin:
                load.phase = "beginning"
                await load.begin_conversations()
            await SCENARIOS[options.scenario].run(load, options)
            await load.finish()
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
    report = report_on(load, options.scenario, began, arguments_of(options))
    for client in load.everyone:
        client.drop()
    return report


async def look(load: Load, progress: Progress) -> None:
    """Take a snapshot from time to time."""
    while True:
        load.look()
        progress.show(load.snapshots)
        await asyncio.sleep(max(SNAPSHOT_SECONDS, load.seconds / SNAPSHOTS))
