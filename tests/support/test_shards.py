"""Which statements name the conversation."""

import pytest

from tests.support.shards import asks_all, faults

DIVIDED = {"conversations", "messages", "participants", "positions"}
NAMED = (
    "SELECT seq FROM conversations WHERE id = $1",
    "SELECT 1 FROM conversations WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE",
    "SELECT id FROM messages WHERE conversation_id IN (SELECT unnest($1::bigint[]))",
    "SELECT m.id FROM messages AS m JOIN participants AS p ON p.conversation_id = m.conversation_id"
    " WHERE p.conversation_id = $1 AND p.user_id = $2",
    "SELECT m.id FROM (SELECT 1 AS one) AS wanted CROSS JOIN LATERAL"
    " (SELECT * FROM messages AS x WHERE x.conversation_id = wanted.one) AS m",
    "DELETE FROM messages WHERE (conversation_id, id) IN (SELECT one, two FROM gone)",
    "UPDATE conversations SET seq = (SELECT count(*) FROM messages AS m"
    " WHERE m.conversation_id = conversations.id) WHERE id = $1",
    "INSERT INTO messages (conversation_id, id) SELECT id, $1 FROM conversations WHERE id = $2",
    "SELECT n FROM unnest($1::bigint[]) AS n(conversation_id) JOIN participants"
    " USING (conversation_id) JOIN conversations ON conversations.id = conversation_id",
    "SELECT username FROM users WHERE id = $1",
)
UNNAMED = {
    "SELECT id FROM messages WHERE id = $1": ["messages"],
    "SELECT id FROM messages WHERE conversation_id > $1": ["messages"],
    "SELECT id FROM messages WHERE conversation_id = $1 OR sender_id = $2": ["messages"],
    "SELECT id FROM messages WHERE NOT conversation_id = $1": ["messages"],
    "SELECT id FROM messages AS m WHERE conversation_id = m.conversation_id": ["messages"],
    "UPDATE participants SET is_active = false WHERE user_id = $1": ["participants"],
    "SELECT m.id FROM messages AS m JOIN participants AS p ON p.conversation_id = m.conversation_id"
    " WHERE p.user_id = $1": ["messages", "participants"],
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM messages WHERE sender_id = $1)": ["messages"],
    "WITH old AS (DELETE FROM messages WHERE created_at < $1 RETURNING 1) SELECT 1": ["messages"],
    "INSERT INTO positions (conversation_id) SELECT id FROM conversations": ["conversations"],
}


@pytest.mark.parametrize("sql", NAMED)
def test_a_conversation_may_be_named_in_many_ways(sql: str) -> None:
    """Expected: no table of which all rows may be asked for."""
    assert asks_all(sql, DIVIDED) == []


@pytest.mark.parametrize("sql", UNNAMED)
def test_what_names_no_conversation_asks_all(sql: str) -> None:
    """Expected: the tables that are asked for as a whole."""
    assert asks_all(sql, DIVIDED) == UNNAMED[sql]


def test_only_a_few_may_ask_all() -> None:
    """Expected: a user's conversations may be looked for, their messages may not."""
    allowed = "SELECT p.conversation_id FROM participants AS p WHERE p.user_id = $1"
    assert faults([allowed, *NAMED], DIVIDED) == []
    assert len(faults(UNNAMED, DIVIDED)) == len(UNNAMED) - 1  # one of them is of a user
