"""No endpoint asks the database once for each thing that it answers with, or that it changes.

Each is called where there are few things, and then where there are many: the number of statements
is the same. This holds for every route that the application has, and for every frame of a socket.
A new route gets its line in `CALLS` of `tests/api/grown.py`.
"""

from collections.abc import Iterator
from time import sleep
from typing import Any

import pytest

from chat.docs.endpoints import path_of
from config.settings import Settings
from tests.api.client import Api
from tests.api.grown import CALLS, SECRET, World, frames_of, options_of
from tests.api.statements import Counter
from tests.contract.rights import FRAMES, SOCKETS

FEW, MANY = 2, 4
PAUSES = (0.0, 0.0, 0.5, 2.0, 5.0, 15.0, 40.0)
"""Seconds before each try. The first one brings into memory what is kept there, which with few is
there already. Later ones wait until search has followed what was changed here."""

ASK_NOTHING = {
    "GET /": "a file",
    "GET /web/{name}/": "a file",
    "GET /sw.js/": "a file",
    "GET /widget.js/": "a file",
    "GET /widget/": "a file",
    "GET /docs/": "made when the process began",
    "GET /docs/openapi.json": "made when the process began",
    "GET /docs/asyncapi.json": "made when the process began",
    "GET /api/settings/": "the process's own settings",
    "GET /health/live/": "says that the process answers",
    "GET /metrics/": "counted in memory",
}
"""Routes that ask the database nothing, and where their answer is from."""

ONE_CONVERSATION = {
    "GET /api/users/me/export/": "what is sent is read a conversation at a time, so that little is "
    "in memory",
    "GET /api/staff/users/{user_id}/export/": "the same",
    "POST /api/guests/identify/": "each conversation changes under its own lock, with its own seq",
    "POST /api/staff/retention/": "each conversation changes under its own lock, with its own seq, "
    "and senders wait for no other",
}
"""Routes that ask for each conversation. Where there is more, it is more within one conversation.
All other routes may have any number of conversations."""

Counts = dict[str, tuple[list[str], list[str]]]


@pytest.fixture(scope="module")
def api(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("statements"),
        database_url=own_database,
        rate_limits=False,
        guests=True,
        widget_secret=SECRET,
    )
    with Api(settings) as served:
        yield served


@pytest.fixture(scope="module")
def counts(api: Api) -> Counts:
    """By route, the statements with few things and with many. Some lists are of everybody."""
    with pytest.MonkeyPatch.context() as patch:
        counter = Counter(patch)
        few, many = World(api, FEW), World(api, MANY)
        for _ in range(400):  # while the index is behind, messages are asked too
            asked = counter.of(many.ali, "GET", "/api/search/?q=hello")
            if not any("WITH spans" in one for one in asked):
                break
            sleep(0.05)
        found: Counts = {}
        for route in CALLS:
            for pause in PAUSES:
                sleep(pause)
                found[route] = count(counter, few, route), count(counter, many, route)
                if len(found[route][1]) <= len(found[route][0]):
                    break
        for path in SOCKETS:
            for pause in PAUSES:
                sleep(pause)
                of_few, of_many = (
                    counter.of_socket(one.ali, path.format_map(one.values), frames_of(one, path))
                    for one in (few, many)
                )
                found |= {f"{path} {kind}": (of_few[kind], of_many[kind]) for kind in of_few}
                if all(len(of_many[kind]) <= len(of_few[kind]) for kind in of_few):
                    break
    return found


def count(counter: Counter, world: World, route: str) -> list[str]:
    method, path = route.split()
    call = CALLS[route]
    given: dict[str, Any] = {"who": world.ali, **call.before(world)}
    where = path.format_map({**world.values, **given}) + call.query
    return counter.of(given["who"], method, where, **options_of(world, call, given))


def test_every_route_is_counted(api: Api) -> None:
    """A new one is added to `CALLS`; and a line there is of a route that there is."""
    routes = {
        f"{method} {path_of(route)}"
        for route in api.app.router.routes
        for method in route.methods
        if method not in ("HEAD", "OPTIONS")
    }
    assert set(ASK_NOTHING) | set(ONE_CONVERSATION) <= set(CALLS)
    assert routes == set(CALLS) | {f"GET {path}" for path in SOCKETS}


@pytest.mark.parametrize("route", CALLS)
def test_many_things_take_as_many_statements_as_few(counts: Counts, route: str) -> None:
    few, many = counts[route]
    assert (few == []) == (route in ASK_NOTHING)
    assert len(many) <= len(few), "\n".join(many)


@pytest.mark.parametrize("path", SOCKETS)
def test_frames_take_as_many_statements_where_there_is_more(counts: Counts, path: str) -> None:
    """Each kind that there is, and the handshake before the first one."""
    of_path = {
        line.split()[1]: found for line, found in counts.items() if line.startswith(f"{path} ")
    }
    assert of_path.keys() == FRAMES.keys()
    for kind, (few, many) in of_path.items():
        assert len(many) <= len(few), f"{kind}: " + "\n".join(many)
    assert of_path["resume"][0] != []
    assert of_path["delete_message"][0] != []
