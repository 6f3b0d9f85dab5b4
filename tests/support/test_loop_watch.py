"""What the watch of the servers' event loops finds, and what it leaves alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.forks import LOOP_WATCH
from tests.support.payam_server import BLOCKED, PayamServer

AROUND = """
import asyncio, sys, time, uvloop
from sanic import Sanic
from sitecustomize import left_alone

def wait():
    time.sleep(0.01)

def reckon(seconds=1.0):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass

class App(Sanic):
    def finalize(self):
        reckon()

async def main():
    open({file!r}).close()  # the first event in the loop, as a server has many
    await asyncio.sleep(0.05)
    {what}
    await asyncio.sleep(0.05)

{run}
"""


def watched(what: str, run: str, folder: Path) -> bytes:
    """What a process prints that does this in its event loop."""
    file = folder / "program.py"
    file.write_text(AROUND.format(file=__file__, what=what, run=run))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(LOOP_WATCH)}
    command = [sys.executable, str(file)]
    done = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=60)
    return done.stderr


@pytest.mark.parametrize("run", ["asyncio.run(main())", "uvloop.run(main())"])
@pytest.mark.parametrize("what", ["reckon", "wait"])
def test_what_blocks_is_found(what: str, run: str, tmp_path: Path) -> None:
    """Its stack names the function that takes the time, on both loops."""
    printed = watched(f"{what}()", run, tmp_path)
    assert printed.count(BLOCKED) == 1
    assert f"in {what}\n".encode() in printed


def test_what_has_no_line_is_found(tmp_path: Path) -> None:
    """As the instructions that Python adds to a function have none."""
    without = "reckon.__code__ = reckon.__code__.replace(co_linetable=b'')"
    printed = watched(f"{without}; reckon()", "uvloop.run(main())", tmp_path)
    assert printed.count(BLOCKED) == 1
    assert b"Exception" not in printed


@pytest.mark.parametrize(
    "what",
    [
        "await asyncio.to_thread(wait)",
        "await asyncio.to_thread(reckon, 0.3)",
        "reckon(0.001)",
        "await App('x')._startup()",
    ],
)
def test_what_keeps_nobody_waiting_is_left_alone(what: str, tmp_path: Path) -> None:
    """What is done in a thread does not block the loop, though it has the same processor. Short
    work does not either, nor Sanic's start, before which nobody is served.
    """
    assert watched(what, "uvloop.run(main())", tmp_path) == b""


def test_a_callback_of_the_start_is_left_alone(tmp_path: Path) -> None:
    """It runs before the start is done, and its stack does not name the coroutine of the start."""
    run = "uvloop.run(left_alone(main)())"
    assert watched("asyncio.get_running_loop().call_soon(reckon)", run, tmp_path) == b""


def test_a_server_that_blocks_its_loop_fails_its_test() -> None:
    """Expected: AssertionError with what was printed, for the test that did it alone."""
    server = PayamServer()
    with server:
        with server.log_file.open("ab") as log:
            log.write(BLOCKED + b": time.sleep\n")
        with pytest.raises(AssertionError, match="blocked its loop"):
            server.check_log()
        server.check_log()
