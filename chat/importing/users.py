"""Users and their passwords."""

import re
from collections.abc import Sequence

from chat.auth import django_hashes
from chat.importing.job import Job, Note
from chat.importing.names import Names, keys_to_look_up
from chat.importing.values import moment_or, text
from chat.services.checks import DISPLAY_NAME_MAX_LENGTH
from chat.store import imported_rows
from chat.store.database import Row, Transaction
from chat.text.lines import one_line
from chat.times import now

SCHEME = re.compile(r"(pbkdf2|argon2|scrypt|bcrypt|sha1|md5|unsalted|crypt)[a-z0-9_]*")
UNUSABLE = "!"
"""What Django writes before a password that was taken away."""


async def store(job: Job, transaction: Transaction, rows: Sequence[Row]) -> list[Note]:
    """Keep these users. Who is not active keeps the account, and cannot sign in."""
    wanted = [(old_id, text(name)) for old_id, name, *_ in rows]
    names = Names(await imported_rows.names_like(transaction, keys_to_look_up(wanted)))
    users, notes = [], []
    for old_id, username, password, is_staff, is_active, created, first, last in rows:
        user_id = old_id + job.shifts["users"]
        named = names.give(old_id, user_id, text(username))
        hashed, rounds, lost = kept_password(old_id, user_id, text(password), is_active)
        notes += [note for note in (named.note, lost) if note is not None]
        created_at, lost_time = moment_or(created, job.zone, now(), f"user {old_id}")
        notes += lost_time
        users.append(
            (
                user_id,
                named.name,
                named.key,
                hashed,
                rounds,
                bool(is_staff),
                created_at,
                one_line(f"{text(first)} {text(last)}")[:DISPLAY_NAME_MAX_LENGTH],
            )
        )
    await imported_rows.add_users(transaction, users)
    return notes


def kept_password(
    old_id: int, user_id: int, stored: str, is_active: object
) -> tuple[str | None, int | None, Note | None]:
    """The hash and its work, or None; and what is to be said of it."""
    if is_active is not None and not is_active:
        return (
            None,
            None,
            Note("inactive", user_id, f"user {old_id}: is not active; has no password now"),
        )
    if not stored or stored.startswith(UNUSABLE):
        return None, None, None
    found = django_hashes.read(stored)
    if found is None:
        # What is no hash may be the password itself, which nothing may show.
        scheme, mark, _ = stored.partition("$")
        kind = f"the kind {scheme!r}" if mark and SCHEME.fullmatch(scheme) else "an unknown kind"
        reason = f"a password hash of {kind} cannot be checked, or is too much work"
        return (
            None,
            None,
            Note("passwords", user_id, f"user {old_id}: {reason}; has no password now"),
        )
    return stored, found.rounds, None
