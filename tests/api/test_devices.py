"""What a client must say of a device: what is wrong is named, and registers nothing."""

from pathlib import Path
from typing import Any

import pytest

from chat.docs.examples import ENDPOINT, POINT, SECRET
from config.settings import Settings
from tests.api.client import Api, Person, problem, wrong_fields

DEVICES = "/api/devices/"
KEYS = {"p256dh": POINT, "auth": SECRET}
BROWSER = {"platform": "webpush", "endpoint": ENDPOINT, "keys": KEYS}
PHONE = {"platform": "webhook", "url": "https://push.example/", "app_id": "a", "pushkey": "p"}

LONG = "x" * 3000
OFF_THE_CURVE = POINT[:-2] + "AA"


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("platform", {"platform": "apns"}),
        ("platform", {"platform": None}),
        ("endpoint", {"endpoint": "http://push.example/"}),
        ("endpoint", {"endpoint": "ftp://push.example/"}),
        ("endpoint", {"endpoint": "https:///path"}),
        ("endpoint", {"endpoint": "https://push.example:x/"}),
        ("endpoint", {"endpoint": "https://push.example:0/"}),
        ("endpoint", {"endpoint": "https://user:secret@push.example/"}),
        ("endpoint", {"endpoint": "https://push.example/#part"}),
        ("endpoint", {"endpoint": "https://push.example/\r\nX: y"}),
        ("endpoint", {"endpoint": "https://push.example\\@inside/"}),
        ("endpoint", {"endpoint": "https://push.example/سلام"}),
        ("endpoint", {"endpoint": f"https://push.example/{LONG}"}),
        ("endpoint", {"endpoint": "https://127.0.0.1/"}),
        ("endpoint", {"endpoint": "https://10.0.0.1:8443/"}),
        ("endpoint", {"endpoint": "https://[::1]/"}),
        ("endpoint", {"endpoint": "https://[::ffff:169.254.169.254]/"}),
        ("endpoint", {"endpoint": "https://localhost/"}),
        ("endpoint", {"endpoint": "https://LOCALHOST./"}),
        ("endpoint", {"endpoint": "https://127.1/"}),
        ("endpoint", {"endpoint": ""}),
        ("endpoint", {"endpoint": 7}),
        ("keys", {"keys": None}),
        ("keys.p256dh", {"keys": {"auth": SECRET}}),
        ("keys.auth", {"keys": {"p256dh": POINT}}),
        ("keys.more", {"keys": {**KEYS, "more": ""}}),
        ("keys.p256dh", {"keys": {**KEYS, "p256dh": ""}}),
        ("keys.p256dh", {"keys": {**KEYS, "p256dh": POINT[:-1]}}),
        ("keys.p256dh", {"keys": {**KEYS, "p256dh": f"{POINT}A"}}),
        ("keys.p256dh", {"keys": {**KEYS, "p256dh": POINT.replace("-", "+")}}),
        ("keys.p256dh", {"keys": {**KEYS, "p256dh": f"{POINT}=="}}),
        ("keys.p256dh", {"keys": {**KEYS, "p256dh": f" {POINT}"}}),
        ("keys.p256dh", {"keys": {**KEYS, "p256dh": OFF_THE_CURVE}}),
        ("keys.p256dh", {"keys": {**KEYS, "p256dh": f"A{POINT[1:]}"}}),
        ("keys.p256dh", {"keys": {**KEYS, "p256dh": "سلام"}}),
        ("keys.p256dh", {"keys": {**KEYS, "p256dh": LONG}}),
        ("keys.auth", {"keys": {**KEYS, "auth": SECRET[:-1]}}),
        ("keys.auth", {"keys": {**KEYS, "auth": SECRET[:-1] + "h"}}),
        ("keys.auth", {"keys": {**KEYS, "auth": f"{SECRET}\n"}}),
        ("url", {"url": "https://push.example/"}),
        ("pushkey", {"pushkey": "x"}),
        ("data", {"data": {}}),
        ("vapid", {"vapid": "x"}),
    ],
)
def test_what_is_wrong_with_a_browser_is_named(
    ali: Person, field: str, change: dict[str, Any]
) -> None:
    body = BROWSER | change
    assert wrong_fields(ali.post(DEVICES, body)) == {field}
    assert ali.get(DEVICES).json() == []


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("url", {"url": "http://push.example/"}),
        ("app_id", {"app_id": ""}),
        ("app_id", {"app_id": "a b"}),
        ("app_id", {"app_id": "x" * 65}),
        ("pushkey", {"pushkey": ""}),
        ("pushkey", {"pushkey": "x" * 513}),
        ("pushkey", {"pushkey": "کلید"}),
        ("data", {"data": {"x": "x" * 1024}}),
        ("data", {"data": "x"}),
        ("endpoint", {"endpoint": "https://push.example/"}),
        ("keys", {"keys": KEYS}),
        ("expirationTime", {"expirationTime": None}),
    ],
)
def test_what_is_wrong_with_a_phone_is_named(
    ali: Person, field: str, change: dict[str, Any]
) -> None:
    body = PHONE | change
    assert wrong_fields(ali.post(DEVICES, body)) == {field}
    assert ali.get(DEVICES).json() == []


def test_what_must_be_there_is_named(ali: Person) -> None:
    """Each field that the platform needs."""
    for whole in (BROWSER, PHONE):
        for field in whole:
            body = {name: value for name, value in whole.items() if name != field}
            assert wrong_fields(ali.post(DEVICES, body)) == {field}


def test_keys_may_be_padded(ali: Person) -> None:
    """As some libraries spell base64url."""
    body = {**BROWSER, "keys": {"p256dh": f"{POINT}=", "auth": f"{SECRET}=="}}
    device = ali.post(DEVICES, body)
    assert device.status_code == 201
    assert ali.delete(f"{DEVICES}{device.json()['id']}/").status_code == 204


def test_gateways_are_those_that_the_operator_names(tmp_path: Path) -> None:
    """They may have plain http, and so may a push service of the operator's; no others may."""
    gateways = ("http://gateway.inside:5000", "https://push.example")
    with Api(Settings(data_dir=tmp_path, push_gateways=gateways)) as api:
        ali = api.person("ali")
        for url in (f"{gateways[0]}/notify", f"{gateways[1]}/"):
            assert ali.post(DEVICES, PHONE | {"url": url}).status_code == 201
        for url in ("https://other.example/", "http://push.example/", "https://push.example:444/"):
            assert wrong_fields(ali.post(DEVICES, PHONE | {"url": url})) == {"url"}
        endpoint = {"endpoint": f"{gateways[0]}/1"}
        assert ali.post(DEVICES, BROWSER | endpoint).status_code == 201
        assert ali.post(DEVICES, BROWSER).status_code == 201


def test_pushes_may_be_switched_off(tmp_path: Path) -> None:
    """Clients see it in the settings, and no key is made."""
    with Api(Settings(data_dir=tmp_path, push=False)) as api:
        ali = api.person("ali")
        problem(ali.post(DEVICES, BROWSER), 403, "push_off")
        assert ali.get(DEVICES).json() == []
        assert api.request("GET", "/api/settings/").json()["vapid_public_key"] == ""
        assert not api.settings.vapid_file.exists()
