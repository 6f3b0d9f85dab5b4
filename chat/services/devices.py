"""Devices of the caller, to which is pushed what comes while the caller is away."""

from collections.abc import Collection
from typing import Any

from chat import records
from chat.auth.identity import Identity
from chat.auth.vapid import Vapid
from chat.errors import Conflict, Forbidden, NotFound
from chat.services import device_checks
from chat.services.once import once
from chat.store import devices as store
from chat.store import followers
from chat.store.database import Database, Transaction
from chat.store.idempotency_keys import IdempotencyKey
from chat.store.work import Outcome

DEVICES_MAX = 20
"""Most devices of one user: the list of them has no pages, and each costs a push."""


class Devices:
    def __init__(
        self, database: Database, vapid: Vapid | None, *, gateways: Collection[str]
    ) -> None:
        """Without `vapid` this server pushes nothing. `gateways` are origins that are trusted."""
        self._database = database
        self._vapid = vapid
        self._gateways = gateways

    @property
    def vapid_public_key(self) -> str:
        """The key with which browsers subscribe; empty where nothing is pushed."""
        return "" if self._vapid is None else self._vapid.public_key

    async def register(
        self, who: Identity, fields: dict[str, Any], key: str | None
    ) -> tuple[records.Device, bool]:
        """Push to this device from now on. Returns whether it is new for the caller.

        A device with the same address is the same device: its keys are replaced, and it belongs
        to the caller and to this sign-in. Raises InvalidInput, and Conflict for one too many.
        """
        if self._vapid is None:
            raise switched_off()
        address = device_checks.address(fields, self._gateways)
        if not await followers.is_begun(self._database, store.FOLLOWER):
            # Before the device is there: it gets what comes from now on.
            await followers.begin(self._database, store.FOLLOWER, with_past=False)
        was_there = False

        async def make(transaction: Transaction) -> Outcome[int]:
            nonlocal was_there
            known = await store.find(transaction, address.digest)
            was_there = known is not None and known[1] == who.user_id
            if known is not None and not was_there:
                # What it shows is of another user.
                await store.forget_notices(transaction, known[0])
            device_id = await store.put(transaction, who.user_id, who.family, address)
            if len(await store.of_user(transaction, who.user_id)) > DEVICES_MAX:
                raise too_many()
            return Outcome(device_id)

        apply = once(IdempotencyKey.of(who.user_id, key, "devices", *address), make)
        async with self._database.transaction() as transaction:
            made = (await apply(transaction)).result
        return await self.one(who, made.id), made.is_new and not was_there

    async def of(self, who: Identity) -> list[records.Device]:
        """All devices of the caller, the first registered first."""
        return await store.of_user(self._database, who.user_id)

    async def one(self, who: Identity, device_id: int) -> records.Device:
        """Raises NotFound, also for a device of somebody else."""
        found = await store.one(self._database, who.user_id, device_id)
        if found is None:
            raise no_such_device()
        return found

    async def remove(self, who: Identity, device_id: int) -> None:
        """Push to this device no more. Raises NotFound, also for a device of somebody else."""
        async with self._database.transaction() as transaction:
            if not await store.remove(transaction, who.user_id, device_id):
                raise no_such_device()


def too_many() -> Conflict:
    return Conflict(
        f"At most {DEVICES_MAX} devices of one user. Remove one first.", code="too_many_devices"
    )


def switched_off() -> Forbidden:
    return Forbidden("This server pushes nothing.", code="push_off")


def no_such_device() -> NotFound:
    return NotFound("There is no such device.")
