#!/usr/bin/env bash
# slackify-markdown 5.0.0 (npm), Node 20; slackify-markdown 0.2.4 (PyPI), Python 3.11.
#
# Behaviour: both make of Markdown what Slack takes, and the one in Python is a port. Of a quotation of two
# lines the port marks the first alone, and Slack ends a quotation at the end of its line: the rest of what a
# customer wrote looks like the agent's own words. The one in JavaScript puts a space of no width on both
# sides of what is bold, so who copies the words or looks for them has other letters. A list that goes on with
# 5 behind 2 counts on to 3 in one, as CommonMark says, and stays at 5 in the other.
# Expected: the same text from both, and each line of a quotation with its mark.
# Way out: in Python, put "> " before each line of a quotation oneself, after the rest.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund slackify-markdown@5.0.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check slackify-markdown==0.2.4
cat >texts.json <<'TRY'
["> I paid\n> and got nothing", "**ten** is fine", "1. a\n2. b\n\n5. c"]
TRY
cat >try.mjs <<'TRY'
import { readFileSync } from "node:fs";
import { slackifyMarkdown } from "slackify-markdown";


const shown = (text) => JSON.stringify(slackifyMarkdown(text)).replaceAll("\u200b", "<no width>");
for (const text of JSON.parse(readFileSync("texts.json"))) console.log("JavaScript", shown(text));
TRY
cat >try.py <<'TRY'
import json

from slackify_markdown import slackify_markdown

for text in json.load(open("texts.json")):
    print("Python", json.dumps(slackify_markdown(text), ensure_ascii=False).replace("\u200b", "<no width>"))
TRY
(node try.mjs; venv/bin/python try.py) | tee seen
cat >expected <<'EXPECTED'
JavaScript "> I paid\n> and got nothing\n"
JavaScript "<no width>*ten*<no width> is fine\n"
JavaScript "1.  a\n\n2.  b\n\n3.  c\n"
Python "> I paid\nand got nothing\n"
Python "*ten* is fine\n"
Python "1.  a\n\n2.  b\n\n5.  c\n"
EXPECTED
diff expected seen
echo "as described"
