#!/usr/bin/env bash
# aioapns 4.0 with h2 4.3.0 (PyPI), Python 3.11; the server here is h2 itself, in place of Apple's.
#
# Behaviour: in HTTP/2 a receiver allows 65,535 bytes per connection, and has to say when it has read some, or
# the other side may send no more. aioapns reads and never says so. A push that is taken is answered without a
# body, so with good devices nothing is seen. A refusal has a body, such as that the app was deleted (410).
# After 1,213 of these on one connection, as when a list of old devices is gone through, the server may send no
# body, and each later refusal waits. It ends when the connection is silent for ten seconds; with other pushes
# under way it never is.
# Expected: `acknowledge_received_data` for what was read, as h2 asks of whoever uses it.
# Way out: a new client for each 1,000 devices of a list, and a time limit around `send_notification`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check aioapns==4.0 h2==4.3.0
cat >try.py <<'PYTHON'
import asyncio
import json

import h2.config
import h2.connection
import h2.events
from aioapns import NotificationRequest
from aioapns.connection import APNsProductionClientProtocol

BODY = json.dumps({"reason": "Unregistered", "timestamp": 1770978600000}).encode()


class Server(asyncio.Protocol):
    """Takes pushes for "good" devices, and refuses others with 410, as far as the client's window allows."""

    def connection_made(self, transport):
        self.transport = transport
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.connection.initiate_connection()
        self.waiting = []
        transport.write(self.connection.data_to_send())

    def data_received(self, data):
        for event in self.connection.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                headers = dict(event.headers)
                good = headers[b":path"].endswith(b"good")
                answer = [(b":status", b"200" if good else b"410"), (b"apns-id", headers[b"apns-id"])]
                self.connection.send_headers(event.stream_id, answer, end_stream=good)
                if not good:
                    self.waiting.append(event.stream_id)
            elif isinstance(event, h2.events.DataReceived):
                self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        while self.waiting and self.connection.local_flow_control_window(self.waiting[0]) >= len(BODY):
            self.connection.send_data(self.waiting.pop(0), BODY, end_stream=True)
        self.transport.write(self.connection.data_to_send())


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, client = await loop.create_connection(
        lambda: APNsProductionClientProtocol("example.desk"), "127.0.0.1", port
    )

    async def push(device):
        request = NotificationRequest(device_token=device, message={"aps": {"alert": "hello"}})
        async with asyncio.timeout(5):
            return (await client.send_notification(request)).status

    print("one refusal:", await push("old"), "of", len(BODY), "bytes")
    for number in range(2, 2000):
        try:
            await push("old")
        except TimeoutError:
            print("no answer to refusal number", number, "=", 65535 // len(BODY) + 1)
            break
    print("a good device:", await push("good"))
    try:
        print("one more refusal:", await push("old"))
    except TimeoutError:
        print("one more refusal: no answer")
    client.close()
    server.close()


asyncio.run(main())
PYTHON
timeout 90 venv/bin/python try.py 2>/dev/null | tee seen
cat >expected <<'EXPECTED'
one refusal: 410 of 54 bytes
no answer to refusal number 1214 = 1214
a good device: 200
one more refusal: no answer
EXPECTED
diff expected seen
echo "as described"
