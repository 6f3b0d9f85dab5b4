"""The page that shows what the rounds have come to, a row a fault."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol

from tests.faults.load import Outcome


class Proof(Protocol):
    async def __call__(
        self,
        row: str,
        socket: str,
        round_: Callable[[], Awaitable[Outcome]],
        rounds: int | None = None,
    ) -> list[Outcome]:
        """Run the rounds of a row, of one kind of socket or of a follower, and return their
        outcomes. It fails at the first finding. `rounds` is how many, if not as many as of others.
        """


HEADER = """# Reliability

This page says what happens to messages when something breaks. Each row below is one fault, made on
real processes: real signals, real disks that are full, and a TCP proxy that cuts, stalls and
forgets connections. Meanwhile clients send, edit and delete messages in 50 conversations. After
each round a ledger compares what was sent, acknowledged and received with what the database holds.

- `make soak` runs all rows twenty times and writes this page.
- `make soak TEST="tests/faults/test_faults.py -k Redis"` runs a part of them and renews its rows.
- `make soak FAULT_RATE=200` sends fewer messages per second, where a machine does other work too.
- `make test` runs one short round of each row, over `/ws/` above all.

The faults themselves are in `tests/faults/`.

## Each mechanism matters

A ledger that finds nothing could simply be blind. So `tests/faults/test_mechanisms.py` builds a
Payam in which one mechanism is switched off, makes the same fault, and checks that the ledger finds
the loss. With the mechanism on, the same fault does no harm.

| switched off | what the ledger then finds |
|---|---|
| the commit before the `ack` | acknowledged messages that are not stored |
| looking for a `client_id` that was used before | messages that are stored twice |
| the lock of the conversation while a change gets its number | two messages with one `seq` |
| reading what is missing before later changes are delivered | messages that some never received |
| dropping what was delivered already | messages that were delivered twice |
| looking at the database once a subscription is in force | lost messages from before it |
| publishing commits whose answer was lost | messages that are stored and reached nobody |
| comparing with the database from time to time | the same, where that process died |
| resuming | lost messages, which were sent while a client was away |

## What follows the changes

Search, webhooks and pushes go through the changes by themselves, in a process of their own. Each
keeps in the database how far it is. Tests break what they need, and then compare all of it: the
index with the messages, and what receivers and devices got with what was sent.

- *`search`, `webhooks` and `push` in the table below*: the followers are killed, alone or with
  their server, PostgreSQL or Redis is gone, or a million changes wait for them
  (`tests/faults/test_search.py`, `test_webhooks.py` and `test_push.py`).
- *kill -9 of the followers' process*: another one goes on where it stopped, and none is left over
  when the server is gone. *kill -9 of the server*: another one takes over what the first was at
  work on (`tests/followers/test_keeper.py`).
- *kill -9 of one of two nodes; receivers that hang, fail, cut, or are away for longer than a
  restart*: every change came, in order, never two at a time for a conversation, and other receivers
  do not wait (`tests/followers/test_webhooks.py`).
- *a webhook whose adding was cut off*: the followers complete it, and nothing that came meanwhile
  is missed (`tests/followers/test_following.py`).
- *an index on SQLite that is lost, or of another state of the database*: it is made anew
  (`tests/store/sqlite/test_index.py`).

### Behind by a million

The followers were gone while a million changes were stored, and went on where they had stopped. Two
cores, with PostgreSQL, the server and much other work on them: a load of 20. How much memory the
followers' process takes does not depend on how much waits for it.

| follower | changes | conversations | seconds until it had all | of processor time | MiB at most |
|---|---:|---:|---:|---:|---:|
| `search`, PostgreSQL | 1,000,000 | 2,000 | 168 | 8.7 | 75 |
| `webhooks`, in batches | 1,000,000 | 400 | 243 | 25.4 | 69 |
| `push` | 1,000,000 | 500 | 123 | 4.6 | 69 |

## The faults

Each row over `/ws/chat/` and `/ws/` is of twenty rounds: most over `/ws/chat/` at 1,600 messages
per second, those over `/ws/` at 250, because the machine did much other work at the time.

What the columns say:

- *socket*: `/ws/chat/` is one socket for each of a user's conversations. `/ws/` is one socket for
  all of them; its clients come back with a cursor, or with the `seq` of each conversation. The name
  of a follower stands here where it is the follower that something breaks for.
- *changes*: messages, edits and deletions that were sent; *acked*: those that were acknowledged. Of
  a follower: those that it had to take, and has taken. Push takes the newest of each conversation.
- *reconnects*: how often a client came back. Of a follower: what came once more, because something
  broke before its answer was noted. A receiver is promised each change at least once.
- *lost*: not acknowledged in the end, not stored, or not received by somebody who took part.
- *doubled*: stored twice, received twice, or one id or `seq` for two things. Of a follower: what
  came more than three times, or stands twice in the index.
- *out of order*: received against the order of `seq`.
- *wrong*: anything else in which what was sent, received and stored differ; two requests at once
  for a conversation.

| fault | socket | rounds | changes | acked | reconnects | lost | doubled | out of order | wrong |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""


def report(page: Path, row: str, socket: str, outcomes: Sequence[Outcome]) -> None:
    """Write the row of this name and socket, in its old place if it has one."""
    old = page.read_text(encoding="utf-8") if page.exists() else ""
    lines = old.partition(HEADER)[2].splitlines()
    rows = {tuple(one.split(" | ")[:2]): one for one in lines}
    rows[f"| {row}", f"`{socket}`"] = line(row, socket, outcomes)
    page.write_text(HEADER + "".join(f"{one}\n" for one in rows.values()), encoding="utf-8")


def line(row: str, socket: str, outcomes: Sequence[Outcome]) -> str:
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
    return f"| {row} | `{socket}` | {' | '.join(f'{number:,}' for number in numbers)} |"
