"""Roles and invite links over REST."""

from datetime import datetime
from typing import Any

from payam_client.paths import invite_at, of, parse, query
from payam_client.records import ConversationRecord, Invitation, Invite, Participant
from payam_client.session import Session


class GroupCalls(Session):
    async def set_role(self, id_: int, user_id: int, role: str) -> Participant:
        """Make a participant an admin or a member; or the owner, which makes the caller an admin.

        Only the owner may.
        """
        answer = await self.request(
            "PATCH", f"{of(id_)}participants/{user_id}/", {"role": role}, is_repeatable=True
        )
        return parse(answer, Participant)

    async def moderate(self, id_: int, message_id: int) -> None:
        """Delete a message of somebody whose role is below the caller's."""
        path = query(f"{of(id_)}messages/{message_id}/", moderate="true")
        await self.request("DELETE", path, is_repeatable=True)

    async def invites(self, id_: int) -> list[Invite]:
        """The invite links of a conversation, the newest first. For its owner and admins."""
        return await self._get(f"{of(id_)}invites/", list[Invite])

    async def create_invite(
        self,
        id_: int,
        *,
        expires_at: datetime | None = None,
        max_uses: int | None = None,
        key: str | None = None,
    ) -> Invite:
        """Make an invite link. `expires_at` has a time zone; None is no end, or any number."""
        body: dict[str, Any] = {"expires_at": expires_at, "max_uses": max_uses}
        return parse(await self._make(f"{of(id_)}invites/", key, body), Invite)

    async def revoke_invite(self, id_: int, invite_id: int) -> None:
        await self.request("DELETE", f"{of(id_)}invites/{invite_id}/")

    async def invitation(self, code: str) -> Invitation:
        """Where an invite link leads."""
        return await self._get(invite_at(code), Invitation)

    async def join(self, code: str, *, key: str | None = None) -> ConversationRecord:
        """Come into a conversation by its invite link."""
        return parse(await self._make(invite_at(code), key, None), ConversationRecord)
