"""Messages over HTTP."""

from typing import Any

import httpx
import pytest

from chat.services.messages import STREAM_PAGE
from tests.api.client import Person, problem, wrong_fields


def contents(messages: list[dict[str, Any]]) -> list[str]:
    return [message["content"] for message in messages]


def following(response: httpx.Response, relation: str) -> str:
    """Where the Link header leads."""
    return response.links[relation]["url"]


@pytest.fixture
def talk(ali: Person, conversation: str) -> str:
    """The path of the messages of a conversation that has five, "0" to "4"."""
    for number in range(5):
        ali.say(conversation, str(number))
    return conversation + "messages/"


def test_a_sent_message_comes_back_whole(ali: Person, conversation: str) -> None:
    """201 with every field of the original specification, and ours."""
    response = ali.post(conversation + "messages/", {"content": "سلام"})
    assert response.status_code == 201
    message = response.json()
    assert message.pop("id") > 0
    assert message.pop("timestamp").endswith("Z")
    assert message == {
        "sender": ali.user,
        "content": "سلام",
        "is_read": False,
        "is_edited": False,
        "is_deleted": False,
        "seq": 1,
        "attachments": [],
        "mentions": [],
        "reactions": [],
        "reply_to": None,
        "reply_count": 0,
        "metadata": {},
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "content"),
        ({"content": ""}, "content"),
        ({"content": "  "}, "content"),
        ({"content": None}, "content"),
        ({"content": "nul\0"}, "content"),
        ({"content": "x" * 10_001}, "content"),
        ({"content": "x", "client_id": "k" * 65}, "client_id"),
        ({"content": "x", "client_id": ""}, "client_id"),
        ({"content": "x", "client_id": 7}, "client_id"),
    ],
)
def test_a_wrong_message_names_the_field(
    ali: Person, conversation: str, body: object, field: str
) -> None:
    """400 that says which field is wrong, and nothing is stored."""
    assert wrong_fields(ali.post(conversation + "messages/", body)) == {field}
    assert ali.get(conversation + "messages/").json() == []


def test_a_repeat_returns_the_first_message(ali: Person, conversation: str) -> None:
    """200 with the same message, whether the key is in the body or in the header."""
    body = {"content": "once", "client_id": "key"}
    first = ali.post(conversation + "messages/", body)
    again = ali.post(conversation + "messages/", body)
    header = ali.post(
        conversation + "messages/", {"content": "once"}, headers={"Idempotency-Key": "key"}
    )
    assert [first.status_code, again.status_code, header.status_code] == [201, 200, 200]
    assert first.json()["client_id"] == "key"
    assert first.json() == again.json() == header.json()
    assert contents(ali.get(conversation + "messages/").json()) == ["once"]


def test_a_key_with_another_body_is_refused(ali: Person, conversation: str) -> None:
    """422, and the first message stays as it was."""
    ali.post(conversation + "messages/", {"content": "one", "client_id": "key"})
    other = ali.post(conversation + "messages/", {"content": "two", "client_id": "key"})
    problem(other, 422, "key_reused")
    assert contents(ali.get(conversation + "messages/").json()) == ["one"]


def test_two_different_keys_are_refused(ali: Person, conversation: str) -> None:
    """400 when body and header do not agree, or the header is too long."""
    path, body = conversation + "messages/", {"content": "x", "client_id": "a"}
    differing = ali.post(path, body, headers={"Idempotency-Key": "b"})
    assert wrong_fields(differing) == {"client_id"}
    long = ali.post(path, {"content": "x"}, headers={"Idempotency-Key": "k" * 65})
    assert wrong_fields(long) == {"Idempotency-Key"}


def test_a_key_is_shown_to_its_sender_only(ali: Person, sara: Person, conversation: str) -> None:
    """Others see no `client_id`."""
    ali.post(conversation + "messages/", {"content": "x", "client_id": "key"})
    assert "client_id" not in sara.get(conversation + "messages/").json()[0]


def test_the_list_is_whole_and_oldest_first(ali: Person, talk: str) -> None:
    """Without a query, streamed."""
    response = ali.get(talk)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["transfer-encoding"] == "chunked"
    assert contents(response.json()) == ["0", "1", "2", "3", "4"]


def test_an_empty_list_is_an_empty_array(ali: Person, conversation: str) -> None:
    """JSON also where there is nothing."""
    assert ali.get(conversation + "messages/").json() == []


def test_a_long_list_is_streamed_to_its_end(ali: Person, conversation: str) -> None:
    """Several of the store's pages, and each message once."""
    count = 2 * STREAM_PAGE

    for number in range(count):
        ali.say(conversation, str(number))
    listed = ali.get(conversation + "messages/").json()
    assert contents(listed) == [str(number) for number in range(count)]


def test_a_limit_alone_is_the_latest_page(ali: Person, talk: str) -> None:
    """Oldest first, with a link to what came before, until there is nothing more."""
    latest = ali.get(talk, params={"limit": 2})
    assert contents(latest.json()) == ["3", "4"]
    earlier = ali.get(following(latest, "prev"))
    assert contents(earlier.json()) == ["1", "2"]
    earliest = ali.get(following(earlier, "prev"))
    assert contents(earliest.json()) == ["0"]
    assert "link" not in earliest.headers


def test_after_pages_forward(ali: Person, talk: str) -> None:
    """From a message on, with a link to what follows."""
    first = ali.get(talk).json()[0]["id"]
    page = ali.get(talk, params={"after": first, "limit": 3})
    assert contents(page.json()) == ["1", "2", "3"]
    last = ali.get(following(page, "next"))
    assert contents(last.json()) == ["4"]
    assert "link" not in last.headers


def test_before_without_a_limit_has_one_of_its_own(ali: Person, talk: str) -> None:
    """A page before that message."""
    third = ali.get(talk).json()[2]["id"]
    assert contents(ali.get(talk, params={"before": third}).json()) == ["0", "1"]


def test_since_returns_what_changed_in_the_order_of_changes(ali: Person, talk: str) -> None:
    """An edit moves a message to the end; links lead through all of them."""
    messages = ali.get(talk).json()
    ali.patch(f"{talk}{messages[0]['id']}/", {"content": "edited"})
    page = ali.get(talk, params={"since": messages[2]["seq"], "limit": 2})
    assert contents(page.json()) == ["3", "4"]
    rest = ali.get(following(page, "next"))
    assert contents(rest.json()) == ["edited"]
    assert "link" not in rest.headers
    assert ali.get(talk, params={"since": rest.json()[0]["seq"]}).json() == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=", "limit"),
        ("limit=1&limit=2", "limit"),
        ("before=x", "before"),
        ("after=-1", "after"),
        ("since=1.0", "since"),
        ("since=9223372036854775808", "since"),
        ("before=1&after=1", "after"),
        ("since=1&after=1", "since"),
        ("since=1&before=1", "since"),
    ],
)
def test_a_wrong_query_names_the_parameter(ali: Person, talk: str, query: str, field: str) -> None:
    """400 that says which parameter is wrong."""
    assert wrong_fields(ali.get(f"{talk}?{query}")) == {field}


def test_what_clients_add_by_themselves_is_passed_over(ali: Person, talk: str) -> None:
    """DRF clients send `format`, and jQuery a moment against caches."""
    assert len(ali.get(talk + "?format=json&_=1764331200").json()) == 5
    assert wrong_fields(ali.get(talk + "?format=xml")) == {"format"}


def test_one_message_is_as_in_the_list(sara: Person, talk: str) -> None:
    """The same object, for any participant."""
    message = sara.get(talk).json()[0]
    assert sara.get(f"{talk}{message['id']}/").json() == message


def test_its_sender_edits(ali: Person, sara: Person, talk: str) -> None:
    """200 with the message, marked as edited, and with the next change number."""
    message = ali.get(talk).json()[0]
    response = ali.patch(f"{talk}{message['id']}/", {"content": "new"})
    assert response.status_code == 200
    expected = {**message, "content": "new", "is_edited": True, "seq": 6}
    assert response.json() == expected
    assert sara.get(f"{talk}{message['id']}/").json()["content"] == "new"
    assert wrong_fields(ali.patch(f"{talk}{message['id']}/", {"content": ""})) == {"content"}


def test_its_sender_deletes(ali: Person, sara: Person, talk: str) -> None:
    """204, also the second time; the message stays, without its content."""
    path = f"{talk}{ali.get(talk).json()[0]['id']}/"
    assert [ali.delete(path).status_code for _ in range(2)] == [204, 204]
    message = sara.get(path).json()
    assert (message["content"], message["is_deleted"]) == ("", True)


def test_a_deleted_message_is_not_edited(ali: Person, talk: str) -> None:
    """409."""
    path = f"{talk}{ali.get(talk).json()[0]['id']}/"
    ali.delete(path)
    problem(ali.patch(path, {"content": "new"}), 409, "message_deleted")


def test_others_neither_edit_nor_delete(ali: Person, sara: Person, talk: str) -> None:
    """403, and the message stays as it was."""
    message = ali.get(talk).json()[0]
    path = f"{talk}{message['id']}/"
    problem(sara.patch(path, {"content": "new"}), 403, "forbidden")
    problem(sara.delete(path), 403, "forbidden")
    assert ali.get(path).json() == message


def test_a_message_of_another_conversation_is_not_found(
    ali: Person, sara: Person, conversation: str
) -> None:
    """404 for each method, though the caller is in both."""
    elsewhere = ali.say(ali.begin(sara), "hello")
    path = f"{conversation}messages/{elsewhere['id']}/"
    answers = (ali.get(path), ali.patch(path, {"content": "x"}), ali.delete(path))
    for response in answers:
        problem(response, 404, "not_found")
