"""Support tickets over REST. Each is named by its own id, so a retry never meets the next one."""

from payam_client.outbox import new_id
from payam_client.paths import of, parse, query, ticket_at
from payam_client.records import SupportTicket
from payam_client.session import Session


class TicketCalls(Session):
    async def open_ticket(
        self, id_: int, subject: str, priority: str = "normal", *, key: str | None = None
    ) -> SupportTicket:
        """Open a ticket. `priority` is low, normal, high or urgent."""
        body = {"subject": subject, "priority": priority}
        return parse(await self._make(f"{of(id_)}support_ticket/", key, body), SupportTicket)

    async def ticket(self, ticket_id: int) -> SupportTicket:
        return await self._get(ticket_at(ticket_id), SupportTicket)

    async def change_ticket(self, ticket_id: int, **changes: str | int | None) -> SupportTicket:
        """Change a ticket: `subject`, `status`, `priority`, and for staff `assigned_to`."""
        return await self._to_ticket("PATCH", ticket_at(ticket_id), changes)

    async def close_ticket(self, ticket_id: int) -> SupportTicket:
        return await self._to_ticket("POST", f"{ticket_at(ticket_id)}close/")

    async def reopen_ticket(self, ticket_id: int) -> SupportTicket:
        """Reopen a ticket. Refused with 409 while another ticket of the conversation is open."""
        return await self._to_ticket("POST", f"{ticket_at(ticket_id)}reopen/")

    async def assign_ticket(self, ticket_id: int, user_id: int | None) -> SupportTicket:
        """Take a ticket, or hand one's own over. With None, give it back to the queue. For staff.

        Refused with `already_assigned` if another agent has it.
        """
        body = {"user_id": user_id}
        return await self._to_ticket("POST", f"{ticket_at(ticket_id)}assign/", body)

    async def _to_ticket(self, method: str, path: str, body: object = None) -> SupportTicket:
        # With a key a second time changes nothing, also where others changed the ticket meanwhile.
        answer = await self.request(method, path, body, key=new_id(), is_repeatable=True)
        return parse(answer, SupportTicket)

    async def tickets(
        self,
        *,
        status: str | None = None,
        assigned_to: int | str | None = None,
        created_by: int | None = None,
        priority: str | None = None,
        q: str | None = None,
        limit: int = 50,
        before: int | None = None,
    ) -> list[SupportTicket]:
        """The tickets of all conversations, newest first. For staff.

        `assigned_to` is the id of an agent, "me", or "none" for those in the queue. `q` is what
        the subject or the customer's name contains.
        """
        path = query(
            "/api/support_tickets/",
            status=status,
            assigned_to=assigned_to,
            created_by=created_by,
            priority=priority,
            q=q,
            limit=limit,
            before=before,
        )
        return await self._get(path, list[SupportTicket])
