"""Who may open a conversation's socket, and how others are refused."""

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from tests.contract.helpers import Pair, of_each_process
from tests.support.http_client import http_client
from tests.support.payam_server import PayamServer
from tests.support.people import People
from tests.support.sockets import Socket


async def refused(server: PayamServer, path: str, headers: dict[str, str]) -> int:
    """The status with which the handshake is refused."""
    with pytest.raises(InvalidStatus) as error:
        await connect(server.ws_url + path, additional_headers=headers, proxy=None, open_timeout=60)
    body = error.value.response.body
    assert body is not None
    assert b'"code"' in body
    return error.value.response.status_code


async def offering(server: PayamServer, path: str, *offers: str) -> Socket:
    return Socket(
        await connect(
            server.ws_url + path,
            subprotocols=[Subprotocol(offer) for offer in offers],
            proxy=None,
            open_timeout=60,
        )
    )


async def test_without_a_good_token_it_is_401(people: People) -> None:
    """None, another scheme, a broken one, and one in the URL, where no token belongs."""
    pair = await Pair.of(people)
    path = f"/ws/chat/{pair.conversation}/"
    for headers in (
        {},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {pair.ali.access}x"},
        {"Authorization": f"Bearer {pair.ali.refresh}"},
    ):
        assert await refused(pair.ali.server, path, headers) == 401
    assert await refused(pair.ali.server, f"{path}?token={pair.ali.access}", {}) == 401


@of_each_process
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token", "JWT"])
async def test_every_scheme_opens_it(people: People, scheme: str) -> None:
    """With and without the trailing slash."""
    pair = await Pair.of(people)
    for slash in ("/", ""):
        connection = await connect(
            f"{pair.ali.server.ws_url}/ws/chat/{pair.conversation}{slash}",
            additional_headers={"Authorization": f"{scheme} {pair.ali.access}"},
            proxy=None,
            open_timeout=60,
        )
        assert connection.subprotocol is None
        await connection.close()


async def test_others_conversations_are_404(people: People) -> None:
    """As unknown ones and impossible ids are: what exists is not disclosed."""
    pair = await Pair.of(people)
    stranger = await people("stranger")
    headers = {"Authorization": f"Bearer {stranger.access}"}
    for conversation in (pair.conversation, 2**40, 2**70, 0, -1):
        path = f"/ws/chat/{conversation}/"
        assert await refused(stranger.server, path, headers) == 404


async def test_a_browser_brings_its_token_as_a_subprotocol(people: People) -> None:
    """The server selects `chat.v1`, and never the token."""
    pair = await Pair.of(people)
    path = f"/ws/chat/{pair.conversation}/"
    socket = await offering(pair.ali.server, path, "chat.v1", f"bearer.{pair.ali.access}")
    assert socket.connection.subprotocol == "chat.v1"
    await pair.second.send({"type": "chat_message", "message": "hi"})
    assert (await socket.receive())["content"] == "hi"
    await socket.close()


async def test_a_browser_is_refused_by_close_codes(people: People) -> None:
    """It cannot see a status: 4401 for a bad token, 4404 for no conversation of theirs."""
    pair = await Pair.of(people)
    stranger = await people("stranger")
    path = f"/ws/chat/{pair.conversation}/"
    bad = await offering(pair.ali.server, path, "chat.v1", "bearer.nonsense")
    assert await bad.closed() == 4401
    foreign = await offering(pair.ali.server, path, "chat.v1", f"bearer.{stranger.access}")
    assert await foreign.closed() == 4404


@of_each_process
async def test_unknown_subprotocols_do_no_harm(people: People) -> None:
    """Beside a token in the header, nothing is selected and the socket opens."""
    pair = await Pair.of(people)
    connection = await connect(
        f"{pair.ali.server.ws_url}/ws/chat/{pair.conversation}/",
        additional_headers={
            "Authorization": f"Bearer {pair.ali.access}",
            "Sec-WebSocket-Protocol": "graphql-ws",
        },
        proxy=None,
        open_timeout=60,
    )
    assert connection.subprotocol is None
    await connection.close()


@of_each_process
async def test_a_plain_request_is_no_handshake(people: People) -> None:
    """It hears that it has to upgrade, by a problem document."""
    pair = await Pair.of(people)
    answer = await pair.ali.http.get(f"/ws/chat/{pair.conversation}/")
    assert answer.status_code == 426
    assert answer.headers["Content-Type"] == "application/problem+json"


@of_each_process
@pytest.mark.parametrize("since", ["", "-1", "x", str(2**63), "9" * 30, "1.5"])
async def test_a_wrong_point_to_resume_from_is_400(people: People, since: str) -> None:
    """`since` is a change number. The largest one is good, as in a frame."""
    pair = await Pair.of(people)
    headers = {"Authorization": f"Bearer {pair.ali.access}"}
    path = f"/ws/chat/{pair.conversation}/?since={since}"
    assert await refused(pair.ali.server, path, headers) == 400
    await pair.ali.connect(pair.conversation, since=2**63 - 1)


@of_each_process
@pytest.mark.parametrize(
    "query", ["snce=5", "snce", "since=5&limit=1", "since=5&since=6", "epoch=b7c2"]
)
async def test_a_query_that_nobody_knows_is_400(people: People, query: str) -> None:
    """A misspelt `since` would lose what the client asked for; a browser gets 4400."""
    pair = await Pair.of(people)
    headers = {"Authorization": f"Bearer {pair.ali.access}"}
    path = f"/ws/chat/{pair.conversation}/?{query}"
    assert await refused(pair.ali.server, path, headers) == 400
    socket = await offering(pair.ali.server, path, "chat.v1", f"bearer.{pair.ali.access}")
    assert await socket.closed() == 4400


async def test_it_is_alive_and_ready(deployment: PayamServer) -> None:
    """Both health pages answer without a token."""
    async with http_client(deployment.url) as client:
        for page in ("live", "ready"):
            assert (await client.get(f"/health/{page}")).status_code == 200
