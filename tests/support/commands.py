"""`python -m chat …`, in this process.

A process of its own spends most of a second on imports alone; `tests/contract/test_cli.py`
has the tests for which that matters.
"""

import io
import logging
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import NamedTuple

from chat import cli


class Said(NamedTuple):
    """What a command leaves: its exit status, what it printed, and what it complained about."""

    status: int
    printed: str
    complaint: str


def command(*arguments: str, settings: Mapping[str, str], stdin: str = "") -> Said:
    """Run it with these environment variables and nothing else."""
    # In a thread, because a test that asks may itself run in an event loop.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run, arguments, settings, stdin).result()


def run(arguments: tuple[str, ...], settings: Mapping[str, str], stdin: str) -> Said:
    printed, complaint = io.StringIO(), io.StringIO()
    with redirect_stdout(printed), redirect_stderr(complaint), warnings_to(complaint), given(stdin):
        try:
            status = cli.main(arguments, settings)
        except SystemExit as ended:  # so argparse ends
            status = int(ended.code or 0)
    return Said(status, printed.getvalue(), complaint.getvalue())


@contextmanager
def warnings_to(complaint: io.StringIO) -> Iterator[None]:
    """As in a process that has configured no logging: warnings are lines on stderr."""
    handler = logging.StreamHandler(complaint)
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


@contextmanager
def given(text: str) -> Iterator[None]:
    """Instead of standard input."""
    before, sys.stdin = sys.stdin, io.StringIO(text)
    try:
        yield
    finally:
        sys.stdin = before


def run_command(*arguments: str, settings: Mapping[str, str], stdin: str = "") -> str:
    """What the command printed; raises AssertionError, with all it said, when it fails."""
    said = command(*arguments, settings=settings, stdin=stdin)
    assert said.status == 0, f"chat {' '.join(arguments)} failed:\n{said.printed}{said.complaint}"
    return said.printed


def new_staff(settings: Mapping[str, str], name: str) -> str:
    """The access token of a new member of staff, made as an operator makes one."""
    run_command("createuser", name, "--staff", "--no-password", settings=settings)
    return run_command("token", name, settings=settings).strip()
