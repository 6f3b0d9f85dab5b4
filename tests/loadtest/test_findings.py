"""What a server does wrong is found, on every kind of socket."""

import pytest

from tests.loadtest.conftest import Run
from tests.loadtest.tampering import Fault, double, lose, swap, tampered
from tests.support.payam_server import PayamServer

SCENARIOS = {
    "fanout": ("--receivers 5 --in-flight 4 --seconds 0.3", 6),
    "pairs": ("--pairs 2 --in-flight 4 --seconds 0.3", 4),
}
"""Options, and how many sockets that makes."""


@pytest.mark.parametrize(
    ("fault", "finding"), [(lose, "missing"), (double, "doubled"), (swap, "out_of_order")]
)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_fault_is_found_on_every_socket(
    scenario: str, fault: Fault, finding: str, run: Run, seeded: PayamServer
) -> None:
    """Expected: status 1, and one finding a socket, of the right kind and no other."""
    options, sockets = SCENARIOS[scenario]
    with tampered(seeded.port, fault) as url:
        # What is lost is waited for in vain; nothing else is given up.
        patience = "5" if fault is lose else "60"
        status, report = run(scenario, *options.split(), "--patience", patience, url=url)
    assert status == 1
    found = {key: report["ledger"][key] for key in ("missing", "doubled", "out_of_order")}
    assert found == {"missing": 0, "doubled": 0, "out_of_order": 0, finding: sockets}
    assert report["failures"] == [f"{sockets} {finding.replace('_', ' ')}"]
