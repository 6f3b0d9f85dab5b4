"""Webhooks of running servers: each change arrives, whoever of the nodes sends it."""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator, Callable
from time import monotonic

import pytest
from standardwebhooks.webhooks import Webhook

from tests.support.commands import Said, command, run_command
from tests.support.payam_server import PayamServer
from tests.support.people import People, Person
from tests.support.receiver import Received, Receiver, answer

PATIENCE = 60.0
CONVERSATIONS = 12
TURNS = 5


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


async def payam(server: PayamServer, *arguments: str) -> str:
    """A command beside the running server."""
    return await asyncio.to_thread(run_command, *arguments, settings=server.settings)


async def fails(server: PayamServer, *arguments: str) -> Said:
    said = await asyncio.to_thread(command, *arguments, settings=server.settings)
    assert said.status != 0, said
    return said


async def added(server: PayamServer, receiver: Receiver, *options: str) -> tuple[str, str]:
    """The id and the secret of a new webhook."""
    printed = await payam(server, "webhook", "add", receiver.url, *options)
    lines = dict(line.split(" ", 1) for line in printed.splitlines())
    return lines["webhook"], lines["secret:"]


async def until(condition: Callable[[], bool]) -> None:
    give_up = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < give_up
        await asyncio.sleep(0.02)


async def say(person: Person, talk: int, content: str) -> None:
    path = f"/api/conversations/{talk}/messages/"
    response = await person.http.post(path, json={"content": content})
    assert response.status_code == 201, response.text


def requests_of(receiver: Receiver, talk: int) -> list[Received]:
    """Those with changes of a conversation; there may be others, of what earlier tests began."""
    return [
        request
        for request in receiver.received
        if talk in {change["data"].get("conversation") for change in request.changes}
    ]


def said_in(receiver: Receiver, talk: int) -> list[str]:
    """What was said in a conversation, as it came."""
    return [
        change["data"]["content"]
        for request in requests_of(receiver, talk)
        for change in request.changes
    ]


@pytest.mark.parametrize("deployment", ["sqlite", "two-workers"], indirect=True)
async def test_the_commands_manage_webhooks_while_the_server_runs(
    deployment: PayamServer, people: People, receiver: Receiver
) -> None:
    """Add, test, list, pause, resume, replay, remove: the server heeds each within a second."""
    ali, sara = await people("ali"), await people("sara")
    talk = await ali.begin_conversation(sara)
    webhook, secret = await added(deployment, receiver, "--events", "chat.message")
    try:
        assert (await payam(deployment, "webhook", "test", webhook)).startswith("delivered: 204")
        await say(ali, talk, "one")
        await until(lambda: said_in(receiver, talk) == ["one"])
        (request,) = requests_of(receiver, talk)
        assert Webhook(secret).verify(request.body, request.headers)["data"]["sender"] == (
            ali.username
        )
        await payam(deployment, "webhook", "pause", webhook)
        await until_idle(deployment, webhook)
        await say(ali, talk, "two")
        listed = await payam(deployment, "webhook", "list")
        assert "paused since" in listed
        assert secret not in listed
        await payam(deployment, "webhook", "resume", webhook)
        await until(lambda: said_in(receiver, talk) == ["one", "two"])
        assert "sent once more" in await payam(
            deployment, "webhook", "replay", webhook, "--since", "1d"
        )
        await until(lambda: said_in(receiver, talk)[2:] == ["one", "two"])
    finally:
        await payam(deployment, "webhook", "remove", webhook)
    assert await payam(deployment, "webhook", "list") == "no webhooks\n"


async def until_idle(deployment: PayamServer, webhook: str) -> None:
    """What the server sends after a pause was already on its way."""
    assert "paused" in await payam(deployment, "webhook", "list"), webhook
    await asyncio.sleep(1.5)


async def test_a_key_comes_by_standard_input(on_sqlite: PayamServer) -> None:
    """Where it does not stand in the list of processes; with it the signature is of ed25519."""
    key = "whsk_" + base64.b64encode(bytes(range(32))).decode()
    arguments = ("webhook", "add", "https://receiver.invalid/", "--secret", "-", "--events", " ")
    said = await asyncio.to_thread(command, *arguments, settings=on_sqlite.settings, stdin=key)
    webhook, public, secret = said.printed.splitlines()
    assert (public.startswith("public key: whpk_"), secret) == (True, f"secret: {key}")
    listed = await payam(on_sqlite, "webhook", "list")
    assert "all events; working" in listed
    await payam(on_sqlite, "webhook", "remove", webhook.removeprefix("webhook "))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "http://example.invalid/"), "https://"),
        (("add", "https://10.0.0.1/"), "network"),
        (("add", "https://receiver.invalid/", "--events", "chat.massage"), "chat.massage"),
        (("add", "https://receiver.invalid/", "--events", ","), "No such event: ''"),
        (("replay", "123456", "--since", "3"), "90m, 12h, 3d"),
        (("add", "https://receiver.invalid/", "--secret", "whsec_c2hvcnQ="), "24 to 64"),
        (("test", "123456"), "no such webhook"),
        (("replay", "123456", "--since", "1d"), "no such webhook"),
        (("remove", "123456"), "no such webhook"),
    ],
)
async def test_a_wrong_command_says_what_is_wrong(
    on_sqlite: PayamServer, arguments: tuple[str, ...], says: str
) -> None:
    """In one line, and nothing is changed."""
    said = await fails(on_sqlite, "webhook", *arguments)
    assert (says in said.complaint, said.complaint.count("\n"), said.printed) == (True, 1, "")


async def test_nothing_is_lost_or_out_of_order_with_several_nodes(
    two_workers: PayamServer, receiver: Receiver
) -> None:
    """A ledger: each change arrives, in order, and never two at a time for one conversation.
    The receiver fails now and then, and each node sends some of it.
    """
    open_now: Counter[int] = Counter()
    most_at_once: Counter[int] = Counter()
    turn = 0

    async def now_and_then(request: Received) -> bytes:
        nonlocal turn
        turn += 1
        status = 503 if turn % 7 == 0 else 200
        (talk,) = {change["data"]["conversation"] for change in request.changes}
        if talk not in taken:  # what earlier tests began
            return answer(status)
        open_now[talk] += 1
        most_at_once[talk] = max(most_at_once[talk], open_now[talk])
        await asyncio.sleep(0.005)
        open_now[talk] -= 1
        taken[talk] += [] if status == 503 else [one["data"]["seq"] for one in request.changes]
        return answer(status)

    async with People(two_workers) as people:
        ali, sara = await people("ali"), await people("sara")
        talks = [await ali.begin_conversation(sara) for _ in range(CONVERSATIONS)]
        taken: dict[int, list[int]] = {talk: [] for talk in talks}
        webhook, _ = await added(two_workers, receiver)
        receiver.behaviour = now_and_then
        try:
            for number in range(TURNS):
                await asyncio.gather(*(say(ali, talk, str(number)) for talk in talks))
            await until(lambda: all(set(taken[talk]) == set(range(1, TURNS + 1)) for talk in talks))
        finally:
            await payam(two_workers, "webhook", "remove", webhook)
    for talk, seqs in taken.items():
        firsts = list(dict.fromkeys(seqs))
        assert firsts == sorted(firsts), (talk, seqs)
    assert set(most_at_once.values()) == {1}
