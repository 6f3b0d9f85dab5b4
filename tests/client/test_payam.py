"""REST calls: every noun once, files of any size, and what errors say."""

import asyncio
import hashlib
import io
import secrets
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from payam_client import (
    AttachmentAdded,
    ConversationUpdated,
    Member,
    MessagePinned,
    MessageUnpinned,
    ParticipantJoined,
    PayamError,
    ReactionAdded,
    ReactionRemoved,
    Reactions,
    TicketUpdated,
)
from payam_client.upload_calls import PART
from tests.client.people import PASSWORD, Heard, Pair, connect, sign_up
from tests.faults.proxy import FaultProxy, Way
from tests.support.payam_server import PayamServer

SECONDS = 60  # keeps a test from hanging
BIG = 3 * 1024 * 1024


async def test_people_titles_pages_and_read_marks(pair: Pair, server: PayamServer) -> None:
    async with await sign_up(server.url, "reza") as reza, pair.sara.open(pair.id) as hers:
        await hers.opened()
        who = await reza.me()
        assert [user.id for user in await pair.ali.users(who.username)] == [who.id]
        await pair.ali.add_participant(pair.id, who.id)
        heard = Heard()
        await heard.read(hers, lambda heard: len(heard.events) == 1)
        assert isinstance(heard.events[0], ParticipantJoined)
        assert heard.events[0].participant.id == who.id
        await pair.ali.remove_participant(pair.id, who.id)
        assert await reza.conversations() == []
        assert (await pair.ali.rename(pair.id, "printers")).title == "printers"
        await heard.read(hers, lambda heard: len(heard.events) == 3)
        assert heard.events[2] == ConversationUpdated(title="printers", seq=3)
    first = await pair.ali.send(pair.id, "one", client_id="the first")
    assert await pair.ali.send(pair.id, "one", client_id="the first") == first
    rest = [await pair.ali.send(pair.id, text) for text in ("two", "three")]
    assert await pair.ali.messages(pair.id, limit=2) == rest
    assert await pair.ali.messages(pair.id, before=rest[0].id) == [first]
    assert await pair.ali.messages(pair.id, after=first.id) == rest
    assert await pair.ali.messages(pair.id, since=rest[0].seq) == [rest[1]]
    await pair.sara.mark_read(pair.id, rest[0].id)
    assert (await pair.sara.conversations())[0].unread_count == 1


async def test_somebody_is_blocked_and_reported(pair: Pair) -> None:
    """What they send is refused with a code of its own, until they are no longer blocked."""
    first = await pair.sara.send(pair.id, "spam")
    await pair.ali.report(pair.id, first.id, "it is spam")
    await pair.ali.report(pair.id, first.id, "it is spam")
    sara = await pair.sara.me()
    await pair.ali.block(sara.id)
    assert [one.id for one in await pair.ali.blocks()] == [sara.id]
    with pytest.raises(PayamError) as caught:
        await pair.sara.send(pair.id, "more")
    assert (caught.value.status, caught.value.code) == (403, "blocked")
    await pair.ali.unblock(sara.id)
    await pair.sara.send(pair.id, "sorry")
    assert await pair.ali.blocks() == []


async def test_roles_change_and_somebody_comes_in_by_a_link(
    pair: Pair, server: PayamServer
) -> None:
    async with await sign_up(server.url, "reza") as reza, pair.sara.open(pair.id) as hers:
        await hers.opened()
        sara = await pair.sara.me()
        assert (await pair.ali.set_role(pair.id, sara.id, "admin")).role == "admin"
        heard = Heard()
        await heard.read(hers, lambda heard: len(heard.events) == 1)
        (changed,) = heard.events
        assert isinstance(changed, ConversationUpdated)
        assert changed.participant == Member(sara.id, sara.username, "admin")
        assert (await pair.sara.change(pair.id, members_may=["pin"])).members_may == ["pin"]
        end = datetime.now(UTC) + timedelta(days=1)
        invite = await pair.sara.create_invite(pair.id, expires_at=end, max_uses=1)
        assert (await reza.invitation(invite.code)).conversation.participant_count == 2
        assert (await reza.join(invite.code)).role == "member"
        assert [one.uses for one in await pair.ali.invites(pair.id)] == [1]
        await pair.ali.revoke_invite(pair.id, invite.id)
        with pytest.raises(PayamError) as caught:
            await reza.invitation(invite.code)
        assert caught.value.code == "not_found"
        spam = await reza.send(pair.id, "spam")
        await pair.sara.moderate(pair.id, spam.id)
        assert [one.is_deleted for one in await pair.ali.messages(pair.id, limit=5)] == [True]


async def test_a_large_file_goes_on_where_it_was_cut(pair: Pair, server: PayamServer) -> None:
    """In parts, whatever cuts the network; then it is attached, whole."""
    content = secrets.token_bytes(3 * PART + 5)
    message = await pair.ali.send(pair.id, "large")
    shares: list[float] = []
    begun: list[str] = []
    loop = asyncio.get_running_loop()
    async with (
        FaultProxy(server.port) as proxy,
        connect(f"http://127.0.0.1:{proxy.port}", pair.ali.tokens) as ali,
    ):

        def progress(share: float) -> None:
            shares.append(share)
            if len(shares) == 1:
                proxy.cut()
            elif len(shares) == 2:
                loop.call_later(0.01, proxy.cut)

        upload = await ali.upload(
            content, name="large.bin", on_begin=begun.append, on_progress=progress
        )
    assert begun == [upload]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    attachment = await pair.ali.attach_upload(pair.id, message.id, upload)
    assert (attachment.name, attachment.size) == ("large.bin", len(content))
    got = b"".join([chunk async for chunk in pair.ali.download(attachment)])
    assert hashlib.sha256(got).digest() == hashlib.sha256(content).digest()
    # Given up, and gone on with as if after a restart.
    begun.clear()
    task = asyncio.create_task(pair.ali.upload(content, name="x", on_begin=begun.append))
    while not begun:
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await pair.ali.upload(content, upload=begun[0]) == begun[0]
    await pair.ali.discard_upload(begun[0])
    with pytest.raises(PayamError) as caught:
        await pair.ali.upload(content, upload=begun[0])
    assert caught.value.status == 404


async def test_an_account_is_exported_and_erased(server: PayamServer) -> None:
    """With a wrong password nothing happens; afterwards nobody is signed in."""
    async with await sign_up(server.url, "reza") as reza:
        zipped = b"".join([chunk async for chunk in reza.export()])
        with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
            assert archive.testzip() is None
            assert "messages.json" in archive.namelist()
        with pytest.raises(PayamError) as caught:
            await reza.erase("wrong")
        assert (caught.value.status, caught.value.code) == (403, "wrong_password")
        await reza.me()
        await reza.erase(PASSWORD)
        assert reza.tokens is None


async def test_messages_are_pinned_and_unpinned(pair: Pair) -> None:
    """Others get the events, and everybody the list."""

    def of_pins(heard: Heard) -> list[object]:
        return [one for one in heard.events if isinstance(one, MessagePinned | MessageUnpinned)]

    first, second = [await pair.ali.send(pair.id, text) for text in ("one", "two")]
    heard = Heard()
    async with asyncio.timeout(60), pair.sara.open(pair.id) as hers:
        await hers.opened()
        await pair.ali.pin(pair.id, first.id)
        await pair.ali.pin(pair.id, second.id)
        # Whoever reads later would not get the first: being unpinned takes its place.
        await heard.read(hers, lambda heard: len(of_pins(heard)) == 2)
        assert [one.id for one in await pair.sara.pins(pair.id)] == [second.id, first.id]
        await pair.sara.unpin(pair.id, first.id)
        await heard.read(hers, lambda heard: len(of_pins(heard)) == 3)
    name, other = (await pair.ali.me()).username, (await pair.sara.me()).username
    assert of_pins(heard) == [
        MessagePinned(first.id, name, seq=3),
        MessagePinned(second.id, name, seq=4),
        MessageUnpinned(first.id, other, seq=5),
    ]
    assert [one.id for one in await pair.ali.pins(pair.id)] == [second.id]


async def test_what_was_said_is_found(pair: Pair) -> None:
    """Page by page, in one conversation, by sender; the matches fit Python's own slices."""
    other = (await pair.ali.begin([(await pair.sara.me()).id])).id
    for number in range(3):
        await pair.ali.send(pair.id, f"بلیت {number}")
    await pair.sara.send(other, "🙂 ticket بليت")
    pages = [page async for page in pair.ali.search_pages("بلی", limit=3)]
    found = [one for page in pages for one in page]
    assert [len(page) for page in pages][:2] == [3, 1]
    marked = [one.message.content[a:b] for one in found for a, b in one.matches]
    assert marked == ["بلي", "بلی", "بلی", "بلی"]
    assert [one.conversation for one in found] == [other, *[pair.id] * 3]
    assert await pair.ali.search("بلی", conversation=other) == found[:1]
    assert await pair.ali.search("بلی", sender=(await pair.sara.me()).id) == found[:1]
    assert await pair.ali.search("بلی", before=found[2].message.id) == found[3:]
    with pytest.raises(PayamError) as refused:
        await pair.ali.search("")
    assert list(refused.value.errors) == ["q"]


class Emptied(httpx.AsyncBaseTransport):
    """The server's answers to a search, of which the first few have their links alone."""

    def __init__(self, inner: httpx.AsyncBaseTransport, count: int) -> None:
        self.inner = inner
        self.count = count

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        if request.url.path == "/api/search/" and self.count:
            self.count -= 1
            await answer.aread()
            return httpx.Response(200, headers={"Link": answer.headers["Link"]}, content=b"[]")
        return answer


async def test_a_page_that_is_empty_is_not_the_end(pair: Pair) -> None:
    """The server may end a page before it has found anything; the link leads on."""
    for number in range(6):
        await pair.ali.send(pair.id, f"بلیت {number}")
    http = pair.ali._http._client

    async def found(limit: int) -> list[str]:
        return [one.message.content for one in await pair.ali.search("بلیت", limit=limit)]

    inner, http._transport = http._transport, Emptied(http._transport, 2)
    pages = [page async for page in pair.ali.search_pages("بلیت", limit=2)]
    assert [len(page) for page in pages][:3] == [0, 0, 2]
    http._transport = Emptied(inner, 2)
    assert await found(2) == ["بلیت 1", "بلیت 0"]
    http._transport = Emptied(inner, 1)
    assert await found(3) == ["بلیت 2", "بلیت 1", "بلیت 0"]
    http._transport = inner
    assert await found(2) == ["بلیت 5", "بلیت 4"]


async def test_people_react_to_messages(pair: Pair) -> None:
    """Others get the events, and everybody the numbers."""
    sent = await pair.ali.send(pair.id, "one")
    async with pair.sara.open(pair.id) as hers:
        await hers.opened()
        heard = Heard()
        await pair.ali.react(pair.id, sent.id, "#️⃣")
        await heard.read(hers, lambda heard: len(heard.events) == 1)  # it is as of now
        await pair.sara.react(pair.id, sent.id, "#⃣")  # as another keyboard writes it
        await heard.read(hers, lambda heard: len(heard.events) == 2)
        (message,) = await pair.ali.messages(pair.id)
        assert message.reactions == [Reactions("#️⃣", 2, me=True)]
        await pair.ali.unreact(pair.id, sent.id, "#️⃣")
        await heard.read(hers, lambda heard: len(heard.events) == 3)
    name, other = (await pair.ali.me()).username, (await pair.sara.me()).username
    assert heard.events == [
        ReactionAdded(sent.id, "#️⃣", name, 1, seq=2),
        ReactionAdded(sent.id, "#️⃣", other, 2, seq=3),
        ReactionRemoved(sent.id, "#️⃣", name, 1, seq=4),
    ]


async def test_pages_of_conversations(server: PayamServer) -> None:
    """They make the whole list; the first one, unchanged, is not sent again."""
    async with await sign_up(server.url, "ali") as ali, await sign_up(server.url, "sara") as sara:
        ids = [(await ali.begin([])).id for _ in range(5)][::-1]
        sizes = [len(page) async for page in ali.conversation_pages(limit=2)]
        assert sizes == [2, 2, 1]
        pages = [page async for page in ali.conversation_pages(limit=2)]
        assert [one.id for page in pages for one in page] == ids
        assert [one for page in pages for one in page] == await ali.conversations()
        again = [page async for page in ali.conversation_pages(limit=2)]
        assert again == pages
        assert again[0] is pages[0]
        await ali.send(ids[-1], "the oldest")
        moved = [page async for page in ali.conversation_pages(limit=2)]
        assert [one.id for one in moved[0]] == [ids[-1], ids[0]]
        assert [page async for page in sara.conversation_pages()] == [[]]
        who = [await ali.me(), await sara.me()]
        await ali.add_participant(ids[0], who[1].id)
        found = [await ali.participants(ids[0], limit=1, after=after.id - 1) for after in who]
        assert [[user.id for user in page] for page in found] == [[one.id] for one in who]


async def test_what_is_made_is_made_once(pair: Pair) -> None:
    """With a key of the caller's own; a direct conversation in any case, whoever begins it."""
    ali, sara = await pair.ali.me(), await pair.sara.me()
    twice = [await pair.ali.begin([sara.id], "Trip", key="trip") for _ in range(2)]
    assert twice[0] == twice[1]
    with pytest.raises(PayamError, match="used before") as caught:
        await pair.ali.begin([sara.id], "Another trip", key="trip")
    assert (caught.value.status, caught.value.code) == (422, "key_reused")
    direct = await pair.ali.begin([sara.id], direct=True)
    assert direct.direct
    assert (await pair.sara.begin([ali.id], direct=True)).id == direct.id
    message = await pair.ali.send(pair.id, "see")
    files = [
        await pair.ali.attach(pair.id, message.id, b"x", name="x", key="file") for _ in range(2)
    ]
    assert files[0] == files[1]
    tickets = [await pair.ali.open_ticket(pair.id, "help", key="ticket") for _ in range(2)]
    assert tickets[0] == tickets[1]


async def test_tickets(pair: Pair) -> None:
    async with pair.sara.open(pair.id) as hers:
        await hers.opened()
        opened = await pair.ali.open_ticket(pair.id, "printer", "high")
        assert opened.status == "open"
        heard = Heard()
        await heard.read(hers, lambda heard: len(heard.events) == 1)
        assert isinstance(heard.events[0], TicketUpdated)
        assert heard.events[0].support_ticket.priority == "high"
        assert (await pair.ali.change_ticket(opened.id, status="pending")).status == "pending"
        assert (await pair.ali.close_ticket(opened.id)).status == "closed"
        assert (await pair.ali.conversation(pair.id)).support_ticket is None
        assert (await pair.ali.reopen_ticket(opened.id)).status == "open"
        assert (await pair.sara.ticket(opened.id)).status == "open"
    for refused in (pair.ali.tickets(), pair.ali.assign_ticket(opened.id, None)):
        with pytest.raises(PayamError) as error:
            await refused
        assert (error.value.status, error.value.code) == (403, "forbidden")


async def test_a_closing_whose_answer_is_lost_does_not_close_again(
    pair: Pair, proxy: FaultProxy, broken_url: str
) -> None:
    """What somebody has opened again meanwhile."""
    async with asyncio.timeout(SECONDS), connect(broken_url, pair.sara.tokens) as sara:
        opened = await pair.ali.open_ticket(pair.id, "printer")
        await sara.me()
        proxy.stall(Way.BACK)
        closing = asyncio.create_task(sara.close_ticket(opened.id))
        while (await pair.ali.ticket(opened.id)).status == "open":
            await asyncio.sleep(0.01)
        await pair.ali.reopen_ticket(opened.id)
        proxy.cut()
        proxy.resume()
        assert (await closing).status == "open"
    assert (await pair.ali.ticket(opened.id)).status == "open"


async def test_a_file_goes_there_and_comes_back_though_it_is_cut(
    pair: Pair, proxy: FaultProxy, broken_url: str, tmp_path: Path
) -> None:
    """The rest of a download comes on the next connection."""
    path = tmp_path / "گزارش.bin"
    path.write_bytes(secrets.token_bytes(BIG))
    async with pair.sara.open(pair.id) as hers, connect(broken_url, pair.sara.tokens) as sara:
        await hers.opened()
        message = await pair.ali.send(pair.id, "a report")
        sent = await pair.ali.attach(pair.id, message.id, path)
        assert (sent.name, sent.size) == (path.name, BIG)
        heard = Heard()
        await heard.read(hers, lambda heard: len(heard.events) == 2)
        assert isinstance(heard.events[1], AttachmentAdded)
        assert await sara.attachments(pair.id, message.id) == [sent]
        content = hashlib.sha256()
        async for chunk in sara.download(heard.events[1].attachment):
            content.update(chunk)
            if proxy.connections == 1:
                proxy.cut()
        assert proxy.connections == 2
        assert content.digest() == hashlib.sha256(path.read_bytes()).digest()


async def test_a_file_without_a_name_needs_one(pair: Pair) -> None:
    message = await pair.ali.send(pair.id, "a file")
    with pytest.raises(ValueError, match="name: is needed"):
        await pair.ali.attach(pair.id, message.id, b"1,2")
    sent = await pair.ali.attach(pair.id, message.id, b"1,2", name="a.csv")
    assert b"".join([chunk async for chunk in pair.sara.download(sent)]) == b"1,2"


async def test_an_error_says_what_is_wrong_by_field(pair: Pair, server: PayamServer) -> None:
    with pytest.raises(PayamError) as wrong:
        await pair.ali.log_in("nobody", PASSWORD)
    assert (wrong.value.status, wrong.value.code) == (401, "wrong_credentials")
    async with connect(server.url) as stranger:
        with pytest.raises(PayamError) as refused:
            await stranger.sign_up("a b", "short")
    assert refused.value.errors.keys() >= {"username"}
    assert "username" in str(refused.value)


async def test_a_server_that_is_not_there_is_said_to_be(
    pair: Pair, proxy: FaultProxy, broken_url: str
) -> None:
    async with connect(broken_url, pair.ali.tokens) as ali:
        await proxy.refuse()
        with pytest.raises(PayamError, match="cannot be reached") as offline:
            await ali.me()
        assert (offline.value.code, offline.value.status) == ("offline", 0)
        await proxy.accept()
        assert await ali.me() == await pair.ali.me()


async def test_a_call_on_a_dead_connection_is_tried_again(
    pair: Pair, proxy: FaultProxy, broken_url: str
) -> None:
    """Reading, and saying something, since its `client_id` makes that safe."""
    async with connect(broken_url, pair.ali.tokens) as ali:
        for text in ("one", "two"):
            proxy.cut()
            await ali.send(pair.id, text)
        assert await pair.stored() == ["one", "two"]


async def test_an_address_or_a_place_that_is_none_is_said_at_once(pair: Pair) -> None:
    with pytest.raises(ValueError, match="since: -1"):
        pair.ali.open(pair.id, since=-1)
    with pytest.raises(ValueError, match="does not begin with http"):
        connect("chat.example.org")


async def test_a_message_may_be_as_long_as_the_server_allows() -> None:
    """Also above the mebibyte at which the websocket library would stop."""
    with PayamServer({"MESSAGE_MAX_LENGTH": "400000"}) as server:
        ali, sara = await sign_up(server.url, "ali"), await sign_up(server.url, "sara")
        async with Pair(ali, sara) as pair, pair.sara.open(pair.id) as hers:
            await hers.opened()
            longest = "\U0001f600" * 400_000
            await pair.ali.send(pair.id, longest)
            heard = Heard()
            async with asyncio.timeout(60):  # without it, the client would come back for ever
                await heard.read(hers, lambda heard: len(heard.events) == 1)
            assert list(heard.contents.values()) == [longest]
