"""An application served in this process, and the people who use it over HTTP."""

import asyncio
import secrets
import warnings
from collections.abc import Coroutine, Sequence
from typing import Any, Self, TypeVar

import httpx
from sanic import Sanic

from chat.app import create_app
from chat.realtime.arrivals import Arrival
from chat.services.sessions import Pair
from chat.store.users import Account
from config.settings import Settings
from tests.support.http_client import http_client
from tests.support.ports import free_port

with warnings.catch_warnings():
    # Its websocket client, which we do not use, is built on deprecated code.
    warnings.simplefilter("ignore", DeprecationWarning)
    from sanic_testing.reusable import (  # type: ignore[import-untyped] # ships no types
        ReusableClient,
    )

T = TypeVar("T")

PASSWORD = "correct horse"


class Served:
    """Serves an application in a `with` block; it runs while a request is on its way.

    Several that are given the same loop run together, as nodes of one deployment.
    """

    def __init__(self, app: Sanic[Any, Any], loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.app = app
        self._loop = loop or asyncio.new_event_loop()
        self._owns_loop = loop is None
        port = free_port()
        self.port = port
        self._server = ReusableClient(
            app,
            host="127.0.0.1",
            port=port,
            loop=self._loop,
            server_kwargs={"protocol": Arrival},
        )
        self._http = http_client(f"http://127.0.0.1:{port}")

    def __enter__(self) -> Self:
        self._server.run()
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._http.aclose())
        self._server.stop()
        if self._owns_loop:
            self.run(self._loop.shutdown_default_executor())
            self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """`options` are httpx's own."""
        return self.run(self.send(method, path, **options))

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The same, for what runs in the loop."""
        return await self._http.request(method, path, **options)


class Api(Served):
    """Payam, served."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop | None = None) -> None:
        super().__init__(create_app(settings), loop)
        self.settings = settings

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Change the database as an operator does, past all that the server remembers."""

        async def execute() -> None:
            async with self.app.ctx.payam.database.transaction() as transaction:
                await transaction.execute(sql, parameters)

        self.run(execute())

    def person(
        self, name: str = "person", *, is_staff: bool = False, password: str | None = None
    ) -> "Person":
        """Somebody new, signed in, whose username begins with `name`."""
        username = f"{name}_{secrets.token_hex(6)}"
        services = self.app.ctx.services
        user = self.run(services.users.create(username, password, is_staff=is_staff))
        account = Account(user.id, username, is_staff, None, None)
        pair = self.run(services.sessions.begin(account))
        return Person(self, user.id, username, pair)


class Person:
    """Sends their access token with each request."""

    def __init__(self, api: Api, id_: int, username: str, pair: Pair) -> None:
        self.api = api
        self.id = id_
        self.username = username
        self.access = pair.access
        self.refresh = pair.refresh

    @property
    def user(self) -> dict[str, Any]:
        return {"id": self.id, "username": self.username}

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.access}", **options.pop("headers", {})}
        return self.api.request(method, path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        if json is not None:
            options["json"] = json
        return self.request("POST", path, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return self.request("PATCH", path, json=json, **options)

    def put(self, path: str, **options: Any) -> httpx.Response:
        return self.request("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", path, **options)

    def head(self, path: str, **options: Any) -> httpx.Response:
        return self.request("HEAD", path, **options)

    def begin(self, *others: "Person") -> str:
        """Begin a conversation with these people; its path, with the slash at the end."""
        response = self.post("/api/conversations/", {"participants": [o.id for o in others]})
        assert response.status_code == 201, response.text
        return f"/api/conversations/{response.json()['id']}/"

    def say(self, conversation: str, content: str) -> dict[str, Any]:
        """Send a message; what the server answers."""
        response = self.post(conversation + "messages/", {"content": content})
        assert response.status_code == 201, response.text
        message: dict[str, Any] = response.json()
        return message


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document, when that is what the response is."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["type"] == "about:blank"
    assert body["status"] == status
    assert body["code"] == code
    assert body["title"]
    assert body["detail"]
    return body


def wrong_fields(response: httpx.Response) -> set[str]:
    """The fields that a 400 names."""
    errors: dict[str, list[str]] = problem(response, 400, "invalid")["errors"]
    assert all(text and isinstance(text, str) for texts in errors.values() for text in texts)
    return set(errors)


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Of an OpenAPI document, by method and path."""
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
