"""The command line: whose tokens are shown, and how it says what cannot be done."""

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from loadtest.__main__ import main
from loadtest.tokens import Minted
from tests.loadtest.conftest import CROWD
from tests.support.payam_server import CHECKOUT, PayamServer
from tests.support.people import People
from tests.support.ports import free_port

TIMEOUT_SECONDS = 60
QUICK = ("fanout", "--receivers", "2", "--seconds", "0.2", "--warm-up", "0", *CROWD)


def test_tokens_of_a_file_are_as_good_as_the_secret(seeded: PayamServer, tmp_path: Path) -> None:
    """Expected: each token is its own `sub`'s, whatever the order of the lines."""
    token = Minted(seeded.settings["JWT_SECRET"], 12)
    file = tmp_path / "tokens"
    file.write_text("\n".join(token(user) for user in (3, 1, 2)) + "\n\n")
    assert main([*QUICK, "--url", seeded.url, "--tokens", str(file)], {}) == 0


def test_tokens_for_other_load_testers(
    seeded: PayamServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Expected: a line for each user; the token is good, and for the conversation beside it."""
    command = ["tokens", *CROWD]
    assert main(command, {"JWT_SECRET": seeded.settings["JWT_SECRET"]}) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert len(rows) == int(CROWD[CROWD.index("--users") + 1])
    for row in rows:
        path = f"{seeded.url}/api/conversations/{row['conversation']}/"
        headers = {"Authorization": f"Bearer {row['token']}"}
        assert httpx.get(path, headers=headers, trust_env=False).status_code == 200
    assert main(command, {}) == 2


async def test_conversations_are_begun_on_a_server_that_was_never_seeded(
    on_sqlite: PayamServer, tmp_path: Path
) -> None:
    """Expected: conversations among the owners of the tokens alone, and a clean run in them."""
    async with People(on_sqlite) as people:
        somebody = [await people() for _ in range(4)]
        file = tmp_path / "tokens"
        file.write_text("\n".join(person.access for person in somebody[1:]))
        command = ["mixed", "--people", "6", "--pace", "0.05", "--seconds", "0.5"]
        command += ["--url", on_sqlite.url, "--tokens", str(file)]
        # In a process of its own: it has a loop, and Ctrl-C, to itself.
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "loadtest", *command, "--begin", "--conversations", "3"],
            cwd=CHECKOUT,
            env={"PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        # The one with everybody, and two of the three small ones.
        begun = (await somebody[1].http.get("/api/conversations/")).json()
        assert sorted(len(one["participants"]) for one in begun) == [2, 2, 3]
        assert (await somebody[0].http.get("/api/conversations/")).json() == []


def test_a_users_token_that_the_file_lacks_is_named(
    seeded: PayamServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Expected: status 2, and the user's id."""
    file = tmp_path / "tokens"
    file.write_text(Minted(seeded.settings["JWT_SECRET"], 12)(1))
    assert main([*QUICK, "--url", seeded.url, "--tokens", str(file)], {}) == 2
    assert capsys.readouterr().err == f"loadtest: {file} has no token of user 2\n"


def test_a_line_that_is_no_token_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Expected: status 2, and the number of the line, not what stands there."""
    file = tmp_path / "tokens"
    file.write_text(f"{Minted('x' * 32, 1)(1)}\n\nnonsense\n")
    assert main([*QUICK, "--tokens", str(file)], {}) == 2
    error = capsys.readouterr().err
    assert "line 3" in error
    assert "nonsense" not in error


@pytest.mark.parametrize(
    ("arguments", "environ", "complaint"),
    [
        ([], {}, "set JWT_SECRET"),
        (["--tokens", "/nowhere"], {}, "/nowhere cannot be read"),
        (["--conversations", "-1"], {"JWT_SECRET": "x" * 32}, "more are asked for"),
        (["--pid", "999999999"], {"JWT_SECRET": "x" * 32}, "no process 999999999"),
    ],
)
def test_what_is_wrong_with_the_options_is_one_line(
    arguments: list[str],
    environ: dict[str, str],
    complaint: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Expected: status 2, a line on stderr, nothing on stdout."""
    assert main([*QUICK, *arguments], environ) == 2
    printed = capsys.readouterr()
    assert complaint in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_a_server_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Expected: status 2, and the URL."""
    url = f"http://127.0.0.1:{free_port()}"
    assert main([*QUICK, "--url", url], {"JWT_SECRET": "x" * 32}) == 2
    assert f"{url} cannot be reached" in capsys.readouterr().err


def test_a_wrong_secret_is_what_the_server_says(
    seeded: PayamServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Expected: status 2 and the 401, without the token."""
    assert main([*QUICK, "--url", seeded.url], {"JWT_SECRET": "x" * 32}) == 2
    error = capsys.readouterr().err
    assert "GET /api/conversations/1/: 401" in error
    assert "eyJ" not in error


def test_a_crowd_that_is_not_there_is_explained(
    seeded: PayamServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Expected: status 2, what was asked, and how the database is to be filled."""
    secret = {"JWT_SECRET": seeded.settings["JWT_SECRET"]}
    arguments = ["pairs", "--pairs", "50", "--url", seeded.url, "--seconds", "0.1"]
    assert main(arguments, secret) == 2
    error = capsys.readouterr().err
    assert "GET /api/conversations/6/: 401" in error
    assert "python -m chat seed" in error


def test_ctrl_c_ends_it_with_a_report(seeded: PayamServer, tmp_path: Path) -> None:
    """Expected: the report of what was until then, and status 0 since that was clean."""
    file = tmp_path / "report.json"
    token = Minted(seeded.settings["JWT_SECRET"], 12)(1)

    def position() -> int:
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{seeded.url}/api/conversations/1/"
        seq: int = httpx.get(url, headers=headers, trust_env=False).json()["seq"]
        return seq

    before = position()
    command = ["soak", "--people", "6", "--pace", "0.05", "--warm-up", "0", *CROWD]
    process = subprocess.Popen(
        [sys.executable, "-m", "loadtest", *command, "--url", seeded.url, "--json", str(file)],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "JWT_SECRET": seeded.settings["JWT_SECRET"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            deadline = time.monotonic() + TIMEOUT_SECONDS
            while position() == before:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            printed, _ = process.communicate(timeout=TIMEOUT_SECONDS)
        finally:
            process.kill()
    assert process.returncode == 0, printed
    report = json.loads(file.read_text())
    assert report["failures"] == []
    assert report["seconds"] < report["arguments"]["seconds"]
