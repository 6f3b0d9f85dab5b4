"""The commands of `payam`, one module per group; `chat.cli` puts them together.

A command works on an open database, and returns what it has to say. With `--json` it is printed as
one line of JSON, otherwise as text for people. Errors and progress go to standard error.
"""

import argparse
import re
import sys
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, NamedTuple, TextIO

from chat.payam import Payam
from chat.records import ID_MAX

DIGITS = re.compile(r"[0-9]{1,19}")
BAR = 30
"""Characters of a full bar."""


class Said(NamedTuple):
    """The same thing for people, and for programs."""

    text: str
    data: Any


Command = Callable[[Payam, argparse.Namespace], Awaitable[Said]]
"""Raises PayamError."""


def leaf(commands: Any, name: str, command: Callable[..., Any], what: str) -> Any:
    """A command that does something, as a parser for its own arguments."""
    sub = commands.add_parser(name, help=what, description=what)
    sub.set_defaults(command=command)
    sub.add_argument("--json", action="store_true", help="print one line of JSON")
    return sub


def group(commands: Any, name: str, what: str) -> Any:
    """A command that has commands."""
    root = commands.add_parser(name, help=what, description=what)
    return root.add_subparsers(required=True, metavar="what")


def whole(least: int, most: int = ID_MAX) -> Callable[[str], int]:
    """The `type` of an argument that is a whole number, which a database can take."""

    def read(text: str) -> int:
        if not DIGITS.fullmatch(text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"a whole number from {least} to {most}")
        return int(text)

    return read


class Progress:
    """Shows how far long work is: a bar on a terminal, a line per second elsewhere."""

    def __init__(self, what: str, total: int | None = None, out: TextIO | None = None) -> None:
        self._what = what
        self._total = total
        self._out = sys.stderr if out is None else out
        self._said_at = monotonic()
        self.done = 0

    def step(self, count: int) -> None:
        self.done += count
        if monotonic() - self._said_at >= 1.0 or self._out.isatty():
            self._said_at = monotonic()
            self._say()

    def end(self) -> None:
        if self._out.isatty() and self.done:
            self._say()
            self._out.write("\n")

    def _say(self) -> None:
        line = f"payam: {self.done:,} {self._what}"
        if self._total:
            part = min(1.0, self.done / self._total)
            bar = "#" * round(BAR * part)
            line = f"payam: [{bar:<{BAR}}] {part:4.0%} of {self._total:,} {self._what}"
        if self._out.isatty():
            self._out.write(f"\r{line}")
        else:
            self._out.write(f"{line}\n")
        self._out.flush()


def is_agreed(question: str, options: argparse.Namespace) -> bool:
    """Ask, where somebody sits at a terminal and did not say `--yes`."""
    if options.yes or not sys.stdin.isatty():
        return True
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
