"""An issuer of tokens that publishes its keys over HTTP, also as slowly as a test wants."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE = 60  # seconds; keeps a test from hanging


class Issuer:
    """Publishes `answer` with `status` at `url`, counts requests, and can hold them back, before
    the answer or within it.
    """

    def __init__(self) -> None:
        self.status = 200
        self.answer = b""
        self.requests = 0
        self.open = threading.Event()
        self.open.set()
        self.drips = False
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.requests += 1
                while not issuer.drips and not issuer.open.wait(0.02):
                    pass
                self.send_response(issuer.status)
                self.end_headers()
                with suppress(OSError):
                    while issuer.drips and not issuer.open.wait(0.02):
                        self.wfile.write(b" ")  # which belongs to the JSON, and would never end
                    self.wfile.write(issuer.answer)

            def log_message(self, *_: object) -> None:
                """Nothing: the tests' output is not the place."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks.json"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def publish(self, *members: dict[str, Any]) -> None:
        self.status, self.answer = 200, json.dumps({"keys": members}).encode()

    async def asked(self, times: int) -> None:
        """Wait until it has had so many requests."""

        async def so_often() -> bool:
            return self.requests >= times

        await eventually(so_often)

    def close(self) -> None:
        self.open.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # nothing says when it becomes true
            await asyncio.sleep(0.005)
