"""Which push services answer: one that does not must not hold up the others.

After some failures in a row an origin is left alone for a time, which grows. Then one push tries it
again. Example: a service hangs. The pushes that are under way to it fail after 15 seconds, and take
up some of the places of this process for so long. Afterwards one push at a time tries it.

Anybody may register devices of many services that hang. So those that have not answered yet, or did
not the last time, get few places each, and half of all places together. The other half is there for
those that answer.
"""

import logging
from collections import defaultdict
from dataclasses import dataclass
from time import monotonic

log = logging.getLogger("payam.push")

FAILURES = 5
PARALLEL = 32
"""Most pushes that are on their way to one origin."""
FIRST = 4
"""Most to one that has not answered."""
UNPROVEN = 32
"""Most to all of these together."""
FULL_SECONDS = 1.0
PAUSE_SECONDS = 2.0
PAUSE_MAX = 300.0
MOST = 10_000
"""Most origins that are remembered: anybody may register devices of any number of them."""


@dataclass
class Origin:
    working: int = 0
    failures: int = 0
    quiet_until: float = 0.0
    answers: bool = False

    @property
    def room(self) -> int:
        if self.failures >= FAILURES:
            return 1
        return PARALLEL if self.answers else FIRST


class Origins:
    def __init__(self) -> None:
        self._origins: defaultdict[str, Origin] = defaultdict(Origin)
        self._unproven = 0

    def begin(self, name: str) -> float:
        """Begin a push to this origin, and return 0; or say in how many seconds to ask again."""
        origin = self._origins[name]
        if (left := origin.quiet_until - monotonic()) > 0:
            return left
        is_full = not origin.answers and self._unproven >= UNPROVEN
        if is_full or origin.working >= origin.room:
            return FULL_SECONDS
        origin.working += 1
        self._unproven += not origin.answers
        if len(self._origins) > MOST:
            idle = [one for one, known in self._origins.items() if not known.working]
            # Those that answer go only where there is no other left to go.
            unproven = [one for one in idle if not self._origins[one].answers]
            for other in unproven or idle:
                del self._origins[other]
        return 0.0

    def end(self, name: str, why: str | None) -> None:
        """A push that began has ended. `why` says how the origin failed; None if it answered."""
        origin = self._origins[name]
        self._unproven -= 0 if origin.answers else origin.working
        origin.working -= 1
        origin.answers = why is None
        self._unproven += 0 if origin.answers else origin.working
        if why is None:
            if origin.failures >= FAILURES:
                log.info("%s takes pushes again", name)
            origin.failures, origin.quiet_until = 0, 0.0
            return
        if not origin.failures:
            log.warning("%s does not take a push: %s", name, why)
        origin.failures += 1
        if origin.failures >= FAILURES:
            pause = min(PAUSE_SECONDS * 2.0 ** min(origin.failures - FAILURES, 32), PAUSE_MAX)
            origin.quiet_until = monotonic() + pause
