"""How much there is of everything. It reads whole tables, so it is asked for seldom."""

from chat import __version__, records
from chat.store.database import Reads
from chat.times import now

ACTIVE = 30 * 86_400 * 1_000_000
COUNTS = """
    SELECT
        (SELECT count(*) FROM users),
        (SELECT count(*) FROM users WHERE is_staff),
        (SELECT count(*) FROM users WHERE suspended_at IS NOT NULL),
        (SELECT count(*) FROM users WHERE erased_at IS NOT NULL),
        (SELECT count(*) FROM users WHERE last_seen_at > ?),
        (SELECT count(*) FROM conversations),
        (SELECT count(*) FROM messages WHERE NOT is_deleted),
        (SELECT count(*) FROM attachments),
        (SELECT coalesce(sum(size), 0) FROM attachments),
        (SELECT count(*) FROM support_tickets WHERE status <> 'closed'),
        (SELECT count(*) FROM token_families WHERE revoked_at IS NULL),
        (SELECT count(*) FROM devices),
        (SELECT count(*) FROM webhooks),
        (SELECT count(*) FROM reports),
"""
SIZE = {
    "sqlite": "(SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size())",
    "postgresql": "pg_database_size(current_database())",
}


async def read(reads: Reads) -> records.Statistics:
    ((*counts,),) = await reads.fetch(COUNTS + SIZE[reads.dialect], (now() - ACTIVE,))
    return records.Statistics(__version__, *(int(count) for count in counts))
