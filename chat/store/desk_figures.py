"""What the database computes of the desk, in a time from `lo` to before `hi`, in microseconds.

Only the tickets that were open at some moment of it are read, and the messages of their
conversations. What agents answered is kept in the tickets (`ticket_answers.record`).
"""

from typing import Any, NamedTuple

from chat.store.database import Reads, Row
from chat.store.support_tickets import HAS_AGENT
from chat.store.ticket_answers import WAITING, first_answer, is_answer

HOUR = 3_600 * 1_000_000
BASE = 1_000_000_000
"""More than there are events in a conversation."""

# Of a message `m`: it answers the customer of the ticket that was the last one then.
IS_ANSWER = is_answer("""
    coalesce((SELECT c.created_by FROM support_tickets AS c
              WHERE c.conversation_id = m.conversation_id AND c.created_at <= m.created_at
              ORDER BY c.id DESC LIMIT 1), 0)
""")
WANTED = """
    wanted AS (
        SELECT t.id, t.conversation_id, t.created_at, t.seq, t.status, t.closed_at, t.answered_at,
               t.answer_seq, t.answer_at
        FROM support_tickets AS t
        WHERE t.created_at < ? AND (t.status <> 'closed' OR t.closed_at >= ?)
    ), places AS (
        SELECT conversation_id, min(created_at) AS first FROM wanted GROUP BY conversation_id
    )
"""
# A customer waits in an open ticket when their last act, the opening or a message, has no answer.
# The opening is that of the ticket which is open: `latest` is the event by which it became so, and
# behind it, below BASE, stands the number of its opening.
# Tickets that were imported, and those of an earlier release, have no step of their closing. After
# such a ticket was opened again, nobody knows when it was closed; it was after its first answer.
HOURS = f"""
    WITH {WANTED}, events AS (
        SELECT id AS ticket, conversation_id AS place, created_at AS at, 0 AS seq, 'opened' AS kind,
               1 AS step
        FROM wanted
        UNION ALL
        SELECT w.id, s.conversation_id, s.at, s.seq, s.action,
               CASE s.action WHEN 'closed' THEN -1 ELSE 1 END
        FROM wanted AS w JOIN ticket_steps AS s
        ON s.conversation_id = w.conversation_id AND s.ticket_id = w.id
        WHERE s.action IN ('closed', 'reopened') AND s.at < ?
        UNION ALL
        SELECT w.id, w.conversation_id, w.closed_at, w.seq, 'closed', -1 FROM wanted AS w
        WHERE w.status = 'closed' AND w.closed_at < ? AND NOT EXISTS (
            SELECT 1 FROM ticket_steps AS s
            WHERE s.conversation_id = w.conversation_id AND s.ticket_id = w.id
              AND s.action = 'closed')
        UNION ALL
        SELECT w.id, w.conversation_id,
               CASE WHEN w.answered_at < s.at THEN w.answered_at ELSE w.created_at END, s.seq,
               'unknown', -1
        FROM wanted AS w JOIN ticket_steps AS s
        ON s.conversation_id = w.conversation_id AND s.ticket_id = w.id
        WHERE s.action = 'reopened' AND s.at < ? AND NOT EXISTS (
            SELECT 1 FROM ticket_steps AS b
            WHERE b.conversation_id = w.conversation_id AND b.ticket_id = w.id AND b.seq < s.seq
              AND b.action IN ('closed', 'reopened'))
        UNION ALL
        SELECT NULL, w.conversation_id, w.answer_at, w.answer_seq, 'answer', 0
        FROM wanted AS w WHERE w.answer_at < ?
        UNION ALL
        SELECT NULL, m.conversation_id, m.created_at, m.created_seq,
               CASE WHEN {IS_ANSWER} THEN 'answer' ELSE 'message' END, 0
        FROM places AS p JOIN messages AS m ON m.conversation_id = p.conversation_id
        JOIN users AS s ON s.id = m.sender_id
        WHERE m.created_at >= p.first AND m.created_at < ? AND NOT m.is_deleted
          AND ({IS_ANSWER} OR NOT m.by_agent)
    ), numbered AS (
        SELECT ticket, place, at, kind, step,
               row_number() OVER (PARTITION BY place ORDER BY at, seq) AS number
        FROM events
    ), begun AS (
        SELECT place, at, kind, step, number,
               CASE WHEN kind IN ('opened', 'reopened')
                    THEN {BASE} * number + min(number) OVER (PARTITION BY place, ticket)
                    END AS latest
        FROM numbered
    ), states AS (
        SELECT place, at, kind, step, number,
               CASE WHEN sum(step) OVER one > 0
                     AND (coalesce(max(latest) OVER one % {BASE}, 0)
                            > coalesce(max(CASE kind WHEN 'answer' THEN number END) OVER one, 0)
                          OR coalesce(max(CASE kind WHEN 'message' THEN number END) OVER one, 0)
                            > coalesce(max(CASE kind WHEN 'answer' THEN number END) OVER one, 0))
                    THEN 1 ELSE 0 END AS waits
        FROM begun WINDOW one AS (PARTITION BY place ORDER BY number)
    ), moves AS (
        SELECT at, kind, step,
               waits - lag(waits, 1, 0) OVER (PARTITION BY place ORDER BY number) AS wait
        FROM states
    )
    SELECT CASE WHEN at < ? THEN -1 ELSE (at - ?) / {HOUR} END AS hour,
           sum(CASE kind WHEN 'opened' THEN 1 ELSE 0 END),
           sum(CASE kind WHEN 'closed' THEN 1 ELSE 0 END),
           sum(CASE kind WHEN 'reopened' THEN 1 ELSE 0 END), sum(step), sum(wait)
    FROM moves GROUP BY 1
"""  # noqa: S608 - of ours
ANSWERED = f"""
    SELECT t.answered_by AS agent, t.answered_at - t.created_at AS took FROM support_tickets AS t
    WHERE t.answered_at >= ? AND t.answered_at < ?
    UNION ALL
    SELECT agent, answered - opened FROM (
        SELECT t.created_at AS opened, {first_answer("created_at")} AS answered,
               {first_answer("sender_id")} AS agent
        FROM support_tickets AS t WHERE t.status <> 'closed' AND t.answered_at IS NULL) AS lately
    WHERE answered >= ? AND answered < ?
"""  # noqa: S608 - of ours
RESOLVED = """
    SELECT coalesce(t.assigned_to, t.answered_by, 0) AS agent, t.closed_at - t.created_at AS took
    FROM support_tickets AS t WHERE t.status = 'closed' AND t.closed_at >= ? AND t.closed_at < ?
"""
SPREAD = """
    WITH durations AS ({durations}), ranked AS (
        SELECT agent, took, row_number() OVER (PARTITION BY agent ORDER BY took) AS place,
               count(*) OVER (PARTITION BY agent) AS total
        FROM (SELECT {agent} AS agent, took FROM durations) AS every_one
    )
    SELECT agent, count(*), avg(took), max(CASE WHEN place = (total + 1) / 2 THEN took END),
           max(CASE WHEN place = (9 * total + 9) / 10 THEN took END)
    FROM ranked GROUP BY agent
"""
RATED = """
    SELECT coalesce(t.assigned_to, t.answered_by, 0), count(*), sum(t.rating)
    FROM support_tickets AS t
    WHERE t.status = 'closed' AND t.closed_at >= ? AND t.closed_at < ? AND t.rating IS NOT NULL
    GROUP BY 1
"""
WRITTEN = f"""
    WITH {WANTED}
    SELECT m.sender_id, count(*) FROM places AS p
    JOIN messages AS m ON m.conversation_id = p.conversation_id
    JOIN users AS s ON s.id = m.sender_id
    WHERE m.created_at >= ? AND m.created_at < ? AND {IS_ANSWER} AND NOT m.is_deleted
    GROUP BY m.sender_id
"""  # noqa: S608 - of ours
OPEN = f"""
    SELECT CASE WHEN {HAS_AGENT} THEN t.assigned_to ELSE 0 END, count(*) FROM support_tickets AS t
    WHERE t.status <> 'closed' GROUP BY 1
"""  # noqa: S608 - of ours
NOW = f"""
    SELECT count(*), count(waits), count(*) - count(has_agent) FROM (
        SELECT {WAITING} AS waits, CASE WHEN {HAS_AGENT} THEN 1 END AS has_agent
        FROM support_tickets AS t
        WHERE t.status <> 'closed') AS present
"""  # noqa: S608 - of ours
TABLE = f"""
    SELECT t.id, t.conversation_id, t.subject, cu.username, t.status, t.priority, au.username,
           t.created_at,
           CASE WHEN t.status <> 'closed' AND t.answered_at IS NULL
                THEN {first_answer("created_at")} ELSE t.answered_at END,
           t.closed_at, t.rating, t.rating_comment
    FROM support_tickets AS t JOIN users AS cu ON cu.id = t.created_by
    LEFT JOIN users AS au ON au.id = t.assigned_to
    WHERE t.created_at >= ? AND t.created_at < ? AND t.id > ? ORDER BY t.id LIMIT ?
"""  # noqa: S608 - of ours

Counts = dict[int, int]
Spreads = dict[int, tuple[int, float, int, int]]
"""By agent, or 0: how many, the mean, the median and the ninth tenth, in microseconds."""


class Now(NamedTuple):
    open: int
    waiting: int
    unassigned: int


async def now(reads: Reads) -> Now:
    ((open_, waiting, unassigned),) = await reads.fetch(NOW)
    return Now(open_, waiting, unassigned)


class Hour(NamedTuple):
    """`opened`, `closed` and `reopened` are how many were; `open` and `waiting` by how many there
    are more.
    """

    opened: int = 0
    closed: int = 0
    reopened: int = 0
    open: int = 0
    waiting: int = 0


async def hours(reads: Reads, lo: int, hi: int) -> dict[int, Hour]:
    """By the number of the hour from `lo` on, where something happened. -1 is all before it."""
    rows = await reads.fetch(_form_of(HOURS, reads), (hi, lo, hi, hi, hi, hi, hi, lo, lo))
    return {int(number): Hour(*map(int, counts)) for number, *counts in rows}


async def first_responses(reads: Reads, lo: int, hi: int, *, by_agent: bool) -> Spreads:
    return await _spreads(reads, ANSWERED, (lo, hi, lo, hi), by_agent=by_agent)


async def resolutions(reads: Reads, lo: int, hi: int, *, by_agent: bool) -> Spreads:
    return await _spreads(reads, RESOLVED, (lo, hi), by_agent=by_agent)


async def _spreads(
    reads: Reads, durations: str, parameters: tuple[Any, ...], *, by_agent: bool
) -> Spreads:
    sql = SPREAD.format(durations=durations, agent="agent" if by_agent else "0")
    return {
        int(agent): (int(count), float(mean), int(median), int(p90))
        for agent, count, mean, median, p90 in await reads.fetch(sql, parameters)
    }


async def ratings(reads: Reads, lo: int, hi: int) -> dict[int, tuple[int, int]]:
    """By agent, or 0: how many ratings, and their sum."""
    return {int(a): (int(n), int(total)) for a, n, total in await reads.fetch(RATED, (lo, hi))}


async def written(reads: Reads, lo: int, hi: int) -> Counts:
    """How many messages each agent wrote to customers."""
    return dict(map(pair, await reads.fetch(_form_of(WRITTEN, reads), (hi, lo, lo, hi))))


async def open_of(reads: Reads) -> Counts:
    """How many open tickets each agent has; 0 stands for nobody."""
    return dict(map(pair, await reads.fetch(OPEN)))


async def table(reads: Reads, lo: int, hi: int, after: int, limit: int) -> list[Row]:
    """At most `limit` of the tickets that were opened in that time, from behind this one."""
    return await reads.fetch(TABLE, (lo, hi, after, limit))


def _form_of(sql: str, reads: Reads) -> str:
    """On Citus each server finds the wanted tickets by itself, each time."""
    if reads.form != "citus":
        return sql
    return sql.replace("wanted AS (", "wanted AS NOT MATERIALIZED (")


def pair(row: Row) -> tuple[int, int]:
    return int(row[0]), int(row[1])
