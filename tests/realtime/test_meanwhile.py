"""What comes while a request, a renewal or an upload waits: no token outlives it.

As in `test_gate`, a seam keeps an answer until the news has arrived, from the same node
and from another one.
"""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from chat.events import FamilyRevoked
from chat.services import messages
from chat.store import messages as message_store
from chat.store import token_families
from chat.store.users import Account
from tests.api.client import Person
from tests.realtime.nodes import Nodes, Talk, hold, opened, until

ME = "/api/users/me/"


def test_a_request_under_way_does_not_bring_a_revoked_token_back(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused itself, and so is the next one."""

    async def scenario() -> list[int]:
        witness = await opened(nodes.here, talk.ali, talk.path)
        nodes.here.app.ctx.services.sessions.forget()
        held = hold(monkeypatch, nodes.here.app.ctx.services.users, "of_claims")
        asking = asyncio.create_task(nodes.ask(nodes.here, talk.ali, "GET", ME))
        await held.until_waiting()
        await nodes.revoke(talk.ali)
        assert await witness.closed() == 4401
        held.release()
        return [
            (await asking).status_code,
            (await nodes.ask(nodes.here, talk.ali, "GET", ME)).status_code,
        ]

    assert nodes.run(scenario()) == [401, 401]


async def family_of(nodes: Nodes, person: Person) -> str:
    tokens = nodes.here.app.ctx.services.sessions._tokens
    family: str = (await tokens.decode_access(person.access)).family
    return family


async def revoke_unheard(nodes: Nodes, talk: Talk) -> None:
    """In the database alone: the news of it is lost."""
    database = nodes.there.app.ctx.payam.database
    assert await token_families.revoke(database, await family_of(nodes, talk.ali))


def test_news_that_may_be_lost_during_a_request_make_it_ask_again(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relay was away while the database answered; the sign-in was revoked since."""

    async def scenario() -> int:
        nodes.here.app.ctx.services.sessions.forget()
        held = hold(monkeypatch, nodes.here.app.ctx.services.users, "of_claims", most=1)
        asking = asyncio.create_task(nodes.ask(nodes.here, talk.ali, "GET", ME))
        await held.until_waiting()
        await revoke_unheard(nodes, talk)
        nodes.here.app.ctx.payam.dispatcher.incoming.interrupted()
        held.release()
        return (await asking).status_code

    assert nodes.run(scenario()) == 401


def test_news_lost_while_sign_ins_are_checked_are_checked_too(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second outage of the relay, during the questions after the first one."""

    async def scenario() -> int:
        socket = await opened(nodes.here, talk.ali, talk.path)
        payam = nodes.here.app.ctx.payam
        held = hold(monkeypatch, payam.services.sessions, "working", most=1)
        payam.dispatcher.incoming.interrupted()
        await held.until_waiting()
        await revoke_unheard(nodes, talk)
        payam.dispatcher.incoming.interrupted()
        held.release()
        return await socket.closed()

    assert nodes.run(scenario()) == 4401


def test_a_token_that_is_revoked_while_it_renews_a_socket_is_refused(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The socket keeps the token that it had, of another sign-in, and lives on."""
    again = nodes.here.person("again")

    async def scenario() -> None:
        payam = nodes.here.app.ctx.payam
        account = await payam.services.users.of_claims(
            await payam.services.sessions._tokens.decode_access(talk.ali.access)
        )
        second = await payam.services.sessions.begin(account)
        again.access, again.refresh = second.access, second.refresh
        socket = await opened(nodes.here, talk.ali, talk.path)
        witness = await opened(nodes.here, again, talk.path)
        held = hold(monkeypatch, payam.services.users, "of_claims")
        await socket.send({"type": "auth", "token": again.access, "ref": "r"})
        await held.until_waiting()
        await nodes.revoke(again)
        assert await witness.closed() == 4401
        held.release()
        assert (await socket.receive_type("error"))["code"] == "token_revoked"
        await talk.say(nodes, "still here")
        assert (await socket.receive_type("chat.message"))["content"] == "still here"
        await socket.close()

    nodes.run(scenario())


def test_of_two_renewals_the_later_one_counts(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the first one's answer comes last; each is acknowledged."""

    async def scenario() -> str:
        payam = nodes.here.app.ctx.payam
        sessions = payam.services.sessions
        identity = await sessions.identify(talk.ali.access)
        account = Account(identity.user_id, identity.username, False, None, None)
        pairs = [await sessions.begin(account) for _ in range(2)]
        socket = await opened(nodes.here, talk.ali, talk.path)
        held = hold(monkeypatch, payam.services.users, "of_claims", most=1)
        await socket.send({"type": "auth", "token": pairs[0].access, "ref": "first"})
        await held.until_waiting()
        await socket.send({"type": "auth", "token": pairs[1].access, "ref": "second"})
        assert (await socket.receive_type("ack"))["ref"] == "second"
        held.release()
        assert (await socket.receive_type("ack"))["ref"] == "first"
        family: str = (await sessions.identify(pairs[1].access)).family
        assert family in payam.connections.families()
        await socket.close()
        return family

    assert nodes.run(scenario())


@pytest.mark.parametrize(("happens", "status"), [("removal", 404), ("revocation", 401)])
def test_an_upload_whose_sender_has_to_go_meanwhile_is_not_kept(
    nodes: Nodes, talk: Talk, happens: str, status: int
) -> None:
    """Neither its row nor its file."""
    message = talk.sara.say(talk.path, "look")
    path = f"{talk.path}messages/{message['id']}/attachments/"
    files = Path(nodes.here.settings.uploads)
    half, going_on = asyncio.Event(), asyncio.Event()

    async def body() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + b"1" * 9
        half.set()
        await going_on.wait()
        yield b"\r\n--x--\r\n"

    async def scenario() -> int:
        witness = await opened(nodes.here, talk.sara, talk.path)
        headers = {
            "Authorization": f"Bearer {talk.sara.access}",
            "Content-Type": "multipart/form-data; boundary=x",
        }
        uploading = asyncio.create_task(
            nodes.here.send("POST", path, content=body(), headers=headers)
        )
        await half.wait()
        await until(lambda: stored(files) > before)
        if happens == "removal":
            await talk.remove_sara(nodes)
        else:
            await nodes.revoke(talk.sara)
        await witness.closed()
        going_on.set()
        return (await uploading).status_code

    before = stored(files)
    assert nodes.run(scenario()) == status
    nodes.run(until(lambda: stored(files) == before))
    assert talk.ali.get(path).json() == []


def stored(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("happens", ["removal", "revocation"])
def test_a_list_whose_reader_has_to_go_meanwhile_is_cut(
    nodes: Nodes,
    talk: Talk,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    happens: str,
) -> None:
    """The reader cannot take it for the whole; a line says so, without a traceback."""
    held = asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(messages, "STREAM_PAGE", 1)
    nodes.run(talk.say(nodes, "first"))
    nodes.run(talk.say(nodes, "second"))
    after = message_store.after

    async def second_later(database: Any, reader: Any, last: int, limit: int) -> Any:
        if last:
            reached, going_on = held
            reached.set()
            await going_on.wait()
        return await after(database, reader, last, limit)

    async def scenario() -> None:
        reached, going_on = held
        witness = await opened(nodes.here, talk.sara, talk.path)
        asking = asyncio.create_task(
            nodes.ask(nodes.here, talk.sara, "GET", f"{talk.path}messages/")
        )
        await reached.wait()
        if happens == "removal":
            await talk.remove_sara(nodes)
        else:
            await nodes.revoke(talk.sara)
        await witness.closed()
        going_on.set()
        with pytest.raises(httpx.TransportError):
            await asking

    monkeypatch.setattr(message_store, "after", second_later)
    with caplog.at_level("INFO", "payam.api"):
        nodes.run(scenario())
    (line,) = [record for record in caplog.records if "an answer" in record.message]
    assert line.exc_info is None
    assert ("not_found" if happens == "removal" else "token_revoked") in line.message


def test_what_is_known_of_a_token_ends_with_its_sign_in(nodes: Nodes, talk: Talk) -> None:
    """Of all tokens of it, and of no other."""
    services = nodes.here.app.ctx.services

    async def scenario() -> list[int]:
        for person in (talk.ali, talk.sara):
            assert (await nodes.ask(nodes.here, person, "GET", ME)).status_code == 200
        services.sessions.forget(FamilyRevoked(await family_of(nodes, talk.ali)))
        return [
            (await nodes.ask(nodes.here, person, "GET", ME)).status_code
            for person in (talk.ali, talk.sara)
        ]

    assert nodes.run(scenario()) == [401, 200]
