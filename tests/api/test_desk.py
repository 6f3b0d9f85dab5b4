"""The rules of the desk over HTTP."""

import json

import pytest

from tests.api.client import Api, Person, problem, wrong_fields

RULES = "/api/desk/rules/"
BEGINNING: dict[str, object] = {
    "timezone": "UTC",
    "hours": None,
    "days_off": [],
    "language": "en",
    "first_answer_inside": {},
    "first_answer_outside": {},
    "assignment": "off",
    "reminder_minutes": None,
    "reminder_in_hours": False,
    "reopen_days": None,
}
SHOP = {
    "timezone": "Asia/Tehran",
    "hours": {"saturday": ["09:00-13:00", "14:00-18:00"]},
    "days_off": ["2026-03-21"],
    "first_answer_inside": {"fa": "به‌زودی پاسخ می‌دهیم.", "en": "We answer soon."},
}


def test_staff_change_the_rules(staff: Person) -> None:
    """PATCH keeps what is not named; PUT does not."""
    assert staff.put(RULES, json={}).json() == BEGINNING
    assert staff.patch(RULES, SHOP).json() == BEGINNING | SHOP
    assert staff.patch(RULES, {"reopen_days": 7}).json() == BEGINNING | SHOP | {"reopen_days": 7}
    assert staff.get(RULES).json() == BEGINNING | SHOP | {"reopen_days": 7}
    assert staff.patch(RULES, {"hours": None}).json()["hours"] is None
    assert staff.put(RULES, json={"assignment": "in_turn"}).json() == BEGINNING | {
        "assignment": "in_turn"
    }
    assert staff.put(RULES, json={}).json() == BEGINNING


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"timezone": "x" * 65}, "timezone"),
        ({"timezone": "localtime"}, "timezone"),
        ({"hours": {"someday": ["09:00-17:00"]}}, "hours"),
        ({"hours": {"monday": ["9-17"]}}, "hours"),
        ({"hours": {"monday": ["09:00-17:00"] * 9}}, "hours"),
        ({"hours": ["09:00-17:00"]}, "hours"),
        ({"days_off": ["21.3.2026"]}, "days_off"),
        ({"days_off": ["2026-02-30"]}, "days_off"),
        ({"days_off": ["2026-03-21"] * 401}, "days_off"),
        ({"days_off": ["1405-01-01"]}, "days_off"),
        ({"language": ""}, "language"),
        ({"first_answer_inside": {"en": " "}}, "first_answer_inside"),
        ({"first_answer_outside": {"en": "x" * 2_001}}, "first_answer_outside"),
        ({"first_answer_inside": {"": "x"}}, "first_answer_inside"),
        ({"first_answer_inside": {"fa": "x", "fa_IR": "x"}}, "first_answer_inside"),
        ({"first_answer_outside": {"english": "x"}}, "first_answer_outside"),
        ({"language": "فارسی"}, "language"),
        ({"assignment": "random"}, "assignment"),
        ({"reminder_minutes": 0}, "reminder_minutes"),
        ({"reminder_minutes": 43_201}, "reminder_minutes"),
        ({"reopen_days": 366}, "reopen_days"),
        ({"reopen_days": "7"}, "reopen_days"),
        ({"opening": "09:00"}, "opening"),
    ],
)
def test_a_wrong_rule_is_named_and_changes_nothing(
    staff: Person, body: dict[str, object], field: str
) -> None:
    """400, also where another rule beside it is right."""
    before = staff.get(RULES).json()
    assert wrong_fields(staff.patch(RULES, {"reminder_in_hours": True, **body})) == {field}
    assert staff.get(RULES).json() == before


def test_a_language_of_before_keeps_no_rule_from_being_changed(staff: Person, api: Api) -> None:
    """It was taken when any text was one. It stays until that rule itself is changed."""
    old = json.dumps({"language": "english", "first_answer_inside": {"fa_IR": "x"}})
    api.execute("UPDATE desk SET rules = ? WHERE id = 1", (old,))
    rules = staff.patch(RULES, {"reopen_days": 7}).json()
    assert (rules["language"], rules["first_answer_inside"]) == ("english", {"fa_IR": "x"})
    more = {"fa_IR": "x", "en": "y"}
    assert wrong_fields(staff.patch(RULES, {"first_answer_inside": more})) == {
        "first_answer_inside"
    }
    assert staff.put(RULES, json={}).json() == BEGINNING


def test_customers_see_no_rules(ali: Person) -> None:
    """403 for each of them."""
    problem(ali.get(RULES), 403, "forbidden")
    problem(ali.patch(RULES, {"reopen_days": 1}), 403, "forbidden")
    problem(ali.put(RULES, json={}), 403, "forbidden")


def test_an_agent_has_a_switch(staff: Person, api: Api, ali: Person) -> None:
    """On, off, or as presence says; for staff alone, and only of staff."""
    mine = f"/api/desk/agents/{staff.id}/"

    def shown() -> dict[str, object]:
        found = {one["id"]: one for one in staff.get("/api/desk/agents/").json()}
        assert ali.id not in found
        return dict(found[staff.id])

    away = {**staff.user, "takes_tickets": None, "online": False, "is_available": False}
    assert shown() == {**away, "open": shown()["open"]}
    assert staff.put(mine, json={"takes_tickets": True}).json()["is_available"] is True
    assert shown()["takes_tickets"] is True
    assert staff.put(mine, json={"takes_tickets": False}).json()["is_available"] is False
    assert staff.put(mine, json={"takes_tickets": None}).json()["takes_tickets"] is None
    assert wrong_fields(staff.put(mine, json={})) == {"takes_tickets"}
    problem(
        staff.put(f"/api/desk/agents/{ali.id}/", json={"takes_tickets": True}), 404, "not_found"
    )
    problem(ali.put(mine, json={"takes_tickets": False}), 403, "forbidden")
    problem(ali.get("/api/desk/agents/"), 403, "forbidden")
