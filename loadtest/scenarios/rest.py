"""HTTP: list conversations, read the latest page, post a message, upload a file.

Each is measured for as long as was asked, one after another. Of Payam two more can be measured: a
page of what changed last, and one conversation with its count of unread messages. One socket
listens, and must receive every post and every upload. User 1 does everything. Each conversation
of user 1 first gets a message. In a database seeded with `--users 4 --conversations 98 --members 2`
user 1 has fifty conversations.
"""

import argparse
import json
import time
from collections.abc import Awaitable, Callable
from itertools import count

from loadtest.client import Client
from loadtest.figures import add_cost_of_each
from loadtest.histogram import Histogram
from loadtest.http import Connection, RequestFailed
from loadtest.load import Load, together

BOUNDARY = "loadtest-boundary"
FORM = f"multipart/form-data; boundary={BOUNDARY}"

Ask = Callable[[Connection], Awaitable[None]]

REQUESTS = ("list", "read", "post", "upload")
FILES_OF_A_MESSAGE = 80
"""After so many uploads they go to a new message, because one may not have any number of files."""
NOT_OF_ALL = ("since", "unread")
"""Requests that only some servers answer."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--connections", type=int, default=8, help="kept open, and busy (8)")
    parser.add_argument("--page", type=int, default=50, help="messages of a page (50)")
    parser.add_argument("--file-size", type=int, default=10_000, help="bytes of a file (10000)")
    parser.add_argument(
        "--requests",
        nargs="+",
        choices=(*REQUESTS, *NOT_OF_ALL),
        default=REQUESTS,
        help=f"which ({' '.join(REQUESTS)})",
    )


async def run(load: Load, options: argparse.Namespace) -> None:
    target, traffic = load.traffic.target, load.traffic
    lacking = set(options.requests) - {*REQUESTS, *target.reads}
    if lacking:
        raise RequestFailed(f"this server cannot be asked: {' '.join(sorted(lacking))}")
    listener = load.client(0, 1)
    user = listener.user
    await load.start()
    crew = [await load.request_as(user) for _ in range(options.connections)]
    messages = target.messages_path(listener.conversation)

    async def post(connection: Connection) -> None:
        text = traffic.text(time.perf_counter())
        body = json.dumps({"content": text}).encode()
        seq, listener.latest = target.stored(await connection.request("POST", messages, body))
        traffic.acked += 1
        traffic.ledger.acked(listener.conversation, seq, listener.latest)

    upload_body = form(b"x" * options.file_size)

    uploads = count(1)

    async def upload(connection: Connection) -> None:
        if next(uploads) % FILES_OF_A_MESSAGE == 0:
            await post(connection)
        path = target.attachments_path(listener.conversation, listener.latest)
        await connection.request("POST", path, upload_body, FORM)

    listed = json.loads(await crew[0].request("GET", target.conversations_path()))
    load.figure("conversations", "conversations of a list", len(listed))
    for conversation in listed:
        if conversation["id"] != listener.conversation:
            body = json.dumps({"content": "the last message"}).encode()
            await crew[0].request("POST", target.messages_path(conversation["id"]), body)
    for _ in range(options.page):
        await post(crew[0])
    asks = {**reads(load, listener, options.page), "post": post, "upload": upload}
    for name in options.requests:
        await measure(load, crew, name, asks[name])
    for connection in crew:
        connection.close()


async def measure(load: Load, crew: list[Connection], name: str, ask: Ask) -> None:
    """Every connection asks again and again until the time is over."""
    load.histograms[name] = times = Histogram()

    async def work(connection: Connection) -> None:
        deadline = time.perf_counter() + load.seconds
        while (began := time.perf_counter()) < deadline and not load.stopped.is_set():
            await ask(connection)
            times.record(time.perf_counter() - began)
            load.requests += 1

    with load.window(name) as measured:
        await together(work(connection) for connection in crew)
    window = measured()
    done = times.latencies()
    count = done.count if done else 0
    load.figure(f"{name}_per_second", f"{name}, requests", count / window.seconds, "/s")
    add_cost_of_each(load, window, count, name)


def reads(load: Load, listener: Client, page: int) -> dict[str, Ask]:
    """The requests that change nothing, by name."""
    target, conversation = load.traffic.target, listener.conversation
    book = load.traffic.ledger.conversations[conversation]

    async def list_all(connection: Connection) -> None:
        await connection.request("GET", target.conversations_path())

    async def read(connection: Connection) -> None:
        path = target.messages_path(conversation)
        await connection.request("GET", f"{path}?limit={page}")

    async def since(connection: Connection) -> None:
        path = target.changes_path(conversation, max(book.acked - page, 0))
        await connection.request("GET", path)

    async def unread(connection: Connection) -> None:
        path = target.position_path(conversation)
        assert path is not None, "whoever counts unread messages has it"
        await connection.request("GET", path)

    return {"list": list_all, "read": read, "since": since, "unread": unread}


def form(content: bytes) -> bytes:
    """A form with one file, as a browser sends it."""
    disposition = 'Content-Disposition: form-data; name="file"; filename="load.bin"'
    head = f"--{BOUNDARY}\r\n{disposition}\r\nContent-Type: application/octet-stream\r\n\r\n"
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
