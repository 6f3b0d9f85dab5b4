"""Support tickets over HTTP."""

from typing import Any

import pytest

from tests.api.client import Api, Person, problem, wrong_fields


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
    assert opened.pop("created_at") == opened["waiting_since"] == opened.pop("updated_at")
    assert opened == {
        "conversation": shown["id"],
        "subject": "Broken",
        "status": "open",
        "priority": "high",
        "created_by": sara.user,
        "assigned_to": None,
        "waiting_since": opened["waiting_since"],
        "rating": None,
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


@pytest.fixture
def opened(ali: Person, ticket: str) -> str:
    """The path of a ticket that Ali opened, by its own id."""
    return f"/api/support_tickets/{ali.post(ticket, {'subject': 'one'}).json()['id']}/"


def test_a_ticket_is_read_and_changed_by_its_id(ali: Person, sara: Person, opened: str) -> None:
    """By any participant; what is not named stays."""
    changed = sara.patch(opened, {"status": "pending", "priority": "low"})
    assert changed.status_code == 200
    assert (changed.json()["status"], changed.json()["subject"]) == ("pending", "one")
    assert ali.get(opened).json() == changed.json()
    assert wrong_fields(ali.patch(opened, {"status": "lost"})) == {"status"}


def test_a_repeat_does_not_close_the_next_ticket(ali: Person, ticket: str, opened: str) -> None:
    """Nor change it, by the ticket's own path and by the conversation's with its id."""
    id_ = int(opened.split("/")[-2])
    assert ali.post(opened + "close/").json()["status"] == "closed"
    following = ali.post(ticket, {"subject": "two"}).json()
    assert ali.post(opened + "close/").json()["id"] == id_
    assert ali.delete(f"{ticket}?id={id_}").status_code == 204
    problem(ali.request("PATCH", f"{ticket}?id={id_}", json={"subject": "x"}), 409, "ticket_closed")
    problem(ali.patch(opened, {"priority": "low"}), 409, "ticket_closed")
    shown = ali.get(ticket.removesuffix("support_ticket/")).json()
    assert shown["support_ticket"] == following
    assert shown["seq"] == 3


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_repeat_with_its_key_meets_the_first_ticket(
    ali: Person, sara: Person, ticket: str, opened: str, method: str
) -> None:
    """Though it names the conversation alone; another request with the key is 422."""
    body = {"json": {"status": "closed"}} if method == "PATCH" else {}
    headers = {"Idempotency-Key": f"{opened} {method}"}
    first = ali.request(method, ticket, headers=headers, **body)
    sara.post(ticket, {"subject": "two"})
    again = ali.request(method, ticket, headers=headers, **body)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    shown = ali.get(ticket.removesuffix("support_ticket/")).json()
    assert (shown["support_ticket"]["subject"], shown["seq"]) == ("two", 3)
    other = ali.request("PATCH", ticket, headers=headers, json={"subject": "three"})
    problem(other, 422, "key_reused")
    assert ali.request(method, ticket, **body).status_code == first.status_code
    assert ali.get(ticket.removesuffix("support_ticket/")).json()["support_ticket"] is None


def test_a_repeat_with_its_key_undoes_nothing(ali: Person, staff: Person, opened: str) -> None:
    """Whatever was done with the ticket meanwhile, by each of its own paths."""

    def act(who: Person, method: str, path: str, body: Any, *undoing: tuple[str, Any]) -> None:
        request: dict[str, Any] = {"headers": {"Idempotency-Key": f"{method} {opened}{path}"}}
        if body is not None:
            request["json"] = body
        first = who.request(method, opened + path, **request)
        assert first.status_code == 200, first.text
        for where, undo in undoing:
            assert staff.request("POST", opened + where, json=undo).status_code == 200
        before = ali.get(opened).json()
        again = who.request(method, opened + path, **request)
        assert (again.status_code, again.json()) == (200, before)
        other = who.request("PATCH", opened, headers=request["headers"], json={"subject": "x"})
        problem(other, 422, "key_reused")

    act(staff, "POST", "assign/", {"user_id": staff.id}, ("assign/", {"user_id": None}))
    act(ali, "PATCH", "", {"status": "closed"}, ("reopen/", {}))
    act(ali, "POST", "close/", None, ("reopen/", {}))
    assert staff.post(opened + "close/").status_code == 200
    act(ali, "POST", "rating/", {"score": 1}, ("reopen/", {}))
    assert staff.post(opened + "close/").status_code == 200
    act(ali, "POST", "reopen/", None, ("close/", {}))


def test_a_ticket_of_another_conversation_is_not_meant(
    ali: Person, stranger: Person, staff: Person, ticket: str, opened: str
) -> None:
    """404, for staff as well."""
    id_ = opened.split("/")[-2]
    elsewhere = stranger.begin() + f"support_ticket/?id={id_}"
    for person in (stranger, staff):
        problem(person.delete(elsewhere), 404, "not_found")
    assert wrong_fields(ali.delete(f"{ticket}?id=x")) == {"id"}
    assert ali.get(opened).json()["status"] == "open"


def test_a_ticket_is_reopened(ali: Person, sara: Person, ticket: str, opened: str) -> None:
    """Once; 409 while another one is open."""
    ali.post(opened + "close/")
    reopened = sara.post(opened + "reopen/")
    assert (reopened.status_code, reopened.json()["status"]) == (200, "open")
    sara.patch(opened, {"status": "pending"})
    assert sara.post(opened + "reopen/").json()["status"] == "pending"
    sara.post(opened + "close/")
    sara.post(ticket, {"subject": "two"})
    problem(ali.post(opened + "reopen/"), 409, "conflict")
    problem(ali.patch(opened, {"status": "open"}), 409, "conflict")
    assert ali.get(opened).json()["status"] == "closed"


def test_agents_take_hand_over_and_give_back(api: Api, staff: Person, opened: str) -> None:
    """Each with 200 and the ticket; a repeat of any takes it from nobody."""
    other, third = api.person("other", is_staff=True), api.person("third", is_staff=True)

    def assigned(agent: Person, to: Person | None) -> Any:
        answer = agent.post(opened + "assign/", {"user_id": to.id if to else None})
        assert answer.status_code == 200, answer.text
        return answer.json()["assigned_to"]

    assert assigned(staff, staff) == staff.user
    assert assigned(staff, staff) == staff.user
    for agent, to in ((other, other), (other, third), (other, None)):
        answer = agent.post(opened + "assign/", {"user_id": to.id if to else None})
        problem(answer, 409, "already_assigned")
    assert assigned(staff, other) == other.user
    problem(staff.post(opened + "assign/", {"user_id": None}), 409, "already_assigned")
    assert assigned(staff, other) == other.user
    assert assigned(other, None) is None
    assert assigned(third, other) == other.user
    assert staff.patch(opened, {"assigned_to": staff.id}).json()["assigned_to"] == staff.user


def test_who_is_no_member_of_staff_any_more_holds_no_ticket(
    api: Api, staff: Person, opened: str
) -> None:
    """Another takes it; the former one may neither assign nor list, at once."""
    former = api.person("former", is_staff=True)
    body = {"user_id": former.id}
    assert former.post(opened + "assign/", body).status_code == 200
    api.execute("UPDATE users SET is_staff = FALSE WHERE id = ?", (former.id,))
    problem(former.get("/api/support_tickets/"), 403, "forbidden")
    problem(former.get(opened), 404, "not_found")
    problem(former.post(opened + "assign/", body), 404, "not_found")
    assert wrong_fields(staff.post(opened + "assign/", body)) == {"user_id"}
    taken = staff.post(opened + "assign/", {"user_id": staff.id})
    assert taken.json()["assigned_to"] == staff.user


def test_who_assigns_and_to_whom(ali: Person, staff: Person, opened: str) -> None:
    """403 for participants, 400 for who is not staff, 409 for a closed ticket."""
    problem(ali.post(opened + "assign/", {"user_id": staff.id}), 403, "forbidden")
    problem(ali.post(opened + "assign/", {"user_id": None}), 403, "forbidden")
    assert wrong_fields(staff.post(opened + "assign/", {"user_id": ali.id})) == {"user_id"}
    assert wrong_fields(staff.post(opened + "assign/", {"user_id": 2**62})) == {"user_id"}
    assert wrong_fields(staff.post(opened + "assign/", {})) == {"user_id"}
    staff.post(opened + "close/")
    problem(staff.post(opened + "assign/", {"user_id": staff.id}), 409, "ticket_closed")


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
