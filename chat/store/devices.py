"""Devices that are pushed to: browsers, and phones behind a push gateway.

A device belongs to the sign-in that registered it. When that ends, so does the device.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from chat import records
from chat.store import users
from chat.store.database import Reads, Transaction, listed
from chat.times import now, to_text


class Address(NamedTuple):
    """How a device is reached. A browser has the keys of RFC 8291; a phone what names it to its
    gateway, and `data`, an object in JSON that the gateway gets as it is.
    """

    platform: records.Platform
    url: str
    p256dh: str | None = None
    auth: str | None = None
    app_id: str | None = None
    pushkey: str | None = None
    data: str | None = None

    @property
    def digest(self) -> str:
        """A digest that two devices never share, short enough for an index."""
        named = "\n".join((self.platform, self.url, self.app_id or "", self.pushkey or ""))
        return sha256(named.encode()).hexdigest()


FOLLOWER = "push"
"""The follower of changes for them. It begins with the first device."""
COLUMNS = "id, platform, url, app_id, pushkey, created_at"
# Whoever uses the browser now has it: the one before has signed out, or left it to them.
PUT = """
    INSERT INTO devices (user_id, family, platform, url, p256dh, auth, app_id, pushkey, data,
                         digest, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (digest) DO UPDATE
    SET user_id = excluded.user_id, family = excluded.family, p256dh = excluded.p256dh,
        auth = excluded.auth, data = excluded.data
    RETURNING id
"""
ENDED = """
    SELECT d.id FROM devices AS d JOIN token_families AS f ON f.id = d.family
    WHERE f.user_id = ? AND f.revoked_at IS NOT NULL
"""
OF_ENDED = (
    f"DELETE FROM notices WHERE device_id IN ({ENDED})",  # noqa: S608 - of ours
    f"DELETE FROM devices WHERE id IN ({ENDED})",  # noqa: S608 - of ours
)


async def find(reads: Reads, digest: str) -> tuple[int, int] | None:
    """The device, and its user; None if there is none with this address."""
    rows = await reads.fetch("SELECT id, user_id FROM devices WHERE digest = ?", (digest,))
    return (rows[0][0], rows[0][1]) if rows else None


async def put(transaction: Transaction, user_id: int, family: str | None, address: Address) -> int:
    """Register the device, or register it anew; its id. The user's other devices are locked."""
    await users.lock(transaction, user_id)
    values = (user_id, family, *address, address.digest, now())
    ((device_id,),) = await transaction.fetch(PUT, values)
    return int(device_id)


async def of_user(reads: Reads, user_id: int) -> list[records.Device]:
    rows = await reads.fetch(
        f"SELECT {COLUMNS} FROM devices WHERE user_id = ? ORDER BY id",  # noqa: S608 - of ours
        (user_id,),
    )
    return [device_of(*row) for row in rows]


async def one(reads: Reads, user_id: int, device_id: int) -> records.Device | None:
    rows = await reads.fetch(
        f"SELECT {COLUMNS} FROM devices WHERE id = ? AND user_id = ?",  # noqa: S608 - of ours
        (device_id, user_id),
    )
    return device_of(*rows[0]) if rows else None


def device_of(
    id_: int, platform: str, url: str, app_id: str | None, pushkey: str | None, created_at: int
) -> records.Device:
    if platform == "webpush":
        return records.Device(id_, platform, to_text(created_at), endpoint=url)
    assert app_id is not None
    assert pushkey is not None
    return records.Device(
        id_, platform, to_text(created_at), url=url, app_id=app_id, pushkey=pushkey
    )


async def remove(transaction: Transaction, user_id: int, device_id: int) -> bool:
    """Forget a device of the user. Returns whether there was one."""
    removed = await transaction.execute(
        "DELETE FROM devices WHERE id = ? AND user_id = ?", (device_id, user_id)
    )
    if removed:
        await forget_notices(transaction, device_id)
    return bool(removed)


async def are_there(reads: Reads) -> bool:
    """Whether anybody has a device."""
    return bool(await reads.fetch("SELECT 1 FROM devices LIMIT 1"))


async def forget_notices(transaction: Transaction, device_id: int) -> None:
    await transaction.execute("DELETE FROM notices WHERE device_id = ?", (device_id,))


async def remove_of_families(transaction: Transaction, families: Sequence[str]) -> None:
    """Forget the devices of sign-ins that have ended."""
    of_these = f"SELECT id FROM devices WHERE family IN ({transaction.texts})"  # noqa: S608 - of ours
    for table, key in (("notices", "device_id"), ("devices", "id")):
        await transaction.execute(
            f"DELETE FROM {table} WHERE {key} IN ({of_these})",  # noqa: S608 - of ours
            (listed(families),),
        )


async def remove_of_ended(transaction: Transaction, user_id: int) -> None:
    """Forget the devices of all sign-ins of the user that have ended."""
    for statement in OF_ENDED:
        await transaction.execute(statement, (user_id,))
