"""The table of what the rounds have come to."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

from tests.faults.load import Outcome

Proof = Callable[[str, Callable[[], Awaitable[Outcome]]], Awaitable[list[Outcome]]]
"""Runs the rounds of a row and returns their outcomes; fails at the first finding."""

HEADER = """# Reliability

What happens to messages when things break: real processes, real signals, and a TCP proxy
that cuts, stalls and forgets connections, under a steady load of messages, edits and
deletions. A ledger holds what was sent, acked and seen against the database after each
round. `make soak` runs it and writes this page; `make test` runs one short round of each
row. What the rows do is in `tests/faults/`.

| fault | rounds | changes | acked | reconnects | lost | doubled | out of order | otherwise wrong |
|---|---|---|---|---|---|---|---|---|
"""


class Report:
    """Outcomes by row, in the order in which the rows came."""

    def __init__(self) -> None:
        self._rows: defaultdict[str, list[Outcome]] = defaultdict(list)

    def add(self, row: str, outcome: Outcome) -> None:
        self._rows[row].append(outcome)

    def __bool__(self) -> bool:
        return bool(self._rows)

    def markdown(self) -> str:
        return HEADER + "".join(line(row, outcomes) for row, outcomes in self._rows.items())


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
    return f"| {row} | {' | '.join(f'{number:,}' for number in numbers)} |\n"
