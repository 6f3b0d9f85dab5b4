"""Support tickets: any participant opens and closes one, staff assign and list them."""

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from chat import records
from chat.auth.identity import Identity
from chat.errors import Conflict, Forbidden, InvalidInput, NotFound
from chat.events import TicketUpdated
from chat.records import PRIORITIES, STATUSES
from chat.services import checks
from chat.services.conversations import require_participant
from chat.store import conversations, users
from chat.store import support_tickets as store
from chat.store.database import Database, Transaction
from chat.store.work import Outcome
from chat.store.writer import Writer

LIST_MAX = 200


class SupportTickets:
    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def open(
        self, who: Identity, conversation_id: int, subject: str, priority: str
    ) -> records.SupportTicket:
        """Raises Conflict where one is not closed yet."""
        checks.text("subject", subject, most=checks.SUBJECT_MAX_LENGTH)
        one_of("priority", priority, PRIORITIES)

        async def apply(transaction: Transaction) -> Outcome[records.SupportTicket]:
            await require_participant(transaction, who, conversation_id)
            if await store.open_in(transaction, conversation_id) is not None:
                raise Conflict("The conversation has a ticket that is not closed.")
            seq = await conversations.advance(transaction, conversation_id)
            ticket_id = await store.create(
                transaction, conversation_id, seq, who.user_id, subject, priority
            )
            ticket = await store.by_id(transaction, ticket_id)
            return Outcome(ticket, (TicketUpdated(conversation_id, seq, ticket),))

        return await self._writer.change(conversation_id, apply)

    async def update(
        self,
        who: Identity,
        conversation_id: int,
        *,
        subject: str | UnsetType = UNSET,
        status: str | UnsetType = UNSET,
        priority: str | UnsetType = UNSET,
        assigned_to: int | UnsetType | None = UNSET,
    ) -> records.SupportTicket:
        """Change the ticket that is not closed; only staff assign it."""
        if subject is not UNSET:
            checks.text("subject", subject, most=checks.SUBJECT_MAX_LENGTH)
        if status is not UNSET:
            one_of("status", status, STATUSES)
        if priority is not UNSET:
            one_of("priority", priority, PRIORITIES)
        assignee: records.User | UnsetType | None = UNSET
        if assigned_to is not UNSET:
            assignee = await self._assignee(who, assigned_to)

        async def apply(transaction: Transaction) -> Outcome[records.SupportTicket]:
            if not who.is_staff:
                await require_participant(transaction, who, conversation_id)
            ticket = await store.open_in(transaction, conversation_id)
            if ticket is None:
                raise no_ticket()
            wanted = {
                "subject": subject,
                "status": status,
                "priority": priority,
                "assigned_to": assignee,
            }
            changed = replace(
                ticket, **{name: value for name, value in wanted.items() if value is not UNSET}
            )
            if changed == ticket:
                return Outcome(ticket)
            seq = await conversations.advance(transaction, conversation_id)
            await store.update(transaction, seq, changed)
            stored = await store.by_id(transaction, ticket.id)
            return Outcome(stored, (TicketUpdated(conversation_id, seq, stored),))

        return await self._writer.change(conversation_id, apply)

    async def _assignee(self, who: Identity, user_id: int | None) -> records.User | None:
        if not who.is_staff:
            raise Forbidden("Only staff assign tickets.")
        if user_id is None:
            return None
        account = await users.by_id(self._database, user_id)
        if account is None or not account.is_staff:
            raise InvalidInput({"assigned_to": [f"No such member of staff: {user_id}."]})
        return records.User(account.id, account.username)

    async def list(
        self, who: Identity, status: str | None, before: int | None, limit: int
    ) -> list[records.SupportTicket]:
        """Newest first; for staff."""
        if not who.is_staff:
            raise Forbidden("Only staff list tickets.")
        if status is not None:
            one_of("status", status, STATUSES)
        if not 1 <= limit <= LIST_MAX:
            raise InvalidInput({"limit": [f"A whole number from 1 to {LIST_MAX}."]})
        return await store.page(self._database, status, before, limit)


def no_ticket() -> NotFound:
    return NotFound("The conversation has no ticket that is not closed.")


def one_of(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InvalidInput({field: [f"One of: {', '.join(allowed)}."]})
