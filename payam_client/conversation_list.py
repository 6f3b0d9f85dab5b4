"""The list of an account's conversations. It is read in pages, and then updated from events."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from payam_client.calls import Calls
from payam_client.connection import log
from payam_client.conversation_state import ConversationState
from payam_client.errors import PayamError
from payam_client.live_conversation import LiveConversation
from payam_client.records import ConversationRecord, User

PAGE = 100
"""Conversations per request."""
AGAIN_SECONDS = 1.0
"""After an answer that changes had overtaken. What it was to correct is still wrong."""


class ConversationList:
    """`make` makes the state and the conversation for a record. `found` is called with a new
    conversation, and `lost` with the id of one that is not the user's any more."""

    def __init__(
        self,
        calls: Calls,
        make: Callable[[ConversationRecord], tuple[ConversationState, LiveConversation]],
        found: Callable[[ConversationRecord], None],
        lost: Callable[[int], None],
    ) -> None:
        self.is_complete = False
        """Whether every page is here."""
        self.first_page = asyncio.Event()
        self.states: dict[int, ConversationState] = {}
        self.me = User(0, "")
        """The user, who is known from the first connection on."""
        self._calls = calls
        self._make = make
        self._found = found
        self._lost = lost
        self._live: dict[int, LiveConversation] = {}
        self._sorted: list[LiveConversation] | None = None
        self._ranks: dict[int, int] = {}
        """A higher rank is nearer to the top. Ranks from pages are below 0, from events above."""
        self._count = 0
        self._seqs: dict[int, int] = {}
        """The highest `seq` of events of conversations that are not here."""
        self._wanted: set[int] = set()
        self._new: set[int] = set()
        """Those of them that are unknown so far."""
        self._read_lately: dict[int, int] = {}
        self._read_before: dict[int, int] = {}
        self._is_news = asyncio.Event()
        self._turn = 0
        self._running: asyncio.Task[None] | None = None

    # What is here.

    def get(self, id_: int) -> LiveConversation | None:
        return self._live.get(id_)

    def all(self) -> list[LiveConversation]:
        """All conversations, most recently active first."""
        if self._sorted is None:
            self._sorted = sorted(self._live.values(), key=self._place, reverse=True)
        return list(self._sorted)

    def _place(self, one: LiveConversation) -> tuple[datetime, int]:
        """The place in the list. Times have whole seconds; within one, arrival counts."""
        return one.active_at, self._ranks.get(one.id, 0)

    def to_top(self, id_: int) -> None:
        """Move it to the top, because it has a new message or is new itself."""
        self._count += 1
        self._ranks[id_] = self._count
        self._sorted = None

    def seqs(self) -> dict[int, int]:
        return {id_: state.record.seq for id_, state in self.states.items()}

    def put(self, record: ConversationRecord, *, is_anew: bool = False) -> LiveConversation:
        """Take a record. `is_anew` says that earlier changes may have been missed."""
        self._sorted = None
        state = self.states.get(record.id)
        if state is None:
            self.states[record.id], self._live[record.id] = self._make(record)
        elif is_anew or state.record.epoch != record.epoch:
            state.begin_anew(record)
        else:
            state.renew(record)
        self._read_lately[record.id] = record.seq
        if self._seqs.pop(record.id, 0) > record.seq:
            self.refresh(record.id)  # the record is older than an event that has come since
        if record.id in self._new:
            self._new.discard(record.id)
            self.to_top(record.id)
            self._found(record)
        return self._live[record.id]

    def remove(self, id_: int) -> None:
        self._sorted = None
        self._ranks.pop(id_, None)
        self._wanted.discard(id_)
        self._seqs.pop(id_, None)
        self._live.pop(id_, None)
        state = self.states.pop(id_, None)
        if state is not None:
            state.is_removed = True

    def note(self, id_: int, seq: int) -> None:
        """Note an event of a conversation that is not here, or not yet."""
        self._seqs[id_] = max(seq, self._seqs.get(id_, 0))
        if self.is_complete:
            self.find(id_)
            self.refresh(id_)

    def settled(self) -> dict[int, int]:
        """The `seq` of the conversations that were read two cursors ago.

        One cursor may have been made before a read whose answer came earlier. For two cursors that
        is not possible, because they come seconds apart.
        """
        settled, self._read_before, self._read_lately = self._read_before, self._read_lately, {}
        return settled

    # What is read.

    def start(self) -> None:
        """Begin to read the list, if that has not begun."""
        if self._running is None:
            self._running = asyncio.create_task(self._run())

    def refresh(self, id_: int) -> None:
        """Read this conversation again."""
        self._wanted.add(id_)
        self._is_news.set()

    def find(self, id_: int) -> None:
        """Read this unknown conversation."""
        if id_ not in self.states:
            self._new.add(id_)
            self.refresh(id_)

    def doubt(self, id_: int) -> None:
        """Forget what is known of this conversation, and read it again."""
        if id_ in self.states:
            self.states[id_].forget()
        self.refresh(id_)

    def reload(self) -> None:
        """Read everything again, with the messages that were asked for."""
        self._turn += 1
        self.is_complete = False
        self._read_lately, self._read_before = {}, {}
        for state in self.states.values():
            state.forget()
        self._is_news.set()

    async def stop(self) -> None:
        self.first_page.set()
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        attempt = 0
        while True:
            self._is_news.clear()
            try:
                if not self.is_complete:
                    await self._read_pages()
                await self._read_wanted()
                await self._read_messages()
            except PayamError as error:
                if error.status == 401:
                    return  # the connection ends too
                log.info("the list of conversations: %s", error)
                await asyncio.sleep(self._calls.backoff.pause(attempt))
                attempt += 1
                continue
            attempt = 0
            if self.is_complete and not self._wanted:
                await self._is_news.wait()

    async def _read_pages(self) -> None:
        turn, seen = self._turn, set[int]()
        async for page in self._calls.conversation_pages(PAGE):
            if turn != self._turn:
                return
            for record in page:
                self.put(record)
                seen.add(record.id)
                if self._ranks.get(record.id, 0) <= 0:
                    self._ranks[record.id] = -len(seen)
            self.first_page.set()
        self.is_complete = turn == self._turn
        # A conversation that became active meanwhile may have moved between the pages.
        self._wanted.update(self.states.keys() - seen, self._seqs)

    async def _read_wanted(self) -> None:
        while self._wanted:
            id_ = self._wanted.pop()
            record = await self.read(id_)
            if record is None:
                self._seqs.pop(id_, None)
                self._new.discard(id_)
                self._lost(id_)
                continue
            state = self.states.get(id_)
            if state is not None and state.is_ahead_of(record):
                asyncio.get_running_loop().call_later(AGAIN_SECONDS, self.refresh, id_)
            self.put(record)

    async def read(self, id_: int) -> ConversationRecord | None:
        """Read a conversation. None if the user is not in it. Raises PayamError."""
        try:
            record = await self._calls.conversation(id_)
        except PayamError as error:
            if error.status == 404:
                return None
            self._wanted.add(id_)
            raise
        # An agent may read conversations of others too.
        is_in = any(one.id == self.me.id for one in record.participants)
        return record if is_in else None

    async def _read_messages(self) -> None:
        for id_, state in list(self.states.items()):
            if state.messages.is_asked and not state.messages.has_page:
                await self._live[id_].load_older()
