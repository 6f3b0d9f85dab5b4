"""Reactions: emoji with which people answer a message."""

from typing import Any
from urllib.parse import quote

from chat.services.reactions import PER_MESSAGE, PER_USER
from chat.text.emoji import known
from tests.contract.helpers import Pair
from tests.contract.test_everything import opened, until
from tests.support.people import People, Person

Frame = dict[str, Any]


async def say(pair: Pair, text: str = "one") -> int:
    answer = await pair.ali.http.post(pair.messages, json={"content": text})
    assert answer.status_code == 201, answer.text
    message_id: int = answer.json()["id"]
    return message_id


def path(pair: Pair, message_id: int, emoji: str) -> str:
    return f"{pair.messages}{message_id}/reactions/{quote(emoji, safe='')}/"


async def react(pair: Pair, who: Person, message_id: int, emoji: str) -> None:
    answer = await who.http.put(path(pair, message_id, emoji))
    assert answer.status_code == 204, answer.text


async def reactions(pair: Pair, who: Person, message_id: int) -> list[tuple[str, int, bool]]:
    """As the message and every list of messages say."""
    one = (await who.http.get(f"{pair.messages}{message_id}/")).json()
    page = (await who.http.get(f"{pair.messages}?limit=50")).json()
    listed = (await who.http.get(pair.messages)).json()
    for messages in (page, listed):
        assert [other for other in messages if other["id"] == message_id] == [one]
    return [(each["emoji"], each["count"], each["me"]) for each in one["reactions"]]


async def test_people_react_and_take_it_back(people: People) -> None:
    """Live on both kinds of sockets, for who returns, and in the numbers; each takes one `seq`."""
    pair = await Pair.of(people)
    ali, sara = pair.ali, pair.sara
    message_id = await say(pair)
    wide, _ = await opened(sara)

    async def heard(emoji: str, who: Person, count: int, seq: int, how: str = "added") -> Frame:
        """What the next frame must be: before the next change, because it is as of now."""
        kind = f"reaction.{how}"
        expected = {
            "type": kind,
            "message_id": message_id,
            "emoji": emoji,
            "user": who.username,
            "count": count,
            "seq": seq,
        }
        assert await pair.first.receive_type(kind) == expected
        of_all = (await until(wide, kind))[-1]
        assert of_all == {**expected, "conversation": pair.conversation}
        return expected

    await react(pair, ali, message_id, "❤")
    await react(pair, ali, message_id, "❤️")  # the same, as another keyboard writes it
    await heard("❤️", ali, 1, 2)
    add = {"type": "add_reaction", "message_id": message_id, "emoji": "❤", "ref": "r"}
    await pair.second.send(add)
    ack = await pair.second.receive_type("ack")
    assert ack == {"type": "ack", "id": message_id, "seq": 3, "ref": "r"}
    of_sara = await heard("❤️", sara, 2, 3)
    await wide.send({**add, "emoji": "👍🏽", "conversation": pair.conversation})
    other = await heard("👍🏽", sara, 1, 4)
    await pair.second.send({**add, "ref": "again"})
    assert (await pair.second.receive_type("ack"))["seq"] == 3, "nothing changed"
    assert await reactions(pair, ali, message_id) == [("❤️", 2, True), ("👍🏽", 1, False)]
    assert await reactions(pair, sara, message_id) == [("❤️", 2, True), ("👍🏽", 1, True)]
    await pair.first.send({"type": "remove_reaction", "message_id": message_id, "emoji": "❤️"})
    removed = await heard("❤️", ali, 1, 5, "removed")
    assert (await ali.http.delete(path(pair, message_id, "❤"))).status_code == 204
    assert (await ali.http.delete(path(pair, message_id, "🎉"))).status_code == 204
    assert await reactions(pair, ali, message_id) == [("❤️", 1, False), ("👍🏽", 1, False)]
    returning = await ali.connect(pair.conversation, since=1)
    # Of what was taken back there is only that; so a client takes the number that is said.
    missed = [{**of_sara, "count": 1}, other, removed]
    assert [await returning.receive() for _ in missed] == missed
    assert await returning.receive_resumed() == 5
    (changed,) = (await ali.http.get(f"{pair.messages}?since=1")).json()
    assert (changed["id"], changed["seq"]) == (message_id, 5)


async def test_the_last_one_takes_the_emoji_away(people: People) -> None:
    """Whoever comes first again begins at the end; `seq` of the message says what it includes."""
    pair = await Pair.of(people)
    message_id = await say(pair)
    for emoji in ("👍", "🎉"):
        await react(pair, pair.ali, message_id, emoji)
    await pair.ali.http.delete(path(pair, message_id, "👍"))
    assert await reactions(pair, pair.ali, message_id) == [("🎉", 1, True)]
    message = (await pair.ali.http.get(f"{pair.messages}{message_id}/")).json()
    assert message["seq"] == 4
    await react(pair, pair.sara, message_id, "👍")
    assert await reactions(pair, pair.ali, message_id) == [("🎉", 1, True), ("👍", 1, False)]


async def test_a_deleted_message_has_no_reactions(people: People) -> None:
    """It takes none, it loses its own, and who returns hears of none."""
    pair = await Pair.of(people)
    message_id = await say(pair)
    await react(pair, pair.sara, message_id, "👍")
    await react(pair, pair.ali, message_id, "👍")
    await pair.ali.http.delete(path(pair, message_id, "👍"))
    await pair.ali.http.delete(f"{pair.messages}{message_id}/")
    assert await reactions(pair, pair.sara, message_id) == []
    refused = await pair.sara.http.put(path(pair, message_id, "👍"))
    assert (refused.status_code, refused.json()["code"]) == (409, "message_deleted")
    assert (await pair.sara.http.delete(path(pair, message_id, "👍"))).status_code == 204
    returning = await pair.ali.connect(pair.conversation, since=1)
    assert (await returning.receive())["type"] == "message.deleted"
    assert await returning.receive_resumed() == 5


async def test_only_one_emoji_is_a_reaction(people: People) -> None:
    """Anything else is refused over REST and sockets, and changes nothing."""
    pair = await Pair.of(people)
    message_id = await say(pair)
    for wrong in ("a", "👍👍", "1", "🏽", "👍" * 40, "%", "thumbs up", "👍\u0301"):
        refused = await pair.ali.http.put(path(pair, message_id, wrong))
        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["emoji"]), wrong
        frame = {"type": "add_reaction", "message_id": message_id, "emoji": wrong, "ref": "r"}
        await pair.first.send(frame)
        error = await pair.first.receive_type("error")
        assert (list(error["errors"]), error["ref"]) == (["emoji"], "r")
    not_utf8 = await pair.ali.http.put(f"{pair.messages}{message_id}/reactions/%FF%FE/")
    assert not_utf8.status_code == 400
    unknown = await pair.ali.http.put(path(pair, 2**60, "👍"))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    assert await reactions(pair, pair.ali, message_id) == []


async def test_a_message_has_so_many_emoji_at_most(people: People) -> None:
    """And so many of one user. What is there already is no new one."""
    pair = await Pair.of(people)
    message_id = await say(pair)
    emoji = sorted(known().values())[: PER_MESSAGE + 1]
    everybody = [pair.ali, pair.sara]
    while len(everybody) * PER_USER < PER_MESSAGE:
        everybody.append(await people("more"))
        body = {"user_id": everybody[-1].id}
        await pair.ali.http.post(f"/api/conversations/{pair.conversation}/participants/", json=body)
    for number, one in enumerate(emoji[:-1]):
        await react(pair, everybody[number // PER_USER], message_id, one)
    refused = await pair.ali.http.put(path(pair, message_id, emoji[PER_USER]))
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_reactions")
    assert str(PER_USER) in refused.json()["detail"]
    refused = await everybody[-1].http.put(path(pair, message_id, emoji[-1]))
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_reactions")
    assert str(PER_MESSAGE) in refused.json()["detail"]
    await react(pair, everybody[-1], message_id, emoji[0])
    found = await reactions(pair, everybody[-1], message_id)
    assert [one for one, _, _ in found] == emoji[:-1]
    assert found[0] == (emoji[0], 2, True)


async def test_an_agent_reacts_too(people: People) -> None:
    pair = await Pair.of(people)
    message_id = await say(pair)
    agent = await people.staff()
    await pair.ali.http.post(pair.support_ticket, json={"subject": "x"})
    await react(pair, agent, message_id, "👍")
    assert await reactions(pair, agent, message_id) == [("👍", 1, True)]
    assert await reactions(pair, pair.ali, message_id) == [("👍", 1, False)]
