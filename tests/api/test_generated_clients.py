"""Clients that generators make of the API's document: each begins a conversation and sends."""

import json
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.support.npm import npm
from tests.support.payam_server import CHECKOUT, PayamServer

PACKAGES = ("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3")
"""From npm: types of the document, the client that uses them, and the compiler."""

IN_PYTHON = """
import sys
from httpx import Timeout
from payam_rest_api_client import AuthenticatedClient, Client
from payam_rest_api_client.api.conversations import conversations_create
from payam_rest_api_client.api.messages import messages_create
from payam_rest_api_client.api.tokens import tokens_sign_in
from payam_rest_api_client.api.users import users_sign_up
from payam_rest_api_client.models import Credentials, NewConversation, NewMessage, NewUser

url, name, password = sys.argv[1:]
given = {"base_url": url, "timeout": Timeout(60)}
anybody = Client(raise_on_unexpected_status=True, **given)
users_sign_up.sync(client=anybody, body=NewUser(username=name, password=password))
pair = tokens_sign_in.sync(client=anybody, body=Credentials(username=name, password=password))
me = AuthenticatedClient(token=pair.access, **given)
conversation = conversations_create.sync(client=me, body=NewConversation(participants=[]))
message = messages_create.sync(conversation.id, client=me, body=NewMessage(content="سلام"))
print(message.content, message.sender.username)
"""

IN_TYPESCRIPT = """
import createClient from "openapi-fetch";
import type { paths } from "./payam.js";

declare const process: { argv: string[] };
const [, , baseUrl, username, password] = process.argv;
const anybody = createClient<paths>({ baseUrl: baseUrl! });
await anybody.POST("/api/users/", { body: { username: username!, password: password! } });
const { data: pair } = await anybody.POST("/api/token/", {
  body: { username: username!, password: password! },
});
const headers = { Authorization: `Bearer ${pair!.access}` };
const me = createClient<paths>({ baseUrl: baseUrl!, headers });
// Without a title: what may be left out, the types let one leave out.
const { data: conversation } = await me.POST("/api/conversations/", { body: { participants: [] } });
const { data: message, error } = await me.POST("/api/conversations/{conversation_id}/messages/", {
  params: { path: { conversation_id: conversation!.id } },
  body: { content: "سلام" },
});
if (error) throw new Error(error.detail);
console.log(message.content, message.sender.username);
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    """Run a command in the test's folder; what it prints."""

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def document(on_sqlite: PayamServer, tmp_path: Path) -> Path:
    """The document as the server gives it, in a file."""
    file = tmp_path / "openapi.json"
    file.write_bytes(httpx.get(on_sqlite.url + "/docs/openapi.json", trust_env=False).content)
    return file


def test_a_python_client_is_generated_and_sends(
    on_sqlite: PayamServer, document: Path, run: Callable[..., str]
) -> None:
    """Nothing of the document is left out, and the package is not called as our own library is."""
    folder = document.parent
    (folder / "config.yml").write_text(json.dumps({"post_hooks": []}))
    tool = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"]
    run(*tool, "--path", document.name, "--config", "config.yml", "--output-path", "made")
    (package,) = (file.parent.name for file in (folder / "made").glob("*/client.py"))
    assert package == "payam_rest_api_client"
    assert not (CHECKOUT / package).exists()
    name = f"generated_{secrets.token_hex(6)}"
    (folder / "made" / "use.py").write_text(IN_PYTHON)
    printed = run(sys.executable, "made/use.py", on_sqlite.url, name, "correct-horse")
    assert printed.split() == ["سلام", name]


def test_a_typescript_client_is_generated_and_sends(
    on_sqlite: PayamServer, document: Path, run: Callable[..., str]
) -> None:
    """The compiler is content, in its strictest, and so is the server."""
    folder = document.parent
    (folder / "package.json").write_text(json.dumps({"type": "module", "private": True}))
    npm("install", *PACKAGES, folder=folder)
    run("node_modules/.bin/openapi-typescript", document.name, "--output", "payam.d.ts")
    (folder / "use.ts").write_text(IN_TYPESCRIPT)
    strict = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes"]
    kind = ["--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom"]
    run("node_modules/.bin/tsc", *strict, *kind, "--skipLibCheck", "use.ts")
    name = f"generated_{secrets.token_hex(6)}"
    printed = run("node", "use.js", on_sqlite.url, name, "correct-horse")
    assert printed.split() == ["سلام", name]
