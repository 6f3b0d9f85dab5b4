"""Somebody who writes and reads by REST, beside a page of the same user or of another."""

import asyncio
import json
import secrets
import time
from typing import Any

import httpx
from playwright.async_api import Browser, expect

from tests.support.http_client import TLS
from tests.web.visitor import PASSWORD, Visitor

SECONDS = 60  # keeps a test from hanging
SIGNED_IN = """
if (location.protocol === "http:" && !localStorage.getItem("was signed in")) {
    localStorage.setItem("was signed in", "once");
    localStorage.setItem("payam.tokens", %s);
}
"""
"""Runs before the page's own scripts, each time that it is loaded."""


class Sender:
    def __init__(self, url: str, name: str) -> None:
        """Signs up; a few letters make the name one that nobody has."""
        self.name = f"{name}_{secrets.token_hex(4)}"
        self._url = url
        self._headers: dict[str, str] = {}
        credentials = {"username": self.name, "password": PASSWORD}
        self.id = self._send("POST", "/api/users/", credentials).json()["id"]
        self._tokens = self._send("POST", "/api/token/", credentials).json()
        self._headers["Authorization"] = f"Bearer {self._tokens['access']}"

    async def page(self, browser: Browser, language: str = "en", **context: Any) -> Visitor:
        """Their page, where they are signed in already."""
        kept = json.dumps({**self._tokens, "renewAt": 2**42})
        visitor = await Visitor.arrive(
            browser, self._url, self.name, language, script=SIGNED_IN % json.dumps(kept), **context
        )
        visitor.name = self.name
        await expect(visitor.page.get_by_role("navigation")).to_be_visible()
        return visitor

    def _http(self) -> httpx.Client:
        return httpx.Client(base_url=self._url, trust_env=False, headers=self._headers, verify=TLS)

    def _send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        with self._http() as http:
            answer = http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer

    def begin(self, *others: "Sender", title: str = "") -> int:
        """Returns the conversation's id."""
        body = {"participants": [other.id for other in others], "title": title}
        return int(self._send("POST", "/api/conversations/", body).json()["id"])

    def begin_alone(self, *titles: str) -> list[int]:
        """Conversations with nobody else; returns their ids."""
        path = "/api/conversations/"
        bodies = [{"participants": [], "title": title} for title in titles]
        with self._http() as http:
            return [int(http.post(path, json=body).json()["id"]) for body in bodies]

    def wear(self, picture: bytes | None) -> None:
        """Have this picture beside one's name, or none."""
        path = "/api/users/me/avatar/"
        with self._http() as http:
            answer = http.put(path, files={"file": picture}) if picture else http.delete(path)
        assert answer.is_success, answer.text

    def call_oneself(self, name: str) -> None:
        self._send("PATCH", "/api/users/me/", {"display_name": name})

    def sign_out(self) -> None:
        """Everywhere that has this sign-in."""
        self._send("POST", "/api/token/revoke/", {"refresh": self._tokens["refresh"]})

    def pin(self, conversation: int) -> None:
        self._send("PATCH", f"/api/conversations/{conversation}/me/", {"pinned": True})

    def leave(self, conversation: int) -> None:
        self._send("DELETE", f"/api/conversations/{conversation}/participants/{self.id}/")

    def conversations(self) -> list[dict[str, Any]]:
        return list(self._send("GET", "/api/conversations/").json())

    @property
    def path(self) -> str:
        """Of the only conversation."""
        (found,) = self.conversations()
        return f"/api/conversations/{found['id']}/"

    def unread(self) -> int:
        return sum(found["unread_count"] for found in self.conversations())

    async def has_read_all(self) -> None:
        """Wait until the server knows it: then the page opens at the newest message."""
        end = time.monotonic() + SECONDS
        while unread := self.unread():
            assert time.monotonic() < end, unread
            await asyncio.sleep(0.05)

    def say(self, *texts: str) -> list[int]:
        """Returns the messages' ids."""
        path = f"{self.path}messages/"
        with self._http() as http:
            return [int(http.post(path, json={"content": text}).json()["id"]) for text in texts]

    def reply(self, message_id: int, text: str) -> int:
        """Returns the reply's id."""
        body = {"content": text, "reply_to": message_id}
        return int(self._send("POST", f"{self.path}messages/", body).json()["id"])

    def edit(self, message_id: int, text: str) -> None:
        self._send("PATCH", f"{self.path}messages/{message_id}/", {"content": text})

    def delete(self, message_id: int) -> None:
        self._send("DELETE", f"{self.path}messages/{message_id}/")

    def attach(self, message_id: int, *files: tuple[str, bytes, str]) -> None:
        """Each is a name, what it holds, and its type."""
        path = f"{self.path}messages/{message_id}/attachments/"
        with self._http() as http:
            for file in files:
                assert http.post(path, files={"file": file}).status_code == 201

    def messages(self) -> list[dict[str, Any]]:
        return list(self._send("GET", f"{self.path}messages/").json())

    def read(self, message_id: int) -> None:
        self._send("POST", f"{self.path}read/", {"message_id": message_id})

    def devices(self) -> list[dict[str, Any]]:
        return list(self._send("GET", "/api/devices/").json())
