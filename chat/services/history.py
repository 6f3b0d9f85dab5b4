"""Which history of the database this process serves, and how it notices another one.

The database is put back when a backup is restored, or when a failover loses commits. Then
everything that this process knows of conversations, people and sign-ins may be wrong. The
process notices it

- when `restored` announces it over the relay, or a batch of another epoch comes;
- when a handshake reads another epoch than the process knows;
- at the latest LOOK_SECONDS after `restored`, because it looks that often;
- without `restored`, when the `seq` of a conversation in the database is lower than the
  position of its sockets here. Then the process renews the epoch itself.
"""

import asyncio
import logging
from collections.abc import Callable

from chat.errors import EpochChanged, InvalidInput, Unavailable
from chat.store import history
from chat.store.database import Database
from chat.store.points import Point

log = logging.getLogger("payam.history")

LOOK_SECONDS = 5.0
LEAST_SECONDS = 0.5
"""From one look to the next, however often something asks for one."""
EPOCH_MAX_LENGTH = 64


class History:
    """`changed` is called when the history has become another one. It must drop everything that
    was learned from the database before. `renewed` is called when this process has begun a new
    epoch itself. At least `pause` seconds lie between two looks.
    """

    def __init__(
        self,
        database: Database,
        changed: Callable[[], None],
        renewed: Callable[[], None],
        *,
        pause: float = LEAST_SECONDS,
    ) -> None:
        self._database = database
        self._changed = changed
        self._renewed = renewed
        self._pause = pause
        self._turn = asyncio.Lock()
        self._wanted = asyncio.Event()
        self._has_gone_back = False
        self.name = history.Name("", "")
        """The name as it was last read; empty before `open`."""

    @property
    def epoch(self) -> str:
        return self.name.epoch

    async def open(self) -> None:
        """Read the name for the first time. Raises Unavailable."""
        self.name = await history.read(self._database)

    async def look(self) -> None:
        """Read the name again, and act if it is another one. Raises Unavailable.

        Only one reading runs at a time, so that the later of two is the one that counts.
        """
        async with self._turn:
            name = await history.read(self._database)
            if name == self.name:
                return
            log.warning(
                "the database was put back: its epoch was %s and is %s; all sockets are closed,"
                " so that their clients come back and read what changed",
                self.epoch,
                name.epoch,
            )
            self.name = name
            self._has_gone_back = False
            self._changed()

    def suspect(self) -> None:
        """Look soon, because something came with another epoch."""
        self._wanted.set()

    def went_back(self, conversation_id: int, known: int, stored: int) -> None:
        """The sockets of a conversation are at `known`, and the database has only `stored`."""
        if not self._has_gone_back:
            log.error(
                "conversation %d has come to %d in the database, and its sockets here to %d: the"
                " database was put back without `python -m chat restored`",
                conversation_id,
                stored,
                known,
                extra={"conversation": conversation_id},
            )
        self._has_gone_back = True
        self._wanted.set()

    async def run(self) -> None:
        """Look from time to time, and when something asks for it, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wanted.wait()
            except TimeoutError:
                pass
            self._wanted.clear()
            try:
                if self._has_gone_back:  # and neither another process nor `restored` renewed it
                    await history.renew(self._database, self.epoch)
                    self._renewed()
                await self.look()
            except Unavailable:
                self._wanted.set()
            except Exception as error:
                # In the middle of a restore the table may be empty or missing.
                log.warning("the database's history cannot be read: %s", error)
            await asyncio.sleep(self._pause)


def require_valid(epoch: str | None) -> None:
    """Raises InvalidInput for a text that cannot be an epoch."""
    if epoch is not None and not 0 < len(epoch) <= EPOCH_MAX_LENGTH:
        raise InvalidInput({"epoch": [f"From 1 to {EPOCH_MAX_LENGTH} characters."]})


def require_present(since: int, epoch: str, point: Point) -> None:
    """Raises EpochChanged where a client's `since` does not count in the present history."""
    if epoch != point.epoch or since > point.seq:
        raise EpochChanged(point.epoch)
