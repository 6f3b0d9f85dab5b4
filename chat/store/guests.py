"""Guests and users of the shop, and what they said of themselves. The row stays when a guest
becomes a known user.
"""

from msgspec import UNSET

from chat import records
from chat.store import users
from chat.store.database import Reads, Transaction, listed
from chat.times import now, to_text


async def mark(transaction: Transaction, user_id: int, name: str, email: str, consent: str) -> None:
    """This new user is a guest."""
    await transaction.execute("UPDATE users SET is_guest = TRUE WHERE id = ?", (user_id,))
    await users.show_as(transaction, user_id, name)
    await transaction.execute(
        """
        INSERT INTO guests (user_id, email, joined_id, created_at, consent)
        VALUES (?, ?, NULL, ?, ?)
        """,
        (user_id, email, now(), consent),
    )


async def keep(transaction: Transaction, user_id: int, email: str) -> None:
    """Keep the address of this user of the shop. An empty one leaves the earlier one."""
    await transaction.execute(
        """
        INSERT INTO guests (user_id, email, joined_id, created_at, consent)
        VALUES (?, ?, NULL, ?, '')
        ON CONFLICT (user_id) DO UPDATE SET email = excluded.email WHERE excluded.email <> ''
        """,
        (user_id, email, now()),
    )


async def is_guest(reads: Reads, user_id: int) -> bool:
    return bool(await reads.fetch("SELECT 1 FROM users WHERE id = ? AND is_guest", (user_id,)))


async def one(reads: Reads, user_id: int) -> records.Guest | None:
    rows = await reads.fetch(
        """
        SELECT u.id, u.username, u.display_name, g.email, u.is_guest, g.joined_id, g.created_at,
               g.consent
        FROM guests AS g JOIN users AS u ON u.id = g.user_id WHERE g.user_id = ?
        """,
        (user_id,),
    )
    for id_, username, name, email, is_unknown, joined, at, consent in rows:
        return records.Guest(
            id=id_,
            username=username,
            display_name=name or UNSET,
            email=email,
            is_known=not is_unknown,
            joined=joined,
            created_at=to_text(at),
            consent=consent,
        )
    return None


async def recognise(transaction: Transaction, user_id: int, external_id: str) -> bool:
    """The guest is this user of the shop from now on, unless another one is already."""
    return bool(
        await transaction.execute(
            """
            UPDATE users SET is_guest = FALSE, external_id = ? WHERE id = ? AND is_guest
              AND NOT EXISTS (SELECT 1 FROM users AS o WHERE o.external_id = ?)
            """,
            (external_id, user_id, external_id),
        )
    )


async def joined(transaction: Transaction, user_id: int, account_id: int) -> None:
    """The conversations of the guest are this account's, and the address too if it has none."""
    await transaction.execute(
        """
        UPDATE guests
        SET email = coalesce((SELECT g.email FROM guests AS g WHERE g.user_id = ?), '')
        WHERE user_id = ? AND email = ''
        """,
        (user_id, account_id),
    )
    await transaction.execute(
        "UPDATE guests SET joined_id = ? WHERE user_id = ?", (account_id, user_id)
    )


async def describe(transaction: Transaction, user_id: int, name: str) -> None:
    """Name the user, unless they have a name."""
    if await transaction.fetch(
        "SELECT 1 FROM users WHERE id = ? AND display_name = ''", (user_id,)
    ):
        await users.show_as(transaction, user_id, name)


async def read_as_far(
    transaction: Transaction, conversation_id: int, user_id: int, account_id: int
) -> None:
    """The account has read as far as the guest: what the guest wrote, too, is not unread."""
    await transaction.execute(
        """
        UPDATE participants SET last_read_id = (
            SELECT max(id) FROM (
                SELECT g.last_read_id AS id FROM participants AS g
                WHERE g.conversation_id = ? AND g.user_id = ?
                UNION ALL
                SELECT m.id FROM messages AS m WHERE m.conversation_id = ? AND m.sender_id = ?
            ) AS known)
        WHERE conversation_id = ? AND user_id = ?
        """,
        (conversation_id, user_id) * 2 + (conversation_id, account_id),
    )


async def take_over_tickets(
    transaction: Transaction, conversation_id: int, user_id: int, account_id: int
) -> list[int]:
    """The tickets that the guest opened here are the account's. Returns their ids."""
    rows = await transaction.fetch(
        """
        UPDATE support_tickets SET created_by = ? WHERE conversation_id = ? AND created_by = ?
        RETURNING id
        """,
        (account_id, conversation_id, user_id),
    )
    return sorted(id_ for (id_,) in rows)


async def visible(reads: Reads, viewer_id: int, user_ids: set[int]) -> set[int]:
    """Those of the users whom the viewer may know of. A guest only knows staff, and only staff
    know guests. All know themselves.
    """
    rows = await reads.fetch(
        f"""
        SELECT u.id FROM users AS u JOIN users AS v ON v.id = ?
        WHERE u.id IN ({reads.ids})
          AND (v.is_staff OR u.is_staff OR u.id = v.id OR NOT (u.is_guest OR v.is_guest))
        """,  # noqa: S608 - of ours
        (viewer_id, listed(user_ids)),
    )
    return {id_ for (id_,) in rows}
