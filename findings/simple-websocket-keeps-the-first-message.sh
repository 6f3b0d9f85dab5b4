#!/usr/bin/env bash
# simple-websocket 1.1.0, websockets 15.0.1 (PyPI), Python 3.11.
#
# Behaviour: a server may send its first message in one packet with the answer to the handshake.
# The client of simple-websocket reads both, and keeps the message back until something else
# comes. A greeting that is alone is not received at all: `receive(timeout=1)` returns None, and
# so it does a second time. Of three messages in that packet none comes. When the server sends one
# more, all of them come. Sent half a second after the answer, the first message comes at once.
# Expected: the first message comes at once, whatever packet it was in.
# Way out: send something that the server answers, or take a client that reads on.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check simple-websocket==1.1.0 websockets==15.0.1
cat >try.py <<'PYTHON'
import socket
import threading

import simple_websocket
from websockets.server import ServerProtocol

LISTENER = socket.create_server(("127.0.0.1", 0))


def serve(greetings: int, apart: bool, more: threading.Event) -> None:
    """Answer one handshake, greet, and say one thing more when asked to."""
    connection, _ = LISTENER.accept()
    protocol = ServerProtocol()
    while not (requests := protocol.events_received()):
        protocol.receive_data(connection.recv(65536))
    protocol.send_response(protocol.accept(requests[0]))
    if apart:
        connection.sendall(b"".join(protocol.data_to_send()))
        more.wait(0.5)
    for number in range(greetings):
        protocol.send_text(f"greeting {number}".encode())
    connection.sendall(b"".join(protocol.data_to_send()))
    more.wait()
    protocol.send_text(b"later")
    connection.sendall(b"".join(protocol.data_to_send()))
    connection.recv(65536)


for title, greetings, apart in (("one, apart", 1, True), ("one, with the answer", 1, False),
                                ("three, with the answer", 3, False)):
    more = threading.Event()
    threading.Thread(target=serve, args=(greetings, apart, more), daemon=True).start()
    client = simple_websocket.Client(f"ws://127.0.0.1:{LISTENER.getsockname()[1]}/")
    before = [client.receive(timeout=1), client.receive(timeout=1)]
    more.set()
    after = []
    while "later" not in after:
        after.append(client.receive(timeout=5))
    print(f"{title}: {before}, then {after}")
    client.close()
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
one, apart: ['greeting 0', None], then ['later']
one, with the answer: [None, None], then ['greeting 0', 'later']
three, with the answer: [None, None], then ['greeting 0', 'greeting 1', 'greeting 2', 'later']
EXPECTED
diff expected seen
echo "as described"
