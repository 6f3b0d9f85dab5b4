#!/usr/bin/env bash
# socketify 0.0.31 (it carries uWebSockets v20), with websockets 17.4 as the client (both PyPI), Python 3.11.
#
# Behaviour: `ws.publish(topic, ...)` also sends to the socket that publishes, as `app.publish` does.
# Expected: in uWebSockets v20 and uWebSockets.js, whose interface socketify offers under the same
# names, `ws.publish` leaves out the publishing socket, and only `app.publish` sends to all. A chat
# that is carried over shows each sender their own messages twice.
# Way out: put the sender's mark into what is published, or have the client ignore its own.
#
# Seen: the three lines below.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check socketify==0.0.31 cffi==2.1.1 websockets==17.4
cat >server.py <<'SERVER'
import sys

from socketify import App, OpCode

app = App()
app.ws(
    "/*",
    {
        "open": lambda socket: socket.subscribe("room"),
        "message": lambda socket, text, _: socket.publish("room", text, OpCode.TEXT),
    },
)
app.listen({"host": "127.0.0.1", "port": int(sys.argv[1])}, lambda _: None)
app.run()
SERVER
cat >try.py <<'TRY'
import sys
import time

from websockets.sync.client import connect

url = f"ws://127.0.0.1:{sys.argv[1]}/"
for _ in range(100):
    try:
        connect(url).close()
        break
    except OSError:
        time.sleep(0.1)


def heard(socket):
    """All that comes until the line that somebody else says last."""
    lines = []
    while not lines or lines[-1] != "end":
        lines.append(socket.recv(timeout=10))
    return lines


with connect(url) as ali, connect(url) as sara, connect(url) as omid:
    for one in (ali, sara, omid):  # a pong says that the server has the socket
        one.ping().wait(10)
    ali.send("from ali")
    print("sara:", sara.recv(timeout=10))
    omid.recv(timeout=10)
    sara.send("end")
    print("ali:", ", ".join(heard(ali)))
    print("omid:", ", ".join(heard(omid)))
TRY
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
venv/bin/python server.py "$port" &
server=$!
timeout 60 venv/bin/python try.py "$port" | tee seen
cat >expected <<'EXPECTED'
sara: from ali
ali: from ali, end
omid: end
EXPECTED
diff expected seen
echo "as described"
