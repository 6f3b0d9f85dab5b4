"""`GET /api/settings/`: what it says is what the server holds clients to."""

from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import pytest

from chat.auth.vapid import Vapid
from config.settings import Settings
from tests.api.client import Api, Person, problem, wrong_fields


@pytest.fixture
def said(api: Api) -> dict[str, Any]:
    """To somebody without a token."""
    response = api.request("GET", "/api/settings/")
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


def test_it_says_the_limits(api: Api, said: dict[str, Any]) -> None:
    """Of this server."""
    public_key = Vapid(api.settings.vapid_file, "").public_key
    assert len(urlsafe_b64decode(public_key + "=")) == 65
    assert said == {
        "message_max_length": 10_000,
        "attachment_max_size": 1024 * 1024,
        "avatar_max_size": 10 * 1024 * 1024,
        "image_max_pixels": 50_000_000,
        "upload_quota": 1024**3,
        "upload_ttl": 86_400,
        "uploads_per_user": 100,
        "attachment_storage": "disk",
        "body_max_size": 1024 * 1024,
        "frame_max_size": 124_096,
        "title_max_length": 200,
        "display_name_max_length": 100,
        "metadata_max_size": 4096,
        "subject_max_length": 200,
        "username_max_length": 150,
        "password_min_length": 8,
        "password_max_length": 1024,
        "key_max_length": 64,
        "participants_per_request": 500,
        "attachments_per_message": 100,
        "message_quota": 10 * 1024**3,
        "user_files": 100_000,
        "user_quota": 20 * 1024**3,
        "conversation_files": 100_000,
        "conversation_quota": 100 * 1024**3,
        "reactions_per_message": 50,
        "reactions_per_user": 20,
        "page_max_length": 200,
        "devices_per_user": 20,
        "vapid_public_key": public_key,
        "sign_up": True,
        "sign_up_by_invite": False,
        "sign_in": True,
    }


@pytest.mark.parametrize(
    ("limit", "path", "field", "others"),
    [
        ("message_max_length", "{conversation}messages/", "content", {}),
        ("title_max_length", "/api/conversations/", "title", {"participants": []}),
        ("subject_max_length", "{conversation}support_ticket/", "subject", {}),
        ("key_max_length", "{conversation}messages/", "client_id", {"content": "x"}),
        ("username_max_length", "/api/users/", "username", {"password": "correct horse"}),
        ("password_max_length", "/api/users/", "password", {"username": "a_new_one"}),
    ],
)
def test_a_text_may_be_as_long_as_it_says(
    ali: Person,
    conversation: str,
    said: dict[str, Any],
    limit: str,
    path: str,
    field: str,
    others: dict[str, Any],
) -> None:
    """And no longer."""
    path = path.format(conversation=conversation)
    assert wrong_fields(ali.post(path, others | {field: "x" * (said[limit] + 1)})) == {field}
    assert ali.post(path, others | {field: "x" * said[limit]}).status_code == 201


def test_a_file_may_be_as_large_as_it_says(
    ali: Person, conversation: str, said: dict[str, Any]
) -> None:
    """And no larger; nor may another body."""
    path = f"{conversation}messages/{ali.say(conversation, 'see')['id']}/attachments/"
    most = said["attachment_max_size"]
    assert ali.post(path, files={"file": ("f", b"x" * most)}).status_code == 201
    problem(ali.post(path, files={"file": ("f", b"x" * (most + 1))}), 413, "too_large")
    body = b" " * (said["body_max_size"] + 1)
    problem(ali.post("/api/conversations/", content=body), 413, "too_large")


def test_a_page_may_be_as_long_as_it_says(
    ali: Person, conversation: str, said: dict[str, Any]
) -> None:
    """`limit` of a list."""
    path = f"{conversation}messages/?limit="
    assert ali.get(f"{path}{said['page_max_length']}").status_code == 200
    assert wrong_fields(ali.get(f"{path}{said['page_max_length'] + 1}")) == {"limit"}


def test_it_says_where_people_come_from(tmp_path: Path) -> None:
    """Nobody signs up where another identity provider has the users."""
    with Api(Settings(data_dir=tmp_path, jwt_create_users=True)) as api:
        said = api.request("GET", "/api/settings/").json()
    assert (said["sign_up"], said["sign_in"]) == (False, True)
