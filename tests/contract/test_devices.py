"""Devices that are pushed to: who may register which, and what ends one."""

from typing import Any

from chat.docs.examples import ENDPOINT, POINT, SECRET
from chat.services.devices import DEVICES_MAX
from tests.support.people import People, Person

DEVICES = "/api/devices/"
KEYS = {"p256dh": POINT, "auth": SECRET}
NEXT_KEYS = {"p256dh": POINT, "auth": "A" * 22}
PHONE = {"platform": "webhook", "url": "https://push.example/notify", "app_id": "ir.example.app"}


def browser(person: Person, name: str = "", **fields: Any) -> dict[str, Any]:
    """What this person's browser registers."""
    endpoint = f"{ENDPOINT}/{person.username}{name}"
    return {"platform": "webpush", "endpoint": endpoint, "keys": KEYS, **fields}


async def register(person: Person, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = await person.http.post(DEVICES, json=body)
    assert answer.status_code == status, answer.text
    device: dict[str, Any] = answer.json()
    return device


async def listed(person: Person) -> list[dict[str, Any]]:
    answer = await person.http.get(DEVICES)
    assert answer.status_code == 200
    devices: list[dict[str, Any]] = answer.json()
    return devices


async def test_a_device_is_registered_once_and_removed(people: People) -> None:
    """A browser with what it says of itself, and a phone; each again is the same one."""
    ali, sara = await people("ali"), await people("sara")
    web = await register(ali, browser(ali, expirationTime=None))
    assert web.keys() == {"id", "platform", "created_at", "endpoint"}
    assert await register(ali, browser(ali, keys=NEXT_KEYS), 200) == web
    body = {**PHONE, "pushkey": f"of {ali.username}".replace(" ", "_"), "data": {"لحن": "زنگ"}}
    phone = await register(ali, body)
    assert (phone["url"], phone["app_id"]) == (PHONE["url"], PHONE["app_id"])
    assert await register(ali, body, 200) == phone
    assert await listed(ali) == [web, phone]
    path = f"{DEVICES}{web['id']}/"
    assert (await ali.http.get(path)).json() == web
    for method in ("GET", "DELETE"):
        assert (await sara.http.request(method, path)).status_code == 404
    assert (await ali.http.delete(path)).status_code == 204
    assert (await ali.http.delete(path)).status_code == 404
    assert await listed(ali) == [phone]


async def test_a_retry_with_a_key_registers_nothing_new(people: People) -> None:
    """The same key for another device is refused."""
    ali = await people("ali")
    headers = {"Idempotency-Key": "k1"}
    first = await ali.http.post(DEVICES, json=browser(ali), headers=headers)
    again = await ali.http.post(DEVICES, json=browser(ali), headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await ali.http.post(DEVICES, json=browser(ali, "other"), headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert await listed(ali) == [first.json()]


async def test_a_device_is_of_whoever_registered_it_last(people: People) -> None:
    """Sara signs in to the browser that Ali left."""
    ali, sara = await people("ali"), await people("sara")
    web = await register(ali, browser(ali))
    assert await register(sara, browser(ali)) == web
    assert (await listed(ali), await listed(sara)) == ([], [web])


async def test_a_device_ends_with_its_sign_in(people: People) -> None:
    """Those of other sign-ins stay; one that two sign-ins registered is of the last."""
    ali = await people("ali")
    for name in ("first", "shared"):
        await register(ali, browser(ali, name))
    refresh = ali.refresh
    await ali.sign_in()
    second = await register(ali, browser(ali, "second"))
    shared = await register(ali, browser(ali, "shared"), 200)
    assert len(await listed(ali)) == 3
    revoked = await ali.http.post("/api/token/revoke/", json={"refresh": refresh})
    assert revoked.status_code == 204
    assert await listed(ali) == [shared, second]


async def test_a_user_has_so_many_devices_at_most(people: People) -> None:
    """One more is refused with the number; those that are there may still be renewed."""
    ali = await people("ali")
    for number in range(DEVICES_MAX):
        await register(ali, browser(ali, str(number)))
    refused = await ali.http.post(DEVICES, json=browser(ali, "-more"))
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_devices")
    assert str(DEVICES_MAX) in refused.json()["detail"]
    await register(ali, browser(ali, "0"), 200)
    assert len(await listed(ali)) == DEVICES_MAX
