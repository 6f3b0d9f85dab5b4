"""The deployments and the people on them, as other tests use them."""

from contextlib import closing

import httpx
import pytest

from tests.support.payam_server import PayamServer
from tests.support.people import People
from tests.support.processes import owners

TRACEBACK = "Traceback (most recent call last):\n  ...\nValueError: nobody caught this\n"


def test_a_logged_traceback_fails_once() -> None:
    """The test that meets it fails with it; the next one on the same server does not."""
    with closing(PayamServer()) as server:
        server.log_file.write_text(TRACEBACK)
        with pytest.raises(AssertionError, match="nobody caught this"):
            server.check_log()
        server.check_log()


def test_an_expected_traceback_does_not_fail() -> None:
    """`allow_traceback` is for tests that provoke one."""
    with closing(PayamServer(allow_traceback=True)) as server:
        server.log_file.write_text(TRACEBACK)
        server.check_log()


async def test_a_person_is_signed_in_on_http_and_socket(people: People) -> None:
    """Both carry their token; what another sends reaches the socket."""
    ali, sara = await people("ali"), await people("sara")
    assert (await ali.http.get("/api/users/me/")).json()["username"] == ali.username
    conversation = await ali.begin_conversation(sara)
    socket = await sara.connect(conversation)
    await ali.http.post(f"/api/conversations/{conversation}/messages/", json={"content": "سلام"})
    frame = await socket.receive_type("chat.message")
    assert (frame["sender"], frame["content"]) == (ali.username, "سلام")


async def test_sockets_apart_sit_on_different_workers(two_workers: PayamServer) -> None:
    """Each socket's server end belongs to a process of its own, neither to the master."""
    async with People(two_workers) as people:
        ali = await people("ali")
        conversation = await ali.begin_conversation()
        one = await ali.connect(conversation)
        other = await ali.connect(conversation, apart_from=one)
        pids = two_workers.pids()
        owner_of = owners(pids)
        found = {owner_of[socket.local_port] for socket in (one, other)}
        assert len(found) == 2
        assert found <= set(pids) - {two_workers.process.pid}


def test_a_server_restarts_with_its_data() -> None:
    """Who signed up before `stop` signs in after `start`, at the same address."""
    with PayamServer() as server:
        somebody = {"username": "somebody", "password": "correct horse"}
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            assert client.post("/api/users/", json=somebody).status_code == 201
        server.stop()
        server.start()
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            assert client.post("/api/token/", json=somebody).status_code == 200


def test_a_fork_ends_as_the_program_does() -> None:
    """With its words and its status, here for a setting that cannot be."""
    wrong = r"ended with 1 before .*\npayam: PORT: 'x' is not allowed"
    with closing(PayamServer({"PORT": "x"})) as server, pytest.raises(AssertionError, match=wrong):
        server.start()
