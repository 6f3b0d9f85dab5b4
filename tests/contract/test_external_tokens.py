"""Tokens of another issuer: checked with its public key, from a file or its key set."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.payam_server import PayamServer


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
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    body = json.dumps({"keys": [jwk | {"kid": "one", "use": "sig"}]}).encode()

    class KeySet(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), KeySet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/keys"
        server.shutdown()
        thread.join()


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
        with connect(url, additional_headers=headers, proxy=None) as socket:
            socket.send('{"type":"chat_message","message":"hi"}')
            assert json.loads(socket.recv(timeout=10))["sender"] == "ali"
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
