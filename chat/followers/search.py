"""The follower that keeps the texts that search looks in."""

import os
from collections.abc import Sequence

from chat.followers.follower import Gatherer
from chat.store import search_texts as store
from chat.store import spans as positions
from chat.store.database import Database
from chat.store.search_texts import Said, Text
from chat.store.spans import Span
from chat.text.searching import text_key


class SearchFollower(Gatherer):
    """Each message is found by what it says now; a deleted one is not found."""

    name = store.FOLLOWER
    with_past = True

    def __init__(self, database: Database) -> None:
        """`database` is where search looks."""
        self._database = database
        # With one core the kernel would take the time from the process that serves.
        self.yields = len(os.sched_getaffinity(0)) == 1

    async def gather(self, spans: Sequence[Span]) -> None:
        # Read before the positions are held: an edit that comes meanwhile is behind the span's
        # end, and whoever has read later has moved the position.
        texts, gone = await keyed(await store.said(self._database, spans))
        async with self._database.transaction() as transaction:
            held = await positions.hold(self._database, transaction, self.name, spans)
            if len(held) < len(spans):
                ids = {span.conversation_id for span in held}
                texts = [text for text in texts if text.conversation_id in ids]
                gone = [place for place in gone if place[0] in ids]
            await store.keep(transaction, texts)
            await store.forget(transaction, gone)
            await positions.settle(transaction, self.name, held)


async def keyed(said: Sequence[Said]) -> tuple[list[Text], list[tuple[int, int]]]:
    """The texts to keep of these messages, and the messages of which nothing is kept."""
    texts, gone = {}, []
    async for one in store.in_turns(said):
        place = one.conversation_id, one.message_id
        if one.is_deleted:
            gone.append(place)
        elif place not in texts:
            texts[place] = Text(*place, one.sender_id, text_key(one.content))
    return list(texts.values()), gone
