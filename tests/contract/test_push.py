"""Pushes of a running server, as a browser and a phone get them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

from tests.support.payam_server import PayamServer
from tests.support.people import People, Person
from tests.support.postgres_server import PostgresServer
from tests.support.push_service import Browser, Gateway, PushService
from tests.support.redis_server import RedisServer

PATIENCE = 60.0


@dataclass
class Pushing:
    people: People
    service: PushService
    gateway: Gateway

    async def browser(self, person: Person) -> Browser:
        settings = (await person.http.get("/api/settings/")).json()
        self.service.public_key = settings["vapid_public_key"]
        browser = Browser(self.service)
        await register(person, browser.registration)
        return browser


async def register(person: Person, body: dict[str, object]) -> None:
    answer = await person.http.post("/api/devices/", json=body)
    assert answer.status_code == 201, answer.text


@asynccontextmanager
async def deployed(settings: dict[str, str], workers: int) -> AsyncIterator[Pushing]:
    """A server that trusts our push service. Of two workers any may push."""
    service, gateway = PushService(), Gateway()
    await service.start()
    await gateway.start()
    origins = f"{service.origin},http://127.0.0.1:{gateway.port}"
    settings |= {"PUSH_GATEWAYS": origins, "VAPID_SUBJECT": "mailto:admin@example.org"}
    server = PayamServer(settings, workers=workers)
    try:
        await asyncio.to_thread(server.start)
        async with People(server) as people:
            yield Pushing(people, service, gateway)
        log = server.log()
        assert "so secret a text" not in log
        assert not [one.path for one in service.received if one.path in log]
    finally:
        await asyncio.to_thread(server.close)
        await service.stop()
        await gateway.stop()


async def until(condition: Callable[[], object]) -> None:
    give_up = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < give_up
        await asyncio.sleep(0.02)


async def come_and_go(pushing: Pushing) -> None:
    people, gateway = pushing.people, pushing.gateway
    ali, sara, omid, mina = [await people(name) for name in ("ali", "sara", "omid", "mina")]
    talk = await ali.begin_conversation(sara, omid)
    of_sara, of_omid = await pushing.browser(sara), await pushing.browser(omid)
    of_mina, of_ali = await pushing.browser(mina), await pushing.browser(ali)
    await register(sara, gateway.phone("phone"))
    path = f"/api/conversations/{talk}/"
    socket = await ali.connect(talk)
    reader = await omid.connect(apart_from=socket)
    await socket.send({"type": "chat_message", "message": "so secret a text", "client_id": "1"})
    message = (await socket.receive_type("ack"))["id"]
    await ali.http.post(f"{path}participants/", json={"user_id": mina.id})
    both = {"participants": [mina.id], "direct": True}
    assert (await ali.http.post("/api/conversations/", json=both)).status_code == 201
    begun = await ali.begin_conversation(mina)
    await until(lambda: of_sara.pushes and len(of_mina.pushes) == 2 and gateway.received)
    assert [push["message_id"] for push in of_sara.pushes] == [message]
    assert of_sara.kinds == [one["kind"] for one in gateway.notifications] == ["message"]
    assert of_mina.kinds == ["added", "added"]
    assert {push["conversation"] for push in of_mina.pushes} == {talk, begun}
    assert gateway.notifications[0]["counts"] == {"unread": 1}
    await sara.http.post(f"{path}read/", json={"message_id": message})
    await until(lambda: len(of_sara.pushes) == 2 and len(gateway.received) == 2)
    assert of_sara.kinds[1] == gateway.notifications[1]["kind"] == "read"
    revoked = await sara.http.post("/api/token/revoke/", json={"refresh": sara.refresh})
    assert revoked.status_code == 204
    await reader.close()
    await socket.send({"type": "chat_message", "message": "so secret a text", "client_id": "2"})
    await until(lambda: of_omid.pushes and len(of_mina.pushes) == 3)
    assert of_omid.pushes[0]["unread"] == 2, "while Omid was online nothing was pushed"
    assert of_mina.kinds == ["added", "added", "message"]
    assert (len(of_sara.received), len(gateway.received), of_ali.received) == (2, 2, [])


async def test_pushes_come_while_one_is_away_and_go_when_one_has_read(
    postgres_server: PostgresServer, partitioned_template: str
) -> None:
    """On all devices; who is online gets none, and who was added does, unless to a direct
    conversation.

    On both kinds of servers at the same time: most of it is waiting.
    """

    async def on_sqlite() -> None:
        async with deployed({}, workers=1) as pushing:
            await come_and_go(pushing)

    async def on_two_workers(redis_url: str) -> None:
        url = postgres_server.create_database(template=partitioned_template)
        async with deployed({"DATABASE_URL": url, "REDIS_URL": redis_url}, workers=2) as pushing:
            await come_and_go(pushing)

    with RedisServer() as relay:
        await asyncio.gather(on_sqlite(), on_two_workers(relay.url))
