"""Reports: somebody shows a message to staff, who need not be in the conversation."""

from chat import records
from chat.auth.identity import Identity
from chat.errors import Conflict, Forbidden
from chat.services import checks
from chat.services.membership import require_member
from chat.services.message_rules import no_such_message
from chat.services.notes import refuse_note
from chat.services.once import once
from chat.store import message_changes, users
from chat.store import reports as store
from chat.store.database import Database, Transaction
from chat.store.idempotency_keys import IdempotencyKey
from chat.store.work import Outcome


class Reports:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        who: Identity,
        conversation_id: int,
        message_id: int,
        reason: str,
        key: str | None = None,
    ) -> tuple[records.Report, bool]:
        """Report a message. Returns the report, and whether it is new: each user reports a message
        once, so a retry gets the first report.
        """
        checks.text("reason", reason, most=checks.REASON_MAX_LENGTH)
        await require_member(self._database, who, conversation_id)
        found = await message_changes.find(self._database, conversation_id, message_id)
        if found is None:
            await refuse_note(self._database, who, conversation_id, message_id)
            raise no_such_message()
        place = (conversation_id, message_id, who.user_id)
        is_new = False

        async def make(transaction: Transaction) -> Outcome[int]:
            nonlocal is_new
            is_new = await store.create(transaction, *place, reason)
            report = await store.one(transaction, *place)
            if report is None:
                raise Conflict("The message is deleted.", code="message_deleted")
            return Outcome(report.id)

        apply = once(IdempotencyKey.of(who.user_id, key, "reports", *place, reason), make)
        async with self._database.transaction() as transaction:
            await apply(transaction)
        report = await store.one(self._database, *place)
        if report is None:
            raise no_such_message()
        return report, is_new

    async def list(self, who: Identity, before: int | None, limit: int) -> list[records.Report]:
        """The newest first; for staff only."""
        if await users.staff_member(self._database, who.user_id) is None:
            raise not_staff()
        return await store.page(self._database, before, limit)


def not_staff() -> Forbidden:
    return Forbidden("Only staff list reports.")
