"""Frames that nobody would send, on both sockets: answered, or closed by the rules."""

import asyncio
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from config.settings import Settings
from tests.api.client import Api
from tests.contract.rights import FRAMES

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "40"))
ALLOWED = {1000, 1002, 1003, 1007, 1009, 4400, 4401, 4404, 4429}
"""Closes that a client's frames may bring about."""
NAMES = st.sampled_from(
    [
        "type",
        "message",
        "content",
        "message_id",
        "conversation",
        "client_id",
        "ref",
        "emoji",
        "since",
        "epoch",
        "cursor",
        "token",
        "is_typing",
        "reply_to",
        "metadata",
        "internal",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "x" * 70_000, "\0", "\ud800", "1", 1, 0, 2**63, 2**63 - 1]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
TYPES = st.sampled_from([*FRAMES, "", "hello", "chat.message"])
FRAME = st.builds(
    lambda kind, fields: {"type": kind, **fields},
    TYPES,
    st.dictionaries(NAMES.filter(lambda name: name != "type"), VALUES, max_size=5),
)
SENT = (
    FRAME.map(json.dumps) | st.text(max_size=50) | st.binary(max_size=50) | VALUES.map(json.dumps)
)


@pytest.fixture(scope="module")
def api(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    data = tmp_path_factory.mktemp("fuzz")
    with Api(Settings(data_dir=data, database_url=own_database, rate_limits=False)) as served:
        yield served


@pytest.mark.parametrize("mine", ["/ws/chat/{}/", "/ws/"])
def test_no_frame_makes_the_server_fail(
    api: Api, mine: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The socket answers a ping afterwards, or was closed with a code that says what was wrong."""
    ali = api.person("ali")
    path = mine.format(ali.begin().split("/")[3])

    async def send(frames: list[str | bytes]) -> None:
        connection: ClientConnection = await connect(
            f"ws://127.0.0.1:{api.port}{path}",
            additional_headers={"Authorization": f"Bearer {ali.access}"},
            proxy=None,
            open_timeout=60,
            max_queue=None,
        )
        try:
            for frame in frames:
                await connection.send(frame if isinstance(frame, bytes) else sendable(frame))
            async with asyncio.timeout(60):
                await (await connection.ping())
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            assert code in ALLOWED, f"{frames!r} closed it with {code}"
        else:
            await refuse_failures(connection)
        finally:
            await connection.close()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.lists(SENT, min_size=1, max_size=6))
    def fuzz(frames: list[str | bytes]) -> None:
        api.run(send(frames))

    fuzz()
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


def sendable(text: str) -> str:
    """Without halves of surrogate pairs, which the library cannot send."""
    return text.encode("utf-8", "replace").decode()


async def refuse_failures(connection: ClientConnection) -> None:
    """Read what came so far: none of it is the server's own failure."""
    while True:
        try:
            async with asyncio.timeout(0.01):
                frame: Any = json.loads(await connection.recv())
        except (TimeoutError, ConnectionClosed):
            return
        assert frame.get("code") != "internal_error", frame
