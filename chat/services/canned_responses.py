"""Stored answers, which all members of staff share. They are for staff alone."""

from msgspec import UNSET, UnsetType

from chat import records
from chat.auth.identity import Identity
from chat.errors import Forbidden, NotFound
from chat.services import checks
from chat.services.once import once
from chat.services.staff import say_act
from chat.store import acts, users
from chat.store import canned_responses as store
from chat.store.database import Database, Reads, Transaction
from chat.store.idempotency_keys import IdempotencyKey
from chat.store.work import Outcome


class CannedResponses:
    def __init__(self, database: Database, *, most: int) -> None:
        """`most` is how long an answer may be, in characters: as long as a message."""
        self._database = database
        self._most = most

    async def list(self, who: Identity, after: int, limit: int) -> list[records.CannedResponse]:
        await require_staff(self._database, who)
        return await store.page(self._database, after, limit)

    async def get(self, who: Identity, id_: int) -> records.CannedResponse:
        await require_staff(self._database, who)
        found = await store.one(self._database, id_)
        if found is None:
            raise no_such_answer()
        return found

    async def create(
        self, who: Identity, title: str, content: str, key: str | None = None
    ) -> tuple[records.CannedResponse, bool]:
        """Store an answer. Returns it, and whether it is new: a retry with the same `key` gets the
        first one.
        """
        self._check(title, content)

        async def make(transaction: Transaction) -> Outcome[int]:
            await require_staff(transaction, who)
            made = await store.create(transaction, who.user_id, title, content)
            await note(transaction, who, acts.ANSWER_ADDED, made)
            return Outcome(made)

        request = ("canned_responses", title, content)
        apply = once(IdempotencyKey.of(who.user_id, key, *request), make)
        async with self._database.transaction() as transaction:
            made = (await apply(transaction)).result
        if made.is_new:
            say_act(who.user_id, acts.ANSWER_ADDED, f"answer {made.id}")
        return await self.get(who, made.id), made.is_new

    async def change(
        self, who: Identity, id_: int, title: str | UnsetType, content: str | UnsetType
    ) -> records.CannedResponse:
        self._check(title, content)
        async with self._database.transaction() as transaction:
            await require_staff(transaction, who)
            if await store.one(transaction, id_) is None:
                raise no_such_answer()
            await store.change(transaction, id_, title, content)
            await note(transaction, who, acts.ANSWER_CHANGED, id_)
        say_act(who.user_id, acts.ANSWER_CHANGED, f"answer {id_}")
        return await self.get(who, id_)

    async def delete(self, who: Identity, id_: int) -> None:
        async with self._database.transaction() as transaction:
            await require_staff(transaction, who)
            if not await store.delete(transaction, id_):
                raise no_such_answer()
            await note(transaction, who, acts.ANSWER_REMOVED, id_)
        say_act(who.user_id, acts.ANSWER_REMOVED, f"answer {id_}")

    def _check(self, title: str | UnsetType, content: str | UnsetType) -> None:
        if title is not UNSET:
            checks.line("title", title, most=checks.TITLE_MAX_LENGTH)
        if content is not UNSET:
            checks.text("content", content, most=self._most)


async def note(transaction: Transaction, who: Identity, kind: str, id_: int) -> None:
    await acts.write(transaction, who.user_id, kind, detail=f"answer {id_}")


async def require_staff(reads: Reads, who: Identity) -> None:
    if await users.staff_member(reads, who.user_id) is None:
        raise not_staff()


def not_staff() -> Forbidden:
    return Forbidden("Only staff have canned responses.")


def no_such_answer() -> NotFound:
    return NotFound("There is no such canned response.")
