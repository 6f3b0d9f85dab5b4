"""Webhooks over HTTP, for staff."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from chat.changes import catalogue
from chat.services.webhooks import WEBHOOKS_MAX
from config.settings import Settings
from tests.api.client import Api, Person, problem, wrong_fields
from tests.support.receiver import Receiver

PATH = "/api/webhooks/"
URL = "https://receiver.invalid/hook"
SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Where what is on this machine may be sent to."""
    data = tmp_path_factory.mktemp("webhooks")
    with Api(Settings(data_dir=data, rate_limits=False, webhook_allow=("127.0.0.1",))) as served:
        yield served


@pytest.fixture(scope="module")
def agent(api: Api) -> Person:
    return api.person("agent", is_staff=True)


@pytest.fixture(autouse=True)
def _none_left(api: Api, agent: Person) -> Iterator[None]:
    yield
    for webhook in agent.get(PATH).json():
        assert agent.delete(f"{PATH}{webhook['id']}/").status_code == 204


@pytest.fixture
def receiver(api: Api) -> Iterator[Receiver]:
    receiver = Receiver()
    api.run(receiver.start())
    yield receiver
    api.run(receiver.stop())


def added(agent: Person, **fields: Any) -> dict[str, Any]:
    response = agent.post(PATH, {"url": URL, **fields})
    assert response.status_code == 201, response.text
    webhook: dict[str, Any] = response.json()
    return webhook


def test_a_webhook_is_added_and_its_secret_is_shown_once(agent: Person) -> None:
    """With every field; afterwards it is shown without the secret."""
    webhook = added(agent, events=["chat.message"])
    assert webhook.pop("secret").startswith("whsec_")
    assert agent.get(f"{PATH}{webhook['id']}/").json() == webhook
    assert agent.get(PATH).json() == [webhook]
    assert webhook.pop("id") > 0
    assert webhook.pop("created_at").endswith("Z")
    assert webhook == {
        "url": URL,
        "events": ["chat.message"],
        "batches": True,
        "status": "working",
        "paused_because": None,
        "paused_at": None,
        "failing_since": None,
        "last_error": None,
        "last_error_at": None,
        "delivered_at": None,
        "behind_conversations": 0,
        "behind_seconds": 0.0,
        "public_key": None,
    }


def test_a_key_pair_shows_its_public_key_always(agent: Person) -> None:
    """The receiver may ask for it again; the private key is shown once."""
    webhook = added(agent, ed25519=True)
    assert webhook["secret"].startswith("whsk_")
    again = agent.get(f"{PATH}{webhook['id']}/").json()
    assert again["public_key"] == webhook["public_key"]
    assert len(base64.b64decode(again["public_key"].removeprefix("whpk_"))) == 32
    assert "secret" not in again


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"url": "http://example.org/"}, "url", "https://"),
        ({"url": "https://user:word@example.org/"}, "url", "password"),
        ({"url": "https://10.0.0.1/"}, "url", "network"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "url", "network"),
        ({"url": "https://169.254.169.254/latest"}, "url", "network"),
        ({"url": "https://0xa.1/"}, "url", "network"),
        ({"url": "ftp://example.org/"}, "url", "https://"),
        ({"url": "https://" + "a" * 2000}, "url", "2000"),
        ({"url": 1}, "url", "str"),
        ({"events": ["chat.message", "chat.massage"]}, "events", "chat.massage"),
        ({"events": ["chat.message", "chat.message"]}, "events", "once"),
        ({"events": "chat.message"}, "events", "array"),
        ({"secret": "whsec_c2hvcnQ="}, "secret", "24 to 64 bytes"),
        ({"secret": SECRET.removeprefix("whsec_")}, "secret", "whsec_"),
        ({"secret": SECRET + "x"}, "secret", "base64"),
        ({"secret": SECRET, "ed25519": True}, "secret", "whsk_"),
        ({"event": []}, "event", "no such field"),
    ],
)
def test_a_wrong_field_is_named(
    agent: Person, fields: dict[str, Any], field: str, says: str
) -> None:
    """With the limit, without the secret, and nothing is added."""
    response = agent.post(PATH, {"url": URL, **fields})
    assert wrong_fields(response) == {field}, response.text
    assert says in response.json()["errors"][field][0], response.text
    assert str(fields.get("secret")) not in response.text
    assert agent.get(PATH).json() == []


def test_every_event_of_the_catalogue_may_be_chosen(agent: Person) -> None:
    """Also those of later nouns: the names are those of the changes."""
    assert added(agent, events=list(catalogue.NAMES))["events"] == list(catalogue.NAMES)


def test_a_repeat_with_the_same_key_adds_nothing(agent: Person) -> None:
    """It gets the first one, without the secret, which was shown."""
    headers = {"Idempotency-Key": "add it once"}
    first = agent.post(PATH, {"url": URL}, headers=headers)
    again = agent.post(PATH, {"url": URL}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    shown = first.json()
    del shown["secret"]
    assert again.json() == shown
    assert len(agent.get(PATH).json()) == 1
    other = agent.post(PATH, {"url": URL, "batches": False}, headers=headers)
    problem(other, 422, "key_reused")


def test_a_webhook_is_changed_and_paused(agent: Person) -> None:
    """What is not given stays; a wrong field changes nothing."""
    webhook = added(agent)
    path = f"{PATH}{webhook['id']}/"
    changed = agent.patch(path, {"events": ["message.deleted"], "batches": False}).json()
    assert (changed["url"], changed["events"], changed["batches"]) == (
        URL,
        ["message.deleted"],
        False,
    )
    paused = agent.patch(path, {"is_paused": True}).json()
    assert (paused["status"], paused["paused_because"]) == ("paused", "asked")
    assert paused["paused_at"].endswith("Z")
    wrong = agent.patch(path, {"is_paused": False, "events": ["x"]})
    assert wrong_fields(wrong) == {"events"}
    assert agent.get(path).json()["status"] == "paused"
    going = agent.patch(path, {"is_paused": False}).json()
    assert (going["status"], going["paused_because"], going["paused_at"]) == ("working", None, None)


def test_there_is_a_limit(api: Api, agent: Person) -> None:
    """409, which names it."""
    added(agent)
    api.execute(
        "INSERT INTO webhooks (url, events, batches, secret, created_at, paused_at)"
        " WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        " SELECT ?, '', TRUE, ?, 0, 0 FROM n",
        (WEBHOOKS_MAX, URL, SECRET),
    )
    refused = agent.post(PATH, {"url": URL})
    problem(refused, 409, "too_many_webhooks")
    assert str(WEBHOOKS_MAX) in refused.json()["detail"]
    api.execute("DELETE FROM webhooks WHERE paused_at = 0")


def test_a_test_says_how_it_went(agent: Person, receiver: Receiver) -> None:
    """It is signed, it is no change, and it comes also while the webhook is paused."""
    webhook = added(agent, url=receiver.url)
    path = f"{PATH}{webhook['id']}/"
    agent.patch(path, {"is_paused": True})
    result = agent.post(f"{path}test/").json()
    assert (result["status"], result["error"]) == (204, None)
    (request,) = receiver.received
    assert request.json["type"] == "webhook.test"
    assert request.headers["webhook-signature"].startswith("v1,")

    receiver.behaviour = refuse
    failed = agent.post(f"{path}test/").json()
    assert (failed["status"], failed["error"]) == (403, "answered 403")
    agent.patch(path, {"url": "http://127.0.0.1:1/"})
    nobody = agent.post(f"{path}test/").json()
    assert (nobody["status"], "connect" in nobody["error"]) == (None, True)


async def refuse(_: object) -> bytes:
    return b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"


def test_after_a_change_of_the_secret_both_sign(agent: Person, receiver: Receiver) -> None:
    """So the receiver may change it whenever it likes, within a day."""
    webhook = added(agent, url=receiver.url)
    path = f"{PATH}{webhook['id']}/"
    assert "secret" not in agent.patch(path, {"secret": SECRET}).json()
    agent.patch(path, {"secret": SECRET})  # a retry keeps the old one
    agent.post(f"{path}test/")
    (request,) = receiver.received
    for secret in (webhook["secret"], SECRET):
        assert Webhook(secret).verify(request.body, request.headers)["type"] == "webhook.test"


@pytest.mark.parametrize(
    "since",
    ["yesterday", "", "2026-01-31", "2026-01-31T08:00:00", "9" * 30, "2026-13-01T00:00:00Z"],
)
def test_a_replay_needs_a_moment(agent: Person, since: str) -> None:
    """With its time zone; anything else names the field."""
    webhook = added(agent)
    response = agent.post(f"{PATH}{webhook['id']}/replay/", {"since": since})
    assert wrong_fields(response) == {"since"}


def test_a_replay_says_in_how_many_conversations(
    agent: Person, ali: Person, conversation: str, receiver: Receiver
) -> None:
    """And the changes come, though they were before the webhook was added."""
    message = ali.say(conversation, "before")
    webhook = added(agent, url=receiver.url, events=["chat.message"])
    path = f"{PATH}{webhook['id']}/"
    for later in ("2100-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"):
        none = agent.post(f"{path}replay/", {"since": later})
        assert none.json() == {"conversations": 0}
    for earlier in ("0001-01-01T00:00:00+14:00", "2000-01-01T03:30:00+03:30"):
        some = agent.post(f"{path}replay/", {"since": earlier})
        assert some.json()["conversations"] >= 1

    def came() -> bool:
        agent.get(path)  # lets the server work
        return any(one.json["data"]["id"] == message["id"] for one in receiver.received)

    assert any(came() for _ in range(2000))


def test_a_webhook_that_is_not_there(agent: Person) -> None:
    """404 by every path."""
    path = f"{PATH}123456/"
    for response in (
        agent.get(path),
        agent.patch(path, {"batches": True}),
        agent.delete(path),
        agent.post(f"{path}test/"),
        agent.post(f"{path}replay/", {"since": "2000-01-01T00:00:00Z"}),
    ):
        problem(response, 404, "not_found")
