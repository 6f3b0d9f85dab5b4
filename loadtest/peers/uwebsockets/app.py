"""uWebSockets as a peer: what is sent to a conversation's topic goes to everybody there.

It stores nothing and knows no accounts. It only numbers what goes out, so that the loader's ledger
can say whether anything is missing. Its environment has PORT.
"""

import os
from collections import defaultdict

from socketify import App, OpCode

HERE = "127.0.0.1"

numbers: defaultdict[str, int] = defaultdict(int)
app = App()


def upgrade(response, request, context):
    headers = (
        request.get_header("sec-websocket-key"),
        request.get_header("sec-websocket-protocol"),
        request.get_header("sec-websocket-extensions"),
    )
    response.upgrade(*headers, context, request.get_parameter(0))


def joined(socket):
    socket.subscribe(socket.get_user_data())


def said(socket, message, _):
    topic = socket.get_user_data()
    numbers[topic] += 1
    # The sender gets it too, and takes that for the answer.
    app.publish(topic, f'{message[:-1]},"seq":{numbers[topic]}}}', OpCode.TEXT)


app.get("/", lambda response, _: response.end("ok"))
app.ws(
    "/ws/chat/:conversation/",
    {
        "upgrade": upgrade,
        "open": joined,
        "message": said,
        "idle_timeout": 120,
        "max_backpressure": 16 * 1024 * 1024,
    },
)
app.listen({"host": HERE, "port": int(os.environ["PORT"])}, lambda _: None)
app.run()
