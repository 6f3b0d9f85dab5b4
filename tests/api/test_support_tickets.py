"""Support tickets over HTTP."""

import pytest

from tests.api.client import Person, problem, wrong_fields


@pytest.fixture
def ticket(conversation: str) -> str:
    """The path of the conversation's ticket, which is not open yet."""
    return conversation + "support_ticket/"


def test_any_participant_opens_a_ticket(sara: Person, ali: Person, ticket: str) -> None:
    """201 with every field, and the conversation shows it."""
    response = sara.post(ticket, {"subject": "Broken", "priority": "high"})
    assert response.status_code == 201
    opened = response.json()
    shown = ali.get(ticket.removesuffix("support_ticket/")).json()
    assert shown["support_ticket"] == opened
    assert opened.pop("id") > 0
    assert opened.pop("created_at") == opened.pop("updated_at")
    assert opened == {
        "conversation": shown["id"],
        "subject": "Broken",
        "status": "open",
        "priority": "high",
        "created_by": sara.user,
        "assigned_to": None,
    }


def test_there_is_one_ticket_at_a_time(ali: Person, ticket: str) -> None:
    """409 while one is not closed; afterwards another may be opened."""
    assert ali.post(ticket, {"subject": "one"}).json()["priority"] == "normal"
    problem(ali.post(ticket, {"subject": "two"}), 409, "conflict")
    assert ali.delete(ticket).status_code == 204
    assert ali.post(ticket, {"subject": "two"}).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "subject"),
        ({"subject": ""}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"subject": "x", "priority": "huge"}, "priority"),
        ({"subject": "x", "priority": 1}, "priority"),
    ],
)
def test_a_wrong_ticket_names_the_field(ali: Person, ticket: str, body: object, field: str) -> None:
    """400 that says which field is wrong."""
    assert wrong_fields(ali.post(ticket, body)) == {field}


def test_a_participant_changes_the_ticket(ali: Person, ticket: str) -> None:
    """200 with the ticket; what is not named stays."""
    ali.post(ticket, {"subject": "one"})
    response = ali.patch(ticket, {"status": "pending"})
    assert response.status_code == 200
    assert (response.json()["status"], response.json()["subject"]) == ("pending", "one")
    assert wrong_fields(ali.patch(ticket, {"status": "lost"})) == {"status"}


def test_only_staff_assign(ali: Person, staff: Person, ticket: str) -> None:
    """Staff who are not in the conversation do; participants get 403."""
    ali.post(ticket, {"subject": "one"})
    problem(ali.patch(ticket, {"assigned_to": staff.id}), 403, "forbidden")
    assigned = staff.patch(ticket, {"assigned_to": staff.id})
    assert assigned.json()["assigned_to"] == staff.user
    assert staff.patch(ticket, {"assigned_to": None}).json()["assigned_to"] is None
    assert wrong_fields(staff.patch(ticket, {"assigned_to": ali.id})) == {"assigned_to"}


def test_closing_ends_the_ticket(ali: Person, sara: Person, ticket: str) -> None:
    """204, and the conversation has none any more."""
    ali.post(ticket, {"subject": "one"})
    assert sara.delete(ticket).status_code == 204
    assert ali.get(ticket.removesuffix("support_ticket/")).json()["support_ticket"] is None


def test_without_a_ticket_there_is_nothing_to_change(ali: Person, ticket: str) -> None:
    """404 for changing and for closing."""
    problem(ali.patch(ticket, {"status": "pending"}), 404, "not_found")
    problem(ali.delete(ticket), 404, "not_found")


def test_staff_list_tickets_newest_first(ali: Person, sara: Person, staff: Person) -> None:
    """By status and page by page, with links that keep the status."""
    opened = []
    for number in range(3):
        path = ali.begin(sara) + "support_ticket/"
        opened.append(ali.post(path, {"subject": str(number)}).json()["id"])
    ali.delete(path)
    closed = staff.get("/api/support_tickets/", params={"status": "closed", "limit": 1})
    assert [ticket["id"] for ticket in closed.json()] == [opened[2]]
    query = {"status": "open", "limit": 1, "before": opened[2]}
    page = staff.get("/api/support_tickets/", params=query)
    assert [ticket["id"] for ticket in page.json()] == [opened[1]]
    following = staff.get(page.links["next"]["url"])
    assert [ticket["id"] for ticket in following.json()] == [opened[0]]


def test_others_do_not_list_tickets(ali: Person) -> None:
    """403."""
    problem(ali.get("/api/support_tickets/"), 403, "forbidden")


@pytest.mark.parametrize("query", ["status=lost", "limit=0", "before=x", "status=open&status=x"])
def test_a_wrong_query_names_the_parameter(staff: Person, query: str) -> None:
    """400 that says which parameter is wrong."""
    response = staff.get(f"/api/support_tickets/?{query}")
    assert wrong_fields(response) == {query.partition("=")[0]}
