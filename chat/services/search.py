"""Search: the caller's messages that contain a text, in whatever way it is spelt."""

import logging
from time import monotonic

from chat import records
from chat.auth.identity import Identity
from chat.errors import InvalidInput
from chat.services import checks
from chat.services.marking import marked
from chat.services.membership import require_member
from chat.services.notes import Notes
from chat.store import messages
from chat.store import search as store
from chat.store.database import Database
from chat.store.search_query import Query
from chat.store.search_sample import Sample, sample
from chat.text import searching

log = logging.getLogger("payam")

QUERY_MAX_LENGTH = 200
LIMIT_MAX = 100
SAMPLE_SECONDS = 600.0


class Search:
    def __init__(self, database: Database, index: Database, notes: Notes) -> None:
        """`index` is where search looks. Staff find `notes` among the messages."""
        self._database = database
        self._index = index
        self._notes = notes
        self._lacks_pieces = False
        self._sample: Sample | None = None
        self._sampled_at = 0.0

    async def look(self) -> None:
        """At the start: log why longer texts cannot be found by pieces, if that is so."""
        trouble = await store.why_no_pieces(self._index)
        self._lacks_pieces = trouble is not None
        if trouble:
            log.warning(
                "search has no index of pieces: %s. It looks through the conversations of each"
                " caller instead, which takes longer.",
                trouble,
            )

    async def _pieces(self) -> Sample | None:
        """Measure from time to time how frequent pieces are; None while there is no index."""
        if self._lacks_pieces or not await store.has_pieces(self._index):
            return None
        if self._sample is None or monotonic() - self._sampled_at > SAMPLE_SECONDS:
            self._sampled_at = monotonic()
            self._sample = await sample(self._index)
        return self._sample

    async def find(
        self,
        who: Identity,
        text: str,
        *,
        conversation_id: int | None,
        sender_id: int | None,
        before: int | None,
        limit: int,
    ) -> tuple[list[records.Found], int | None]:
        """At most `limit`, the newest first; of one conversation, or of all of the caller's.

        With them comes the `before` of what follows, or None where nothing does. An agent searches
        one conversation at a time. Raises InvalidInput, and NotFound for a conversation that is
        not the caller's.
        """
        checks.text("q", text, most=QUERY_MAX_LENGTH)
        keys = searching.keys_of(text)
        if not all(keys):
            raise InvalidInput({"q": ["Has no letter or digit to look for."]})
        if conversation_id is not None:
            await require_member(self._database, who, conversation_id)
        query = Query(who.user_id, keys, conversation_id, sender_id, before, limit)
        page = await store.find(self._index, query, await self._pieces())
        if conversation_id is None:
            by_id = await messages.of_places(self._database, who.user_id, page.places)
        else:
            reader = messages.Reader(conversation_id, who.user_id)
            ids = [message_id for _, message_id in page.places]
            by_id = await messages.some(self._database, reader, ids)
        there = [(found_in, by_id[id_]) for found_in, id_ in page.places if id_ in by_id]
        found = await marked(there, text)
        notes, notes_rest = await self._notes.find(
            who,
            text,
            conversation_id=conversation_id,
            author_id=sender_id,
            before=before,
            least=page.rest,
            limit=limit,
        )
        # From here on, to newer ones, both are whole.
        rest = max(page.rest or 0, notes_rest or 0)
        found = sorted(
            (one for one in [*found, *notes] if one.message.id >= rest),
            key=lambda one: -one.message.id,
        )
        if len(found) > limit:
            del found[limit:]
            rest = found[-1].message.id
        return found, rest or None
