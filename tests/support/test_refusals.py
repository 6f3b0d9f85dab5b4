"""What is refused on divided tables. `store/postgres/test_citus_cluster.py` asks Citus itself."""

import pytest

from chat.store.postgres.citus import CONVERSATIONS, DIVIDED
from tests.support.refusals import refusals, refused

TABLES = frozenset((CONVERSATIONS, *DIVIDED))
REFUSED = {
    "SELECT 1 FROM conversations WHERE id = ANY('{1,2,3,4,5}') FOR UPDATE": "rows of several",
    "SELECT 1 FROM positions WHERE follower = 'search' ORDER BY due FOR UPDATE": "rows of several",
    "SELECT 1 FROM positions AS p JOIN conversations AS c ON c.id = p.conversation_id"
    " WHERE p.follower = 'search' FOR UPDATE OF p": "rows of several",
    "UPDATE messages SET conversation_id = 2 WHERE conversation_id = 1 AND id = 1": "a row moves",
    "INSERT INTO pins (conversation_id, message_id, seq, is_pinned, changed_by)"
    " VALUES (1, 1, 1, true, 1)"
    " ON CONFLICT (conversation_id, message_id) DO UPDATE SET conversation_id = 2": "a row moves",
    "INSERT INTO attachments (conversation_id, message_id, sender_id, seq, name, stored_name, size,"
    " content_type) VALUES (1, 1, 1, 1, '', '', 1, '') ON CONFLICT (id) DO NOTHING": "a key is",
    "INSERT INTO mentions (user_id, message_id, is_own) VALUES (1, 1, true)": "a row has no",
    "INSERT INTO mentions (conversation_id, user_id, message_id, is_own)"
    " VALUES (1, 1, (SELECT max(id) FROM users), true)": "a value is asked for",
    "SELECT u.id FROM users AS u WHERE u.is_staff AND EXISTS ("
    " SELECT 1 FROM messages AS m WHERE m.sender_id = u.id)": "a subquery reads elsewhere",
    "SELECT p.user_id FROM participants AS p WHERE p.user_id = 1 AND EXISTS ("
    " SELECT 1 FROM messages AS m WHERE m.sender_id = p.user_id)": "a subquery reads elsewhere",
    "UPDATE participants AS p SET last_read_id = ("
    " SELECT max(m.id) FROM messages AS m WHERE m.sender_id = p.user_id)": "a subquery reads",
}
TAKEN = (
    "SELECT seq FROM conversations WHERE id = 1 FOR UPDATE",
    "SELECT 1 FROM positions AS p JOIN conversations AS c ON c.id = p.conversation_id"
    " WHERE p.conversation_id = 1 AND p.follower = 'search' FOR UPDATE OF p",
    "UPDATE messages SET content = 'b' WHERE conversation_id = 1 AND id = 1",
    "INSERT INTO pins (conversation_id, message_id, seq, is_pinned, changed_by)"
    " VALUES (1, 1, 1, true, 1)"
    " ON CONFLICT (conversation_id, message_id) DO UPDATE SET seq = excluded.seq",
    "INSERT INTO conversations (created_by, created_at, active_at) VALUES (1, 1, 1)",
    "INSERT INTO positions (follower, conversation_id, seq)"
    " SELECT 'search', one, two FROM (SELECT 1::bigint AS one, 2::bigint AS two) AS ends"
    " ON CONFLICT (follower, conversation_id) DO UPDATE SET seq = excluded.seq",
    "SELECT p.user_id FROM participants AS p WHERE p.user_id = 1 AND EXISTS ("
    " SELECT 1 FROM messages AS m WHERE m.conversation_id = p.conversation_id"
    " AND m.sender_id = p.user_id)",
    "UPDATE participants AS p SET last_read_id = (SELECT max(m.id) FROM messages AS m"
    " WHERE m.conversation_id = p.conversation_id AND m.sender_id = p.user_id)",
    "SELECT u.id FROM users AS u WHERE u.is_staff AND EXISTS ("
    " SELECT 1 FROM messages AS m WHERE m.conversation_id = 1 AND m.sender_id = u.id)",
    "SELECT u.id FROM users AS u WHERE u.id IN (SELECT m.sender_id FROM messages AS m)",
)


@pytest.mark.parametrize("sql", REFUSED)
def test_what_cannot_be_done_on_several_servers_is_found(sql: str) -> None:
    """Expected: one reason."""
    [reason] = refused(sql, TABLES)
    assert reason.startswith(REFUSED[sql])


@pytest.mark.parametrize("sql", TAKEN)
def test_what_can_be_done_is_left_alone(sql: str) -> None:
    """Expected: nothing."""
    assert refused(sql, TABLES) == []


def test_what_a_cluster_gets_in_another_form_is_left_alone() -> None:
    """Expected: only what is locked for another purpose than to skip it."""
    skips = "SELECT 1 FROM positions AS p WHERE p.follower = $1 FOR UPDATE OF p SKIP LOCKED"
    locks = "SELECT $2 FROM conversations WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE"
    waits = "SELECT 1 FROM positions AS p WHERE p.follower = $1 FOR UPDATE OF p"
    assert refusals([skips, locks, waits], TABLES) == [
        f"rows of several servers are locked: {waits}"
    ]
