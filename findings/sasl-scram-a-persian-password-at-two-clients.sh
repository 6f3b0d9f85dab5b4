#!/usr/bin/env bash
# sasl-scram-sha-1 1.4.0 (npm; the one of xmpp.js), Node 20; scramp 1.5.0 and slixmpp 1.17.0 (PyPI), Python
# 3.11.
#
# Behaviour: with SCRAM a password is prepared by SASLprep (RFC 4013) before it is hashed, so that one
# password is the same on each keyboard. That drops the half-space of Persian words. sasl-scram-sha-1 hashes
# the password as it was typed: who chose "کتاب‌خانه" at a server that prepares it can sign in with slixmpp
# or scramp, and is told by xmpp.js that the password is wrong. Latin passwords and Persian ones without a
# half-space are right. And a Persian word with digits behind it, as many choose, is not allowed by SASLprep
# at all: slixmpp and scramp raise an error before they ask.
# Expected: all clients prepare a password, as RFC 5802 asks.
# Way out: give xmpp.js the password without U+200C; and check a new password by SASLprep where it is
# chosen.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund sasl-scram-sha-1@1.4.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check scramp==1.5.0 slixmpp==1.17.0
cat >client.cjs <<'JS'
const { createInterface } = require("node:readline");
const { Mechanism } = require("sasl-scram-sha-1");

const credentials = { username: "ali", password: process.argv[2] };
const client = new Mechanism({});
console.log(client.response(credentials));
const lines = createInterface({ input: process.stdin });
lines.once("line", async (challenge) => {
  console.log(await client.challenge(challenge).response(credentials));
  lines.close();
});
JS
cat >try.py <<'PYTHON'
import subprocess

from scramp import ScramClient, ScramException, ScramMechanism
from slixmpp.util.sasl.client import saslprep

MECHANISM = ScramMechanism("SCRAM-SHA-1")


def of_scramp(password):
    client = ScramClient(["SCRAM-SHA-1"], "ali", password)
    challenge = yield client.get_client_first()
    client.set_server_first(challenge)
    yield client.get_client_final()


def of_node(password):
    command = ["node", "client.cjs", password]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        challenge = yield client.stdout.readline().rstrip("\n")
        print(challenge, file=client.stdin, flush=True)
        yield client.stdout.readline().rstrip("\n")


def sign_in(client, stored):
    server = MECHANISM.make_server(lambda name: stored)
    server.set_client_first(next(client))
    try:
        server.set_client_final(client.send(server.get_server_first()))
    except ScramException:
        return "wrong password"
    return "welcome"


for password in ("salaam", "خانه", "کتاب\u200cخانه", "خانه۱۴۰۳"):
    try:
        prepared = "slixmpp hashes " + ascii(str(saslprep(password)))
    except Exception as error:
        prepared = f"slixmpp raises {type(error).__name__}"
    try:
        stored = MECHANISM.make_auth_info(password)
    except ScramException:
        print(ascii(password), "scramp raises ScramException,", prepared)
        continue
    clients = {"scramp": of_scramp, "sasl-scram-sha-1": of_node}
    answers = ", ".join(f"{name} {sign_in(client(password), stored)}" for name, client in clients.items())
    print(ascii(password), answers + ",", prepared)
PYTHON
timeout 90 venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
'salaam' scramp welcome, sasl-scram-sha-1 welcome, slixmpp hashes 'salaam'
'\u062e\u0627\u0646\u0647' scramp welcome, sasl-scram-sha-1 welcome, slixmpp hashes '\u062e\u0627\u0646\u0647'
'\u06a9\u062a\u0627\u0628\u200c\u062e\u0627\u0646\u0647' scramp welcome, sasl-scram-sha-1 wrong password, slixmpp hashes '\u06a9\u062a\u0627\u0628\u062e\u0627\u0646\u0647'
'\u062e\u0627\u0646\u0647\u06f1\u06f4\u06f0\u06f3' scramp raises ScramException, slixmpp raises StringPrepError
EXPECTED
diff expected seen
echo "as described"
