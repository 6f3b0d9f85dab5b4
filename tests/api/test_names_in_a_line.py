"""Names that stand within a line of other words: titles, subjects and names of people."""

import pytest

from tests.api.client import Api, Person, wrong_fields

ALLOWED = "علی\u200cرضا \u200f(نو\u200e)"
REFUSED = ("a\nb", "a\x1b[31m", "a\x85b", "a\u2028b", "\u202egpj.exe", "\u2067a\u2069")


@pytest.fixture
def answer(staff: Person) -> str:
    """The path of a stored answer."""
    made = staff.post("/api/canned_responses/", {"title": "x", "content": "x"}).json()
    return f"/api/canned_responses/{made['id']}/"


def test_they_have_one_line(ali: Person, staff: Person, conversation: str, answer: str) -> None:
    """400 names the field, where it is first given and where it is changed. The non-joiner and
    the marks of keyboards are letters like others.
    """
    ticket = f"{conversation}support_ticket/"
    paths: tuple[tuple[Person, str, str, str, dict[str, object]], ...] = (
        (ali, "POST", "/api/conversations/", "title", {"participants": []}),
        (ali, "PATCH", conversation, "title", {}),
        (ali, "POST", ticket, "subject", {}),
        (ali, "PATCH", ticket, "subject", {}),
        (staff, "POST", "/api/canned_responses/", "title", {"content": "a\nb"}),
        (staff, "PATCH", answer, "title", {}),
        (ali, "PATCH", "/api/users/me/", "display_name", {}),
    )
    for who, method, path, field, rest in paths:
        for wrong in REFUSED:
            refused = who.request(method, path, json={field: wrong, **rest})
            assert wrong_fields(refused) == {field}
        taken = who.request(method, path, json={field: ALLOWED, **rest})
        assert (taken.is_success, taken.json()[field]) == (True, ALLOWED)


def test_one_of_before_is_shown_as_it_is(api: Api, ali: Person, conversation: str) -> None:
    """And what belongs to it can be changed."""
    ticket = f"{conversation}support_ticket/"
    opened = ali.post(ticket, {"subject": "x"}).json()
    old = "a\nb\u202ec"
    api.execute("UPDATE conversations SET title = ? WHERE id = ?", (old, opened["conversation"]))
    api.execute("UPDATE support_tickets SET subject = ? WHERE id = ?", (old, opened["id"]))
    changed = ali.patch(ticket, {"priority": "high"}).json()
    assert (changed["subject"], changed["priority"]) == (old, "high")
    assert ali.patch(conversation, {"metadata": {"a": 1}}).json()["title"] == old
