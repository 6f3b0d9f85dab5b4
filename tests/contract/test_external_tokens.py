"""Tokens of another issuer: checked with its public key, from a file or its key set."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import HMACAlgorithm
from jwt.utils import base64url_encode
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from chat.auth.keys import PAUSE_SECONDS
from tests.support.issuer import Issuer, eventually
from tests.support.payam_server import PayamServer
from tests.support.people import Person
from tests.support.postgres_server import PostgresServer


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def pem_file(key: rsa.RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "issuer.pem"
    path.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


@pytest.fixture(scope="module")
def key_set_url(key: rsa.RSAPrivateKey) -> Iterator[str]:
    """A real HTTP server with the issuer's key set."""
    with closing(Issuer()) as issuer:
        issuer.publish(published(key, "one"))
        yield issuer.url


def published(key: rsa.RSAPrivateKey, key_id: str) -> dict[str, Any]:
    jwk: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return {**jwk, "kid": key_id, "use": "sig"}


def token(key: rsa.RSAPrivateKey, subject: str, **claims: Any) -> str:
    payload = {"sub": subject, "exp": int(time.time()) + 600, **claims}
    return jwt.encode(payload, key, algorithm="RS256", headers={"kid": "one"})


def me(server: PayamServer, bearer: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {bearer}"}
    return httpx.get(f"{server.url}/api/users/me/", headers=headers, trust_env=False)


def erase(server: PayamServer, bearer: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {bearer}"}
    return httpx.delete(f"{server.url}/api/users/me/", headers=headers, trust_env=False)


def test_their_users_are_created(key: rsa.RSAPrivateKey, pem_file: Path) -> None:
    """Once each, with JWT_CREATE_USERS; over HTTP and websocket; nobody signs up beside them."""
    settings = {
        "JWT_ALGORITHM": "RS256",
        "JWT_PUBLIC_KEY": str(pem_file),
        "JWT_CREATE_USERS": "true",
        "JWT_ISSUER": "https://issuer.example",
    }
    with PayamServer(settings) as server:
        issuer = {"iss": "https://issuer.example"}
        ali = token(key, "auth0|1", username="ali", **issuer)
        first = me(server, ali).json()
        assert first["username"] == "ali"
        assert me(server, token(key, "auth0|1", **issuer)).json() == first
        other = me(server, token(key, "auth0|2", username="ali", **issuer)).json()
        assert other["id"] != first["id"]
        assert other["username"].startswith("ali-")
        assert me(server, token(key, "auth0|1")).status_code == 401
        body = {"username": "eve", "password": "long enough"}
        for path in ("/api/users/", "/api/token/"):
            answer = httpx.post(server.url + path, json=body, trust_env=False)
            assert answer.status_code == 403
        headers = {"Authorization": f"Bearer {ali}"}
        made = httpx.post(
            f"{server.url}/api/conversations/",
            json={"participants": []},
            headers=headers,
            trust_env=False,
        )
        url = f"{server.ws_url}/ws/chat/{made.json()['id']}/"
        with connect(url, additional_headers=headers, proxy=None, open_timeout=60) as socket:
            socket.send('{"type":"chat_message","message":"hi"}')
            assert json.loads(socket.recv(timeout=60))["sender"] == "ali"
            assert erase(server, ali).status_code == 202
            with pytest.raises(ConnectionClosed) as closed:
                list(socket)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401
        assert me(server, ali).status_code == 401
        returned = me(server, token(key, "auth0|1", username="ali", jti="2", **issuer)).json()
        assert returned["id"] not in (first["id"], other["id"]), "somebody new, without a past"


def test_unknown_users_are_refused_otherwise(key: rsa.RSAPrivateKey, key_set_url: str) -> None:
    """Without JWT_CREATE_USERS, though the token is good, here with keys from a key set."""
    settings = {"JWT_ALGORITHM": "RS256", "JWT_JWKS_URL": key_set_url}
    with PayamServer(settings) as server:
        assert me(server, token(key, "7")).json()["code"] == "user_unknown"
        made = httpx.post(
            f"{server.url}/api/users/",
            json={"username": "ali", "password": "long enough"},
            trust_env=False,
        )
        ali = token(key, str(made.json()["id"]))
        assert me(server, ali).json()["username"] == "ali"
        assert erase(server, ali).status_code == 202
        again = token(key, str(made.json()["id"]), jti="2")
        assert me(server, again).json()["code"] == "user_unknown"
        foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        assert me(server, token(foreign, "1")).json()["code"] == "token_invalid"


OURS = {"iss": "https://issuer.example", "aud": "payam"}


def forged(key: rsa.RSAPrivateKey, evil_url: str) -> dict[str, str]:
    """Tokens that no issuer has made, or not as access tokens for Payam."""
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    good = {"sub": "ali", "exp": int(time.time()) + 600, **OURS}

    def made(signing: Any = key, algorithm: str = "RS256", **changed: Any) -> str:
        headers = {"kid": "one", **changed.pop("headers", {})}
        claims = {name: value for name, value in (good | changed).items() if value is not ...}
        return jwt.encode(claims, signing, algorithm=algorithm, headers=headers)

    def in_hmac(secret: bytes) -> str:
        """PyJWT refuses to sign so."""
        signer = HMACAlgorithm(HMACAlgorithm.SHA256)
        head, claims, _ = made(b"x" * 32, "HS256").split(".")
        signature = signer.sign(f"{head}.{claims}".encode(), secret)
        return f"{head}.{claims}.{base64url_encode(signature).decode()}"

    own = {**published(foreign, "one"), "alg": "RS256"}
    return {
        "alg none": made(None, "none"),
        "the public key as a secret": in_hmac(public),
        "the published key as a secret": in_hmac(json.dumps(published(key, "one")).encode()),
        "another key": made(foreign),
        "a key in the header": made(foreign, headers={"jwk": own}),
        "a key set in the header": made(foreign, headers={"jku": evil_url, "kid": "evil"}),
        "a certificate in the header": made(foreign, headers={"x5u": evil_url, "x5c": ["AAAA"]}),
        "a path as the key": made(foreign, headers={"kid": "../../../../dev/null"}),
        "another issuer": made(iss="https://evil.example"),
        "no issuer": made(iss=...),
        "another audience": made(aud="shop"),
        "no audience": made(aud=...),
        "no end": made(exp=...),
        "ended": made(exp=int(time.time()) - 600),
        "not yet": made(nbf=int(time.time()) + 600),
        "nobody": made(sub=...),
        "an identity token": made(typ="ID"),
        "a refresh token": made(typ="Refresh"),
        "a logout token": made(typ="Logout"),
    }


async def attack(  # noqa: PLR0915 - one story
    server: PayamServer, issuer: Issuer, keys: list[rsa.RSAPrivateKey]
) -> None:
    old, new = keys
    ali = Person(server, "ali")
    evil = Issuer()
    try:
        ali.access = token(old, "ali", username="ali", **OURS)
        ali.http.headers["Authorization"] = f"Bearer {ali.access}"
        assert (await ali.http.get("/api/users/me/")).status_code == 200
        talk, socket = await ali.begin_conversation(), await ali.connect()
        begun, before = time.monotonic(), issuer.requests
        tokens = forged(old, evil.url)
        tokens |= {
            f"made up {n}": jwt.encode(
                {"sub": "ali", "exp": int(time.time()) + 600, **OURS},
                new,
                algorithm="RS256",
                headers={"kid": f"made-up-{n}"},
            )
            for n in range(20)
        }
        for name, one in tokens.items():
            assert (await asked(ali, one)).status_code == 401, name
            await socket.send({"type": "auth", "token": one, "ref": name})
            assert (await socket.receive_type("error"))["ref"] == name
        mine, ali.access = ali.access, tokens["alg none"]
        with pytest.raises(InvalidStatus) as refused:
            await ali.connect(talk)
        assert refused.value.response.status_code == 401
        ali.access = mine
        assert evil.requests == 0, "a token's header chose where keys come from"
        require_few(issuer, before, begun)

        # Now the issuer hangs, and then sends its answer a byte at a time.
        issuer.open.clear()
        begun, before = time.monotonic(), issuer.requests

        async def is_asked() -> bool:
            waiting.append(asyncio.create_task(asked(ali, tokens["made up 1"])))
            await asyncio.sleep(0.2)
            return issuer.requests > before

        typing = {"type": "typing", "is_typing": True, "ref": "r"}
        waiting = list[asyncio.Task[httpx.Response]]()
        await eventually(is_asked)
        for drips in (False, True):
            issuer.drips = drips
            assert (await ali.http.get("/api/users/me/")).status_code == 200
            fresh = await asked(ali, token(old, "ali", jti=f"fresh {drips}", **OURS))
            assert fresh.status_code == 200, "a token of a known key that was never seen"
            await socket.send({**typing, "conversation": talk})
            assert (await socket.receive_type("ack"))["ref"] == "r"
        require_few(issuer, before, begun)

        # It comes back with another key.
        issuer.publish(published(old, "one"), published(new, "two"))
        issuer.drips = False
        issuer.open.set()
        assert {one.status_code for one in await asyncio.gather(*waiting)} == {401}
        claims = {"sub": "ali", "exp": int(time.time()) + 600, **OURS}
        renewed = jwt.encode(claims, new, algorithm="RS256", headers={"kid": "two"})

        async def works() -> bool:
            return (await asked(ali, renewed)).status_code == 200

        await eventually(works)
        await socket.send({"type": "auth", "token": renewed, "ref": "renewed"})
        assert (await socket.receive_type("ack"))["ref"] == "renewed"
        assert (await ali.http.get("/api/users/me/")).status_code == 200
    finally:
        evil.close()
        await ali.close()


def require_few(issuer: Issuer, before: int, begun: float) -> None:
    """No request of its own for each token: one per pause."""
    pauses = (time.monotonic() - begun) / PAUSE_SECONDS
    assert issuer.requests - before <= 1 + pauses


async def asked(person: Person, bearer: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {bearer}"}
    return await person.http.get("/api/users/me/", headers=headers)


async def test_an_issuer_is_attacked_and_fails(
    key: rsa.RSAPrivateKey, postgres_server: PostgresServer, migrated_template: str
) -> None:
    """Forged tokens open nothing, and lead to no other issuer. Made-up key ids make no request
    each. While the issuer hangs or drips, known keys go on; its next key works when it is back.
    On both databases, at the same time, because most of this is waiting.
    """
    keys = [key, rsa.generate_private_key(public_exponent=65537, key_size=2048)]
    url = postgres_server.create_database(template=migrated_template)
    with ExitStack() as stack:
        running = []
        for database in ({}, {"DATABASE_URL": url}):
            issuer = stack.enter_context(closing(Issuer()))
            issuer.publish(published(key, "one"))
            settings = {
                "JWT_ALGORITHM": "RS256",
                "JWT_JWKS_URL": issuer.url,
                "JWT_ISSUER": OURS["iss"],
                "JWT_AUDIENCE": OURS["aud"],
                "JWT_CREATE_USERS": "true",
                "RATE_LIMITS": "off",
                **database,
            }
            running.append((stack.enter_context(PayamServer(settings)), issuer))
        await asyncio.gather(*(attack(server, issuer, keys) for server, issuer in running))
