"""Payam's websockets as an echo, which is what Autobahn's test suite asks of a server.

Payam answers no client with what it sent, and takes no binary messages. So this serves its
`Connection` with a listener that sends every text back, and a parser that does so with bytes.
`.ci/autobahn` runs the suite on it.

    python -m tests.realtime.autobahn.echo PORT
"""

import asyncio
import sys

from websockets.utils import accept_key

from chat.auth.identity import Identity
from chat.realtime.connection import Connection
from chat.realtime.framing import BINARY, TEXT, FrameParser, frame

MOST = 32 * 1024 * 1024
"""Bytes of a message. The cases of section 9 have 16 MiB."""
NOBODY = Identity(0, "nobody", False, 0.0, None)
ANSWER = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: {}\r\n\r\n"
)


class Parrot:
    def text_received(self, connection: Connection, text: str) -> None:
        connection.send(frame(TEXT, text.encode()))

    def connection_lost(self, connection: Connection) -> None:
        pass


class EchoingParser(FrameParser):
    connection: Connection

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        messages = super().feed(data)
        for opcode, payload in messages:
            if opcode == BINARY:
                self.connection.send(frame(BINARY, payload))
        return [message for message in messages if message[0] != BINARY]


class Echo(Connection):
    def __init__(self) -> None:
        super().__init__(Parrot(), NOBODY, MOST)
        self._parser = EchoingParser(MOST)
        self._parser.connection = self


class Handshake(asyncio.Protocol):
    def __init__(self) -> None:
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end:
            return
        lines = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
        headers = {name.strip().lower(): value.strip() for name, _, value in lines}
        self._transport.write(
            ANSWER.format(accept_key(headers[b"sec-websocket-key"].decode())).encode()
        )
        # A message of 16 MiB waits for its reader here. Payam closes such a socket with 4408.
        self._transport.set_write_buffer_limits(high=2 * MOST)
        echo = Echo()
        self._transport.set_protocol(echo)
        echo.connection_made(self._transport)
        if rest:
            echo.data_received(rest)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Handshake, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
