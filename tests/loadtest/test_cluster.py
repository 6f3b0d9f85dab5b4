"""`python -m loadtest cluster`: three machines in network namespaces, and what breaks on them."""

import os
import re
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from loadtest.cluster.command import main
from loadtest.cluster.network import Network, NoNetwork

NAMESPACES = Path("/run/netns")


@pytest.fixture(autouse=True)
def allowed() -> None:
    try:
        with Network(1):
            pass
    except NoNetwork as why:
        pytest.skip(f"network namespaces: {why}")


def ours(pid: int) -> list[str]:
    """Namespaces of that run."""
    return [path.name for path in NAMESPACES.glob(f"payam-{pid}-*")]


def test_a_machine_that_is_cut_off_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Its clients come back elsewhere, and the ledger finds nothing."""
    few = ["--messages", "50", "--rate", "50", "--conversations", "9", "--users", "6"]
    status = main(["--faults", "machine", "--sockets", "/ws/", "--workers", "1", *few])
    printed = capsys.readouterr().out
    assert status == 0, printed
    *_, row = printed.splitlines()
    _, _, changes, acked, reconnects, *findings = (cell.strip() for cell in row.split("|")[1:-1])
    assert int(changes) == int(acked) >= 50
    assert int(reconnects) > 0
    assert findings == ["0"] * 4
    assert not ours(os.getpid())


def test_the_model_is_held_against_the_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    """Expected: beside each other, with the load and the yardstick, and nothing is left. How far
    they are apart is the machine's affair here, so only that the status says it.
    """
    few = ["--conversations", "9", "--users", "6", "--workers", "1", "--seconds", "1"]
    before = os.sched_getscheduler(0)
    status = main(["--model", "2", *few])
    head, _, *rows = capsys.readouterr().out.strip().splitlines()
    load = re.search(r"([\d,]+) messages per second, ([\d,]+) commits, yardstick (\d+) µs", head)
    assert load
    assert all(int(number.replace(",", "")) > 0 for number in load.groups())
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows]
    assert [what.split(",")[0] for what, *_ in cells] == [
        "Payam",
        "Redis",
        "PostgreSQL",
        "memory of the workers",
    ]
    assert all(float(one.replace(",", "")) > 0 for _, *both, _ in cells for one in both)
    off = [int(percent.removesuffix(" %")) for *_, percent in cells]
    assert status == 1 or max(map(abs, off)) <= 20
    assert not ours(os.getpid())
    assert os.sched_getscheduler(0) == before


def test_only_root_may(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["--faults", "none"]) == 2
    assert capsys.readouterr().err == "loadtest: only root may make network namespaces\n"


def test_a_machine_is_apart() -> None:
    """It reaches the others and the switch, and nothing else; and nobody once the cable is out."""
    with Network(2) as network, ExitStack() as stack:
        first, second = network.machines
        with first.inside():
            server = stack.enter_context(socket.create_server((first.address, 0)))
        outside = stack.enter_context(socket.create_server((network.address, 0)))
        with second.inside():
            for one in (server, outside):
                socket.create_connection(one.getsockname(), 10).close()
            with pytest.raises(OSError, match="unreachable"):
                socket.create_connection(("192.0.2.1", 9), 10)
        first.cut_off()
        with second.inside(), pytest.raises(OSError):  # noqa: PT011 - in time or not
            socket.create_connection(server.getsockname(), 0.2)
        first.plug_in()
        with second.inside():
            socket.create_connection(server.getsockname(), 10).close()
