"""Every kind of change of the catalogue is in every place that has to know it."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

import payam_client.events
from chat.changes import catalogue
from chat.changes.family import name_of
from chat.events import ChangeFrame, ServerFrame
from chat.realtime import server_frames
from tests.support.payam_server import CHECKOUT


def below(kind: type[Any]) -> set[type[Any]]:
    """The classes under this one that have none under them."""
    lower = kind.__subclasses__()
    return set().union(*(below(one) for one in lower)) if lower else {kind}


def test_every_frame_of_a_change_is_in_the_catalogue() -> None:
    """Once, with an example; else it would be neither documented nor caught up."""
    declared = {kind for kind in below(ChangeFrame) if kind.__module__.startswith("chat.")}
    assert set(catalogue.FRAMES) == declared
    assert len(catalogue.NAMES) == len(set(catalogue.NAMES))


def test_every_frame_is_one_that_the_protocol_knows() -> None:
    """From there it comes into the AsyncAPI document."""
    declared = {kind for kind in below(ServerFrame) if kind.__module__.startswith("chat.")}
    assert set(server_frames.TO_CLIENT) == declared


@pytest.mark.parametrize("example", catalogue.EXAMPLES, ids=name_of)
def test_the_python_client_has_an_event_for_every_kind(example: ChangeFrame) -> None:
    """With all fields of the frame, under their names; and hands it on to who iterates."""
    text = msgspec.json.encode(example)
    event = payam_client.events.decode(text)
    assert isinstance(event, payam_client.events.Change)
    assert type(event) in payam_client.events.AnyEvent.__args__
    fields = msgspec.json.decode(text)
    assert fields.keys() - {"type"} <= {field.name for field in msgspec.structs.fields(event)}


@pytest.mark.parametrize("name", catalogue.NAMES)
def test_the_javascript_client_has_an_event_for_every_kind(name: str) -> None:
    """Its types and its table of events name the frame, and the types the event of the table."""
    script = read("web/client/events.js")
    listed = re.search(rf'^  "{re.escape(name)}": "(\w+)",$', script, re.MULTILINE)
    assert listed, f"{name} is not in EVENTS"
    assert re.search(rf"^  {listed[1]}: ", read("web/client/index.d.ts"), re.MULTILINE)


@pytest.mark.parametrize("document", ["docs/protocol.md", "docs/protocol.fa.md"])
def test_the_documents_name_every_kind(document: str) -> None:
    """Each by the `type` of its frame."""
    text = read(document)
    assert [name for name in catalogue.NAMES if f"`{name}`" not in text] == []


def read(name: str) -> str:
    return Path(CHECKOUT, name).read_text()
