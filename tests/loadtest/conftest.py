"""A small seeded Payam, and the load tester run against it as from the command line."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loadtest.__main__ import main
from tests.support.commands import run_command
from tests.support.payam_server import PayamServer

CROWD = ("--users", "12", "--conversations", "6", "--members", "2")

Run = Callable[..., tuple[int, dict[str, Any]]]
"""Its arguments are those of the command line; returns the exit status and the report."""


@pytest.fixture(scope="session")
def seeded() -> Iterator[PayamServer]:
    """A Payam with a crowd, which pings silent sockets every three seconds."""
    server = PayamServer({"RATE_LIMITS": "off", "WS_PING_INTERVAL": "3"})
    run_command("migrate", settings=server.settings)
    run_command("seed", *CROWD, settings=server.settings)
    with server:
        yield server


@pytest.fixture
def run(seeded: PayamServer, tmp_path: Path) -> Run:
    """Run one scenario on the seeded server, or on what `url` names."""

    def run(scenario: str, *options: str, url: str = seeded.url) -> tuple[int, dict[str, Any]]:
        file = tmp_path / "report.json"
        secret = {"JWT_SECRET": seeded.settings["JWT_SECRET"]}
        common = ("--url", url, "--warm-up", "0.1", "--json", str(file), *CROWD)
        # What a server of a busy machine does not deliver for long is not lost.
        status = main([scenario, *common, "--patience", "60", *options], secret)
        seeded.check_log()
        return status, json.loads(file.read_text())

    return run
