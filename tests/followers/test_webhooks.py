"""Webhooks: each change reaches each receiver, in order, whatever the receiver does."""

import asyncio
import base64
import logging
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from time import monotonic

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook as StockWebhook

from chat.auth.identity import Identity
from chat.changes import reading
from chat.followers.webhook import BEHIND, Patience
from chat.services import webhook_requests
from chat.services.desk_work import reminding
from chat.services.support_tickets import SupportTickets
from chat.services.webhooks import Webhooks as Service
from chat.store import acts, desk_work, history
from chat.store.database import Database
from chat.times import now
from tests.followers.webhook_world import (
    IMPATIENT,
    added,
    client_of,
    in_order,
    numbers,
    sending,
    seqs,
    state,
    until,
)
from tests.store.world import Changes, conversation, draft, pair, sent, user, writing
from tests.support.payam_server import CHECKOUT
from tests.support.receiver import Received, Receiver, agree, answer, cut, fail, hang

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


async def test_a_change_comes_as_its_frame_and_signed(
    database: Database, receiver: Receiver
) -> None:
    """From the moment on at which the webhook was added; the stock library accepts it."""
    talk, ali, _ = await pair(database)
    await sent(database, talk, ali)
    await added(database, receiver, secret=SECRET)
    message = await sent(database, talk, ali, "سلام")
    await Changes(database, talk).edit(message.id, "سلام!")
    begun = await conversation(database, ali)
    await sent(database, begun, ali)
    async with sending(database):
        await until(lambda: seqs(receiver.received) == {talk: [2, 3], begun: [1]})
    first, second = (one for one in receiver.received if one.changes[0]["data"]["seq"] != 1)
    body = StockWebhook(SECRET).verify(first.body, first.headers)
    # What came as `chat.message` has the content of now, as everywhere where one catches up.
    page = await reading.since(database, talk, 1, limit=1)
    frame = msgspec.to_builtins(page.changes[0].frame)
    assert body == {
        "type": "chat.message",
        "timestamp": frame["timestamp"],
        "data": {**frame, "conversation": talk},
    }
    assert (frame["content"], frame["sender"], frame["seq"]) == ("سلام!", "ali", 2)
    assert first.headers["content-type"] == "application/json"
    assert second.json["type"] == second.json["data"]["type"] == "message.edited"
    assert second.json["timestamp"].endswith("Z")


async def test_an_ed25519_signature_comes_with_its_public_key(
    database: Database, receiver: Receiver
) -> None:
    """The private key stays here."""
    talk, ali, _ = await pair(database)
    client = client_of()
    shown, _ = await Service(database, client).add(None, receiver.url, is_asymmetric=True)
    await client.close()
    await sent(database, talk, ali)
    async with sending(database):
        await until(lambda: len(receiver.received) == 1)
    (request,) = receiver.received
    version, _, signature = request.headers["webhook-signature"].partition(",")
    assert (version, shown.public_key is not None) == ("v1a", True)
    key = base64.b64decode(str(shown.public_key).removeprefix("whpk_"))
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}."
    Ed25519PublicKey.from_public_bytes(key).verify(
        base64.b64decode(signature), signed.encode() + request.body
    )


async def test_only_chosen_events_come(database: Database, receiver: Receiver) -> None:
    """The others are passed over, and hold nothing up."""
    talk, ali, _ = await pair(database)
    webhook = await added(database, receiver, events=["message.deleted"])
    message = await sent(database, talk, ali)
    await Changes(database, talk).delete(message.id)
    await sent(database, talk, ali)
    async with sending(database):
        await until(lambda: seqs(receiver.received) == {talk: [2]})
        while await database.fetch("SELECT 1 FROM positions WHERE due IS NOT NULL"):
            await asyncio.sleep(0.01)
    assert [one.json["type"] for one in receiver.received] == ["message.deleted"]
    assert (await state(database, webhook)).failures == 0


@pytest.mark.parametrize("batches", [True, False], ids=["batches", "one by one"])
async def test_who_is_behind_gets_batches(
    database: Database, receiver: Receiver, batches: bool
) -> None:
    """In order, each change with the id that it has alone; a few changes come alone."""
    talk, ali, _ = await pair(database)
    few = await conversation(database, ali)
    await added(database, receiver, batches=batches)
    count = 3 * BEHIND
    await database.store_sends([draft(talk, ali) for _ in range(count)])
    await database.store_sends([draft(few, ali) for _ in range(BEHIND)])
    async with sending(database):
        await until(lambda: seqs(receiver.received) == {talk: numbers(count), few: numbers(BEHIND)})
    kinds = Counter(one.json["type"] for one in receiver.received)
    assert kinds == (
        {"batch": 1, "chat.message": BEHIND} if batches else {"chat.message": count + BEHIND}
    )
    ids = {change["id"] for one in receiver.received for change in one.changes}
    assert len(ids) == count + BEHIND


async def test_a_batch_that_fails_is_sent_one_by_one(
    database: Database, receiver: Receiver
) -> None:
    """So one change, or the size, holds up only what comes after it."""
    talk, ali, _ = await pair(database)
    await added(database, receiver)
    await database.store_sends([draft(talk, ali) for _ in range(2 * BEHIND)])

    async def too_much(request: Received) -> bytes:
        is_bad = any(change["data"]["seq"] == 7 for change in request.changes)
        return answer(413 if request.json["type"] == "batch" or is_bad else 200)

    receiver.behaviour = too_much
    async with sending(database):
        await until(lambda: seqs(receiver.received[1:]).get(talk, [])[:7] == numbers(7))
        receiver.behaviour = agree
        await until(lambda: seqs(receiver.received)[talk][-1] == 2 * BEHIND)


@pytest.mark.parametrize("behaviour", [fail, hang, cut], ids=["answers 500", "hangs", "cuts"])
async def test_a_receiver_that_fails_gets_everything_later(
    database: Database, receiver: Receiver, behaviour: object
) -> None:
    """With the same ids, and in order per conversation; the other webhook waits for nothing."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(12)]
    other = Receiver()
    await other.start()
    webhook = await added(database, receiver)
    await added(database, other)
    receiver.behaviour = behaviour  # type: ignore[assignment]
    due = {talk: numbers(2) for talk in talks}
    for _ in range(2):
        await database.store_sends([draft(talk, ali) for talk in talks])
    async with sending(database, timeout=0.4):
        await until(lambda: in_order(other.received) == due)
        while (await state(database, webhook)).failures < 2:
            await asyncio.sleep(0.01)
        assert (await state(database, webhook)).last_error is not None
        failed = len(receiver.received)
        receiver.behaviour = agree
        await until(lambda: in_order(receiver.received[failed:]) == due)
        await until_settled(database)
    assert (await state(database, webhook)).failures == 0
    await other.stop()
    by_change: dict[tuple[int, int], set[str]] = {}
    for request in receiver.received:
        for change in request.changes:
            place = (change["data"]["conversation"], change["data"]["seq"])
            by_change.setdefault(place, set()).add(change["id"])
    assert all(len(ids) == 1 for ids in by_change.values())


async def until_settled(database: Database) -> None:
    while await database.fetch("SELECT 1 FROM positions WHERE due IS NOT NULL"):
        await asyncio.sleep(0.01)


async def test_a_dead_receiver_is_left_alone_as_a_whole(
    database: Database, receiver: Receiver
) -> None:
    """It does not get a request for each conversation; one tries it until it lives again."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(60)]
    webhook = await added(database, receiver)
    await database.store_sends([draft(talk, ali) for talk in talks])
    receiver.behaviour = fail
    patience = Patience(first=0.05, most=60.0, quiet=60.0)
    async with sending(database, patience=patience):
        while (await state(database, webhook)).failures < 5:
            await asyncio.sleep(0.02)
        assert len(receiver.received) < 30  # at most 16 before it has failed twice, then one by one
        receiver.behaviour = agree
        before = len(receiver.received)
        await until(lambda: len(seqs(receiver.received[before:])) == len(talks))


async def test_one_conversation_that_fails_delays_only_itself(
    database: Database, receiver: Receiver
) -> None:
    """The others go on, and it is tried again and again."""
    ali = await user(database, "ali")
    bad, *good = [await conversation(database, ali) for _ in range(6)]
    await added(database, receiver)

    async def pick(request: Received) -> bytes:
        return answer(500 if request.json["data"]["conversation"] == bad else 204)

    receiver.behaviour = pick

    def tried(talk: int) -> int:
        return sum(one.json["data"]["conversation"] == talk for one in receiver.received)

    async with sending(database):
        for turn in range(1, 4):
            await database.store_sends([draft(talk, ali) for talk in [bad, *good]])
            due = {talk: numbers(turn) for talk in good}
            await until(
                lambda due=due: (
                    {  # type: ignore[misc]
                        one: found for one, found in seqs(receiver.received).items() if one != bad
                    }
                    == due
                )
            )
        await until(lambda: tried(bad) >= 3)
        before = len(receiver.received)
        receiver.behaviour = agree
        await until(lambda: seqs(receiver.received[before:]).get(bad) == numbers(3))


async def test_after_too_long_it_is_paused_and_staff_see_it(
    database: Database, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """What happens meanwhile is sent when it goes on. The log has nothing of what was sent."""
    talk, ali, _ = await pair(database)
    webhook = await added(database, receiver, secret=SECRET)
    await sent(database, talk, ali, "the secret")
    receiver.behaviour = fail
    patience = msgspec.structs.replace(IMPATIENT, give_up=0.3)
    async with sending(database, patience=patience):
        while (await state(database, webhook)).paused_because is None:
            await asyncio.sleep(0.02)
        assert (await state(database, webhook)).paused_because == "failing"
        await sent(database, talk, ali)
        tries = len(receiver.received)
        receiver.behaviour = agree
        await asyncio.sleep(0.3)
        assert len(receiver.received) == tries
        client = client_of()
        shown = await Service(database, client).change(None, webhook, is_paused=False)
        await client.close()
        assert shown.status == "working"
        await until(lambda: seqs(receiver.received[tries:]) == {talk: numbers(2)})
    errors = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert [one.getMessage() for one in errors] == [
        f"webhook {webhook} (http://127.0.0.1:{receiver.port}) is paused:"
        " its receiver has failed for too long"
    ]
    text = "\n".join(one.getMessage() for one in caplog.records)
    assert not any(word in text for word in ("secret", SECRET, "/hook"))


async def test_who_goes_on_has_the_whole_patience_again(
    database: Database, receiver: Receiver
) -> None:
    """Also the conversation that failed: otherwise its first failure would pause all at once."""
    talk, ali, _ = await pair(database)
    webhook = await added(database, receiver)
    await sent(database, talk, ali)
    receiver.behaviour = fail
    patience = msgspec.structs.replace(IMPATIENT, give_up=0.5)
    client = client_of()
    async with sending(database, patience=patience):
        while (await state(database, webhook)).paused_at is None:
            await asyncio.sleep(0.02)
        tried = len(receiver.received)
        await Service(database, client).change(None, webhook, is_paused=False)
        await until(lambda: len(receiver.received) > tried)
        while (await state(database, webhook)).paused_at is None:
            await asyncio.sleep(0.02)
    await client.close()
    assert len(receiver.received) >= tried + 2


@pytest.mark.parametrize("change", ["url", "secret"])
async def test_what_is_put_right_is_tried_at_once(
    database: Database, receiver: Receiver, change: str
) -> None:
    """However long the pauses have become; and what failed before does not pause it."""
    talk, ali, _ = await pair(database)
    webhook = await added(database, receiver)

    async def take_the_right(request: Received) -> bytes:
        is_right = request.path == "/right" or SECRET in secret
        return answer(204 if is_right else 401)

    receiver.behaviour = take_the_right
    secret: list[str] = []
    patience = Patience(first=1_000_000, most=1_000_000, quiet=1_000_000)
    client = client_of()
    async with sending(database, patience=patience):
        await sent(database, talk, ali)
        while not await database.fetch("SELECT 1 FROM positions WHERE failures > 0"):
            await asyncio.sleep(0.01)
        service = Service(database, client)
        if change == "url":
            await service.change(None, webhook, url=f"http://127.0.0.1:{receiver.port}/right")
        else:
            secret.append(SECRET)
            await service.change(None, webhook, secret=SECRET)
        while (await state(database, webhook)).delivered_at is None:
            await asyncio.sleep(0.01)
    await client.close()
    found = await state(database, webhook)
    assert (found.failures, found.failing_since) == (0, None)


@pytest.mark.parametrize("status", [401, 410])
async def test_what_was_under_way_when_it_was_put_right_does_not_count(
    database: Database, receiver: Receiver, status: int
) -> None:
    """It is sent to the right address at once, and nothing is paused."""
    talk, ali, _ = await pair(database)
    webhook = await added(database, receiver)
    is_changed = asyncio.Event()

    async def answer_late(request: Received) -> bytes:
        if request.path == "/right":
            return answer(204)
        await is_changed.wait()
        return answer(status)

    receiver.behaviour = answer_late
    patience = Patience(first=1_000_000, most=1_000_000, quiet=1_000_000)
    client = client_of()
    async with sending(database, patience=patience):
        await sent(database, talk, ali)
        await until(lambda: len(receiver.received) == 1)
        right = f"http://127.0.0.1:{receiver.port}/right"
        await Service(database, client).change(None, webhook, url=right)
        is_changed.set()
        await until(lambda: len(receiver.received) == 2)
        while (await state(database, webhook)).delivered_at is None:
            await asyncio.sleep(0.01)
    await client.close()
    found = await state(database, webhook)
    assert (found.failures, found.last_error, found.paused_at) == (0, None, None)


async def test_while_it_is_paused_it_is_known_how_far_it_is_behind(
    database: Database, receiver: Receiver
) -> None:
    """What is on its way is cut off, nothing more is sent, and it goes on where it was."""
    talk, ali, _ = await pair(database)
    other = await conversation(database, ali)
    webhook = await added(database, receiver)
    service = Service(database, client_of())
    receiver.behaviour = hang
    async with sending(database):
        await sent(database, talk, ali)
        await until(lambda: len(receiver.received) == 1)
        await service.change(None, webhook, is_paused=True)
        while await database.fetch("SELECT 1 FROM positions WHERE lease IS NOT NULL"):
            await asyncio.sleep(0.01)
        receiver.behaviour = agree
        await sent(database, other, ali)
        while await database.fetch("SELECT count(*) FROM positions WHERE due > 0") != [(2,)]:
            await asyncio.sleep(0.01)
        shown = await service.get(None, webhook)
        assert shown.behind_conversations == 2
        assert shown.behind_seconds > 0
        assert len(receiver.received) == 1
        await service.change(None, webhook, is_paused=False)
        await until(lambda: seqs(receiver.received[1:]) == {talk: [1], other: [1]})


async def test_a_receiver_that_is_gone_is_paused(database: Database, receiver: Receiver) -> None:
    """At once, by 410. Staff see it among what was done."""
    talk, ali, _ = await pair(database)
    webhook = await added(database, receiver)
    await sent(database, talk, ali)

    async def gone(_: Received) -> bytes:
        return answer(410)

    receiver.behaviour = gone
    async with sending(database):
        while (await state(database, webhook)).paused_because is None:
            await asyncio.sleep(0.02)
    assert (await state(database, webhook)).paused_because == "gone"
    assert len(receiver.received) == 1
    (act, *_) = await acts.page(database, None, 1)
    assert (act.kind, act.by, act.detail) == ("webhook.paused", None, f"webhook {webhook}: gone")


async def test_the_receiver_may_ask_for_a_pause(database: Database, receiver: Receiver) -> None:
    """With `Retry-After`; what it asks for is bounded, or a wrong one would stop it for years."""
    talk, ali, _ = await pair(database)
    await added(database, receiver)

    came = list[float]()

    async def slow_down(_: Received) -> bytes:
        came.append(monotonic())
        return answer(429, Retry_After="1000000000")

    receiver.behaviour = slow_down
    await sent(database, talk, ali)
    async with sending(database, patience=Patience(first=0.001, most=0.001, asked=1)):
        await until(lambda: len(came) > 1)
    assert came[1] - came[0] >= 1  # it never comes sooner, however slow the machine is


async def test_a_replay_sends_what_happened_since(database: Database, receiver: Receiver) -> None:
    """With the ids of the first time, also while the follower is at work."""
    talk, ali, _ = await pair(database)
    quiet = await conversation(database, ali)
    await database.store_sends([draft(quiet, ali), draft(talk, ali)])
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE messages SET created_at = 0")
    webhook = await added(database, receiver)
    await sent(database, talk, ali)
    client = client_of()
    service = Service(database, client)
    async with sending(database):
        await until(lambda: seqs(receiver.received) == {talk: [2]})
        await until_settled(database)
        assert await service.replay(None, webhook, "2000-01-01T00:00:00Z") == 1
        await until(lambda: seqs(receiver.received) == {talk: [2, 2]})
        assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
        await until_settled(database)

        waits = asyncio.Event()

        async def wait(_: Received) -> bytes:
            await waits.wait()
            return answer(204)

        receiver.behaviour = wait
        await sent(database, talk, ali)
        await until(lambda: len(receiver.received) == 3)
        assert await service.replay(None, webhook, "1960-01-01T00:00:00Z") == 2
        waits.set()
        await until(lambda: seqs(receiver.received[3:]).get(talk) == numbers(3))
        await until(lambda: seqs(receiver.received[3:]).get(quiet) == [1])
    await client.close()


async def test_a_reminder_of_the_desk_is_sent(database: Database, receiver: Receiver) -> None:
    """A step of a ticket is a change like any other."""
    talk, ali, _ = await pair(database)
    await added(database, receiver)
    customer = Identity(ali, "ali", False, 0.0, None)
    async with writing(database) as writer, sending(database):
        await SupportTickets(database, writer).open(customer, talk, "help", "normal")
        (waiting,) = await desk_work.waiting(database, now())
        await writer.change(talk, reminding(waiting))
        await until(lambda: len(receiver.received) == 2)
    steps = [one.changes[0]["data"]["step"]["action"] for one in receiver.received]
    assert steps == ["opened", "reminded"]


async def test_another_epoch_has_other_ids(database: Database, receiver: Receiver) -> None:
    """After a restored backup the same number is another change, which must not be dropped."""
    talk, ali, _ = await pair(database)
    webhook = await added(database, receiver)
    await sent(database, talk, ali)
    client = client_of()
    async with sending(database, poll=60) as running:
        await until(lambda: len(receiver.received) == 1)
        await until_settled(database)
        await history.renew(database)  # nobody has looked since
        await Service(database, client).replay(None, webhook, "2000-01-01T00:00:00Z")
        running.wake()
        await until(lambda: len(receiver.received) == 2)
    await client.close()
    first, second = (one.headers["webhook-id"] for one in receiver.received)
    assert first != second


async def test_a_removed_webhook_leaves_nothing(database: Database, receiver: Receiver) -> None:
    """No position stays, and the other webhook goes on."""
    talk, ali, _ = await pair(database)
    webhook = await added(database, receiver)
    await added(database, receiver)
    await sent(database, talk, ali)
    client = client_of()
    async with sending(database):
        await until(lambda: len(receiver.received) == 2)
        await Service(database, client).remove(None, webhook)
        await sent(database, talk, ali)
        await until(lambda: len(receiver.received) == 3)
        await asyncio.sleep(0.1)
    await client.close()
    assert len(receiver.received) == 3
    rows = await database.fetch("SELECT DISTINCT follower FROM positions")
    assert rows == [(f"webhook:{webhook + 1}",)]


async def test_one_node_goes_on_where_another_was_killed(
    database: Database, database_url: str, receiver: Receiver
) -> None:
    """A ledger over two nodes, one of which dies while it sends: everything arrives, in order per
    conversation, and never two at a time for one of them.
    """
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(10)]
    await added(database, receiver)
    open_now: Counter[int] = Counter()
    most: Counter[int] = Counter()

    async def slowly(request: Received) -> bytes:
        (talk,) = {change["data"]["conversation"] for change in request.changes}
        open_now[talk] += 1
        most[talk] = max(most[talk], open_now[talk])
        await asyncio.sleep(0.03)
        open_now[talk] -= 1
        return answer(204)

    receiver.behaviour = slowly
    nodes = [node_on(database_url) for _ in range(2)]
    try:
        seq = 0
        while len(receiver.received) < 3 * len(talks):  # both are at work by then
            await database.store_sends([draft(talk, ali) for talk in talks])
            seq += 1
            await asyncio.sleep(0.05)
        await until(lambda: sum(open_now.values()) > 0)
        nodes[0].kill()
        for _ in range(3):
            await database.store_sends([draft(talk, ali) for talk in talks])
            seq += 1
        due = {talk: numbers(seq) for talk in talks}
        await until(lambda: in_order(receiver.received) == due)
        assert nodes[1].poll() is None
    finally:
        for node in nodes:
            node.kill()
            node.wait()
    assert set(most.values()) == {1}


def node_on(url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.followers.webhook_node", url]
    return subprocess.Popen(command, cwd=CHECKOUT)


async def test_a_receiver_may_be_away_for_longer_than_a_restart(
    database: Database, receiver: Receiver
) -> None:
    """Where nobody listens, the next process goes on with what it finds in the database."""
    talk, ali, _ = await pair(database)
    webhook = await added(database, receiver)
    await receiver.stop()
    await sent(database, talk, ali)
    async with sending(database):
        while (await state(database, webhook)).failures < 2:
            await asyncio.sleep(0.01)
    failing_since = (await state(database, webhook)).failing_since
    await sent(database, talk, ali)
    async with sending(database):
        tried = (await state(database, webhook)).failures
        while (await state(database, webhook)).failures <= tried:
            await asyncio.sleep(0.01)
        assert (await state(database, webhook)).failing_since == failing_since
        await receiver.start()
        await until(lambda: in_order(receiver.received) == {talk: [1, 2]})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("", 0.0),
        ("soon", 0.0),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 0.0),
        ("9" * 400, 999_999_999_999.0),
        ("Sat, 01 Jan 2000 00:00:00 +" + "9" * 20, 0.0),
        ("Sat, 01 Jan " + "9" * 20 + " 00:00:00 GMT", 0.0),
    ],
)
def test_what_retry_after_means(text: str, seconds: float) -> None:
    """Seconds, or a date; anything else asks for nothing."""
    assert webhook_requests.seconds_of(text) == seconds
    assert webhook_requests.seconds_of("Fri, 01 Jan 2100 00:00:00 GMT") > 0
