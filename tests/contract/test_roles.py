"""Roles: the owner, admins and members of a conversation, and what each may do."""

import asyncio
from typing import Any, NamedTuple

import httpx

from tests.support.people import People, Person

Frame = dict[str, Any]


class Group(NamedTuple):
    """A conversation of an owner, an admin and two members."""

    owner: Person
    admin: Person
    member: Person
    other: Person
    path: str

    @property
    def id(self) -> int:
        return int(self.path.split("/")[3])

    @property
    def everybody(self) -> tuple[Person, ...]:
        return self[:4]

    def of(self, whom: Person) -> str:
        return f"{self.path}participants/{whom.id}/"

    async def give(self, who: Person, whom: Person, role: str) -> httpx.Response:
        return await who.http.patch(self.of(whom), json={"role": role})

    async def roles(self) -> list[str]:
        """Of everybody, in the order of the fields; `-` for who is gone."""
        answers = [await one.http.get(f"{self.path}participants/") for one in self.everybody]
        listed = next(answer.json() for answer in answers if answer.status_code == 200)
        by_id = {one["id"]: one["role"] for one in listed}
        return [by_id.get(one.id, "-") for one in self.everybody]


async def group(people: People) -> Group:
    everybody = [await people(name) for name in ("owner", "admin", "member", "other")]
    conversation = await everybody[0].begin_conversation(*everybody[1:])
    owner, admin, member, other = everybody
    found = Group(owner, admin, member, other, f"/api/conversations/{conversation}/")
    assert (await found.give(found.owner, found.admin, "admin")).status_code == 200
    return found


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "") if answer.content else ""


async def test_who_began_it_owns_it_and_makes_admins(people: People) -> None:
    """Each sees the own role; others hear of a change live and on return, with its `seq`."""
    here = await group(people)
    live = await here.other.connect(here.id)
    everything = await here.member.connect()
    own = [(await one.http.get(here.path)).json()["role"] for one in here.everybody]
    assert own == ["owner", "admin", "member", "member"] == await here.roles()
    changed = await here.give(here.owner, here.member, "admin")
    assert (changed.status_code, changed.json()["role"]) == (200, "admin")
    user = {"id": here.member.id, "username": here.member.username}
    assert {name: changed.json()[name] for name in user} == user
    expected = {
        "type": "conversation.updated",
        "title": "",
        "participant": {**user, "role": "admin"},
        "seq": 2,
    }
    assert await live.receive_type("conversation.updated") == expected
    mine = await everything.receive_type("conversation.updated")
    assert mine == {**expected, "conversation": here.id}
    assert (await here.give(here.owner, here.member, "admin")).status_code == 200, "once more"
    assert (await here.give(here.owner, here.member, "member")).status_code == 200
    back = await live.receive_type("conversation.updated")
    assert (back["participant"]["role"], back["seq"]) == ("member", 3)
    returning = await here.other.connect(here.id, since=0)
    frames = [await returning.receive() for _ in range(2)]
    roles = [(one["participant"]["id"], one["participant"]["role"], one["seq"]) for one in frames]
    assert roles == [(here.admin.id, "admin", 1), (here.member.id, "member", 3)]
    assert await returning.receive_resumed() == 3


async def test_only_the_owner_changes_roles(people: People) -> None:
    """Not even their own; what is wrong is named, and changes nothing."""
    here = await group(people)
    stranger = await people("stranger")
    for who in (here.admin, here.member):
        for whom in here.everybody:
            assert said(await here.give(who, whom, "admin")) == (403, "forbidden")
    assert said(await here.give(stranger, here.member, "admin")) == (404, "not_found")
    assert said(await here.give(here.owner, stranger, "admin")) == (404, "not_found")
    for role in ("member", "admin"):
        assert said(await here.give(here.owner, here.owner, role)) == (409, "owner_needed")
    for body in ({"role": "king"}, {"role": None}, {}, {"role": "admin", "rank": 1}):
        wrong = await here.owner.http.patch(here.of(here.member), json=body)
        assert wrong.status_code == 400
        assert list(wrong.json()["errors"]) == ["rank" if "rank" in body else "role"]
    assert await here.roles() == ["owner", "admin", "member", "member"]


async def test_who_removes_whom(people: People) -> None:
    """The owner everybody, an admin members, a member nobody; and everybody leaves."""
    here = await group(people)
    second = await people("second")
    await here.owner.http.post(f"{here.path}participants/", json={"user_id": second.id})
    await here.give(here.owner, second, "admin")
    for who, whom in (
        (here.member, here.other),
        (here.member, here.owner),
        (here.admin, here.owner),
        (here.admin, second),
    ):
        assert said(await who.http.delete(here.of(whom))) == (403, "forbidden")
    assert (await here.admin.http.delete(here.of(here.other))).status_code == 204
    assert (await here.owner.http.delete(here.of(second))).status_code == 204
    assert (await here.member.http.delete(here.of(here.member))).status_code == 204
    assert await here.roles() == ["owner", "admin", "-", "-"]
    # Who comes back is a member, whatever they were.
    await here.owner.http.post(f"{here.path}participants/", json={"user_id": second.id})
    assert (await second.http.get(here.path)).json()["role"] == "member"


async def test_an_owner_has_a_successor(people: People) -> None:
    """An admin, or else who was there first; or whom the owner names."""
    here = await group(people)
    handed = await here.give(here.owner, here.member, "owner")
    assert (handed.status_code, handed.json()["role"]) == (200, "owner")
    assert await here.roles() == ["admin", "admin", "owner", "member"]
    live = await here.other.connect(here.id)
    assert (await here.member.http.delete(here.of(here.member))).status_code == 204
    left, follows = await live.receive(), await live.receive()
    assert (left["type"], follows["type"]) == ("participant.left", "conversation.updated")
    assert (follows["participant"]["id"], follows["participant"]["role"]) == (
        here.owner.id,
        "owner",
    )
    assert follows["seq"] == left["seq"] + 1
    assert await here.roles() == ["owner", "admin", "-", "member"]
    await here.owner.http.request(
        "DELETE", "/api/users/me/", json={"password": here.owner.password}
    )
    while (await live.receive_type("conversation.updated"))["participant"]["id"] != here.admin.id:
        pass
    assert await here.roles() == ["-", "owner", "-", "member"]
    await here.admin.http.delete(here.of(here.admin))
    assert await here.roles() == ["-", "-", "-", "owner"]


async def test_two_who_hand_it_over_at_once(people: People) -> None:
    """One of the two requests finds that its sender is not the owner any more."""
    here = await group(people)
    answers = await asyncio.gather(
        here.give(here.owner, here.member, "owner"), here.give(here.owner, here.other, "owner")
    )
    assert sorted(answer.status_code for answer in answers) == [200, 403]
    assert sorted(await here.roles()) == ["admin", "admin", "member", "owner"]


async def test_what_members_may(people: People) -> None:
    """Everything that was always theirs, until the owner or an admin keeps some of it."""
    here = await group(people)
    newcomers = [await people("newcomer") for _ in range(2)]
    message = await here.other.http.post(f"{here.path}messages/", json={"content": "x"})
    pin = f"{here.path}messages/{message.json()['id']}/pin/"

    async def tries(who: Person, newcomer: Person) -> list[int]:
        added = {"user_id": newcomer.id}
        return [
            (await who.http.post(f"{here.path}participants/", json=added)).status_code,
            (await who.http.put(pin)).status_code,
            (await who.http.patch(here.path, json={"title": who.username})).status_code,
            (await who.http.patch(here.path, json={"metadata": {"by": who.id}})).status_code,
        ]

    assert await tries(here.member, newcomers[0]) == [201, 204, 200, 200]
    nothing: dict[str, list[str]] = {"members_may": []}
    assert said(await here.member.http.patch(here.path, json=nothing)) == (403, "forbidden")
    live = await here.member.connect(here.id)
    changed = await here.admin.http.patch(here.path, json=nothing)
    assert (changed.status_code, changed.json()["members_may"]) == (200, [])
    assert (await live.receive_type("conversation.updated"))["members_may"] == []
    assert await tries(here.member, newcomers[1]) == [403] * 4
    assert await tries(here.admin, newcomers[1]) == [201, 204, 200, 200]
    some = {"members_may": ["rename", "pin"]}
    assert (await here.owner.http.patch(here.path, json=some)).status_code == 200
    assert (await here.member.http.get(here.path)).json()["members_may"] == ["pin", "rename"]
    assert await tries(here.member, newcomers[1]) == [403, 204, 200, 200]
    for wrong in (["kick"], "pin", [1], None):
        answer = await here.owner.http.patch(here.path, json={"members_may": wrong})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["members_may"])
    assert (await here.owner.http.get(here.path)).json()["members_may"] == ["pin", "rename"]


async def test_who_moderates(people: People) -> None:
    """Nobody deletes for others unless they say so; then the owner, and an admin for members."""
    here = await group(people)
    paths = {}
    for who in here.everybody:
        sent = await who.http.post(f"{here.path}messages/", json={"content": who.username})
        paths[who.id] = f"{here.path}messages/{sent.json()['id']}/"
    theirs = paths[here.member.id]
    for who in (here.owner, here.admin, here.other):
        assert said(await who.http.delete(theirs)) == (403, "forbidden")
        assert said(await who.http.patch(theirs, json={"content": "x"})) == (403, "forbidden")
    moderate = {"moderate": "true"}
    for who, whose in (
        (here.other, here.member),
        (here.admin, here.owner),
        (here.member, here.admin),
    ):
        tried = await who.http.delete(paths[whose.id], params=moderate)
        assert said(tried) == (403, "forbidden")
    live = await here.other.connect(here.id)
    assert (await here.admin.http.delete(theirs, params=moderate)).status_code == 204
    assert (await here.owner.http.delete(paths[here.admin.id], params=moderate)).status_code == 204
    assert (await here.other.http.delete(paths[here.other.id], params=moderate)).status_code == 204
    assert (await live.receive())["type"] == "message.deleted"
    listed = (await here.owner.http.get(f"{here.path}messages/")).json()
    kept = [one["content"] for one in listed if not one["is_deleted"]]
    assert kept == [here.owner.username]
    wrong = await here.owner.http.delete(theirs, params={"moderate": "yes"})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["moderate"])


async def test_a_direct_conversation_has_no_roles(people: People) -> None:
    """Both are members: nobody removes the other, or changes a role."""
    ali, sara = await people("ali"), await people("sara")
    begun = {"participants": [sara.id], "direct": True}
    made = (await ali.http.post("/api/conversations/", json=begun)).json()
    path = f"/api/conversations/{made['id']}/"
    assert made["role"] == "member" == (await sara.http.get(path)).json()["role"]
    for who, whom in ((ali, sara), (sara, ali)):
        other = f"{path}participants/{whom.id}/"
        assert said(await who.http.delete(other)) == (403, "forbidden")
        refused = await who.http.patch(other, json={"role": "admin"})
        assert said(refused) == (409, "direct_conversation")
        refused = await who.http.patch(path, json={"members_may": []})
        assert said(refused) == (409, "direct_conversation")
        assert (await who.http.patch(path, json={"title": who.username})).status_code == 200
    assert (await sara.http.delete(f"{path}participants/{sara.id}/")).status_code == 204
    assert (await ali.http.post("/api/conversations/", json=begun)).status_code == 200
    assert (await sara.http.get(path)).json()["role"] == "member"
