"""schemathesis tries a running server with whatever its document allows, and forbids."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import run_command
from tests.support.payam_server import CHECKOUT, PayamServer

IS_LONG = "SCHEMATHESIS_EXAMPLES" in os.environ
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "1")
"""The most for each operation in one phase; what may break is searched for with more."""
PHASES = "examples,coverage,fuzzing,stateful" if IS_LONG else "examples,coverage,stateful"
"""Coverage tries each rule of the document. One more example, which is the same each time because
it is deterministic, would find nothing else.
"""
CALLERS = [("sqlite", "staff"), ("postgres", "user"), ("postgres", "staff"), ("sqlite", "user")]
"""Staff may do more than others. Each pair takes long, so the short form has the first alone."""


@pytest.fixture(params=CALLERS if IS_LONG else CALLERS[:1], ids="-".join)
def caller(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The database, and who asks."""
    pair: tuple[str, str] = request.param
    return pair


@pytest.fixture
def server(request: pytest.FixtureRequest, caller: tuple[str, str]) -> Iterator[PayamServer]:
    """One of its own, since it is filled with whatever comes to mind."""
    settings = {"RATE_LIMITS": "off"}
    if caller[0] == "postgres":
        postgres = request.getfixturevalue("postgres_server")
        template = request.getfixturevalue("migrated_template")
        settings["DATABASE_URL"] = postgres.create_database(template=template)
    with PayamServer(settings) as server:
        yield server


@pytest.fixture
def token(server: PayamServer, caller: tuple[str, str]) -> str:
    made = ["createuser", "caller", *(["--staff"] if caller[1] == "staff" else [])]
    run_command(*made, settings=server.settings, stdin="correct horse")
    return run_command("token", "caller", settings=server.settings).strip()


def test_the_server_does_what_its_document_says(
    server: PayamServer, token: str, tmp_path: Path
) -> None:
    """No undocumented answer, nothing accepted that is forbidden, nothing refused that is not."""
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            *("--config-file", CHECKOUT / "tests" / "api" / "schemathesis.toml"),
            *("run", f"{server.url}/docs/openapi.json", "--max-examples", EXAMPLES),
            *("--phases", PHASES),
            "--suppress-health-check=too_slow",  # how busy the machine is says nothing of Payam
        ],
        cwd=tmp_path,  # it leaves files behind
        env={**os.environ, "SCHEMATHESIS_TOKEN": token},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    server.check_log()
