"""The command line: options of all scenarios, and those of each one."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from loadtest.crowd import Crowd
from loadtest.scenarios import SCENARIOS
from loadtest.targets import TARGETS
from loadtest.tokens import Listed, Minted, NoToken, Tokens

COMPARE, GROWTH, CLUSTER, DISK = "compare", "growth", "cluster", "disk"
TOKENS, MODEL, TURNS, YARDSTICK = "tokens", "model", "turns", "yardstick"
OWN = ("scenario", "url", "server", "tokens", "pid", "json", "html")
"""Options that are no arguments of the scenario."""


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="python -m loadtest",
        description="Load a running Payam, and hold what it delivered against what was sent.",
        epilog="The exit status is 1 when anything is missing, doubled, out of order, refused"
        " or unanswered; 2 when the run could not be done.",
    )
    names = root.add_subparsers(dest="scenario", required=True, metavar="scenario")
    for name, scenario in SCENARIOS.items():
        what = (scenario.__doc__ or "").partition("\n")[0]
        # Each scenario has its own, because one that changes a default would change it for all.
        servers = [key for key, target in TARGETS.items() if name in target.scenarios]
        common = common_options(servers)
        scenario.arguments(names.add_parser(name, help=what, description=what, parents=[common]))
    names.add_parser(COMPARE, help="Payam beside its peers, in one table.", add_help=False)
    names.add_parser(GROWTH, help="How Payam's cost grows, as plots.", add_help=False)
    names.add_parser(CLUSTER, help="Faults of three machines, with a ledger.", add_help=False)
    names.add_parser(
        TOKENS,
        help="A token and a conversation of each user, as CSV, for other load testers.",
        description="Print a token and a conversation of each user, as CSV. JWT_SECRET signs.",
        parents=[seeded_options()],
    ).set_defaults(tokens=None)
    names.add_parser(DISK, help="The disk's own syncs, without a server.", add_help=False)
    names.add_parser(MODEL, help="What a deployment of a given size needs.", add_help=False)
    names.add_parser(YARDSTICK, help="How fast a core is, for the model.", add_help=False)
    names.add_parser(TURNS, help="Requests of several checkouts, in turn.", add_help=False)
    return root


def seeded_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    seeded = options.add_argument_group("who takes part, as `python -m chat seed` has made them")
    seeded.add_argument("--users", type=int, default=1000, metavar="N", help="(1000)")
    seeded.add_argument("--conversations", type=int, default=100, metavar="M", help="(100)")
    seeded.add_argument("--members", type=int, default=2, metavar="K", help="(2)")
    return options


def common_options(servers: list[str]) -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, parents=[seeded_options()])
    server = common.add_argument_group("the server")
    server.add_argument("--url", default="http://127.0.0.1:8000", help="(http://127.0.0.1:8000)")
    server.add_argument(
        "--tokens",
        type=Path,
        metavar="FILE",
        help="an access token a line; without it, tokens are signed with JWT_SECRET",
    )
    server.add_argument("--pid", type=int, help="its process, for CPU and memory")
    server.add_argument("--server", choices=servers, default=servers[0], help="which it is (payam)")
    common.add_argument(
        "--begin",
        action="store_true",
        help="begin such conversations anew, among everybody who has a token",
    )
    run = common.add_argument_group("the run")
    run.add_argument("--seconds", type=float, default=10.0, help="measured (10; idle 2; soak 3600)")
    run.add_argument("--warm-up", type=float, default=1.0, help="seconds before (1)")
    run.add_argument(
        "--patience", type=float, default=5.0, help="seconds of silence that end the wait (5)"
    )
    run.add_argument("--text-length", type=int, default=60, help="characters of a message (60)")
    results = common.add_argument_group("what comes of it, besides a table")
    results.add_argument("--json", type=Path, metavar="FILE", help="every figure")
    results.add_argument("--html", type=Path, metavar="FILE", help="a page with plots")
    return common


def tokens_of(options: argparse.Namespace, environ: Mapping[str, str]) -> Tokens:
    """The tokens for the run. Raises NoToken if neither a secret nor a file is given."""
    if options.tokens is not None:
        try:
            return Listed(options.tokens)
        except OSError as error:
            raise NoToken(f"{options.tokens} cannot be read: {error.strerror}") from error
    secret = environ.get("JWT_SECRET", "")
    if not secret:
        raise NoToken("set JWT_SECRET to the server's, or name a file with --tokens")
    return Minted(secret, options.users)


def crowd_of(options: argparse.Namespace) -> Crowd:
    return Crowd(options.users, options.conversations, options.members)


def arguments_of(options: argparse.Namespace) -> dict[str, object]:
    """The arguments of the scenario, for its report."""
    return {name: value for name, value in vars(options).items() if name not in OWN}
