"""Resuming all conversations of a `/ws/` at once: by a cursor, by numbers, or by both.

The client receives what it may have missed, conversation by conversation. Those that have not
changed stay live all the time. The cursor of `resumed` was read first, in the statement that found
what changed. So a change that came later was sent live, or is sent again to the client that comes
back with this cursor.
"""

import asyncio
from collections.abc import Collection, Mapping
from itertools import islice

from msgspec import UNSET, Struct

from chat import metrics
from chat.errors import Conflict, EpochChanged, InvalidInput, Unavailable
from chat.events import ServerFrame
from chat.realtime.answers import addressed, given
from chat.realtime.client_frames import Resume
from chat.realtime.errands import Errands
from chat.realtime.given_seqs import positions_of
from chat.realtime.hub import Hub
from chat.realtime.own_settings import OwnSettingsNews
from chat.realtime.patience import RETRY_SECONDS
from chat.realtime.protocol import frame_of
from chat.realtime.reading import Reading
from chat.realtime.resume import LOOK_SECONDS, marks_of, send_slowly
from chat.realtime.returns import Returns
from chat.realtime.seating import Before
from chat.realtime.server_frames import Positions, Reset, Resumed
from chat.realtime.subscribers import UserSocket
from chat.realtime.user_sockets import PART, UserSockets
from chat.services import positions as service
from chat.services.changes import Changes
from chat.services.history import History
from chat.services.membership import Memberships
from chat.store.cursors import Cursor
from chat.store.positions import Behind


class Missed(Struct, frozen=True):
    """The frames that a client receives before `ending`.

    - `marks_since`: the client's positions in conversations where marks of reading may have moved.
    - `own_since`: the same where the user's own settings may have changed.
    - `since`: the positions from which the changes of conversations are sent.
    - `joined`: conversations that are new to the client. `left`: those that it has lost.
    - `put_back`: conversations whose `seq` is below the client's position, with that `seq`.
    """

    ending: ServerFrame
    marks_since: Mapping[int, int] = {}
    since: Mapping[int, int] = {}
    joined: Collection[int] = ()
    left: Collection[int] = ()
    put_back: Mapping[int, int] = {}
    own_since: Mapping[int, int] = {}

    @property
    def is_more(self) -> bool:
        """Whether there is anything to send but the changes of conversations, and `ending`."""
        return bool(self.marks_since or self.joined or self.left or self.put_back or self.own_since)


class Entry(Struct, frozen=True):
    """What a socket enters with. `missed` is of a client with a cursor; `before` as in `Return`."""

    proof: Memberships
    missed: Missed | None = None
    before: Before | None = None


class WholeResume:
    def __init__(
        self,
        positions: service.Positions,
        changes: Changes,
        hub: Hub,
        sockets: UserSockets,
        reading: Reading,
        own_settings: OwnSettingsNews,
        history: History,
        errands: Errands,
    ) -> None:
        self._positions = positions
        self._changes = changes
        self._hub = hub
        self._sockets = sockets
        self._reading = reading
        self._own_settings = own_settings
        self._history = history
        self._errands = errands
        self._returns = Returns(positions, hub)

    async def close(self) -> None:
        """Stop what still waits for something."""
        await self._returns.close()

    def start(self, connection: UserSocket, frame: Resume) -> None:
        """Resume by a frame. Raises InvalidInput, and Conflict while an earlier resume is under
        way.
        """
        positions = positions_of(frame.since)
        if frame.cursor is not None:
            Cursor.read(frame.cursor)
        elif positions is None:
            raise InvalidInput({"cursor": ["Is required, or `since`."]})
        if connection.is_resuming:
            raise Conflict("An earlier resume is still under way.")
        connection.is_resuming = True
        self._errands.start(connection, self._resume(connection, frame, positions))

    async def _resume(
        self, connection: UserSocket, frame: Resume, positions: dict[int, int] | None
    ) -> None:
        metrics.resumes.inc()
        if connection.opening is not None:
            await connection.opening.done.wait()
        while connection.unsettled and not connection.is_closing:
            await asyncio.sleep(LOOK_SECONDS)  # conversations that are on their way
        missed = await self._missed(connection, frame, positions)
        if missed is None:
            return
        here = {one: at for one, at in missed.since.items() if self._hub.is_in(connection, one)}
        waiting = list(here.items())
        for start in range(0, len(waiting), PART):
            for conversation_id, since in waiting[start : start + PART]:
                self._hub.begin_resuming(connection, conversation_id, since)
            await self._reading.catch_up(connection, dict(waiting[start : start + PART]))
        await self._send_rest(connection, missed)
        self._end(connection, missed)

    async def ask(self, connection: UserSocket, cursor: str | None) -> Entry:
        """For a handshake: proof of all conversations that the caller is in, and what the client
        with this cursor missed. Raises InvalidInput and Unavailable.
        """
        who = connection.identity
        if cursor is None:
            return Entry(await self._positions.memberships(who))
        metrics.resumes.inc()
        frame = Resume(cursor=cursor)
        try:
            found = await self._returns.ask(connection, cursor)
            if found is not None:
                missed = missed_by_cursor(found.proof, found.behind, {}, frame)
                return Entry(found.proof, missed, found.before)
            proof, behind = await self._positions.since(who, cursor)
        except EpochChanged:
            proof = await self._positions.memberships(who)
            return Entry(proof, put_back(proof, frame))
        return Entry(proof, missed_by_cursor(proof, behind, {}, frame))

    def open(self, connection: UserSocket, entry: Entry) -> None:
        """After the handshake: make the socket live, and send what came after the cursor.

        Most clients have few conversations and have missed nothing. For them, all of it is done
        here and now.
        """
        proof, missed, before = entry.proof, entry.missed, entry.before
        connection.is_resuming = missed is not None
        new: Collection[int] = () if missed is None else missed.joined
        since: Mapping[int, int] = {} if missed is None else missed.since
        positions = {one: seq for one, seq in proof.positions.items() if one not in new}
        unseated = {} if before is not None else self._sockets.new_to(connection, positions)
        late: dict[int, int] | None = None
        if before is not None:
            late = self._hub.seating.enter_again(connection, before, positions, since)
        elif len(unseated) <= PART:
            self._hub.seating.seat(connection.seat, unseated)
            late = self._hub.seating.enter(connection, positions, since)
        if late is not None and not (late or (missed is not None and missed.is_more)):
            self._opened(connection, missed)
        else:
            self._errands.start(connection, self._go_on(connection, positions, late, missed))

    async def _go_on(
        self,
        connection: UserSocket,
        positions: Mapping[int, int],
        late: dict[int, int] | None,
        missed: Missed | None,
    ) -> None:
        """Take the seats part by part, unless it is done, catch up, and send the rest."""
        while late is None:
            unseated = self._sockets.new_to(connection, positions)
            if connection.is_closing:
                return
            self._hub.seating.seat(connection.seat, dict(islice(unseated.items(), PART)))
            if len(unseated) <= PART:
                since = {} if missed is None else missed.since
                late = self._hub.seating.enter(connection, positions, since)
            await asyncio.sleep(0)
        await self._reading.catch_up(connection, late)
        if missed is not None:
            await self._send_rest(connection, missed)
        self._opened(connection, missed)

    def _opened(self, connection: UserSocket, missed: Missed | None) -> None:
        if missed is not None:
            self._end(connection, missed)
        self._sockets.opened(connection)

    async def _send_rest(self, connection: UserSocket, missed: Missed) -> None:
        """What is left after the changes."""
        self._sockets.lost(connection, missed.left)
        await self._sockets.introduce(connection, list(missed.joined))
        await asyncio.gather(
            self._send_marks(connection, missed.marks_since),
            self._own_settings.send_since(connection, missed.own_since),
        )
        for conversation_id, seq in missed.put_back.items():
            metrics.resets.inc()
            reset = frame_of(Reset(seq, self._history.epoch))
            connection.send(addressed(connection, conversation_id, reset))

    def _end(self, connection: UserSocket, missed: Missed) -> None:
        connection.is_resuming = False
        connection.send(frame_of(missed.ending))

    async def _send_marks(self, connection: UserSocket, positions: Mapping[int, int]) -> None:
        """The socket is live: a mark that comes later is sent as it comes."""
        waiting = list(positions.items())
        while waiting and not connection.is_closing:
            try:
                found = await self._changes.marks_since(connection.identity, dict(waiting[:PART]))
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            del waiting[:PART]
            marks = [one for of_one in found.values() for one in of_one]
            mine = [one for one in marks if self._hub.is_in(connection, one.conversation_id)]
            await send_slowly(connection, [marks_of(connection, mine)])

    async def _missed(
        self, connection: UserSocket, frame: Resume, positions: dict[int, int] | None
    ) -> Missed | None:
        """None for a socket that is closed meanwhile."""
        while not connection.is_closing:
            try:
                if frame.epoch not in (None, self._history.epoch):
                    return await self._put_back(connection, frame)
                if frame.cursor is None:
                    return await self._by_positions(connection, positions or {}, frame)
                return await self._by_cursor(connection, frame.cursor, positions or {}, frame)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
            except EpochChanged:
                return await self._put_back(connection, frame)
        return None

    async def _put_back(self, connection: UserSocket, frame: Resume) -> Missed:
        return put_back(await self._positions.memberships(connection.identity), frame)

    async def _by_positions(
        self, connection: UserSocket, positions: dict[int, int], frame: Resume
    ) -> Missed:
        now = await self._positions.memberships(connection.identity)
        known = {one: at for one, at in positions.items() if one in now.positions}
        return Missed(
            resumed(now.cursor, now.epoch, frame),
            known,
            {one: at for one, at in known.items() if at < now.positions[one]},
            now.positions.keys() - known.keys(),
            positions.keys() - known.keys(),
            beyond(now, known, frame),
            known,
        )

    async def _by_cursor(
        self, connection: UserSocket, cursor: str, positions: dict[int, int], frame: Resume
    ) -> Missed:
        now, behind = await self._positions.since(connection.identity, cursor)
        return missed_by_cursor(now, behind, positions, frame)


def missed_by_cursor(
    now: Memberships, behind: Behind | None, positions: dict[int, int], frame: Resume
) -> Missed:
    """What the client missed since its cursor, or, of the conversations in `positions`, since
    the number there. `positions` may name conversations that are not the user's.
    """
    if behind is None:
        named = {str(one): seq for one, seq in now.positions.items()}
        # Which settings have changed is not known, so all come that ever did.
        every = dict.fromkeys(now.positions, 0)
        return Missed(Positions(named, now.epoch, now.cursor, given(frame.ref)), own_since=every)
    foreign = positions.keys() - now.positions.keys()
    known = {one: at for one, at in positions.items() if one not in foreign}
    joined = set(behind.joined) - known.keys()
    otherwise = joined | known.keys()
    changed = [(one, at, seq) for one, at, seq in behind.changed if one not in otherwise]
    marks_since = {one: at for one, at, _ in changed} | known
    since = {one: at for one, at, seq in changed if at < seq}
    since |= {one: at for one, at in known.items() if at <= now.positions[one]}
    ending = resumed(now.cursor, now.epoch, frame)
    left = foreign.union(behind.left)
    return Missed(ending, marks_since, since, joined, left, beyond(now, known, frame), marks_since)


def beyond(now: Memberships, known: Mapping[int, int], frame: Resume) -> dict[int, int]:
    """The conversations in which the client says more than there is, with their `seq`. Only a
    client that sent an epoch hears of them.
    """
    if frame.epoch is None:
        return {}
    return {one: now.positions[one] for one, at in known.items() if at > now.positions[one]}


def put_back(now: Memberships, frame: Resume) -> Missed:
    metrics.resets.inc()
    return Missed(Reset(UNSET, now.epoch, given(frame.ref), now.cursor))


def resumed(cursor: str, epoch: str, frame: Resume) -> Resumed:
    return Resumed(UNSET, given(frame.ref), epoch, cursor)
