"""Who is answered what, on every route: walked from the application's own table of routes.

Every path × every method × with and without the headers of a handshake × every caller. Where
callers are answered alike, one of them asks.
A route that has no expectation fails `test_every_route_has_an_expectation`. To add one,
put a line into `EXPECTED` of `tests/contract/rights.py`: the method, the path as the
documents write it, and who is answered what:

    "GET /api/conversations/{conversation_id}/pins/": members(200),

`public`, `users` and `members` say who may at all; keyword arguments name callers who are
answered otherwise; the second argument is the body. A new parameter of a path gets its
value in `begin`, and a new socket its line in `SOCKETS`. HEAD and OPTIONS need none.
"""

from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest
from websockets.asyncio.client import connect

from chat.auth.identity import Identity
from chat.docs.endpoints import path_of
from chat.realtime.client_frames import AnyClientFrame
from chat.realtime.gate import Admitted
from chat.realtime.handshake import Upgrade
from chat.realtime.subscribers import ConversationSocket, UserSocket
from chat.services.membership import Membership, Memberships
from config.settings import Settings
from tests.api.client import Api
from tests.contract.rights import (
    CALLERS,
    CLOSES,
    EXPECTED,
    FRAMES,
    NOT_FOUND,
    SOCKETS,
    Answer,
    World,
    ask,
    begin,
    sign_up,
)
from tests.support.sockets import Socket

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "X")
MODES = ("plain", "upgrade", "browser")
"""Without the headers of a handshake, with them, and with the token as a subprotocol."""


@pytest.fixture(scope="module")
def api(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("rights"), database_url=own_database, rate_limits=False
    )
    with Api(settings) as served:
        yield served


@pytest.fixture(scope="module")
def people(api: Api) -> dict[str, Any]:
    return sign_up(api)


def routed(api: Api) -> set[tuple[str, str]]:
    """Method and path of every route that there is once the application has started."""
    return {(method, path_of(route)) for route in api.app.router.routes for method in route.methods}


def test_every_route_has_an_expectation(api: Api) -> None:
    """And every expectation a route; sanic-ext's additions count, for HEAD and OPTIONS alone."""
    found = {f"{m} {path}" for m, path in routed(api) if m not in ("HEAD", "OPTIONS")}
    assert found == set(EXPECTED) | {f"GET {path}" for path in SOCKETS}
    paths = {line.partition(" ")[2] for line in found}
    assert {path for _, path in routed(api)} == paths


def expected(found: set[tuple[str, str]], method: str, path: str, caller: str, mode: str) -> Answer:
    if method == "OPTIONS":
        return Answer(204)
    if (method, path) not in found:
        return Answer(405)
    if path in SOCKETS:
        status = SOCKETS[path].statuses[caller]
        is_handshake = method == "GET" and mode != "plain"
        if is_handshake and mode == "browser" and caller != "nobody" and status != 101:
            return Answer(101, CLOSES[status])
        return Answer(426 if status == 101 and not is_handshake else status)
    rights = EXPECTED.get(f"{'GET' if method == 'HEAD' else method} {path}")
    if rights is None:
        pytest.skip(f"{path} has no expectation: test_every_route_has_an_expectation fails")
    # A token as a subprotocol is for sockets alone.
    return Answer(rights.statuses["nobody" if mode == "browser" else caller])


def modes(path: str, *, is_there: bool, in_all_ways: bool) -> tuple[str, ...]:
    """In which a path is asked by a method."""
    if in_all_ways:
        return MODES if is_there else ("upgrade",)
    usual = "upgrade" if path in SOCKETS else "plain"
    return (usual,) if is_there else ()


def is_due(path: str, method: str, mode: str, *, is_there: bool, turn: bool) -> bool:
    """Whether this caller asks for it. Where the answer is the same for all callers, who has the
    turn asks: by absent methods, and with the token where none is looked for.
    """
    is_for_all = not is_there or method == "OPTIONS" or (mode == "browser" and path not in SOCKETS)
    return turn or not is_for_all


@pytest.mark.parametrize("caller", CALLERS)
def test_each_caller_gets_what_is_theirs(api: Api, people: dict[str, Any], caller: str) -> None:
    """On every path, by every method, as a handshake or not; and nothing else answers 101.

    What a path does not have is refused before there is a question to the database, and what makes
    a handshake is decided before too. So one of the two is asked everything, and the other one in
    the way that is usual. Of what all callers are answered alike, each asks for another part.
    """
    found = routed(api)
    in_all_ways = api.app.ctx.payam.database.dialect == "sqlite"
    # With a ticket, staff are agents, and a block does not count.
    kind = {"with_ticket": caller not in ("staff", "blocked"), "of_two": caller == "blocked"}
    world = begin(people, **kind)
    token = None if caller == "nobody" else people[caller].access
    wrong = []
    for number, path in enumerate(sorted({path for _, path in found})):
        for place, method in enumerate(METHODS):
            rights = EXPECTED.get(f"{method} {path}")
            is_there = (method, path) in found
            turn = CALLERS[(number + place) % len(CALLERS)] == caller
            for mode in modes(path, is_there=is_there, in_all_ways=in_all_ways):
                if not is_due(path, method, mode, is_there=is_there, turn=turn):
                    continue
                answer = api.run(
                    ask(
                        api.port,
                        method,
                        world.path(path),
                        token,
                        world.body(rights) if rights else None,
                        upgrade=mode != "plain",
                        as_browser=mode == "browser",
                    )
                )
                due = expected(found, method, path, caller, mode)
                if (answer.status, answer.closed_with) != (due.status, due.closed_with):
                    wrong.append(f"{method} {path} ({mode}): {answer}, expected {due}")
                if due.status >= 400:
                    assert b"the secret" not in answer.body
                if method not in ("GET", "HEAD", "OPTIONS") and answer.status < 300:
                    world = begin(people, **kind)
    assert wrong == []


def test_ids_of_another_conversation_lead_nowhere(api: Api, people: dict[str, Any]) -> None:
    """Not even its own participant and sender gets at what is there by a path through here."""
    here = begin(people, with_ticket=True)
    there = begin(people, with_ticket=True)
    sender = people["sender"]
    wrong = []
    tried = 0
    for line, rights in EXPECTED.items():
        method, _, path = line.partition(" ")
        if path.startswith("/api/staff/"):  # who is not staff is refused whatever the ids are
            continue
        inner = [name for name in ("message_id", "attachment_id") if f"{{{name}}}" in path]
        for name in inner:
            here.path(path)
            mixed = World(people, {**here.values, name: there.values[name]})
            answer = api.run(
                ask(api.port, method, mixed.path(path), sender.access, mixed.body(rights))
            )
            tried += 1
            if answer.status != 404:
                wrong.append(f"{line} with another's {name}: {answer}")
    assert wrong == []
    assert tried >= 7
    foreign = {"message_id": there.values["message_id"]}
    path = here.path("/api/conversations/{conversation_id}/read/")
    assert sender.post(path, foreign).status_code == 404
    assert (
        sender.get(there.path("/api/conversations/{conversation_id}/messages/")).json()[0][
            "content"
        ]
        == "the secret"
    )


def test_every_frame_has_an_expectation() -> None:
    """Of what it may do for somebody who was removed without this process hearing of it."""
    tags = {frame.__struct_config__.tag for frame in get_args(AnyClientFrame)}
    assert tags == set(FRAMES)


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_reads_nothing_for_who_is_removed(
    api: Api, people: dict[str, Any], kind: str
) -> None:
    """The socket is open, and the news of the removal was lost: the database is asked."""
    world = begin(people, with_ticket=False)
    participant = people["participant"]
    frame = {"type": kind, "ref": "r", **FRAMES[kind].fields(world)}
    if kind == "auth":
        frame["token"] = participant.access
    conversation = world.values["conversation_id"]

    async def ask_for_it() -> tuple[list[dict[str, Any]], int]:
        connection = await connect(
            f"ws://127.0.0.1:{api.port}/ws/chat/{conversation}/",
            additional_headers={"Authorization": f"Bearer {participant.access}"},
            proxy=None,
            open_timeout=60,
        )
        socket = Socket(connection)
        async with api.app.ctx.payam.database.transaction() as transaction:
            await transaction.execute(
                "UPDATE participants SET is_active = FALSE"
                " WHERE conversation_id = ? AND user_id = ?",
                (conversation, participant.id),
            )
        await socket.send(frame)
        if FRAMES[kind].answer == 4404:
            frames = await socket.until_closed()
        else:
            frames = [await socket.receive()]
            await socket.close()
        return frames, connection.close_code or 0

    frames, code = api.run(ask_for_it())
    assert b"the secret" not in msgspec.json.encode(frames)
    if FRAMES[kind].answer == 4404:
        assert (frames, code) == ([], 4404)
    else:
        assert [(one["type"], one.get("code")) for one in frames] == [FRAMES[kind].answer]


def answer_of(mine: str, caller: str, kind: str) -> tuple[str, str | None]:
    """What a frame gets: the same as on the route that does the same."""
    status = EXPECTED[FRAMES[kind].route].statuses[caller]
    if kind == "resume" and caller == "agent" and mine == "/ws/":
        status = 404  # nothing of an agent's conversations comes there
    if status == 403:
        return "error", "blocked" if caller == "blocked" else "forbidden"
    if status == 404:
        return NOT_FOUND
    return "resumed" if kind == "resume" else "ack", None


@pytest.mark.parametrize(
    ("mine", "caller"),
    [(path, who) for path in SOCKETS for who in CALLERS if SOCKETS[path].statuses[who] == 101],
)
def test_each_frame_is_answered_as_the_route_that_does_the_same(
    api: Api, people: dict[str, Any], mine: str, caller: str
) -> None:
    """To everybody who has a socket. Who gets none is in the matrix of routes."""
    kind_of_talk = {
        "with_ticket": caller not in ("staff", "blocked"),
        "of_two": caller == "blocked",
    }
    person = people[caller]

    async def ask_for_it(path: str, frame: dict[str, Any]) -> tuple[str, str | None]:
        connection = await connect(
            f"ws://127.0.0.1:{api.port}{path}",
            additional_headers={"Authorization": f"Bearer {person.access}"},
            proxy=None,
            open_timeout=60,
        )
        socket = Socket(connection)
        await socket.send(frame)
        frames = [await socket.receive()]
        while frames[-1].get("ref") != "r":
            frames.append(await socket.receive())
        await socket.close()
        if frames[-1]["type"] == "error":
            assert b"the secret" not in msgspec.json.encode(frames)
        return frames[-1]["type"], frames[-1].get("code")

    wrong = []
    for kind, one in FRAMES.items():
        world = begin(people, **kind_of_talk)
        frame = {"type": kind, "ref": "r", **one.fields(world)}
        if kind == "auth":
            frame["token"] = person.access
        elif mine == "/ws/":
            frame["conversation"] = world.values["conversation_id"]
        answer = api.run(ask_for_it(world.path(mine), frame))
        if answer != answer_of(mine, caller, kind):
            wrong.append(f"{kind}: {answer}, expected {answer_of(mine, caller, kind)}")
    assert wrong == []


def test_only_the_check_makes_a_proof() -> None:
    """And nothing is handed over without one."""
    with pytest.raises(TypeError):
        Membership()
    untouched: Any = None
    with pytest.raises(TypeError):
        Memberships()
    ali = Identity(1, "ali", False, 0.0, None)
    for connection in (
        ConversationSocket(untouched, ali, 1, 1),
        UserSocket(untouched, ali, 1, untouched),
    ):
        with pytest.raises(RuntimeError, match="proof of membership"):
            Upgrade(untouched, b"", Admitted(connection, None, untouched)).hand_over(untouched)


@pytest.mark.parametrize("mine", ["/ws/chat/{conversation_id}/", "/ws/"])
def test_a_proof_opens_no_other_socket(api: Api, people: dict[str, Any], mine: str) -> None:
    """One of the other kind, of another user, or of another conversation."""
    world, services = begin(people, with_ticket=False), api.app.ctx.services
    conversation = world.values["conversation_id"]
    sender, creator = (
        Identity(people[name].id, name, False, 0.0, None) for name in ("sender", "creator")
    )
    one = api.run(services.conversations.membership(sender, conversation))
    every = api.run(services.positions.memberships(sender))
    untouched: Any = None

    def opens(identity: Identity, proof: Any, number: int = conversation) -> bool:
        if mine == "/ws/":
            return UserSocket(untouched, identity, 1, untouched).is_let_in_by(proof)
        return ConversationSocket(untouched, identity, number, 1).is_let_in_by(proof)

    good, other = (every, one) if mine == "/ws/" else (one, every)
    assert opens(sender, good)
    assert not opens(sender, other)
    assert not opens(creator, good)
    assert mine == "/ws/" or not opens(sender, good, conversation + 1)
