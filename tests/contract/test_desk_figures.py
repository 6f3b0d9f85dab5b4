"""The figures of the desk, computed by the database."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chat.services.desk_figures import lines
from tests.support.people import People, Person

FIGURES = "/api/desk/figures/"
TABLE = "/api/desk/figures.csv"
EMPTY = {"count": 0, "mean": None, "median": None, "p90": None}


async def opened(customer: Person, subject: str = "help") -> tuple[int, dict[str, Any]]:
    conversation = await customer.begin_conversation()
    path = f"/api/conversations/{conversation}/support_ticket/"
    return conversation, (await customer.http.post(path, json={"subject": subject})).json()


async def says(person: Person, conversation: int, text: str) -> None:
    path = f"/api/conversations/{conversation}/messages/"
    assert (await person.http.post(path, json={"content": text})).status_code == 201


async def test_the_figures_follow_what_happens(people: People) -> None:
    """Opened, answered, asked again, closed and rated, by hour and by agent."""
    customer, agent = await people("customer"), await people.staff("agent")
    before = (await agent.http.get(FIGURES)).json()
    place, ticket = await opened(customer, "first")
    _, other = await opened(customer)
    now = (await agent.http.get(FIGURES)).json()
    assert (now["opened"], now["open"]) == (before["opened"] + 2, before["open"] + 2)
    assert now["waiting"] == before["waiting"] + 2
    assert now["unassigned"] == before["unassigned"] + 2
    assert now["hours"][-1]["waiting"] == now["waiting"]
    assert now["hours"][-1]["open"] == now["open"]

    await says(agent, place, "yes?")
    await says(agent, place, "hello?")
    now = (await agent.http.get(FIGURES)).json()
    assert now["waiting"] == now["hours"][-1]["waiting"] == before["waiting"] + 1
    assert now["first_response"]["count"] == before["first_response"]["count"] + 1
    text = (await agent.http.get(TABLE)).text
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    (row,) = [one for one in rows if one["id"] == str(ticket["id"])]
    assert row["answered_at"]
    assert float(row["first_response"]) >= 0
    await says(customer, place, "one more question")
    now = (await agent.http.get(FIGURES)).json()
    assert now["waiting"] == now["hours"][-1]["waiting"] == before["waiting"] + 2

    mine = f"/api/support_tickets/{ticket['id']}/"
    await agent.http.post(f"{mine}assign/", json={"user_id": agent.id})
    await agent.http.post(f"{mine}close/")
    await customer.http.post(f"{mine}rating/", json={"score": 4, "comment": "good"})
    await agent.http.post(f"/api/support_tickets/{other['id']}/close/")
    now = (await agent.http.get(FIGURES)).json()
    assert (now["open"], now["waiting"]) == (before["open"], before["waiting"])
    assert (now["hours"][-1]["open"], now["hours"][-1]["waiting"]) == (now["open"], now["waiting"])
    assert now["closed"] == before["closed"] + 2
    assert now["resolution"]["count"] == before["resolution"]["count"] + 2
    (of_agent,) = [one for one in now["agents"] if (one["agent"] or {}).get("id") == agent.id]
    assert of_agent["answered"] == of_agent["closed"] == 1
    assert (of_agent["messages"], of_agent["open"]) == (2, 0)
    assert of_agent["rating"] == {"count": 1, "mean": 4.0}
    assert 0 <= of_agent["first_response"]["median"] <= of_agent["resolution"]["median"]
    assert of_agent["first_response"]["count"] == 1

    # Who is no agent any more has answered all the same.
    await agent.http.post(f"{mine}reopen/")
    now = (await agent.http.get(FIGURES)).json()
    assert now["reopened"] == before["reopened"] + 1
    assert now["resolution"]["count"] == before["resolution"]["count"] + 1
    assert now["waiting"] == now["hours"][-1]["waiting"] == before["waiting"] + 1
    past = {"since": "2020-01-01", "until": "2020-01-08"}
    old = (await agent.http.get(FIGURES, params=past)).json()
    assert old["first_response"] == old["resolution"] == EMPTY
    assert len(old["hours"]) == 7 * 24
    assert {hour["open"] for hour in old["hours"]} == {0}


async def test_the_opening_of_another_ticket_waits_for_nothing(people: People) -> None:
    """Where an answered ticket is opened again after a later one was closed."""
    customer, agent = await people("customer"), await people.staff("agent")
    place, first = await opened(customer)
    await says(agent, place, "yes?")
    before = (await agent.http.get(FIGURES)).json()
    path = f"/api/conversations/{place}/support_ticket/"
    assert (await customer.http.delete(path)).status_code == 204
    await customer.http.post(path, json={"subject": "another"})
    now = (await agent.http.get(FIGURES)).json()
    assert now["waiting"] == now["hours"][-1]["waiting"] == before["waiting"] + 1
    assert (await customer.http.delete(path)).status_code == 204
    await customer.http.post(f"/api/support_tickets/{first['id']}/reopen/")
    now = (await agent.http.get(FIGURES)).json()
    assert now["waiting"] == now["hours"][-1]["waiting"] == before["waiting"]


async def test_hours_begin_where_those_of_the_place_do(people: People) -> None:
    """Half an hour after those of UTC, for example."""
    agent = await people.staff("agent")
    query = {"since": "2026-01-01", "until": "2026-01-02", "timezone": "Asia/Tehran"}
    found = (await agent.http.get(FIGURES, params=query)).json()
    assert found["since"] == found["hours"][0]["at"] == "2025-12-31T20:30:00Z"
    assert found["hours"][0]["local"] == "2026-01-01T00:00+03:30"
    assert len(found["hours"]) == 24
    exact = {"since": "2026-01-01T10:10:00+03:30", "until": "2026-01-01T08:00:00Z"}
    found = (await agent.http.get(FIGURES, params={**exact, "timezone": "Asia/Tehran"})).json()
    assert [hour["local"] for hour in found["hours"]] == [
        "2026-01-01T10:00+03:30",
        "2026-01-01T11:00+03:30",
    ]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"until": "2026-13-01"}, "until"),
        ({"until": "2026-01-01T10:00:00"}, "until"),
        ({"since": "2026-01-02", "until": "2026-01-01"}, "since"),
        ({"since": "2026-01-01T10:50:00Z", "until": "2026-01-01T10:30:00Z"}, "since"),
        ({"since": "2025-01-01", "until": "2026-01-01"}, "since"),
        ({"until": "0001-01-01"}, "until"),
        ({"until": "0001-01-03", "timezone": "Asia/Tehran"}, "until"),
        ({"until": "9999-12-31", "timezone": "America/New_York"}, "until"),
        ({"until": "0001-01-01T00:00:00+14:00"}, "until"),
        ({"since": "0001-01-02"}, "since"),
        ({"since": "9999-12-31T23:59:59-14:00"}, "since"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"of": "tickets"}, "of"),
    ],
)
async def test_a_wrong_time_is_named(people: People, query: dict[str, str], field: str) -> None:
    """400, and not a wrong figure."""
    agent = await people.staff("agent")
    for path in (FIGURES, TABLE) if field != "of" else (FIGURES,):
        refused = await agent.http.get(path, params=query)
        assert (refused.status_code, set(refused.json()["errors"])) == (400, {field})


async def test_a_table_has_no_formulas(people: People) -> None:
    """Whatever a customer writes is text for a spreadsheet, whatever separates its cells."""
    customer, agent = await people("customer"), await people.staff("agent")
    evil = ["=1+1", "+1", "-1", "@SUM(1)", " =1", "a;=1+1", 'a",=1', "＝1", "plain, text"]
    made = [(await opened(customer, subject))[1]["id"] for subject in evil]
    table = await agent.http.get("/api/desk/figures.csv")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in table.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff"), newline="")))
    shown = {int(row["id"]): row["subject"] for row in rows}
    assert [shown[id_] for id_ in made] == [
        "'=1+1",
        "'+1",
        "'-1",
        "'@SUM(1)",
        "' =1",
        "a;'=1+1",
        'a",=1',
        "'＝1",
        "plain, text",
    ]
    for of in ("hours", "agents"):
        other = await agent.http.get("/api/desk/figures.csv", params={"of": of})
        assert other.text.startswith("\ufeff")
    refused = await agent.http.get("/api/desk/figures.csv", params={"of": "users"})
    assert refused.status_code == 400
    assert (await customer.http.get("/api/desk/figures.csv")).status_code == 403
    assert (await customer.http.get(FIGURES)).status_code == 403


@pytest.mark.parametrize(("subject", "cell"), [("\t=1", "'\t=1"), ('a"\n=1', "a\"\n'=1")])
def test_nor_has_a_subject_of_before_that_breaks_its_line(subject: str, cell: str) -> None:
    """There are such from times in which they were taken."""
    [row] = csv.reader(io.StringIO(lines([[subject, 5]]), newline=""))
    assert row == [cell, "5"]


async def test_the_present_hour_ends_now(people: People) -> None:
    """A time that goes on has no hours yet that are to come."""
    agent = await people.staff("agent")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds")
    query = {"until": tomorrow, "since": datetime.now(UTC).date().isoformat()}
    found = (await agent.http.get(FIGURES, params=query)).json()
    assert 1 <= len(found["hours"]) <= 25
