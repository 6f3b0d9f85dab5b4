"""The row of the rights matrix for notes of staff: no route and no frame shows one to others.

It is walked from the application's own table of routes, the queries of their `Operation`, and the
kinds of frames. So a route, a parameter or a frame that is added later falls under it by itself.
A new parameter of a query gets a value in `QUERIES` of `note_rights`, and what shows
notes to staff a line in its `SHOWN`.
"""

import json
from collections.abc import Iterator

import pytest
from msgspec.structs import fields

from chat.docs.endpoints import METHODS
from config.settings import Settings
from tests.api.client import Api, Person
from tests.contract.note_rights import (
    ABSENT,
    FIRST_ID,
    INSIDE,
    OTHERS,
    QUERIES,
    SHOWN,
    WORD,
    Room,
    ask,
    asked_on,
    begin_room,
    queries,
    routes,
    shown_in,
    shown_live,
    shown_outside,
)
from tests.contract.rights import EXPECTED, SOCKETS, sign_up


@pytest.fixture(scope="module")
def api(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("notes"),
        database_url=own_database,
        rate_limits=False,
        guests=True,
        widget_secret="x" * 32,
    )
    with Api(settings) as served:
        served.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES ('messages', ?)"
            if not own_database
            else "SELECT setval(pg_get_serial_sequence('messages', 'id'), ?)",
            (FIRST_ID,),
        )
        yield served


@pytest.fixture(scope="module")
def people(api: Api) -> dict[str, Person]:
    return sign_up(api)


@pytest.fixture
def room(api: Api, people: dict[str, Person], caller: str) -> Room:
    """New for each caller, because what a caller does may change it."""
    return begin_room(api, people, caller)


def test_every_parameter_of_a_query_is_tried(api: Api) -> None:
    """A new one needs a value that could lead to a note, and one that is gone needs none."""
    known = {
        one.encode_name for _, _, shape in routes(api) if shape is not None for one in fields(shape)
    }
    assert known == set(QUERIES)


@pytest.mark.parametrize("caller", OTHERS)
def test_no_route_shows_a_note(api: Api, room: Room, caller: str) -> None:
    """Whatever it is asked: neither the words nor the id. An id of a note is that of nothing.

    One of the databases is only asked what changes nothing, because the rights are asked there in
    the same way.
    """
    methods = METHODS if api.app.ctx.payam.database.dialect == "sqlite" else ("GET",)
    who = None if caller == "nobody" else room.world.people[caller]
    absent = room.instead(ABSENT)
    wrong = []
    for method, path, shape in routes(api):
        if method not in methods:
            continue
        line = f"{method} {path}"
        rights = EXPECTED.get(line)
        names_it = "{message_id}" in f"{path} {rights.body if rights else ''}"
        for query in queries(shape, room.world):
            if method != "GET" and query and not names_it:
                continue
            answer = ask(api, who, line, room.world, query)
            found = room.traces(shown_in(answer))
            if found:
                wrong.append(f"{line} {query}: {answer.status_code} with {found}")
            if names_it:
                other = ask(api, who, line, absent, query)
                if (answer.status_code, answer.content) != (other.status_code, other.content):
                    wrong.append(f"{line} {query}: {answer.text} is not {other.text}")
    assert wrong == []


@pytest.mark.parametrize("caller", ["agent", "staff"])
def test_staff_see_a_note_where_messages_are(api: Api, room: Room, caller: str) -> None:
    """The same walk finds it for them: exactly where it should, and in the author's export."""
    who = room.world.people[caller]
    found = {
        f"{method} {path}"
        for method, path, shape in routes(api)
        if method == "GET"
        for query in queries(shape, room.world)
        if WORD in shown_in(ask(api, who, f"{method} {path}", room.world, query))
    }
    assert found - SHOWN == ({"GET /api/users/me/export/"} if caller == "agent" else set())
    assert found >= SHOWN


@pytest.mark.parametrize("caller", INSIDE)
def test_no_frame_shows_a_note(api: Api, room: Room, caller: str) -> None:
    """On no kind of socket: as an answer to any frame that names its id, live, and resumed."""
    for path in SOCKETS:
        answers, frames = api.run(asked_on(api, room, caller, path))
        assert answers[::2] == answers[1::2], "a note's id, and one that is of nothing"
        live, made = api.run(shown_live(api, room, caller, path))
        assert live, "nothing came at all"
        everywhere = json.dumps([answers, frames, live])
        for trace in (WORD, *map(str, (*made, *room.notes))):
            assert trace not in everywhere


@pytest.mark.parametrize("caller", ["nobody", "former"])
def test_who_is_outside_opens_no_socket_with_a_note(api: Api, room: Room, caller: str) -> None:
    """Or it is their own, on which nothing of this conversation comes."""
    for path in SOCKETS:
        assert room.traces(api.run(shown_outside(api, room, caller, path))) == []
