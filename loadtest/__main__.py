"""python -m loadtest <scenario> | compare | growth | cluster | model | turns | disk | yardstick
| tokens
"""

import gc
import os
import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module

import uvloop
from rich.console import Console

from loadtest.client import CannotConnect
from loadtest.crowd import NoConversation
from loadtest.http import RequestFailed
from loadtest.options import (
    CLUSTER,
    COMPARE,
    DISK,
    GROWTH,
    MODEL,
    TOKENS,
    TURNS,
    YARDSTICK,
    crowd_of,
    parser,
    tokens_of,
)
from loadtest.page import page
from loadtest.process import NoProcess
from loadtest.report import as_json, print_report
from loadtest.runner import run
from loadtest.tokens import NoToken, users_csv

GARBAGE = (50_000, 20, 100)
"""How seldom the loader looks for garbage. Its books and sockets are in use until the end. With
Python's own 700 a quarter of its time went into looking at them again and again, so the loader
was what was measured.
"""


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Returns the exit status: 0, 1 when something went wrong, 2 when it could not be run."""
    allow_many_sockets()
    if arguments and (own := command(arguments[0])):
        return own(arguments[1:])
    options = parser().parse_args(arguments)
    gc.set_threshold(*GARBAGE)
    try:
        if options.scenario == TOKENS:
            print(users_csv(crowd_of(options), tokens_of(options, environ)), end="")
            return 0
        report = uvloop.run(run(options, tokens_of(options, environ)))
    except (CannotConnect, RequestFailed, NoConversation, NoToken, NoProcess) as error:
        print(f"loadtest: {error}", file=sys.stderr)
        return 2
    print_report(report, Console())
    if options.json:
        options.json.write_text(as_json(report))
    if options.html:
        options.html.write_text(page(report), encoding="utf-8")
    return 1 if report.failures else 0


def command(name: str) -> Callable[[Sequence[str]], int] | None:
    """The program of a command that starts its own servers, or needs none. None of a scenario."""
    modules = {
        COMPARE: "loadtest.compare.command",
        GROWTH: "loadtest.growth.command",
        CLUSTER: "loadtest.cluster.command",
        TURNS: "loadtest.turns",
        DISK: "loadtest.disk",
        MODEL: "loadtest.model.command",
        YARDSTICK: "loadtest.yardstick",
    }
    # Imported only here: a run of one scenario does not have what some of these need.
    return import_module(modules[name]).main if name in modules else None


def allow_many_sockets() -> None:
    """As many as the system lets this process have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
