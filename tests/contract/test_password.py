"""A user changes their password."""

import httpx

from tests.support.people import People, Person

PATH = "/api/users/me/password/"


async def change(person: Person, old: str, new: str) -> httpx.Response:
    return await person.http.post(PATH, json={"old_password": old, "new_password": new})


async def test_another_password_ends_every_other_sign_in(people: People) -> None:
    """Their tokens and sockets, on every node; the one that changed it goes on."""
    ali = await people("ali")
    conversation = await ali.begin_conversation()
    mine, old, refresh = ali.access, ali.password, ali.refresh
    here = await ali.connect(conversation)
    await ali.sign_in()
    there = await ali.connect(conversation, apart_from=here)
    other, other_refresh = ali.access, ali.refresh
    ali.use({"access": mine, "refresh": refresh})
    assert (await change(ali, old, "battery-staple")).status_code == 204
    assert await there.closed() == 4401
    assert (await ali.http.get("/api/users/me/")).status_code == 200
    await here.send({"type": "typing", "is_typing": True, "ref": "r"})
    assert (await here.receive_type("ack"))["ref"] == "r"
    token = {"Authorization": f"Bearer {other}"}
    assert (await ali.http.get("/api/users/me/", headers=token)).status_code == 401
    renewed = await ali.http.post("/api/token/refresh/", json={"refresh": other_refresh})
    assert renewed.status_code == 401
    name = {"username": ali.username}
    refused = await ali.http.post("/api/token/", json={**name, "password": old})
    assert refused.status_code == 401
    made = await ali.http.post("/api/token/", json={**name, "password": "battery-staple"})
    assert made.status_code == 200


async def test_a_wrong_password_changes_nothing(people: People) -> None:
    """Nor does a new one that may not be, or a user who has none."""
    ali = await people("ali")
    refused = await change(ali, "wrong", "battery-staple")
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_password")
    for new in ("short", "x" * 1025, "nul\0nul\0nul"):
        refused = await change(ali, ali.password, new)
        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["new_password"])
    refused = await change(ali, "x" * 1025, "battery-staple")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["old_password"])
    staff = await people.staff()
    assert (await change(staff, "x", "battery-staple")).json()["code"] == "forbidden"
    await ali.sign_in()
