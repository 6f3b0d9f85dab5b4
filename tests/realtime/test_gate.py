"""What comes while a handshake waits: no socket outlives it.

Nothing here goes by luck: a seam keeps the database's answer, or the test holds a lock,
until the news has arrived. Each runs on one node, and with the news from another node.
"""

import asyncio
from collections.abc import Collection
from typing import Any

import psycopg
import pytest

from chat.auth.identity import Identity
from chat.errors import NotFound
from chat.services.membership import Membership
from chat.store import points
from chat.store.history import Name
from tests.realtime.nodes import Nodes, Talk, close_all, hold, open_socket, opened, until
from tests.support.sockets import Socket


@pytest.mark.parametrize("as_browser", [False, True])
def test_a_revocation_during_handshakes_leaves_no_socket_open(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch, *, as_browser: bool
) -> None:
    """Twelve of one sign-in; a browser's are accepted and closed with 4401."""

    async def scenario() -> list[int]:
        witness = await opened(nodes.here, talk.ali, talk.path)
        held = hold(monkeypatch, nodes.here.app.ctx.services.conversations, "membership")
        opening = [
            asyncio.create_task(open_socket(nodes.here, talk.ali, talk.path, as_browser=as_browser))
            for _ in range(12)
        ]
        await held.until_waiting(12)
        await nodes.revoke(talk.ali)
        assert await witness.closed() == 4401  # the news is here
        held.release()
        return await close_all(await asyncio.gather(*opening))

    assert nodes.run(scenario()) == [4401 if as_browser else 401] * 12
    assert len(nodes.here.app.ctx.payam.connections) == 0


@pytest.mark.parametrize("nodes", ["two"], indirect=True)  # SQLite's readers wait for nobody
def test_a_revocation_while_the_table_is_locked_leaves_no_socket_open(
    nodes: Nodes, talk: Talk
) -> None:
    """The same with nothing but a lock, as a migration would hold it."""
    url = nodes.here.settings.database_url

    async def scenario() -> list[int]:
        witness = await opened(nodes.here, talk.ali, talk.path)
        async with (
            await psycopg.AsyncConnection.connect(url) as lock,
            await psycopg.AsyncConnection.connect(url, autocommit=True) as other,
        ):
            await lock.execute("LOCK TABLE participants IN ACCESS EXCLUSIVE MODE")
            opening = [
                asyncio.create_task(open_socket(nodes.here, talk.ali, talk.path)) for _ in range(12)
            ]
            connections = nodes.here.app.ctx.payam.connections
            await until(lambda: len(connections) == 13)
            waiting = 0
            while not waiting:  # one question is for all who ask meanwhile
                rows = await other.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                ((waiting,),) = await rows.fetchall()
            await nodes.revoke(talk.ali)
            assert await witness.closed() == 4401
            await lock.rollback()
        return await close_all(await asyncio.gather(*opening))

    assert nodes.run(scenario()) == [401] * 12


@pytest.mark.parametrize("nodes", ["one"], indirect=True)
def test_a_revocation_while_the_history_is_looked_at_refuses_the_handshake(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was put back: the handshake waits for that, and then asks everything anew."""
    payam = nodes.here.app.ctx.payam

    async def scenario() -> list[int]:
        held = hold(monkeypatch, payam.history, "look", before=True)
        monkeypatch.setattr(payam.history, "name", Name("another", "history"))
        opening = asyncio.create_task(open_socket(nodes.here, talk.ali, talk.path))
        await held.until_waiting()
        await nodes.revoke(talk.ali)
        held.release()
        return await close_all([await opening])

    assert nodes.run(scenario()) == [401]


@pytest.mark.parametrize("query", ["", "?since=0"])
@pytest.mark.parametrize("as_browser", [False, True])
def test_a_removal_during_the_handshake_refuses_it(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch, query: str, *, as_browser: bool
) -> None:
    """Others of the conversation are here, and have received it."""

    async def scenario() -> list[int]:
        witness = await opened(nodes.here, talk.reza, talk.path)
        held = hold(monkeypatch, nodes.here.app.ctx.services.conversations, "membership")
        opening = asyncio.create_task(
            open_socket(nodes.here, talk.sara, talk.path, as_browser=as_browser, query=query)
        )
        await held.until_waiting()
        await talk.remove_sara(nodes)
        await witness.receive_type("participant.left")
        held.release()
        socket = await opening
        if isinstance(socket, Socket):
            assert await socket.until_closed() == []
        await witness.close()
        return await close_all([socket])

    assert nodes.run(scenario()) == [4404 if as_browser else 404]


def test_the_first_of_a_conversation_here_hears_of_a_removal_that_nobody_here_was_told(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the relay is subscribed nothing comes; then the database is compared."""

    async def scenario() -> tuple[list[dict[str, Any]], int]:
        held = hold(monkeypatch, nodes.here.app.ctx.services.conversations, "membership")
        opening = asyncio.create_task(open_socket(nodes.here, talk.sara, talk.path))
        await held.until_waiting()
        await talk.remove_sara(nodes)
        await talk.say(nodes, "not for Sara")
        held.release()
        socket = await opening
        assert isinstance(socket, Socket)
        return await socket.until_closed(), await socket.closed()

    frames, code = nodes.run(scenario())
    assert code == 4404
    assert {frame["type"] for frame in frames} <= {"participant.left"}


def test_another_that_was_the_first_meanwhile_makes_the_handshake_ask_again(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The conversation begins here after the removal: nobody here will receive it."""

    async def scenario() -> list[int]:
        conversations = nodes.here.app.ctx.services.conversations
        held = hold(monkeypatch, conversations, "membership", most=1)
        opening = asyncio.create_task(open_socket(nodes.here, talk.sara, talk.path))
        await held.until_waiting()
        await talk.remove_sara(nodes)
        reza = await opened(nodes.here, talk.reza, talk.path)
        held.release()
        answer = await opening
        await reza.close()
        return await close_all([answer])

    assert nodes.run(scenario()) == [404]


def test_of_forty_at_once_as_many_are_admitted_as_may_be(
    few: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are refused while the first still wait for the database."""
    talk = Talk(few)

    async def scenario() -> list[Socket | int]:
        held = hold(monkeypatch, few.here.app.ctx.services.conversations, "membership")
        opening = [
            asyncio.create_task(open_socket(few.here, talk.ali, talk.path)) for _ in range(40)
        ]
        await until(lambda: sum(task.done() for task in opening) == 35)
        held.release()
        answers = await asyncio.gather(*opening)
        for socket in answers:
            if isinstance(socket, Socket):
                await socket.close()
        return answers

    answers = few.run(scenario())
    assert len([one for one in answers if isinstance(one, Socket)]) == 5
    assert [one for one in answers if not isinstance(one, Socket)] == [429] * 35


def test_a_handshake_that_comes_to_nothing_leaves_its_place(
    few: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a stranger, one that asks for no upgrade, and one whose client leaves meanwhile."""
    talk, stranger = Talk(few), few.here.person("stranger")
    connections = few.here.app.ctx.payam.connections
    socket_path = f"/ws/chat/{talk.path.strip('/').split('/')[-1]}/"

    async def scenario() -> None:
        assert await open_socket(few.here, stranger, talk.path) == 404
        assert (await few.ask(few.here, talk.ali, "GET", socket_path)).status_code == 426
        assert len(connections) == 0
        with monkeypatch.context() as patch:
            held = hold(patch, few.here.app.ctx.services.conversations, "membership")
            opening = asyncio.create_task(open_socket(few.here, talk.ali, talk.path))
            await held.until_waiting()
            assert len(connections) == 1
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
            await until(lambda: len(connections) == 0)
        assert len(few.here.app.ctx.payam.dispatcher.hub.conversations()) == 0

    few.run(scenario())


def test_a_worker_that_stops_opens_no_socket_that_was_waiting(
    few: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is answered 503, like any that comes later."""
    talk = Talk(few)
    payam = few.here.app.ctx.payam

    async def scenario() -> list[Socket | int]:
        held = hold(monkeypatch, few.here.app.ctx.services.conversations, "membership")
        waiting = asyncio.create_task(open_socket(few.here, talk.ali, talk.path))
        await held.until_waiting()
        draining = asyncio.create_task(payam.drain())
        await until(lambda: all(one.is_closing for one in payam.connections))
        held.release()
        answers = [await waiting, await open_socket(few.here, talk.ali, talk.path)]
        await draining
        return answers

    assert few.run(scenario()) == [503, 503]


def test_sockets_that_come_together_share_one_question_for_their_memberships(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first asks alone, and all that come meanwhile together; each gets its own answer."""
    conversations, asked = nodes.here.app.ctx.services.conversations, []
    points_for = points.points_for

    async def counted(reads: Any, places: Collection[tuple[int, int]]) -> Any:
        asked.append(len(places))
        return await points_for(reads, places)

    monkeypatch.setattr(points, "points_for", counted)
    outsider = nodes.here.person("outsider")
    other = outsider.begin(talk.ali)
    numbers = [int(path.strip("/").split("/")[-1]) for path in (talk.path, other)]
    people = [talk.ali, talk.sara, talk.reza, outsider]
    wanted = [(person, number) for number in numbers for person in people]

    async def scenario() -> list[Any]:
        asking = [
            conversations.membership(Identity(one.id, "", False, 0.0, None), number)
            for one, number in wanted
        ]
        return await asyncio.gather(*asking, return_exceptions=True)

    found = nodes.run(scenario())
    proofs = [(one.user_id, one.conversation_id) for one in found if isinstance(one, Membership)]
    assert proofs == [
        *[(one.id, numbers[0]) for one in people[:3]],
        *[(one.id, numbers[1]) for one in (talk.ali, outsider)],
    ]
    assert sum(isinstance(one, NotFound) for one in found) == 3
    assert len(asked) <= 2
    assert sum(asked) == len(wanted)
