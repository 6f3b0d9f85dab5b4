"""People who use a running server as any client does: over HTTP and websockets."""

import asyncio
import secrets
import socket
from typing import Any, Self

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.support.commands import run_command
from tests.support.http_client import http_client
from tests.support.payam_server import PayamServer
from tests.support.processes import owners
from tests.support.sockets import Socket
from tests.support.tokens import access_token

TIMEOUT_SECONDS = 60  # keeps a test from hanging
STAFF_SECONDS = 3600  # longer than any test
MOST_TRIES = 1000


class Person:
    """Somebody signed up on `server`. `http` carries their access token and the base URL."""

    def __init__(self, server: PayamServer, username: str) -> None:
        self.server = server
        self.id = 0
        self.username = username
        self.password = secrets.token_urlsafe(12)
        self.access = ""
        self.refresh = ""
        self.http = http_client(server.url)
        self._sockets: list[Socket] = []

    @classmethod
    async def sign_up(cls, server: PayamServer, name: str = "person") -> Self:
        """A new user, signed in, whose username begins with `name` and is like no other."""
        person = cls(server, f"{name}_{secrets.token_hex(6)}")
        try:
            response = await person.http.post(
                "/api/users/", json={"username": person.username, "password": person.password}
            )
            assert response.status_code == 201, response.text
            person.id = response.json()["id"]
            await person.sign_in()
        except BaseException:
            await person.http.aclose()
            raise
        return person

    async def sign_in(self) -> None:
        """Get new tokens for the password."""
        response = await self.http.post(
            "/api/token/", json={"username": self.username, "password": self.password}
        )
        assert response.status_code == 200, response.text
        self.use(response.json())

    def use(self, tokens: dict[str, Any]) -> None:
        """Take over the tokens that the server answered with."""
        self.access, self.refresh = tokens["access"], tokens["refresh"]
        self.http.headers["Authorization"] = f"Bearer {self.access}"

    async def begin_conversation(self, *others: "Person") -> int:
        """Begin a conversation with these people; its id."""
        response = await self.http.post(
            "/api/conversations/", json={"participants": [other.id for other in others]}
        )
        assert response.status_code == 201, response.text
        conversation: int = response.json()["id"]
        return conversation

    async def connect(
        self,
        conversation: int | None = None,
        *,
        since: int | None = None,
        epoch: str | None = None,
        cursor: str | None = None,
        as_browser: bool = False,
        apart_from: Socket | None = None,
        is_lazy: bool = False,
    ) -> Socket:
        """Open the socket of one conversation, or without one the socket for everything.

        `since` resumes after that seq, which counts in `epoch`, if it is given. `cursor` resumes
        everything.
        `as_browser` sends the token as a subprotocol. `apart_from` lands on another worker
        than that socket, where there are several. `is_lazy` does not read: little of what is sent
        finds room on the way.
        Raises websockets' InvalidStatus when the handshake is refused.
        """
        path = "/ws/" if conversation is None else f"/ws/chat/{conversation}/"
        query = "" if since is None else f"?since={since}"
        query += "" if epoch is None else f"&epoch={epoch}"
        query += "" if cursor is None else f"?cursor={cursor}"
        url = f"{self.server.ws_url}{path}{query}"
        if is_lazy:
            way = await self._narrow_way()
            lazy = await self._open(url, as_browser=as_browser, sock=way)
            lazy.connection.transport.pause_reading()
            return lazy
        if apart_from is None or self.server.workers == 1:
            return await self._open(url, as_browser=as_browser)
        pids = self.server.pids()
        taken = owners(pids).get(apart_from.local_port)
        assert taken is not None, "the socket to stay apart from is closed"
        for _ in range(MOST_TRIES):
            opened = await self._open(url, as_browser=as_browser)
            if owners(pids).get(opened.local_port) not in (taken, None):
                return opened
            await opened.close()
        raise AssertionError(f"{MOST_TRIES} connections all came to worker {taken}")

    async def _narrow_way(self) -> socket.socket:
        """A connection whose end here keeps as little as the kernel allows."""
        way = socket.socket()
        way.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        way.setblocking(False)
        address = (self.server.host, self.server.port)
        await asyncio.get_running_loop().sock_connect(way, address)
        return way

    async def _open(
        self, url: str, *, as_browser: bool, sock: socket.socket | None = None
    ) -> Socket:
        offered = ("chat.v1", f"bearer.{self.access}")
        connection = await connect(
            url,
            additional_headers=None if as_browser else {"Authorization": f"Bearer {self.access}"},
            subprotocols=[Subprotocol(name) for name in offered] if as_browser else None,
            open_timeout=TIMEOUT_SECONDS,
            max_queue=None,  # a test that reads late must still see the close
            # Who does not read sees no pong and no close either.
            ping_interval=20 if sock is None else None,
            close_timeout=10 if sock is None else 1,
            proxy=None,
            sock=sock,
        )
        # A cursor may come at any time. A test of them lets them through.
        opened = Socket(connection, passed_over={"cursor"})
        self._sockets.append(opened)
        return opened

    async def close(self) -> None:
        """Close the sockets that are still open, and the HTTP client."""
        for opened in self._sockets:
            await opened.close()
        await self.http.aclose()


class People:
    """Signs people up on one server; a `with` block's end closes what they left open."""

    def __init__(self, server: PayamServer) -> None:
        self.server = server
        self._everyone: list[Person] = []

    async def __call__(self, name: str = "person") -> Person:
        """A new person, whose username begins with `name`."""
        person = await Person.sign_up(self.server, name)
        self._everyone.append(person)
        return person

    async def staff(self, name: str = "staff") -> Person:
        """A new member of staff, made from the command line as an operator does."""
        person = Person(self.server, f"{name}_{secrets.token_hex(6)}")
        self._everyone.append(person)
        made = ("createuser", person.username, "--staff", "--no-password")
        said = run_command(*made, settings=self.server.settings)
        person.id = int(said.split()[1].rstrip(":"))
        access = access_token(self.server, person.id, person.username, STAFF_SECONDS)
        person.use({"access": access, "refresh": ""})
        return person

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        for person in self._everyone:
            await person.close()
