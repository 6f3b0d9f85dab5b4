#!/usr/bin/env bash
# persian 1.1.1 (PyPI), Python 3.11; starkstring 0.4.4 (npm), Node 20.
#
# Behaviour: both put the half-space where people type a space, "می روم" to "می‌روم". They ask for a space in front
# of the "می", so a verb that begins the text keeps its space, and messages of a chat often begin with one; the same
# verb further on is joined, and a search finds one of the two. "نمی روم" (I do not go) is never joined. And
# "سلام ای دوست" (hello, o friend) is joined into a word that does not exist, for its "ای" looks like an ending.
# Expected: each verb alike, wherever it stands.
# Way out: for the first, put a space in front and take it away after; the others have none.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund starkstring@0.4.4
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check persian==1.1.1
cat >texts.json <<'JSON'
["من می روم", "می روم", "او می آید می گوید می رود", "من نمی روم", "سلام ای دوست"]
JSON
cat >try.mjs <<'TRY'
import { readFileSync } from "node:fs";
import starkString from "starkstring";

const start = starkString.default ?? starkString;
for (const text of JSON.parse(readFileSync("texts.json", "utf8"))) {
  console.log("starkstring:", start(text).halfSpace().toString().replaceAll("\u200c", "_"));
}
TRY
cat >try.py <<'PYTHON'
import json

import persian

for text in json.load(open("texts.json", encoding="utf-8")):
    print("persian:    ", persian.convert_fa_spaces(text).replace("\u200c", "_"))
PYTHON
{ node try.mjs; venv/bin/python try.py; } | tee seen
cat >expected <<'EXPECTED'
starkstring: من می_روم
starkstring: می روم
starkstring: او می_آید می_گوید می_رود
starkstring: من نمی روم
starkstring: سلام_ای دوست
persian:     من می_روم
persian:     می روم
persian:     او می_آید می_گوید می_رود
persian:     من نمی روم
persian:     سلام_ای دوست
EXPECTED
diff expected seen
echo "as described"
