"""The page that shows what the rounds have come to, a row a fault."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from tests.faults.load import Outcome

Proof = Callable[[str, Callable[[], Awaitable[Outcome]]], Awaitable[list[Outcome]]]
"""Runs the rounds of a row and returns their outcomes; fails at the first finding."""

HEADER = """# Reliability

What happens to messages when things break: real processes, real signals, and a TCP proxy
that cuts, stalls and forgets connections, under a steady load of messages, edits and
deletions in 50 conversations. After each round a ledger holds what was sent, acked and seen
against what the database has.

`make soak` runs it and writes this page; `make soak TEST=tests/faults/test_redis.py` runs a
part and renews its rows. `make test` runs one short round of each row, and shows for each
mechanism that the ledger finds the loss where it is switched off. What the rows do is in
`tests/faults/`.

| fault | rounds | changes | acked | reconnects | lost | doubled | out of order | otherwise wrong |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""


def report(page: Path, row: str, outcomes: Sequence[Outcome]) -> None:
    """Write the row of this name, in its old place if it has one."""
    lines = page.read_text(encoding="utf-8").splitlines() if page.exists() else []
    rows = {one.split(" | ")[0]: one for one in lines if one.startswith("| ")}
    rows.pop("| fault", None)
    rows[f"| {row}"] = line(row, outcomes)
    page.write_text(HEADER + "".join(f"{one}\n" for one in rows.values()), encoding="utf-8")


def line(row: str, outcomes: Sequence[Outcome]) -> str:
    numbers = [
        len(outcomes),
        sum(one.messages for one in outcomes),
        sum(one.acked for one in outcomes),
        sum(one.reconnects for one in outcomes),
        sum(len(one.findings.lost) for one in outcomes),
        sum(len(one.findings.doubled) for one in outcomes),
        sum(len(one.findings.disordered) for one in outcomes),
        sum(len(one.findings.wrong) for one in outcomes),
    ]
    return f"| {row} | {' | '.join(f'{number:,}' for number in numbers)} |"
