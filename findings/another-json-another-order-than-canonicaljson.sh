#!/usr/bin/env bash
# another-json 0.2.0 (npm), Node 20; canonicaljson 2.0.0 (PyPI), Python 3.11.
#
# Behaviour: in Matrix an object is signed as canonical JSON, and whoever checks the signature writes that
# JSON once more. Its keys stand in the order of their Unicode code points. canonicaljson, of the server
# Synapse, does so. another-json, of the clients, sorts as JavaScript does, by halves of the letters above
# U+FFFF. So the Persian sign of the rial (U+FDFC) comes before a letter of an old script (here of Old
# Persian, U+103A0) in one, and behind it in the other, and a signature of one is wrong for the other.
# Expected: one object has one canonical form.
# Way out: keys of ASCII in what is signed.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund another-json@0.2.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check canonicaljson==2.0.0
cat >write.cjs <<'JS'
const { stringify } = require("another-json");

const escaped = (text) => text.replace(/[^\x00-\x7f]/gu, (sign) => `U+${sign.codePointAt(0).toString(16)}`);
for (const counts of [{ b: 1, a: 2 }, { "\ufdfc": 1, "\u{103a0}": 2 }]) {
  console.log("another-json:", escaped(stringify(counts)));
}
JS
cat >write.py <<'PYTHON'
import re

from canonicaljson import encode_canonical_json

for counts in ({"b": 1, "a": 2}, {"\ufdfc": 1, "\U000103a0": 2}):
    text = encode_canonical_json(counts).decode()
    print("canonicaljson:", re.sub(r"[^\x00-\x7f]", lambda sign: f"U+{ord(sign[0]):x}", text))
PYTHON
{ node write.cjs; venv/bin/python write.py; } | tee seen
cat >expected <<'EXPECTED'
another-json: {"a":2,"b":1}
another-json: {"U+103a0":2,"U+fdfc":1}
canonicaljson: {"a":2,"b":1}
canonicaljson: {"U+fdfc":1,"U+103a0":2}
EXPECTED
diff expected seen
echo "as described"
