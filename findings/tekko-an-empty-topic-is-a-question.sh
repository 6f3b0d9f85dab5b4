#!/usr/bin/env bash
# tekko 2.4.0, irc-framework 4.14.0 (npm), irctokens 2.0.2 (PyPI), Node 20, Python 3.11.
#
# Behaviour: in IRC "TOPIC #room :" takes a room's topic away, and "TOPIC #room" asks for it; they differ in an
# empty last word. tekko drops that word where it reads a line, and where it writes one. A client built on it
# asks when it is to clear, and is told the old topic. As a server or a bridge it shows the old topic to
# people for whom it was taken away. Its own lines come back as they were sent, so a test of both ends passes.
# Expected: an empty last word is a word, as irctokens and irc-framework have it.
# Way out: write a space for the empty text, and look for a colon at the end of the raw line.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund tekko@2.4.0 irc-framework@4.14.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check irctokens==2.0.2
cat >try.mjs <<'TRY'
import irc from "irc-framework";
import tekko from "tekko";

const line = ":sara!u@h TOPIC #room :";
const { format, parse } = tekko.parse ? tekko : tekko.default;
console.log("irc-framework reads:", JSON.stringify(irc.ircLineParser(line).params));
console.log("tekko reads:", JSON.stringify(parse(line).params));
console.log("tekko writes:", JSON.stringify(format({ command: "TOPIC", middle: ["#room"], trailing: "" }).trim()));
TRY
{
  venv/bin/python -c 'import irctokens
print("irctokens reads:", irctokens.tokenise(":sara!u@h TOPIC #room :").params)
print("irctokens writes:", irctokens.build("TOPIC", ["#room", ""]).format())'
  node try.mjs
} | tee seen
cat >expected <<'EXPECTED'
irctokens reads: ['#room', '']
irctokens writes: TOPIC #room :
irc-framework reads: ["#room",""]
tekko reads: ["#room"]
tekko writes: "TOPIC #room"
EXPECTED
diff expected seen
echo "as described"
