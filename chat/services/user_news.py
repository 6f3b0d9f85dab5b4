"""Says to those who talk with a user that the user has another name or picture.

It takes no `seq`: whoever is away reads it after coming back. The user's conversations hear
of it, at most 100, the most recently active ones.
"""

from collections.abc import Callable

from chat.events import Ephemeral, UserUpdated
from chat.store import avatars as store
from chat.store.database import Database


class UserNews:
    def __init__(self, database: Database, pass_on: Callable[[Ephemeral], None]) -> None:
        self._database = database
        self._pass_on = pass_on

    async def changed(self, user_id: int) -> None:
        profile = await store.profile(self._database, user_id)
        if profile is None:
            return
        frame = UserUpdated(profile)
        for conversation_id in await store.recent_conversations(self._database, user_id):
            self._pass_on(Ephemeral(conversation_id, frame, user_id))
