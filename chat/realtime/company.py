"""Whether there may be other nodes. A node that is alone publishes no changes: nobody reads them.

1. A node begins. It does not know of others, so it takes for granted that there are some.
2. With each beat on the board it learns how many others live. After some seconds without others it
   is alone.
3. Another node begins. When it listens, it announces itself, and the first node is not alone any
   more. It would find the other one on the board too, at its next beat.

Whatever is not published for that reason, the other node finds in the database, some seconds later.
So does it find what Redis has lost.
"""

from time import monotonic

QUIET_SECONDS = 2.0
"""For so long nothing must have been heard of another node. One that has just begun may announce
itself before it is on the board."""


class Company:
    def __init__(self, quiet: float = QUIET_SECONDS) -> None:
        """`quiet` is in seconds."""
        self.may_be_there = True
        self._quiet = quiet
        self._heard_at = monotonic()

    def heard(self) -> None:
        """Another node has said something, or may have said something that was not heard."""
        self.may_be_there = True
        self._heard_at = monotonic()

    def counted(self, others: int) -> None:
        """So many other nodes are on the board."""
        if others:
            self.heard()
        elif monotonic() - self._heard_at >= self._quiet:
            self.may_be_there = False
