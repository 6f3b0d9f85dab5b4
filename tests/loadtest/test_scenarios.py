"""Every scenario, small, against a real server."""

import pytest

from loadtest.__main__ import main
from loadtest.scenarios import SCENARIOS
from tests.loadtest.conftest import CROWD, Run
from tests.support.payam_server import PayamServer

SMALL = {
    "fanout": "--receivers 6 --in-flight 4 --seconds 0.3",
    "pairs": "--pairs 4 --in-flight 2 --seconds 0.3",
    "latency": "--receivers 4 --rate 40 --seconds 0.3",
    "idle": "--sockets 20 --at-once 4 --seconds 7",  # without pongs they would be gone
    "storm": "--sockets 10 --missed 5 --rate 40",
    "everything": "--sockets 11 --missed 6 --missed-in 3 --times 2 --seconds 0.1",
    "rest": "--connections 2 --page 5 --file-size 500 --seconds 0.2",
    "mixed": "--people 12 --pace 0.05 --seconds 1",
    "soak": "--people 12 --pace 0.05 --seconds 1.5",
}
MEASURES = {
    "fanout": {"deliveries_per_second", "server_cpu_per_delivery", "loader_cpu_per_delivery"},
    "pairs": {"messages_per_second", "server_cpu_per_delivery"},
    "latency": {"deliveries_per_second"},
    "idle": {"kib_per_socket", "loader_kib_per_socket", "handshakes_per_second"},
    "storm": {"back_after", "returns_per_second"},
    "everything": {"kib_per_socket", "returns_per_second", "server_cpu_per_resume", "repeated"},
    "rest": {"list_per_second", "read_per_second", "post_per_second", "upload_per_second"},
    "mixed": {"deliveries_per_second", "reconnects", "longest_stall"},
    "soak": {"server_growth", "loader_growth", "longest_stall"},
}
TIMED = {
    "idle": {"handshake"},
    "storm": {"delivery", "return"},
    "everything": {"connect", "return", "screen", "resume"},
    "rest": {"list", "read", "post", "upload"},
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_is_clean_and_measures(scenario: str, run: Run, seeded: PayamServer) -> None:
    """Expected: status 0, a ledger without a fault, and the figures that it is for."""
    pid = str(seeded.process.pid)
    status, report = run(scenario, *SMALL[scenario].split(), "--pid", pid)
    assert report["failures"] == []
    assert status == report["status"] == 0
    ledger = report["ledger"]
    assert ledger["expected"] == ledger["delivered"] > 0
    assert MEASURES[scenario] <= set(report["figures"])
    timed = TIMED.get(scenario, {"delivery"})
    assert timed == set(report["latencies"])
    for latencies in report["latencies"].values():
        order = [latencies[key] for key in ("p50", "p90", "p99", "p99.9", "max")]
        assert order == sorted(order)
        assert latencies["count"] > 0


def test_fanout_delivers_to_every_socket(run: Run) -> None:
    """Expected: as many deliveries as messages times sockets, the sender's own among them."""
    _, report = run("fanout", *SMALL["fanout"].split())
    assert report["ledger"]["expected"] % 7 == 0


def test_pairs_in_turn_use_every_conversation_with_few_sockets(run: Run) -> None:
    """Expected: a socket in each of four conversations and a second in two, and a clean run."""
    options = "--pairs 4 --in-turn 2 --sockets 6 --seconds 0.3"
    status, report = run("pairs", *options.split())
    assert status == 0
    assert max(moment["sockets"] for moment in report["snapshots"]) == 6
    assert report["ledger"]["expected"] > 0


def test_reads_that_only_payam_has(run: Run) -> None:
    """Expected: what changed last and the unread count, where they are asked for."""
    options = "--connections 1 --page 5 --seconds 0.2 --requests since unread"
    status, report = run("rest", *options.split())
    assert status == 0
    assert set(report["latencies"]) == {"since", "unread"}


@pytest.mark.parametrize("read", ["since", "unread"])
def test_a_read_that_a_server_lacks_is_named(
    read: str, seeded: PayamServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Expected: status 2, and one line with its name."""
    options = f"--server channels --connections 1 --page 1 --requests {read} --seconds 0.1"
    secret = {"JWT_SECRET": seeded.settings["JWT_SECRET"]}
    assert main(["rest", *options.split(), "--url", seeded.url, *CROWD], secret) == 2
    assert capsys.readouterr().err == f"loadtest: this server cannot be asked: {read}\n"


def test_stalled_sockets_take_part_and_are_not_waited_for(run: Run) -> None:
    """Expected: each connected, and everything delivered to the others."""
    status, report = run("latency", *SMALL["latency"].split(), "--stalled", "3")
    assert status == 0
    assert report["figures"]["stalled_connects"] >= 3


def test_sockets_of_a_storm_come_back(run: Run) -> None:
    """Expected: one return a socket, and what was sent meanwhile delivered to every one of them."""
    _, report = run("storm", *SMALL["storm"].split())
    assert report["latencies"]["return"]["count"] == 10
    assert report["ledger"]["expected"] >= 2 * 5 * 11


def test_in_a_storm_of_sockets_for_everything_each_gets_what_it_missed(run: Run) -> None:
    """Expected: twice the missed messages at every socket of their conversations, in many."""
    status, report = run("storm", "--everything", *SMALL["storm"].split())
    assert (status, report["failures"]) == (0, [])
    assert report["latencies"]["return"]["count"] == 10
    # Two messages in the conversation of everybody, before and away; twelve sockets.
    assert report["ledger"]["expected"] >= 2 * 2 * 12


def test_missed_messages_come_in_as_many_conversations_as_asked_for(run: Run) -> None:
    """Expected: with a user who has one small conversation, in that one."""
    _, report = run("everything", *SMALL["everything"].split())
    assert report["figures"]["resumed_conversations"] == 1
    assert report["latencies"]["resume"]["count"] == 2
    assert report["ledger"]["expected"] == 2 * 6 * 2


def test_latency_keeps_its_rate(run: Run) -> None:
    """Expected: every send that was due was sent, so each receiver timed as many."""
    _, report = run("latency", "--receivers", "3", "--rate", "50", "--seconds", "0.5")
    sent = report["ledger"]["expected"] / 4
    assert report["latencies"]["delivery"]["count"] <= 3 * sent
    assert sent >= 25


def test_requests_that_were_not_asked_for_are_not_made(run: Run) -> None:
    """Expected: figures of the chosen requests alone."""
    _, report = run("rest", "--requests", "read", "--seconds", "0.1")
    assert set(report["latencies"]) == {"read"}
