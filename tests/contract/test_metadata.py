"""Metadata of messages, conversations and users, and names that are shown."""

from typing import Any

from tests.contract.helpers import Pair
from tests.support.people import People, Person

Frame = dict[str, Any]
TEXT = '{"z":1.50,"a":[1,{"سلام":null}],"big":12345678901234567890123}'
GIVEN = f'"metadata":{TEXT}'
JSON = {"Content-Type": "application/json"}


async def post(who: Person, path: str, body: str) -> str:
    answer = await who.http.post(path, content=body.encode(), headers=JSON)
    assert answer.status_code == 201, answer.text
    return answer.text


async def test_a_message_keeps_its_metadata(people: People) -> None:
    """As it was written: in answers, frames and lists; an edit keeps it, a deletion does not."""
    pair = await Pair.of(people)
    text = await post(pair.ali, pair.messages, f'{{"content":"x",{GIVEN}}}')
    assert GIVEN in text
    frame = f'{{"type":"chat_message","message":"y",{GIVEN}}}'
    await pair.first.connection.send(frame)
    for _ in range(2):
        assert GIVEN in str(await pair.second.connection.recv())
    await pair.first.send({"type": "chat_message", "message": "plain", "metadata": {}})
    assert "metadata" not in await pair.second.receive_type("chat.message")
    listed = await pair.sara.http.get(pair.messages)
    assert listed.text.count(GIVEN) == 2
    first, _, plain = listed.json()
    assert plain["metadata"] == {}
    path = f"{pair.messages}{first['id']}/"
    assert GIVEN in (await pair.ali.http.patch(path, json={"content": "edited"})).text
    returning = await pair.ali.connect(pair.conversation, since=0)
    assert GIVEN in str(await returning.connection.recv())
    await pair.ali.http.delete(path)
    assert (await pair.ali.http.get(path)).json()["metadata"] == {}
    returning = await pair.ali.connect(pair.conversation, since=0)
    assert "metadata" not in await returning.receive()


async def test_the_same_key_with_other_metadata_is_another_body(people: People) -> None:
    pair = await Pair.of(people)
    body = {"content": "x", "client_id": "k", "metadata": {"a": 1}}
    made = await pair.ali.http.post(pair.messages, json=body)
    again = await pair.ali.http.post(pair.messages, json=body)
    assert (again.status_code, again.json()) == (200, made.json())
    other = await pair.ali.http.post(pair.messages, json={**body, "metadata": {"a": 2}})
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_a_conversation_keeps_its_metadata(people: People) -> None:
    """From its beginning, by changes that others hear of, and without touching its title."""
    ali, sara = await people("ali"), await people("sara")
    begun = f'{{"participants":[{sara.id}],"title":"t",{GIVEN}}}'
    text = await post(ali, "/api/conversations/", begun)
    assert GIVEN in text
    conversation = (await sara.http.get("/api/conversations/")).json()[0]["id"]
    path = f"/api/conversations/{conversation}/"
    assert GIVEN in (await sara.http.get(path)).text
    socket = await sara.connect(conversation)
    changed = await ali.http.patch(path, json={"metadata": {"b": 1}})
    assert (changed.json()["title"], changed.json()["metadata"]) == ("t", {"b": 1})
    # Each frame before the next change: one that is read late says what came later.
    frames = [await socket.receive()]
    await ali.http.patch(path, json={"metadata": {"b": 1}})  # a second time
    await ali.http.patch(path, json={"title": "u"})
    frames.append(await socket.receive())
    await ali.http.patch(path, json={"metadata": {}})
    frames.append(await socket.receive())
    expected = [("t", {"b": 1}, 1), ("u", {"b": 1}, 2), ("u", None, 3)]
    assert [(one["title"], one.get("metadata"), one["seq"]) for one in frames] == expected
    returning = await sara.connect(conversation, since=0)
    assert await returning.receive() == frames[-1]
    direct = {"participants": [sara.id], "direct": True, "metadata": {"a": 1}}
    refused = await ali.http.post("/api/conversations/", json=direct)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["metadata"])


async def test_a_user_has_a_name_that_is_shown_and_metadata(people: People) -> None:
    """The name is for all, the metadata for oneself."""
    ali, sara = await people("ali"), await people("sara")
    conversation = await ali.begin_conversation(sara)
    me = (await ali.http.get("/api/users/me/")).json()
    assert (me["display_name"], me["metadata"], me["is_staff"]) == ("", {}, False)
    body = f'{{"display_name":"علی رضایی",{GIVEN}}}'.encode()
    changed = await ali.http.patch("/api/users/me/", content=body, headers=JSON)
    assert GIVEN in changed.text
    assert changed.json()["display_name"] == "علی رضایی"
    kept = await ali.http.patch("/api/users/me/", json={"display_name": ""})
    assert GIVEN in kept.text
    await ali.http.patch("/api/users/me/", json={"display_name": "علی"})
    found = (await sara.http.get("/api/users/", params={"search": ali.username})).json()
    assert found == [{"id": ali.id, "username": ali.username, "display_name": "علی"}]
    listed = (await sara.http.get(f"/api/conversations/{conversation}/participants/")).json()
    assert [one.get("display_name") for one in listed] == ["علی", None]


async def test_bad_metadata_and_names_are_refused_and_change_nothing(people: People) -> None:
    """Everywhere where they may be given, with the name of the field, and of what in it is so."""
    pair = await Pair.of(people)
    conversation = f"/api/conversations/{pair.conversation}/"
    for wrong, where in (
        ("null", "metadata"),
        ("[]", "metadata"),
        ('{"a":1,"a":2}', "metadata.a"),
        ('{"colour":1e999}', "metadata.colour"),
        ('{"a":{"b":"\\ud83d"}}', "metadata.a.b"),
        ('{"a":"' + "x" * 4096 + '"}', "metadata"),
    ):
        given = f'"metadata":{wrong}'
        for method, path, body in (
            ("POST", pair.messages, f'{{"content":"x",{given}}}'),
            ("POST", "/api/conversations/", f'{{"participants":[],{given}}}'),
            ("PATCH", conversation, f'{{"title":"x",{given}}}'),
            ("PATCH", "/api/users/me/", f'{{"display_name":"x",{given}}}'),
        ):
            answer = await pair.ali.http.request(method, path, content=body.encode(), headers=JSON)
            assert (answer.status_code, list(answer.json()["errors"])) == (400, [where])
        frame = f'{{"type":"chat_message","message":"x",{given},"ref":"r"}}'
        await pair.first.connection.send(frame)
        error = await pair.first.receive_type("error")
        assert (list(error["errors"]), error["ref"]) == ([where], "r")
    for name in ("x" * 101, "  ", "a\0b", "a\nb", "\u202eila", "ali\u2066"):
        answer = await pair.ali.http.patch("/api/users/me/", json={"display_name": name})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["display_name"])
    form = await pair.ali.http.post(pair.messages, data={"content": "x", "metadata": "{}"})
    assert (form.status_code, list(form.json()["errors"])) == (400, ["metadata"])
    assert (await pair.ali.http.get(pair.messages)).json() == []
    assert (await pair.ali.http.get(conversation)).json()["title"] == ""
    assert (await pair.ali.http.get("/api/users/me/")).json()["display_name"] == ""
