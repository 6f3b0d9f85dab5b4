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
part and renews its rows. `make test` runs one short round of each row. What the rows do is in
`tests/faults/`.

## Each mechanism matters

With it switched off in a build for the test alone, `tests/faults/test_mechanisms.py` sees the
ledger find the loss; with it on, the same fault does nothing.

| without | the ledger finds |
|---|---|
| the commit before the ack | acked messages that are not stored |
| looking for a `client_id` that was used before | messages stored twice |
| the lock of the conversation while it is numbered | two messages with one `seq` |
| reading what is missing before what came | messages that some were never told |
| dropping what was told already | messages told twice |
| looking at the database once a subscription is in force | messages that came before it, lost |
| telling of commits whose answer was lost | messages that are stored, and told to nobody |
| looking now and then | the same, where the process died that stored them |
| resuming | what was said while a client was away, lost |

## The faults

| fault | rounds | changes | acked | reconnects | lost | doubled | out of order | otherwise wrong |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""


def report(page: Path, row: str, outcomes: Sequence[Outcome]) -> None:
    """Write the row of this name, in its old place if it has one."""
    old = page.read_text(encoding="utf-8") if page.exists() else ""
    lines = old.partition(HEADER)[2].splitlines()
    rows = {one.split(" | ")[0]: one for one in lines}
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
