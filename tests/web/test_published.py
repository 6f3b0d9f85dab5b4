"""The client library as npm would publish it, installed in a fresh project."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.npm import npm
from tests.support.payam_server import CHECKOUT, PayamServer

CLIENT = CHECKOUT / "web" / "client"
COMPILER = "typescript@5.9.3"

IN_JAVASCRIPT = """
import * as all from "payam-client";
import about from "payam-client/package.json" with { type: "json" };
const { Payam, PayamError, newId } = all;
const payam = new Payam({ url: process.argv[2], WebSocket: class {} });
const refused = await payam.logIn("nobody", "wrong-password").catch((error) => error);
const isRight = refused instanceof PayamError && refused.code === "wrong_credentials";
console.log(JSON.stringify([Object.keys(all).sort(), about.name, newId().length, isRight]));
"""

IN_TYPESCRIPT = """
import { memoryStorage, Payam, PayamError } from "payam-client";
import type { LiveConversation, LiveMessage, Storage, TokenStore, Tokens } from "payam-client";

let kept: Tokens | null = null;
const store: TokenStore = { load: async () => kept, save: async (tokens) => void (kept = tokens) };
const storage: Storage = memoryStorage();
const payam = new Payam({ url: "https://chat.example", store, storage, fetch, WebSocket });
const account = payam.account();
const off = account.on("message", ({ conversation, content, seq }) => {
  const text: string = `${conversation + seq} ${content}`;
  console.log(text);
});
account.on("change", () => off());
account.on("removed", (gone: LiveConversation) => console.log(gone.id));
account.on("presence", ({ user, status }) => console.log(user, status === "online"));
const [latest] = account.conversations;
const messages: LiveMessage[] = latest?.messages ?? [];
const sent = latest?.send("سلام", { clientId: "one" });
await sent?.saved;
const id: number | undefined = (await sent)?.id;
const native = { uri: "file:///map.png", name: "map.png", type: "image/png" };
await latest?.send("", { files: [native] });
await latest?.attach(id ?? 0, native, { onProgress: (share) => console.log(share) });
await payam.attach(12, 1, native);
await payam.open(12, { since: 3 }).send("one").catch((error: unknown) => {
  if (error instanceof PayamError) console.log(error.code, error.errors["x"]?.[0]);
});
for await (const page of payam.conversationPages(20)) console.log(page[0]?.title, id);
console.log(messages.length);
// @ts-expect-error an event that there is not
account.on("massage", () => {});
// @ts-expect-error a message is a text
await latest?.send(12);
"""


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., str]:
    """Runs a command in a fresh project that has the packed library; returns what it printed."""

    def run(*command: str, folder: Path = tmp_path) -> str:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    (tmp_path / "package.json").write_text(json.dumps({"type": "module", "private": True}))
    pack = ("npm", "pack", "--json", "--pack-destination", str(tmp_path))
    [packed] = json.loads(run(*pack, folder=CLIENT))
    expected = {path.name for path in CLIENT.iterdir()}
    assert {file["path"] for file in packed["files"]} == expected
    npm("install", f"./{packed['filename']}", COMPILER, folder=tmp_path)
    return run


def test_a_fresh_project_imports_and_compiles_it(
    project: Callable[..., str], tmp_path: Path, served: PayamServer
) -> None:
    """As a module in Node, and in TypeScript at its strictest. Types name what is there."""
    (tmp_path / "use.mjs").write_text(IN_JAVASCRIPT)
    names, name, length, is_right = json.loads(project("node", "use.mjs", served.url))
    assert [name, length, is_right] == ["payam-client", 32, True]
    types = (CLIENT / "index.d.ts").read_text()
    declared = re.findall(r"^export (?:class|function) (\w+)", types, re.MULTILINE)
    assert names == sorted(declared)

    (tmp_path / "use.ts").write_text(IN_TYPESCRIPT)
    strict = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--noEmit"]
    kind = ["--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom"]
    project("node_modules/.bin/tsc", *strict, *kind, "use.ts")
