"""The desk over REST: guests, notes, stored answers, rules and figures."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from payam_client.desk_records import (
    CannedResponse,
    Desk,
    DeskAgent,
    DeskFigures,
    DeskRules,
    Guest,
    TicketStep,
)
from payam_client.errors import PayamError
from payam_client.outbox import new_id
from payam_client.paths import of, parse, query, ticket_at
from payam_client.records import Message, SupportTicket
from payam_client.session import Session

ANSWERS = "/api/canned_responses/"


class DeskCalls(Session):
    async def sign_in_as_guest(self, name: str = "", email: str = "", consent: str = "") -> None:
        """Sign in as somebody who writes to the desk without an account.
        `consent` is the text that they have agreed to.
        """
        body = {"name": name, "email": email, "consent": consent}
        await self._begin_as("/api/guests/", body)

    async def identify(
        self, user_id: str, signature: str, *, name: str = "", email: str = ""
    ) -> None:
        """Sign in as the user whom the shop's signature names. The conversations of a guest who is
        signed in here are this user's then.
        """
        body = {"user_id": user_id, "signature": signature, "name": name, "email": email}
        with suppress(PayamError):  # nobody is signed in
            body["guest"] = await self.token()
        await self._begin_as("/api/guests/identify/", body)

    async def guest(self, user_id: int) -> Guest:
        """What a guest said of themselves. For staff."""
        return await self._get(f"/api/guests/{user_id}/", Guest)

    async def desk(self) -> Desk:
        """Whether an agent is there, and whether the desk is open."""
        return await self._get("/api/desk/", Desk)

    async def note(self, id_: int, text: str, *, client_id: str | None = None) -> Message:
        """Write a note into a conversation, which nobody but staff ever sees. For staff."""
        body = {"content": text, "internal": True, "client_id": client_id or new_id()}
        answer = await self.request("POST", f"{of(id_)}messages/", body, is_repeatable=True)
        return parse(answer, Message)

    async def rate_ticket(self, ticket_id: int, score: int, comment: str = "") -> SupportTicket:
        """Say how content one was, from 1 to 5, once the ticket is closed. For customers."""
        body = {"score": score, "comment": comment}
        path = f"{ticket_at(ticket_id)}rating/"
        answer = await self.request("POST", path, body, key=new_id(), is_repeatable=True)
        return parse(answer, SupportTicket)

    async def ticket_steps(
        self, ticket_id: int, *, after: int = 0, limit: int = 50
    ) -> list[TicketStep]:
        """What was done with a ticket, from behind the step with the `seq` `after`."""
        path = query(f"{ticket_at(ticket_id)}steps/", after=after, limit=limit)
        return await self._get(path, list[TicketStep])

    async def canned_responses(self, *, after: int = 0, limit: int = 50) -> list[CannedResponse]:
        """The stored answers, from behind the one with the id `after`. For staff."""
        return await self._get(query(ANSWERS, after=after, limit=limit), list[CannedResponse])

    async def add_canned_response(
        self, title: str, content: str, *, key: str | None = None
    ) -> CannedResponse:
        body = {"title": title, "content": content}
        return parse(await self._make(ANSWERS, key, body), CannedResponse)

    async def change_canned_response(self, id_: int, **changes: str) -> CannedResponse:
        """Change the `title` or the `content`."""
        answer = await self.request("PATCH", f"{ANSWERS}{id_}/", changes, is_repeatable=True)
        return parse(answer, CannedResponse)

    async def delete_canned_response(self, id_: int) -> None:
        await self.request("DELETE", f"{ANSWERS}{id_}/")

    async def desk_rules(self) -> DeskRules:
        """The rules of the desk. For staff, as all that follows."""
        return await self._get("/api/desk/rules/", DeskRules)

    async def change_desk_rules(self, **rules: Any) -> DeskRules:
        """Change these rules; the others stay."""
        answer = await self.request("PATCH", "/api/desk/rules/", rules, is_repeatable=True)
        return parse(answer, DeskRules)

    async def desk_agents(self) -> list[DeskAgent]:
        return await self._get("/api/desk/agents/", list[DeskAgent])

    async def switch_agent(self, user_id: int, *, takes_tickets: bool | None) -> DeskAgent:
        """Say whether an agent takes tickets; None lets being online decide."""
        body = {"takes_tickets": takes_tickets}
        path = f"/api/desk/agents/{user_id}/"
        return parse(await self.request("PUT", path, body, is_repeatable=True), DeskAgent)

    async def desk_figures(
        self, *, since: str | None = None, until: str | None = None, timezone: str | None = None
    ) -> DeskFigures:
        """The figures of the desk. Moments are like `2026-01-31T08:00:00Z`, or dates."""
        path = query("/api/desk/figures/", since=since, until=until, timezone=timezone)
        return await self._get(path, DeskFigures)

    async def desk_table(
        self,
        of: str = "tickets",
        *,
        since: str | None = None,
        until: str | None = None,
        timezone: str | None = None,
    ) -> AsyncIterator[bytes]:
        """The same as CSV, in chunks: of `tickets`, `hours` or `agents`."""
        path = query("/api/desk/figures.csv", of=of, since=since, until=until, timezone=timezone)
        async with self._http.stream("GET", path, token=await self.token()) as answer:
            async for chunk in answer.aiter_bytes():
                yield chunk
