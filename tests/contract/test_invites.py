"""Invite links: into a conversation, so many times, until an end."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.support.people import People, Person


class Links:
    """The links of a conversation that `owner` began with `member`."""

    def __init__(self, owner: Person, member: Person, conversation: int) -> None:
        self.owner, self.member, self.conversation = owner, member, conversation
        self.talk = f"/api/conversations/{conversation}/"
        self.path = f"{self.talk}invites/"

    @classmethod
    async def of(cls, people: People) -> "Links":
        owner, member = await people("owner"), await people("member")
        return cls(owner, member, await owner.begin_conversation(member))

    async def make(self, **ends: Any) -> dict[str, Any]:
        made = await self.owner.http.post(self.path, json=ends)
        assert made.status_code == 201, made.text
        invite: dict[str, Any] = made.json()
        return invite

    async def count(self) -> int:
        found: int = (await self.owner.http.get(self.talk)).json()["participant_count"]
        return found


def at(invite: dict[str, Any]) -> str:
    return f"/api/invites/{invite['code']}/"


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


async def test_a_link_leads_into_a_conversation(people: People) -> None:
    """Whoever has it looks at it, and joins; others hear of it; a second time takes no place."""
    links, guest = await Links.of(people), await people("guest")
    await links.owner.http.patch(links.talk, json={"title": "trip"})
    invite = await links.make(max_uses=1)
    owner = {"id": links.owner.id, "username": links.owner.username}
    assert (invite["created_by"], invite["uses"], invite["max_uses"]) == (owner, 0, 1)
    assert invite["expires_at"] is None
    live, everything = await links.member.connect(links.conversation), await guest.connect()
    looked = await guest.http.get(at(invite))
    expected = {
        "conversation": {"id": links.conversation, "title": "trip", "participant_count": 2},
        "created_by": owner,
        "expires_at": None,
        "is_member": False,
    }
    assert (looked.status_code, looked.json()) == (200, expected)
    joined = await guest.http.post(at(invite))
    assert (joined.status_code, joined.json()["id"]) == (201, links.conversation)
    assert (joined.json()["role"], joined.json()["participant_count"]) == ("member", 3)
    frame = await live.receive_type("participant.joined")
    assert frame["participant"] == {"id": guest.id, "username": guest.username}
    created = await everything.receive_type("conversation.created")
    assert created["conversation"]["id"] == links.conversation
    again = await guest.http.post(at(invite))
    assert (again.status_code, again.json()["id"]) == (200, links.conversation)
    assert (await guest.http.get(at(invite))).json()["is_member"] is True
    listed = (await links.owner.http.get(links.path)).json()
    assert listed == [{**invite, "uses": 1}]


async def test_as_many_come_in_as_may(people: People) -> None:
    """Of five at once who want two places, two get in, and the others learn why not."""
    links = await Links.of(people)
    invite = await links.make(max_uses=2)
    guests = [await people("guest") for _ in range(5)]
    answers = await asyncio.gather(*[guest.http.post(at(invite)) for guest in guests])
    codes = sorted(said(answer) for answer in answers)
    assert codes == [(201, "")] * 2 + [(409, "invite_used_up")] * 3
    assert (await links.owner.http.get(links.path)).json()[0]["uses"] == 2
    assert await links.count() == 4
    late = next(g for g, a in zip(guests, answers, strict=True) if a.status_code == 409)
    assert said(await late.http.get(at(invite))) == (409, "invite_used_up")
    # One who asks twice at once comes in once, and takes one place.
    second = await links.make(max_uses=2)
    twice = await asyncio.gather(*[late.http.post(at(second)) for _ in range(3)])
    assert sorted(answer.status_code for answer in twice) == [200, 200, 201]
    assert (await links.owner.http.get(links.path)).json()[0]["uses"] == 1


async def test_a_link_ends(people: People) -> None:
    """At its moment, or when it is revoked; and who has come in stays."""
    links, guest = await Links.of(people), await people("guest")
    kept, ending = await links.make(), None
    for seconds in (2, 10, 50):  # a busy machine takes its time
        end = datetime.now(UTC) + timedelta(seconds=seconds)
        made = await links.owner.http.post(links.path, json={"expires_at": end.isoformat()})
        if made.status_code == 201:
            ending = made.json()
            break
    assert ending, made.text
    while (await guest.http.get(at(ending))).status_code == 200:
        await asyncio.sleep(0.2)
    assert said(await guest.http.post(at(ending))) == (409, "invite_expired")
    assert said(await guest.http.get(at(ending))) == (409, "invite_expired")
    assert (await guest.http.post(at(kept))).status_code == 201
    assert (await links.owner.http.delete(f"{links.path}{kept['id']}/")).status_code == 204
    assert await links.count() == 3
    other = await people("other")
    for tried in (other.http.get(at(kept)), other.http.post(at(kept))):
        assert said(await tried) == (404, "not_found")
    assert said(await links.owner.http.delete(f"{links.path}{kept['id']}/")) == (404, "not_found")
    for code in ("no-such-code", "x" * 500, "%F0%9F%91%8D"):
        assert said(await other.http.post(f"/api/invites/{code}/")) == (404, "not_found")


async def test_who_does_not_come_in(people: People) -> None:
    """Who was removed or is blocked, until that is over. Who left by themselves comes back."""
    links, guest, foe = await Links.of(people), await people("guest"), await people("foe")
    invite = await links.make()
    assert (await guest.http.post(at(invite))).status_code == 201
    one = f"{links.talk}participants/{guest.id}/"
    assert (await guest.http.delete(one)).status_code == 204
    assert (await guest.http.post(at(invite))).status_code == 201
    assert (await links.owner.http.delete(one)).status_code == 204
    for tried in (guest.http.get(at(invite)), guest.http.post(at(invite))):
        assert said(await tried) == (403, "removed")
    added = await links.member.http.post(f"{links.talk}participants/", json={"user_id": guest.id})
    assert added.status_code == 201
    assert (await guest.http.delete(one)).status_code == 204
    assert (await guest.http.post(at(invite))).status_code == 201, "added again, and left"
    await links.owner.http.put(f"/api/users/{foe.id}/block/")
    assert said(await foe.http.post(at(invite))) == (403, "blocked")
    await links.owner.http.delete(f"/api/users/{foe.id}/block/")
    assert (await foe.http.post(at(invite))).status_code == 201
    for person in (links.owner, links.member, guest, foe):
        await person.http.delete(f"{links.talk}participants/{person.id}/")
    late = await people("late")
    assert said(await late.http.post(at(invite))) == (404, "not_found"), "everybody has left"


async def test_who_makes_links(people: People) -> None:
    """The owner and admins; an id of another conversation leads nowhere; a retry makes one."""
    links, other, guest = await Links.of(people), await Links.of(people), await people("guest")
    theirs = await other.make()
    for who, refused in ((links.member, (403, "forbidden")), (guest, (404, "not_found"))):
        assert said(await who.http.get(links.path)) == refused
        assert said(await who.http.post(links.path, json={})) == refused
        assert said(await who.http.delete(f"{links.path}{theirs['id']}/")) == refused
    wrong = await links.owner.http.delete(f"{links.path}{theirs['id']}/")
    assert said(wrong) == (404, "not_found")
    role = {"role": "admin"}
    await links.owner.http.patch(f"{links.talk}participants/{links.member.id}/", json=role)
    key = {"Idempotency-Key": f"k{links.member.id}"}
    made = await links.member.http.post(links.path, json={"max_uses": 3}, headers=key)
    again = await links.member.http.post(links.path, json={"max_uses": 3}, headers=key)
    assert (made.status_code, again.status_code, again.json()) == (201, 200, made.json())
    differs = await links.member.http.post(links.path, json={"max_uses": 4}, headers=key)
    assert said(differs) == (422, "key_reused")
    await links.member.http.request(
        "DELETE", "/api/users/me/", json={"password": links.member.password}
    )
    assert said(await guest.http.get(at(made.json()))) == (404, "not_found"), (
        "who made it is erased"
    )
    begun = {"participants": [guest.id], "direct": True}
    direct = (await links.owner.http.post("/api/conversations/", json=begun)).json()["id"]
    no_link = await links.owner.http.post(f"/api/conversations/{direct}/invites/", json={})
    assert said(no_link) == (409, "direct_conversation")


async def test_wrong_ends_are_refused(people: People) -> None:
    """With the name of the field; and no link is made."""
    links = await Links.of(people)
    for field, value in (
        ("max_uses", 0),
        ("max_uses", 10_001),
        ("max_uses", "2"),
        ("expires_at", "2020-01-01T00:00:00Z"),
        ("expires_at", "2100-01-01T00:00:00"),
        ("expires_at", "soon"),
        ("uses", 1),
    ):
        refused = await links.owner.http.post(links.path, json={field: value})
        assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])
    assert (await links.owner.http.get(links.path)).json() == []
