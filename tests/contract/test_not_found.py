"""What is not one's own is answered as what does not exist: in words, and in time.

Time is not measured. Both answers ask the database for the same, in the same order, so neither
returns earlier. Every route, frame and kind of caller that gets 404 is tried.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from config.settings import Settings
from tests.api.client import Api
from tests.api.statements import Counter
from tests.contract.rights import EXPECTED, SOCKETS, World, ask, begin, sign_up

IDS = ("conversation_id", "message_id", "attachment_id", "ticket_id", "invite_id")
"""Ids of things that belong to somebody, and are whole numbers."""
CALLERS = ("stranger", "former")


@pytest.fixture(scope="module")
def api(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("hidden")
    with Api(Settings(data_dir=folder, database_url=own_database, rate_limits=False)) as served:
        yield served


@pytest.fixture(scope="module")
def people(api: Api) -> dict[str, Any]:
    return sign_up(api)


def places() -> list[tuple[str, str, Any]]:
    """Method, path and rights of each route with such an id in its path."""
    found = []
    for line, rights in EXPECTED.items():
        method, _, path = line.partition(" ")
        if any(f"{{{name}}}" in path for name in IDS):
            found.append((method, path, rights))
    return found


def begun(people: dict[str, Any]) -> World:
    """A conversation with all that has such an id, made before statements are counted."""
    world = begin(people, with_ticket=True)
    for name in IDS:
        assert world.values[name]
    return world


def without(world: World, *names: str) -> World:
    """The same, with ids that nothing has."""
    return World(world.people, {**world.values, **dict.fromkeys(names, 2**40 + 7)})


class Asked:
    """What a caller is answered, and what the database was asked for it."""

    def __init__(self, api: Api, counter: Counter) -> None:
        self._api = api
        self._counter = counter
        self.found = 0
        """How many statements were seen."""

    def of(
        self, world: World, method: str, path: str, rights: Any, token: str, *, is_socket: bool
    ) -> tuple[int, bytes, list[str]]:
        for _ in range(2):  # what is kept in memory is there then
            self._counter.take()
            answer = self._api.run(
                ask(
                    self._api.port,
                    method,
                    world.path(path),
                    token,
                    world.body(rights) if rights else None,
                    upgrade=is_socket,
                )
            )
        statements = self._counter.take()
        self.found += len(statements)
        return answer.status, answer.body, statements


@pytest.mark.parametrize("caller", CALLERS)
def test_another_s_is_as_what_is_not_there(
    api: Api, people: dict[str, Any], caller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On every route whose path has an id, and on sockets."""
    world = begun(people)
    nothing = without(world, *IDS)
    asked = Asked(api, Counter(monkeypatch))
    token = people[caller].access
    sockets = [("GET", path, None) for path in SOCKETS if "{conversation_id}" in path]
    wrong, tried = [], 0
    for method, path, rights in [*places(), *sockets]:
        if rights is not None and rights.statuses[caller] != 404:
            continue
        is_socket = rights is None
        real = asked.of(world, method, path, rights, token, is_socket=is_socket)
        made_up = asked.of(nothing, method, path, rights, token, is_socket=is_socket)
        tried += 1
        if real != made_up or real[0] != 404:
            wrong.append(f"{method} {path}: {real}\n  not as {made_up}")
    assert not wrong, "\n".join(wrong)
    assert tried >= 30
    assert asked.found


def test_an_id_of_another_conversation_is_as_one_that_is_not_there(
    api: Api, people: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a path through one's own conversation."""
    here, there = (begun(people) for _ in range(2))
    asked = Asked(api, Counter(monkeypatch))
    token = people["sender"].access
    wrong, tried = [], 0
    for method, path, rights in places():
        if path.startswith("/api/staff/"):
            continue
        for name in ("message_id", "attachment_id", "invite_id"):
            if f"{{{name}}}" not in path or "{conversation_id}" not in path:
                continue
            mixed = World(people, {**here.values, name: there.values[name]})
            real = asked.of(mixed, method, path, rights, token, is_socket=False)
            made_up = asked.of(without(here, name), method, path, rights, token, is_socket=False)
            tried += 1
            if real != made_up:
                wrong.append(f"{method} {path} with another's {name}: {real}\n  not as {made_up}")
    assert not wrong, "\n".join(wrong)
    assert tried >= 10
