"""docs/protocol.md holds everything that a client can meet, and its examples are valid."""

import json
import re
from typing import Any

import httpx
import msgspec
import pytest
from msgspec import Struct

from chat import records
from chat.api.problems import Problem
from chat.docs.asyncapi import TO_CLIENT
from chat.docs.closes import CLOSES
from chat.realtime import protocol
from chat.realtime.server_frames import ANSWERS, HAPPENINGS
from tests.support.error_codes import server_codes
from tests.support.payam_server import CHECKOUT, PayamServer

TEXT = (CHECKOUT / "docs" / "protocol.md").read_text(encoding="utf-8")
NAMED = re.compile(r"<\w+>|\{\w+\}")
UNSEEN = {"unauthorized"}
"""Sanic's own error for a 401, which no route raises: ours are `not_authenticated` and others."""
SHAPES: list[type[Struct]] = [
    records.Conversation,
    records.Invite,
    records.Message,
    records.Participant,
    records.Attachment,
    records.SupportTicket,
    records.TicketStep,
    records.Device,
    records.Report,
    records.Account,
    records.Act,
    records.Webhook,
    Problem,
]


@pytest.fixture(scope="module")
def documents() -> dict[str, dict[str, Any]]:
    with PayamServer() as payam, httpx.Client(base_url=payam.url, trust_env=False) as http:
        return {name: http.get(f"/docs/{name}.json").json() for name in ("openapi", "asyncapi")}


def spaces(path: str) -> str:
    """The same path, whatever its parameters are called."""
    return NAMED.sub("<>", path)


def test_every_route_is_there(documents: dict[str, dict[str, Any]]) -> None:
    written = set(re.findall(r"`([A-Z]+ /[^`]*)`", spaces(TEXT)))
    routed = {
        spaces(f"{method.upper()} {path}")
        for path, operations in documents["openapi"]["paths"].items()
        for method in operations.keys() & {"get", "post", "put", "patch", "delete"}
    }
    assert len(routed) > 30
    assert routed - written == set()
    web = {"GET /", "GET /web/<>/", "GET /widget.js", "GET /widget/"}
    assert written - routed - web == set()


def test_every_socket_is_there(documents: dict[str, dict[str, Any]]) -> None:
    addresses = {spaces(one["address"]) for one in documents["asyncapi"]["channels"].values()}
    assert addresses
    assert {one for one in addresses if f"`{one}`" not in spaces(TEXT)} == set()


def test_every_frame_is_there(documents: dict[str, dict[str, Any]]) -> None:
    messages = documents["asyncapi"]["components"]["messages"].values()
    types = {message["name"] for message in messages}
    assert {"chat_message", "chat.message", "resumed"} <= types
    assert {one for one in types if f"| `{one}` |" not in TEXT} == set()


def test_every_code_is_there() -> None:
    assert {one for one in server_codes() - UNSEEN if f"`{one}`" not in TEXT} == set()
    _, _, closes = TEXT.partition("## Close codes")
    assert {one.code for one in CLOSES if str(one.code) not in closes} == set()


def test_the_examples_are_what_goes_over_the_wire() -> None:
    """Each example holds every field that must be there, and no other than may be there."""
    examples = re.findall(r"^(→|←|)( ?)(\{.*\})$", TEXT, re.MULTILINE)
    assert len(examples) > 10
    for arrow, _, text in examples:
        assert is_valid(arrow, text), text


def is_valid(arrow: str, text: str) -> bool:
    if arrow == "→":
        return bool(protocol.decode(text))
    return any(comes_back(shape, text) for shape in (TO_CLIENT if arrow else SHAPES))


def comes_back(shape: type[Struct], text: str) -> bool:
    """Whether the shape can be read from the text, and loses nothing of it.

    On `/ws/` most frames say their conversation, which no shape knows.
    """
    if shape in (*HAPPENINGS, *ANSWERS) and '"conversation":' in text:
        frame = json.loads(text)
        assert type(frame.pop("conversation")) is int
        text = json.dumps(frame)
    try:
        found = msgspec.json.decode(text, type=shape)
    except msgspec.ValidationError:
        return False
    return bool(json.loads(msgspec.json.encode(found)) == json.loads(text))
