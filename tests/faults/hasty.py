"""Payam that waits less for what has ended: `python -m tests.faults.hasty`.

Its followers begin at once, and what a process was pushing when it was killed is left to others
after seconds. Everything else is as it is.
"""

import sys
from collections.abc import Sequence

from chat.followers.keeper import Keeper
from chat.followers.push.pusher import Pusher, Times
from tests.support.payam_server import PayamServer


class HastyServer(PayamServer):
    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "tests.faults.hasty"]


if __name__ == "__main__":
    times = Times(grace=0.1, again=2.0, pause=0.5, lease=4.0)
    for made, name, value in ((Keeper, "begin", 0.1), (Pusher, "times", times)):
        defaults = made.__init__.__kwdefaults__
        assert defaults is not None
        defaults[name] = value

    from chat.server import main

    sys.exit(main())
