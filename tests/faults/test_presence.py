"""Presence when a node dies: its users are offline for everybody, and nobody else is."""

import os
import signal

from tests.faults.deployment import Seeded
from tests.support.people import People
from tests.support.processes import owners

LONGEST = 60
"""Seconds after which the test fails: it is the frame that counts here, not the moment."""


async def test_users_go_offline_with_a_worker_that_is_killed(pair: Seeded) -> None:
    """The other worker finds out, and says so to those who share a conversation."""
    async with People(pair.payam) as people:
        ali, sara = await people("ali"), await people("sara")
        await ali.begin_conversation(sara)
        of_ali = await ali.connect()
        of_sara = await sara.connect(apart_from=of_ali)
        online = await of_ali.receive_type("presence", LONGEST)
        assert (online["user_id"], online["status"]) == (sara.id, "online")
        worker = owners(pair.payam.pids())[of_sara.local_port]
        os.kill(worker, signal.SIGKILL)
        offline = await of_ali.receive_type("presence", LONGEST)
        assert (offline["user_id"], offline["status"]) == (sara.id, "offline")
        assert offline["last_seen"] is not None
        await sara.connect()
        back = await of_ali.receive_type("presence", LONGEST)
        assert (back["user_id"], back["status"]) == (sara.id, "online")
