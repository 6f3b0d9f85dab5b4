#!/usr/bin/env bash
# websocket-client 1.9.2, with websockets 17.4 as the server (both PyPI), Python 3.11.
#
# Behaviour: with `run_forever(reconnect=...)` a close by the server calls neither `on_close` nor
# `on_error`: the next thing that the program hears is `on_reconnect`. It never learns the code, so it
# cannot tell a token that has run out (4401) from a restart (1012), nor that anything ended.
# Without `reconnect` both are called, with the code.
# Expected: `on_close` once per connection that was open, as it is without `reconnect`.
# Way out: no `reconnect`, and a loop of one's own around `run_forever()`.
#
# Seen: the two lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check websocket-client==1.9.2 websockets==17.4
cat >try.py <<'TRY'
import threading

import websocket
from websockets.sync.server import serve


def heard(reconnect):
    """What the program hears of a server that closes the first connection with 4401."""
    events, again, count = [], threading.Event(), 0

    def talk(socket):
        nonlocal count
        count += 1
        if count == 1:
            socket.close(4401, "token has run out")
            return
        again.wait(10)

    def came_back(_):
        events.append("on_reconnect")
        again.set()

    app = websocket.WebSocketApp(
        "",
        on_open=lambda _: events.append("on_open"),
        on_error=lambda _, error: events.append("on_error"),
        on_close=lambda _, code, reason: events.append(f"on_close {code}"),
        on_reconnect=came_back,
    )
    with serve(talk, "127.0.0.1", 0) as server:
        app.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running = threading.Thread(target=app.run_forever, kwargs={"reconnect": reconnect}, daemon=True)
        running.start()
        if reconnect:
            again.wait(30)
        else:
            running.join(30)
        seen = ", ".join(events)
        app.keep_running = False
        server.shutdown()
    return seen


for reconnect in (None, 1):
    print(f"reconnect={reconnect}:", heard(reconnect))
TRY
timeout 60 venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
reconnect=None: on_open, on_error, on_close 4401
reconnect=1: on_open, on_reconnect
EXPECTED
diff expected seen
echo "as described"
