"""The pictures of users and of conversations over REST."""

from pathlib import Path
from typing import BinaryIO

from payam_client.paths import of, parse
from payam_client.records import ConversationRecord, Me
from payam_client.session import Session

OWN = "/api/users/me/avatar/"


class AvatarCalls(Session):
    async def set_avatar(self, picture: Path | BinaryIO | bytes) -> Me:
        """Give oneself a picture. The server keeps a small copy of it."""
        return parse(await self._send_picture(OWN, picture), Me)

    async def remove_avatar(self) -> None:
        await self.request("DELETE", OWN, is_repeatable=True)

    async def set_conversation_avatar(
        self, id_: int, picture: Path | BinaryIO | bytes
    ) -> ConversationRecord:
        """Give a conversation a picture."""
        return parse(await self._send_picture(f"{of(id_)}avatar/", picture), ConversationRecord)

    async def remove_conversation_avatar(self, id_: int) -> None:
        await self.request("DELETE", f"{of(id_)}avatar/", is_repeatable=True)

    async def avatar(self, url: str) -> bytes:
        """The picture at an `avatar_url`: WebP, at most 512 × 512 pixels."""
        return await self.request("GET", self._path_of(url), is_repeatable=True)

    async def _send_picture(self, path: str, picture: Path | BinaryIO | bytes) -> bytes:
        if isinstance(picture, Path):
            with picture.open("rb") as opened:
                return await self._send_picture(path, opened)
        return await self.request("PUT", path, files={"file": ("picture", picture)})
