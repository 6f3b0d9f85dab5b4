"""Conversations over HTTP."""

import pytest

from tests.api.client import Person, problem, wrong_fields


def test_a_new_conversation_has_the_caller_in_it(ali: Person, sara: Person) -> None:
    """201 with every field, and one entry for each participant, however often named."""
    response = ali.post("/api/conversations/", {"participants": [sara.id, sara.id, ali.id]})
    assert response.status_code == 201
    conversation = response.json()
    assert sorted(conversation.pop("participants"), key=lambda user: user["id"]) == [
        ali.user,
        sara.user,
    ]
    assert conversation.pop("created_at").endswith("Z")
    assert conversation.pop("id") > 0
    assert conversation.pop("epoch")
    assert conversation == {
        "title": "",
        "direct": False,
        "participant_count": 2,
        "last_message": None,
        "support_ticket": None,
        "unread_count": 0,
        "unread_mentions": 0,
        "last_read_id": 0,
        "seq": 0,
        "muted_until": None,
        "archived": False,
        "pinned": False,
        "metadata": {},
        "role": "owner",
        "members_may": ["add", "pin", "rename"],
        "avatar_url": None,
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "participants"),
        ({"participants": "2"}, "participants"),
        ({"participants": [2, "3"]}, "participants"),
        ({"participants": [True]}, "participants"),
        ({"participants": [-1]}, "participants"),
        ({"participants": [2**63]}, "participants"),
        ({"participants": [1] * 501}, "participants"),
        ({"participants": [], "title": 5}, "title"),
        ({"participants": [], "title": "x" * 201}, "title"),
    ],
)
def test_a_wrong_beginning_names_the_field(ali: Person, body: object, field: str) -> None:
    """400 that says which field is wrong."""
    assert wrong_fields(ali.post("/api/conversations/", body)) == {field}


def test_unknown_participants_are_named(ali: Person, sara: Person) -> None:
    """400 with the ids that nobody has, and no others."""
    unknown = 2**62
    response = ali.post("/api/conversations/", {"participants": [sara.id, unknown]})
    text = problem(response, 400, "invalid")["errors"]["participants"]
    assert text == [f"No such users: {unknown}."]


def test_the_list_has_the_most_recently_active_first(
    ali: Person, sara: Person, stranger: Person
) -> None:
    """Only one's own, with the last message of each."""
    first, second = ali.begin(sara), ali.begin(sara)
    ali.say(second, "one")
    said = ali.say(first, "two")
    listed = ali.get("/api/conversations/").json()
    assert [f"/api/conversations/{one['id']}/" for one in listed] == [first, second]
    assert listed[0]["last_message"] == {
        key: said[key] for key in ("id", "sender", "content", "timestamp", "is_read")
    }
    assert sara.get("/api/conversations/").json()[0]["unread_count"] == 1
    assert stranger.get("/api/conversations/").json() == []


def test_one_conversation_is_as_in_the_list(ali: Person, conversation: str) -> None:
    """The same object."""
    response = ali.get(conversation)
    assert response.status_code == 200
    assert [response.json()] == ali.get("/api/conversations/").json()


def test_any_participant_renames(sara: Person, ali: Person, conversation: str) -> None:
    """200 with the new title, which the others see too."""
    response = sara.patch(conversation, {"title": "سفر"})
    assert response.status_code == 200
    assert response.json()["title"] == "سفر"
    assert ali.get(conversation).json()["title"] == "سفر"
    assert wrong_fields(sara.patch(conversation, {"title": None})) == {"title"}


def test_any_participant_adds(sara: Person, stranger: Person, conversation: str) -> None:
    """201 with the conversation, which the new participant now sees; once more is the same."""
    for _ in range(2):
        response = sara.post(conversation + "participants/", {"user_id": stranger.id})
        assert response.status_code == 201
        assert response.json()["participants"].count(stranger.user) == 1
    assert stranger.get(conversation).status_code == 200
    wrong = sara.post(conversation + "participants/", {"user_id": 2**62})
    assert wrong_fields(wrong) == {"user_id"}


def test_several_are_added_at_once(
    ali: Person, sara: Person, stranger: Person, staff: Person, conversation: str
) -> None:
    """Who is there already stays, and each of the others is a change of its own."""
    new = [stranger.id, staff.id]
    added = ali.post(conversation + "participants/", {"user_ids": [*new, sara.id, *new]})
    assert added.status_code == 201
    assert (added.json()["participant_count"], added.json()["seq"]) == (4, 2)
    assert {user["id"] for user in added.json()["participants"]} == {ali.id, sara.id, *new}


@pytest.mark.parametrize(
    ("body", "field", "text"),
    [
        ({"user_ids": [1] * 501}, "user_ids", "At most 500 at a time"),
        ({"user_ids": [2**62, 2**62 + 1]}, "user_ids", f"{2**62}, {2**62 + 1}"),
        ({"user_ids": [0]}, "user_ids", ""),
        ({}, "user_id", "required"),
        ({"user_id": 1, "user_ids": [1]}, "user_id", ""),
    ],
)
def test_a_wrong_addition_names_the_field(
    ali: Person, conversation: str, body: object, field: str, text: str
) -> None:
    """400 with the limit or the ids that nobody has, and nobody is added."""
    response = ali.post(conversation + "participants/", body)
    assert wrong_fields(response) == {field}
    assert text in response.json()["errors"][field][0]
    assert ali.get(conversation).json()["participant_count"] == 2


def test_participants_come_page_by_page(
    ali: Person, sara: Person, stranger: Person, conversation: str
) -> None:
    """In the order of their ids, each once; not to strangers."""
    ali.post(conversation + "participants/", {"user_id": stranger.id})
    path: str | None = conversation + "participants/?limit=2"
    pages = []
    while path:
        response = ali.get(path)
        pages.append(response.json())
        path = response.links["next"]["url"] if "next" in response.links else None
    users = [[{"id": one["id"], "username": one["username"]} for one in page] for page in pages]
    assert users == [[ali.user, sara.user], [stranger.user]]
    assert ali.get(conversation + "participants/").json() == [
        user for page in pages for user in page
    ]
    ali.delete(f"{conversation}participants/{stranger.id}/")
    problem(stranger.get(conversation + "participants/"), 404, "not_found")
    assert wrong_fields(ali.get(conversation + "participants/?after=x")) == {"after"}


def test_who_began_the_conversation_removes_others(
    ali: Person, sara: Person, conversation: str
) -> None:
    """204, and the one who was removed finds nothing more; 404 the second time."""
    path = f"{conversation}participants/{sara.id}/"
    assert ali.delete(path).status_code == 204
    problem(sara.get(conversation), 404, "not_found")
    problem(ali.delete(path), 404, "not_found")


def test_others_do_not_remove(ali: Person, sara: Person, conversation: str) -> None:
    """403, and nothing changes."""
    problem(sara.delete(f"{conversation}participants/{ali.id}/"), 403, "forbidden")
    assert ali.get(conversation).status_code == 200


def test_anyone_leaves(sara: Person, conversation: str) -> None:
    """204, and the conversation is gone for them."""
    assert sara.delete(f"{conversation}participants/{sara.id}/").status_code == 204
    assert sara.get("/api/conversations/").json() == []


def test_staff_in_it_remove_others(
    ali: Person, sara: Person, staff: Person, conversation: str
) -> None:
    """204, even for who began it."""
    ali.post(conversation + "participants/", {"user_id": staff.id})
    assert staff.delete(f"{conversation}participants/{ali.id}/").status_code == 204


def test_reading_is_seen_by_both_sides(ali: Person, sara: Person, conversation: str) -> None:
    """204; the reader has nothing unread, and the sender sees that it was read."""
    said = ali.say(conversation, "hello")
    assert sara.get(conversation).json()["unread_count"] == 1
    response = sara.post(conversation + "read/", {"message_id": said["id"]})
    assert response.status_code == 204
    found = sara.get(conversation).json()
    assert (found["unread_count"], found["last_read_id"]) == (0, said["id"])
    assert ali.get(conversation).json()["last_read_id"] == 0
    message = f"{conversation}messages/{said['id']}/"
    assert ali.get(message).json()["is_read"] is True
    assert sara.get(message).json()["is_read"] is True


def test_reading_what_is_not_there_is_refused(ali: Person, sara: Person, conversation: str) -> None:
    """404 for a message of another conversation, 400 without an id."""
    elsewhere = ali.say(ali.begin(sara), "hello")
    response = sara.post(conversation + "read/", {"message_id": elsewhere["id"]})
    problem(response, 404, "not_found")
    assert wrong_fields(sara.post(conversation + "read/", {})) == {"message_id"}
