"""Pushes: who gets which, to which devices, and which go away again."""

import asyncio
import sys
from collections.abc import AsyncIterator, Collection
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from chat.auth.identity import Identity
from chat.errors import Unavailable
from chat.records import User
from chat.services.desk import DeskKeeping
from chat.services.desk_work import DeskWork
from chat.services.support_tickets import SupportTickets
from chat.store import mentions, push_news, token_families, users
from chat.store.database import Database
from chat.times import now
from tests.followers.push_world import LATER, PATIENCE, QUICK, TTL, World, until
from tests.store.world import Changes, conversation, draft, user, writing
from tests.support.payam_server import CHECKOUT
from tests.support.push_service import Browser, Gateway, PushService, accept
from tests.support.receiver import Received, answer, fail, hang


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    service, gateway = PushService(), Gateway()
    await service.start()
    await gateway.start()
    yield World(database, tmp_path, service, gateway)
    await service.stop()
    await gateway.stop()


async def test_who_is_away_gets_a_push_that_only_the_browser_reads(world: World) -> None:
    """Of all that is unread, one; not the sender. It holds ids and counts, and no text."""
    ali, sara = await world.user("ali"), await world.user("sara")
    of_sara, of_ali = await world.browser(sara), await world.browser(ali)
    talk, other = await conversation(world.database, ali, sara), 0
    async with world.pushing():
        first = await world.say(talk, ali, "a secret")
        await until(lambda: of_sara.pushes)
        other = await conversation(world.database, ali, sara, title="a title")
        await world.say(other, ali, "a secret")
        newest = await world.say(talk, ali, "a secret")
        await until(lambda: len(of_sara.pushes) == 3)
        await world.settled()
    pushes = {(push["conversation"], push["unread"]): push for push in of_sara.pushes}
    push = pushes[talk, 1]
    assert push.pop("timestamp").endswith("Z")
    expected = {"kind": "message", "conversation": talk, "unread": 1, "badge": 1}
    assert push == {**expected, "message_id": first}
    assert pushes[talk, 2]["message_id"] == newest
    assert max(push["badge"] for push in pushes.values()) == 3
    topics = [
        (push["conversation"], received.headers["topic"])
        for push, received in zip(of_sara.pushes, of_sara.received, strict=True)
    ]
    assert len(set(topics)) == len({topic for _, topic in topics}) == 2
    assert {one.headers["urgency"] for one in of_sara.received} == {"high"}
    assert all(0 < int(one.headers["ttl"]) <= TTL for one in of_sara.received)
    assert b"secret" not in b"".join(one.body for one in of_sara.received)
    assert of_ali.received == []


async def test_the_text_leaves_only_if_the_operator_says_so(world: World) -> None:
    """A long one is cut so that it fits, whatever it is made of; a gateway gets it too."""
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    await world.register(sara, world.gateway.phone("p"))
    talk = await conversation(world.database, ali, sara, title="راه خانه")
    async with world.pushing(with_content=True):
        for content in ("سلام", "\x01" * 5000, "😀" * 5000):
            await world.say(talk, ali, content)
            await until(lambda: len(browser.received) == len(world.gateway.received))
            await world.settled()
            async with world.database.transaction() as transaction:
                await users.show_as(transaction, ali, "علی")
    pushes = browser.pushes
    assert [push["sender"] for push in pushes] == ["ali", "علی", "علی"]
    assert pushes[0]["content"] == "سلام"
    assert pushes[0]["title"] == "راه خانه"
    for push, sign in zip(pushes[1:], ("\x01", "😀"), strict=True):
        assert set(push["content"]) == {sign, "…"}
        assert len(push["content"]) > 300
    notification = world.gateway.notifications[0]
    assert notification["content"] == {"msgtype": "m.text", "body": "سلام"}
    assert (notification["sender_display_name"], notification["room_name"]) == ("ali", "راه خانه")


async def test_a_phone_is_pushed_to_through_its_gateway(world: World) -> None:
    """In the form of Matrix; a notification that is read is a number alone."""
    ali, sara = await world.user("ali"), await world.user("sara")
    await world.register(sara, world.gateway.phone("token", default_payload={"x": 1}))
    talk = await conversation(world.database, ali, sara)
    async with world.pushing():
        message = await world.say(talk, ali, "a secret")
        await until(lambda: world.gateway.received)
        await world.read(talk, sara, message)
        await until(lambda: len(world.gateway.received) == 2)
        await world.settled()
    first, last = world.gateway.notifications
    (device,) = first.pop("devices")
    assert device.pop("pushkey_ts") > 1_700_000_000
    data = {"default_payload": {"x": 1}}
    assert device == {"app_id": "org.example", "pushkey": "token", "data": data}
    assert len(first["collapse_id"]) == 32
    assert first == {
        "prio": "high",
        "counts": {"unread": 1},
        "kind": "message",
        "conversation": talk,
        "unread": 1,
        "collapse_id": last["collapse_id"],
        "room_id": str(talk),
        "event_id": str(message),
    }
    assert (last["counts"], last["kind"], last["prio"]) == ({"unread": 0}, "read", "low")
    assert not {"room_id", "event_id"} & last.keys()
    assert await world.notices() == 0


async def test_agents_are_reminded_of_a_customer_who_waits(world: World) -> None:
    """Of a ticket that nobody has, all staff; of an agent's, the agent alone. They are no
    participants, and the customer is reminded of nothing.
    """
    database = world.database
    ali = await world.user("ali")
    first, second = [await user(database, name, is_staff=True) for name in ("first", "second")]
    browsers = {id_: await world.browser(id_) for id_ in (ali, first, second)}
    await DeskKeeping(database, world.board.online).change(None, {"reminder_minutes": 1})
    await world.register(first, world.gateway.phone("first"))
    async with writing(database) as writer, world.pushing(with_content=True):
        tickets = SupportTickets(database, writer)
        work = DeskWork(database, writer, world.board.online, slow=0.0)
        who = Identity(ali, "ali", False, 0.0, None)
        agent = Identity(first, "first", True, 0.0, None)
        talks = [await conversation(database, ali) for _ in range(2)]
        for talk in talks:
            ticket, _ = await tickets.open(who, talk, "help", "normal")
            if talk == talks[1]:
                await tickets.assign(agent, ticket.id, first)
            async with database.transaction() as transaction:
                await transaction.execute(
                    "UPDATE support_tickets SET created_at = created_at - 61000000 WHERE id = ?",
                    (ticket.id,),
                )
            for _ in range(2):
                work._slow_at = 0.0
                await work.turn()
            await until(lambda: browsers[first].pushes and browsers[second].pushes)
            await world.settled()
        await until(lambda: len(browsers[first].pushes) == 2)
        await world.settled()
        await until(lambda: len(world.gateway.received) == 2)
    assert [push["kind"] for push in browsers[first].pushes] == ["reminder", "reminder"]
    assert not any("sender" in push for push in browsers[first].pushes)
    assert not any("sender_display_name" in one for one in world.gateway.notifications)
    assert [push["conversation"] for push in browsers[second].pushes] == [talks[0]]
    assert browsers[ali].received == []


async def test_a_device_that_is_gone_is_removed(world: World) -> None:
    """By 404, by 410, and by a gateway that rejects it. Other devices stay."""
    ali, sara = await world.user("ali"), await world.user("sara")
    gone = [await world.browser(sara) for _ in range(2)]
    statuses = dict(zip([one.path for one in gone], (404, 410), strict=True))
    stays = await world.browser(sara)
    await world.register(sara, world.gateway.phone("gone"))
    await world.register(sara, world.gateway.phone("stays"))
    world.gateway.gone = {"gone", "another"}

    async def some_are_gone(received: Received) -> bytes:
        return answer(statuses.get(received.path, 201))

    world.service.behaviour = some_are_gone
    talk = await conversation(world.database, ali, sara)
    async with world.pushing():
        await world.say(talk, ali)
        await until(lambda: len(world.service.received) + len(world.gateway.received) == 5)
        await world.settled()
        left = await world.database.fetch("SELECT url, pushkey FROM devices ORDER BY id")
        assert [tuple(row) for row in left] == [
            (stays.registration["endpoint"], None),
            (world.gateway.phone("")["url"], "stays"),
        ]
        assert await world.notices() == 2
        await world.say(talk, ali)
        await until(lambda: len(stays.received) == 2)


async def test_what_was_read_elsewhere_goes_away(world: World) -> None:
    """Also what was deleted, and what is in a conversation that the user has left."""
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    talks = [await conversation(world.database, ali, sara) for _ in range(3)]
    async with world.pushing():
        ids = [await world.say(talk, ali) for talk in talks]
        await until(lambda: browser.kinds == ["message"] * 3)
        await world.settled()
        await world.read(talks[0], sara, ids[0])
        await until(lambda: len(browser.pushes) == 4)
        await Changes(world.database, talks[1]).delete(ids[1])
        await until(lambda: len(browser.pushes) == 5)
        await Changes(world.database, talks[2]).leave(sara)
        await until(lambda: len(browser.pushes) == 6)
        await world.settled()
    assert [push["conversation"] for push in browser.pushes[3:]] == talks
    assert [push["badge"] for push in browser.pushes[3:]] == [2, 1, 0]
    assert browser.pushes[3] == {"kind": "read", "conversation": talks[0], "unread": 0, "badge": 2}
    assert await world.notices() == 0
    topics = [one.headers["topic"] for one in browser.received]
    assert set(topics[3:]) == set(topics[:3])


async def test_an_edit_replaces_the_text_that_a_device_shows(world: World) -> None:
    """In the same place and without a sound, though its user is online by now. What was read, and
    what a later message has replaced, is not shown any more.
    """
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    await world.register(sara, world.gateway.phone("p"))
    talk = await conversation(world.database, ali, sara)
    changes = Changes(world.database, talk)

    async def pushed(count: int) -> None:
        await until(lambda: len(browser.received) == len(world.gateway.received) == count)
        await world.settled()

    async with world.pushing(with_content=True):
        earlier = await world.say(talk, ali, "earlier")
        await pushed(1)
        message = await world.say(talk, ali, "frist")
        await pushed(2)
        await world.board.arrive([sara])
        await changes.edit(earlier, "nobody sees it")
        await changes.edit(message, "first")
        await pushed(3)
        await world.read(talk, sara, message)
        await pushed(4)
        await changes.edit(message, "read")
        await world.settled()
    assert browser.kinds == ["message", "message", "edited", "read"]
    _, shown, edited, _ = browser.pushes
    assert edited == {**shown, "kind": "edited", "content": "first"}
    assert len({one.headers["topic"] for one in browser.received}) == 1
    assert [one.headers["urgency"] for one in browser.received[1:]] == ["high", "normal", "normal"]
    _, shown, edited, _ = world.gateway.notifications
    assert edited == {
        **shown,
        "kind": "edited",
        "prio": "low",
        "content": {"msgtype": "m.text", "body": "first"},
    }


async def test_an_edit_is_not_pushed_where_no_text_is_shown(world: World) -> None:
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    talk = await conversation(world.database, ali, sara)
    async with world.pushing():
        message = await world.say(talk, ali, "frist")
        await until(lambda: browser.pushes)
        await world.settled()
        await Changes(world.database, talk).edit(message, "first")
        await world.settled()
    assert browser.kinds == ["message"]


async def test_an_edit_that_no_service_takes_is_given_up(world: World) -> None:
    """The next edit is tried again."""
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    talk = await conversation(world.database, ali, sara)
    async with world.pushing(with_content=True):
        message = await world.say(talk, ali, "frist")
        await until(lambda: browser.pushes)
        await world.settled()
        world.service.behaviour = fail
        await Changes(world.database, talk).edit(message, "fisrt")
        await until(lambda: len(browser.received) > 1)
        await world.settled()
        world.service.behaviour = accept
        await Changes(world.database, talk).edit(message, "first")
        await until(lambda: browser.pushes[-1]["content"] == "first")
        await world.settled()


async def test_a_deleted_message_is_replaced_by_the_one_before(world: World) -> None:
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    talk = await conversation(world.database, ali, sara)
    async with world.pushing(with_content=True):
        first = await world.say(talk, ali, "first")
        await until(lambda: browser.pushes)
        second = await world.say(talk, ali, "second")
        await until(lambda: browser.pushes[-1]["message_id"] == second)
        await world.settled()
        await Changes(world.database, talk).delete(second)
        await until(lambda: browser.pushes[-1]["message_id"] == first)
        await world.settled()
    assert [push["content"] for push in browser.pushes] == ["first", "second", "first"]


async def test_a_deleted_message_goes_away_where_none_takes_its_place(world: World) -> None:
    """What is unread besides is muted or archived by now, or its reader is back."""
    ali, sara, omid = [await world.user(name) for name in ("ali", "sara", "omid")]
    browsers = {sara: await world.browser(sara), omid: await world.browser(omid)}
    muted, archived = [await conversation(world.database, ali, sara) for _ in range(2)]
    back = await conversation(world.database, ali, omid)
    readers = {muted: sara, archived: sara, back: omid}
    shown = {}
    async with world.pushing(times=replace(QUICK, watch=0.0)):
        for talk, reader in readers.items():
            await world.say(talk, ali)
            shown[talk] = await world.say(talk, ali)
            await until(partial(is_shown, browsers[reader], shown[talk]))
        await world.settled()
        async with world.database.transaction() as transaction:
            sql = "UPDATE participants SET muted_until = ?, is_archived = ?"
            sql += " WHERE conversation_id = ?"
            await transaction.execute(sql, (2**62, False, muted))
            await transaction.execute(sql, (None, True, archived))
        await world.board.arrive([omid])
        for talk, reader in readers.items():
            await Changes(world.database, talk).delete(shown[talk])
            await until(partial(is_taken_away, browsers[reader], talk))
        await world.settled()
    assert await world.notices() == 0


def is_shown(browser: Browser, message_id: int) -> bool:
    return any(one.get("message_id") == message_id for one in browser.pushes)


def is_taken_away(browser: Browser, talk: int) -> bool:
    """With what is unread besides."""
    last = browser.pushes[-1]
    return (last["kind"], last["conversation"], last["unread"]) == ("read", talk, 1)


async def test_what_is_read_at_once_is_not_pushed(world: World) -> None:
    """Nor what was deleted, and what somebody has read who is online nowhere by now."""
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    talk = await conversation(world.database, ali, sara)
    async with world.pushing(times=replace(QUICK, grace=3.0)):
        message = await world.say(talk, ali)
        await until_asked(world)
        await world.read(talk, sara, message)
        deleted = await world.say(talk, ali)
        await Changes(world.database, talk).delete(deleted)
        await world.settled()
    assert browser.received == []
    assert await world.notices() == 0


async def until_asked(world: World) -> None:
    while not await world.notices():
        await asyncio.sleep(0.01)


async def test_who_is_online_gets_no_push_until_they_are_away(world: World) -> None:
    """Whose connection turns out to be dead gets it; who stays gets none."""
    ali, sara, omid = [await world.user(name) for name in ("ali", "sara", "omid")]
    of_sara, of_omid = await world.browser(sara), await world.browser(omid)
    talk = await conversation(world.database, ali, sara, omid)
    await world.board.arrive([sara, omid])
    async with world.pushing():
        await world.say(talk, ali)
        await asyncio.sleep(LATER)
        assert of_sara.received == of_omid.received == []
        await world.board.depart([sara])
        await until(lambda: of_sara.pushes)
        assert of_omid.received == []
    async with world.pushing(times=replace(QUICK, watch=0.0)):
        await world.settled()
        await world.board.depart([omid])
        await asyncio.sleep(LATER)
    assert of_omid.received == []


async def test_while_nobody_knows_who_is_online_nothing_is_pushed(world: World) -> None:
    """At first: what is a minute old is pushed all the same."""
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    talks = [await conversation(world.database, ali, sara) for _ in range(2)]

    async def away(_: Collection[int]) -> set[int]:
        raise Unavailable("Redis is away.", retry_after=1)

    async with world.pushing(online=away):
        await world.say(talks[0], ali)
        await world.say(talks[1], ali, age=61)
        await until(lambda: browser.pushes)
        await asyncio.sleep(LATER)
        assert [push["conversation"] for push in browser.pushes] == [talks[1]]
    async with world.pushing():
        await until(lambda: len(browser.pushes) == 2)


async def test_muted_and_archived_conversations_are_silent(world: World) -> None:
    """They do not count for the badge; a mute that is over is none."""
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    muted, archived, over, loud = [await conversation(world.database, ali, sara) for _ in range(4)]
    async with world.database.transaction() as transaction:
        sql = "UPDATE participants SET muted_until = ?, is_archived = ? WHERE conversation_id = ?"
        for talk, until_, is_archived in (
            (muted, 2**62, False),
            (archived, None, True),
            (over, 1, False),
        ):
            await transaction.execute(sql, (until_, is_archived, talk))
    async with world.pushing():
        for talk in (muted, archived, over, loud):
            await world.say(talk, ali)
        await until(lambda: len(browser.pushes) == 2)
        await world.settled()
    assert {push["conversation"] for push in browser.pushes} == {over, loud}
    assert max(push["badge"] for push in browser.pushes) == 2


async def test_a_mention_comes_through_a_mute(world: World) -> None:
    """It alone does; and not into an archived conversation."""
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    talks = [await conversation(world.database, ali, sara) for _ in range(3)]
    muted, archived, _ = talks
    async with world.database.transaction() as transaction:
        sql = "UPDATE participants SET muted_until = ?, is_archived = ? WHERE conversation_id = ?"
        await transaction.execute(sql, (2**62, False, muted))
        await transaction.execute(sql, (None, True, archived))
    async with world.pushing(with_content=True):
        mentioning = []
        for talk in talks:
            await world.say(talk, ali, "before")
            mentioning.append(await world.say(talk, ali, "@sara, come"))
            await world.say(talk, ali, "after")
            await world.settled()
        pushes = {push["conversation"]: push for push in browser.pushes}
        assert pushes.keys() == {muted, talks[2]}
        assert all(push["mention"] for push in pushes.values())
        assert pushes[muted]["message_id"] == mentioning[0]
        assert pushes[muted]["content"] == "@sara, come"
        assert pushes[talks[2]]["content"] == "after"
        count = len(browser.pushes)
        last = await world.say(muted, ali, "later")
        await world.settled()
        assert len(browser.pushes) == count
        await world.read(muted, sara, last)
        await until(lambda: len(browser.pushes) == count + 1)
    assert (browser.kinds[-1], browser.pushes[-1]["conversation"]) == ("read", muted)


async def test_a_mention_that_an_edit_brings_comes_through_a_mute(world: World) -> None:
    """To whom it mentions, and nobody else. A further edit replaces its text, and one that takes
    the mention away takes it away.
    """
    ali, sara, omid = [await world.user(name) for name in ("ali", "sara", "omid")]
    of_sara, of_omid = await world.browser(sara), await world.browser(omid)
    talk = await conversation(world.database, ali, sara, omid)
    async with world.database.transaction() as transaction:
        await transaction.execute("UPDATE participants SET muted_until = ?", (2**62,))
    async with world.pushing(with_content=True):
        message = await world.say(talk, ali, "come")
        await world.settled()
        for turn, content in enumerate(("@sara, come", "@sara, come now", "come"), start=1):
            async with world.database.transaction() as transaction:
                named = [User(sara, "sara")] if "@" in content else []
                await mentions.put(transaction, talk, message, ali, named)
            await Changes(world.database, talk).edit(message, content)
            await until(lambda turn=turn: len(of_sara.pushes) == turn)  # type: ignore[misc]
            await world.settled()
    assert of_sara.kinds == ["message", "edited", "read"]
    assert [push.get("content") for push in of_sara.pushes] == [
        "@sara, come",
        "@sara, come now",
        None,
    ]
    assert of_sara.pushes[0]["mention"]
    assert of_omid.received == []


async def test_what_is_too_old_is_not_pushed(world: World) -> None:
    """After a week in which nothing followed, too; what is new comes at once."""
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    talks = [await conversation(world.database, ali, sara) for _ in range(2)]
    async with world.pushing():
        await world.settled()
    await world.say(talks[0], ali, age=TTL + 10)
    newest = await world.say(talks[1], ali, age=TTL - 600)
    async with world.pushing():
        await until(lambda: browser.pushes)
        await world.settled()
    (push,) = browser.pushes
    assert push["message_id"] == newest
    assert int(browser.received[0].headers["ttl"]) <= 600


async def test_a_push_is_given_up_when_its_message_is_too_old(world: World) -> None:
    """The next message is pushed, with the count of both."""
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    talk = await conversation(world.database, ali, sara)
    world.service.behaviour = fail
    said = 0

    async def say_until_one_comes() -> None:
        """On a busy machine a look may come too late for a message."""
        nonlocal said
        had = len(browser.received)
        async with asyncio.timeout(PATIENCE):
            while len(browser.received) == had:
                await world.say(talk, ali)
                said += 1
                await asyncio.sleep(LATER)

    async with world.pushing(ttl=1):
        await say_until_one_comes()
        await world.settled()
        assert await world.notices() == 0
        tries, before = len(browser.received), said
        world.service.behaviour = accept
        await asyncio.sleep(LATER)
        assert len(browser.received) == tries
        await say_until_one_comes()
    assert before < browser.pushes[-1]["unread"] <= said


async def test_far_behind_it_catches_up(world: World) -> None:
    """Whatever number of changes nobody followed, the last push has the count, up to a thousand."""
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    talk, other = [await conversation(world.database, ali, sara) for _ in range(2)]
    old, moment = now() - (TTL + 10) * 1_000_000, now()
    drafts = [draft(talk, ali, created_at=old) for _ in range(900)]
    await world.database.store_sends([*drafts, draft(other, ali, created_at=old)])
    drafts = [draft(talk, ali, created_at=moment) for _ in range(300)]
    await world.database.store_sends(drafts)
    async with world.pushing(times=replace(QUICK, grace=0.2)):
        await until(lambda: browser.pushes)
        await world.settled()
    push = browser.pushes[-1]
    assert {one["conversation"] for one in browser.pushes} == {talk}
    assert (push["unread"], push["badge"]) == (1000, 1001)


async def test_what_came_before_the_first_device_is_not_pushed(world: World) -> None:
    """What comes right after it is, whether anybody follows at that moment or not."""
    ali, sara = await world.user("ali"), await world.user("sara")
    talk = await conversation(world.database, ali, sara)
    async with world.pushing():
        await world.say(talk, ali)
    browser = await world.browser(sara)
    last = await world.say(talk, ali)
    async with world.pushing():
        await until(lambda: browser.pushes)
        await world.settled()
    assert [push["message_id"] for push in browser.pushes] == [last]


async def test_a_push_is_tried_again_and_others_do_not_wait(world: World) -> None:
    """A service that fails, and one that hangs, delay themselves alone. The last state arrives."""
    ali, sara = await world.user("ali"), await world.user("sara")
    other = PushService(public_key=world.vapid.public_key)
    await other.start()
    world.gateways.append(other.origin)
    failing, well = await world.browser(sara), await world.browser(sara, other)
    talk = await conversation(world.database, ali, sara)

    async def put_off(_: Received) -> bytes:
        return answer(503) if len(failing.received) % 2 else answer(429, Retry_After="0")

    world.service.behaviour = put_off
    async with world.pushing():
        await world.say(talk, ali)
        await until(lambda: well.pushes and len(failing.received) > 3)
        world.service.behaviour = hang
        newest = await world.say(talk, ali)
        await until(lambda: len(well.pushes) == 2)
        before = len(failing.received)
        await until(lambda: len(failing.received) > before)
        world.service.behaviour = accept
        await world.settled()
    last = failing.pushes[-1]
    assert (last["message_id"], last["unread"]) == (newest, 2)
    await other.stop()


async def test_what_is_refused_is_not_tried_again(world: World) -> None:
    """Neither by the service for what it is, nor by us for where it goes; the next one is."""
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    talk = await conversation(world.database, ali, sara)

    async def refuse(_: Received) -> bytes:
        return answer(413)

    world.service.behaviour = refuse
    async with world.pushing():
        await world.say(talk, ali)
        await until(lambda: browser.received)
        await world.settled()
        await asyncio.sleep(LATER)
        assert len(browser.received) == 1
        await world.say(talk, ali)
        await until(lambda: len(browser.received) == 2)
        await world.settled()
    world.gateways.clear()  # and so it is an address inside this network
    async with world.pushing():
        await world.say(talk, ali)
        await world.settled()
    assert len(browser.received) == 2


async def test_of_two_processes_one_pushes(world: World, other_node: Database) -> None:
    """Each conversation once; and never two pushes of one conversation at the same time."""
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    talks = [await conversation(world.database, ali, sara) for _ in range(20)]
    under_way: list[str] = []
    together: list[str] = []

    async def slow(received: Received) -> bytes:
        topic = received.headers["topic"]
        if topic in under_way:
            together.append(topic)
        under_way.append(topic)
        await asyncio.sleep(0.05)
        under_way.remove(topic)
        return answer(201)

    world.service.behaviour = slow
    async with world.pushing(), world.pushing(database=other_node):
        for talk in talks:
            await world.say(talk, ali)
        await until(lambda: len(browser.received) >= len(talks))
        await world.settled()
        assert sorted(push["conversation"] for push in browser.pushes) == talks
        for _ in range(3):
            for talk in talks[:5]:
                await world.say(talk, ali)
                await asyncio.sleep(0.01)
        await world.settled()
    assert together == []
    last = {push["conversation"]: push["unread"] for push in browser.pushes}
    assert [last[talk] for talk in talks] == [4] * 5 + [1] * 15


async def test_what_a_stopped_process_had_begun_is_pushed_by_another(
    world: World, other_node: Database
) -> None:
    """At once, without the lease having ended."""
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    talk = await conversation(world.database, ali, sara)
    world.service.behaviour = hang
    async with world.pushing(times=replace(QUICK, lease=300.0)):
        await world.say(talk, ali)
        await until(lambda: browser.received)
    world.service.behaviour = accept
    async with world.pushing(database=other_node):
        await until(lambda: len(browser.received) == 2)
        await world.settled()


async def test_what_a_killed_process_had_begun_is_pushed_by_another(
    world: World, database_url: str, tmp_path: Path
) -> None:
    """Once its lease has ended. A push may come twice then, and takes the place of the first."""
    ali, sara = await world.user("ali"), await world.user("sara")
    browser = await world.browser(sara)
    talks = [await conversation(world.database, ali, sara) for _ in range(3)]
    world.service.behaviour = hang
    node = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.followers.push_node"),
        *(database_url, str(tmp_path / "vapid.pem"), world.service.origin),
        cwd=CHECKOUT,
    )
    for talk in talks:
        await world.say(talk, ali)
    await until(lambda: len(browser.received) == len(talks))
    node.kill()
    await node.wait()
    world.service.behaviour = accept
    async with world.pushing():
        await until(lambda: len(browser.received) == 2 * len(talks))
        await world.settled()
    topics = [one.headers["topic"] for one in browser.received]
    assert sorted(topics[:3]) == sorted(topics[3:])


async def test_nothing_is_pushed_for_a_sign_in_that_has_ended(world: World) -> None:
    """Even where its device was not removed."""
    ali, sara = await world.user("ali"), await world.user("sara")
    await token_families.create(world.database, "family", sara, "refresh")
    device = await world.register(sara, world.gateway.phone("p"), "family")
    talk = await conversation(world.database, ali, sara)
    async with world.database.transaction() as transaction:
        await transaction.execute("UPDATE token_families SET revoked_at = 1")
    async with world.pushing():
        await world.say(talk, ali)
        await world.settled()
    assert world.gateway.received == []
    assert await world.notices() == 0
    assert device.id


async def test_who_is_added_gets_a_push(world: World) -> None:
    """Who adds others gets none, nor those who were there, nor who comes by themselves."""
    ali, sara, omid, mina = [await world.user(name) for name in ("ali", "sara", "omid", "mina")]
    browsers = [await world.browser(user_id) for user_id in (ali, sara, omid, mina)]
    talk = await conversation(world.database, ali, omid, title="a title")
    seqs = [await Changes(world.database, talk).join(user_id) for user_id in (sara, mina)]
    async with world.database.transaction() as transaction:
        for actor, seq in zip((ali, mina), seqs, strict=True):
            await transaction.execute(
                "UPDATE changes SET actor_id = ?, at = ? WHERE conversation_id = ? AND seq = ?",
                (actor, now(), talk, seq),
            )
    async with world.pushing(with_content=True):
        await until(lambda: browsers[1].pushes)
        await world.settled()
        message = await world.say(talk, ali)
        await until(lambda: all(browser.pushes for browser in browsers[1:]))
        await world.settled()
        await world.read(talk, sara, message)
        await until(lambda: len(browsers[1].pushes) == 3)
        await world.settled()
    added, *_ = browsers[1].pushes
    expected = {"kind": "added", "conversation": talk, "unread": 0, "badge": 0}
    assert added == {**expected, "title": "a title", "sender": "ali"}
    kinds = [[], ["added", "message", "read"], ["message"], ["message"]]
    assert [browser.kinds for browser in browsers] == kinds


async def begun(world: World, *user_ids: int) -> int:
    """A conversation that the first of these begins with the others."""
    _, *others = user_ids
    talk = await conversation(world.database, *user_ids, title="a title")
    async with world.database.transaction() as transaction:
        await push_news.begun(transaction, talk, others)
    return talk


async def test_those_with_whom_a_conversation_begins_get_a_push(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, though that takes no `seq`. A message takes its place, and it goes with who leaves."""
    monkeypatch.setattr(push_news, "GRACE_SECONDS", 0.0)
    ali, sara, omid = [await world.user(name) for name in ("ali", "sara", "omid")]
    of_ali, of_sara, of_omid = [await world.browser(user_id) for user_id in (ali, sara, omid)]
    talk = await begun(world, ali, sara, omid)
    async with world.pushing(with_content=True):
        await until(lambda: of_sara.pushes and of_omid.pushes)
        await world.settled()
        assert await world.notices() == 2
        await Changes(world.database, talk).leave(omid)
        await until(lambda: len(of_omid.pushes) == 2)
        message = await world.say(talk, ali)
        await until(lambda: len(of_sara.pushes) == 2)
        await world.settled()
        await world.read(talk, sara, message)
        await until(lambda: len(of_sara.pushes) == 3)
        await world.settled()
    added, *_ = of_sara.pushes
    expected = {"kind": "added", "conversation": talk, "unread": 0, "badge": 0}
    assert added == {**expected, "title": "a title", "sender": "ali"}
    kinds = [browser.kinds for browser in (of_ali, of_sara, of_omid)]
    assert kinds == [[], ["added", "message", "read"], ["added", "read"]]
    assert await world.notices() == 0


async def test_a_message_soon_after_the_beginning_is_the_one_push(world: World) -> None:
    """It says more than that somebody was added. Who is online gets neither."""
    ali, sara, omid = [await world.user(name) for name in ("ali", "sara", "omid")]
    of_sara, of_omid = await world.browser(sara), await world.browser(omid)
    talk = await begun(world, ali, sara, omid)
    message = await world.say(talk, ali)

    async def online(user_ids: Collection[int]) -> set[int]:
        return {omid} & set(user_ids)

    async with world.pushing(online=online, times=replace(QUICK, watch=0.0)):
        await until(lambda: of_sara.pushes)
        await world.settled()
    assert [push["message_id"] for push in of_sara.pushes] == [message]
    assert of_omid.pushes == []


async def test_who_comes_back_to_a_direct_conversation_gets_no_push(world: World) -> None:
    """That the other one opened it is no news: a message is."""
    ali, sara = await world.user("ali"), await world.user("sara")
    of_sara = await world.browser(sara)
    talk = await conversation(world.database, ali, sara)
    await Changes(world.database, talk).leave(sara)
    seq = await Changes(world.database, talk).join(sara)
    async with world.database.transaction() as transaction:
        await transaction.execute("UPDATE conversations SET is_direct = TRUE WHERE id = ?", (talk,))
        await transaction.execute(
            "UPDATE changes SET actor_id = ?, at = ? WHERE conversation_id = ? AND seq = ?",
            (ali, now(), talk, seq),
        )
    async with world.pushing():
        await world.settled()
        message = await world.say(talk, ali)
        await until(lambda: of_sara.pushes)
        await world.settled()
    assert [push.get("message_id") for push in of_sara.pushes] == [message]
