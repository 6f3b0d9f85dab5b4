"""Signing up, in and out, on every shape."""

import asyncio
import base64
import json
import secrets
import time
from typing import Any

import httpx
import jwt
import pytest
from websockets.exceptions import InvalidStatus

from tests.contract.helpers import Pair
from tests.support.people import People, Person


async def test_a_name_is_taken_in_any_letter_case(people: People) -> None:
    """409, and who had it first still signs in."""
    ali = await people("ali")
    for username in (ali.username, ali.username.upper()):
        body = {"username": username, "password": "another password"}
        assert (await ali.http.post("/api/users/", json=body)).status_code == 409
    await ali.sign_in()
    me = (await ali.http.get("/api/users/me/")).json()
    assert (me["id"], me["username"]) == (ali.id, ali.username)


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
async def test_a_form_signs_up_and_in_and_out(people: People, kind: str) -> None:
    """As clients of Django REST framework send it; what is misspelt is named there too."""
    ali = await people("ali")

    async def post(path: str, fields: dict[str, str]) -> httpx.Response:
        form: Any = {"data": fields}
        if kind == "multipart":
            form = {"files": {name: (None, text) for name, text in fields.items()}}
        return await ali.http.post(path, **form)

    body = {"username": f"علی_{secrets.token_hex(6)}", "password": "گذر واژه+&=%"}
    assert (await post("/api/users/", body)).status_code == 201
    pair = (await post("/api/token/", body)).json()
    pair = (await post("/api/token/refresh/", {"refresh": pair["refresh"]})).json()
    headers = {"Authorization": f"Bearer {pair['access']}"}
    me = await ali.http.get("/api/users/me/", headers=headers)
    assert me.json()["username"] == body["username"]
    revoked = await post("/api/token/revoke/", {"refresh": pair["refresh"]})
    assert revoked.status_code == 204
    wrong = await post("/api/token/", {"username": "ali", "pasword": "x"})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["pasword"])


async def test_a_name_is_one_on_every_keyboard(people: People) -> None:
    """Persian and Arabic letters, digits, harakat, tatweel: 409, sign-in and search find it."""
    ali = await people("علی‌كامران۱")
    name = ali.username
    tail = name.removeprefix("علی‌كامران۱")
    for alike in ("عليکامران1", "عَلیـکامران١", "علی\u200cکامرانّ۱"):
        body = {"username": alike + tail, "password": ali.password}
        assert (await ali.http.post("/api/users/", json=body)).status_code == 409
        assert (await ali.http.post("/api/token/", json=body)).status_code == 200
        found = await ali.http.get("/api/users/", params={"search": alike + tail})
        assert [user["id"] for user in found.json()] == [ali.id]
        for hidden in ("\u034f", "\ufe0f", "\U000e0100", "\u180b", "\u3164"):
            again = {"username": name + hidden, "password": ali.password}
            assert (await ali.http.post("/api/users/", json=again)).status_code == 400


async def test_a_wrong_password_and_an_unknown_name_look_alike(people: People) -> None:
    """401 with the very same body: names cannot be fished for."""
    ali = await people("ali")
    answers = [
        await ali.http.post("/api/token/", json={"username": username, "password": "wrong one"})
        for username in (ali.username, "nobody_at_all")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


async def test_a_name_that_nobody_can_have_signs_nobody_in(people: People) -> None:
    """400: what a database cannot be asked about, or is too long to be kept in mind."""
    ali = await people("ali")
    for username in ("a\0b", "x" * 151, " "):
        body = {"username": username, "password": "correct horse"}
        answer = await ali.http.post("/api/token/", json=body)
        assert answer.status_code == 400
        assert set(answer.json()["errors"]) == {"username"}


async def test_refresh_tokens_rotate(people: People) -> None:
    """Each gives a new pair; the access token of the new one works."""
    ali = await people("ali")
    used = {ali.refresh}
    for _ in range(3):
        answer = await ali.http.post("/api/token/refresh/", json={"refresh": ali.refresh})
        assert answer.status_code == 200
        ali.use(answer.json())
        assert ali.refresh not in used
        used.add(ali.refresh)
        assert (await ali.http.get("/api/users/me/")).status_code == 200


async def test_tabs_that_renew_at_once_all_end_with_tokens_that_work(people: People) -> None:
    """One next refresh token for all, on whatever worker; after a sign-out it is dead too."""
    ali = await people("ali")
    last = {"refresh": ali.refresh}
    answers = await asyncio.gather(
        *(ali.http.post("/api/token/refresh/", json=last) for _ in range(8))
    )
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.json()["refresh"] for answer in answers}) == 1
    for answer in answers:
        ali.use(answer.json())
        assert (await ali.http.get("/api/users/me/")).status_code == 200
    revoked = await ali.http.post("/api/token/revoke/", json={"refresh": ali.refresh})
    assert revoked.status_code == 204
    for refresh in (last["refresh"], ali.refresh):
        answer = await ali.http.post("/api/token/refresh/", json={"refresh": refresh})
        assert answer.status_code == 401


async def test_revoking_ends_the_family_and_no_other(people: People) -> None:
    """204; its access and refresh tokens are refused, another sign-in's are not."""
    pair = await Pair.of(people)
    access, refresh = pair.ali.access, pair.ali.refresh
    await pair.ali.sign_in()
    answer = await pair.ali.http.post("/api/token/revoke/", json={"refresh": refresh})
    assert answer.status_code == 204
    assert await pair.first.closed() == 4401
    old = {"Authorization": f"Bearer {access}"}
    assert (await pair.ali.http.get("/api/users/me/", headers=old)).status_code == 401
    again = await pair.ali.http.post("/api/token/refresh/", json={"refresh": refresh})
    assert again.status_code == 401
    assert (await pair.ali.http.get("/api/users/me/")).status_code == 200


def unsigned(alg: str, claims: dict[str, Any]) -> str:
    parts = ({"alg": alg, "typ": "JWT"}, claims)
    return (
        ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
            for part in parts
        )
        + "."
    )


def forged(person: Person) -> dict[str, str]:
    """Tokens that say they are this person's. The first one really is."""
    secret = person.server.settings["JWT_SECRET"]
    now = int(time.time())
    good = {"sub": str(person.id), "typ": "access", "iat": now, "exp": now + 600, "jti": "x"}

    def signed(key: str = secret, algorithm: str = "HS256", **changed: Any) -> str:
        headers = changed.pop("headers", None)
        claims = {name: value for name, value in (good | changed).items() if value is not ...}
        return jwt.encode(claims, key, algorithm=algorithm, headers=headers)

    key = base64.urlsafe_b64encode(b"k" * 32).rstrip(b"=").decode()
    own = {"jwk": {"kty": "oct", "k": key}, "jku": "https://evil.invalid/", "kid": "../../dev/null"}
    header, _, signature = signed().split(".")
    other = unsigned("HS256", good | {"sub": "1"}).split(".")[1]
    return {
        "good": signed(),
        "alg none": unsigned("none", good),
        "alg NONE": unsigned("NONE", good),
        "no signature": signed().rpartition(".")[0] + ".",
        "other claims": f"{header}.{other}.{signature}",
        "another algorithm": signed(algorithm="HS512"),
        "another secret": signed("x" * 48),
        "a key in the header": signed("k" * 32, headers=own),
        "a refresh token": person.refresh,
        "typ refresh": signed(typ="refresh"),
        "no typ": signed(typ=...),
        "no end": signed(exp=...),
        "ended": signed(exp=now - 600),
        "an end that is none": signed(exp="9999999999"),
        "nobody": signed(sub=...),
        "a number": signed(sub="0"),
        "a name": signed(sub=person.username),
        "not yet": signed(nbf=now + 600),
        "a family that is none": signed(fam="made up"),
    }


async def test_forged_tokens_open_nothing(people: People) -> None:
    """Neither a request, nor a socket in either way, nor one that is open; nor do they renew."""
    ali = await people("ali")
    talk, socket = await ali.begin_conversation(), await ali.connect()
    tokens = forged(ali)
    mine = ali.access
    wrong = []
    for name, token in tokens.items():
        ali.access = token
        asked = await ali.http.get("/api/users/me/", headers={"Authorization": f"Bearer {token}"})
        try:
            await ali.connect(talk)
            opened = 101
        except InvalidStatus as refused:
            opened = refused.response.status_code
        browser = await ali.connect(as_browser=True)
        closed = 0 if name == "good" else await browser.closed()
        await socket.send({"type": "auth", "token": token, "ref": name})
        while (answer := await socket.receive()).get("ref") != name:
            pass
        got = (asked.status_code, opened, closed, answer["type"])
        if got != ((200, 101, 0, "ack") if name == "good" else (401, 401, 4401, "error")):
            wrong.append(f"{name}: {got}")
        for path in ("refresh", "revoke") if token != ali.refresh else ():
            renewed = await ali.http.post(f"/api/token/{path}/", json={"refresh": token})
            if renewed.status_code != 401:
                wrong.append(f"{name}: {renewed.status_code} from {path}")
    ali.access = mine
    assert wrong == []
    assert (await ali.http.get("/api/users/me/")).status_code == 200


async def test_users_are_found_by_the_beginning_of_their_name(people: People) -> None:
    """Whatever the letter case; a `%` or `_` is itself and matches nothing else."""
    ali = await people("ali")
    found = {"id": ali.id, "username": ali.username}
    for text in (ali.username, ali.username[:-2].upper()):
        answer = await ali.http.get("/api/users/", params={"search": text})
        assert answer.json() == [found]
    for text in (f"{ali.username[1:]}", "%", f"ali%{ali.username[-4:]}", "____"):
        answer = await ali.http.get("/api/users/", params={"search": text})
        assert answer.json() == []
