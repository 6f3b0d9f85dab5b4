#!/usr/bin/env bash
# telegramify-markdown 1.3.3 (npm), Node 20; telegramify-markdown 1.4.1 (PyPI), Python 3.11.
#
# Behaviour: both make of Markdown what Telegram takes as MarkdownV2, and both have one name. Within
# code Telegram wants each backslash twice, in a line as in a block, and drops a single one. The
# one in JavaScript writes it twice in a block and once in a line: a file's place on Windows or a pattern that
# a desk sends in a line of code comes to the customer without its backslashes. The one in Python writes
# two. The first also drops the boxes of a list of tasks, so what is done and what is not look the same.
# Expected: code is escaped alike in a line and in a block, by the rules for MarkdownV2 of Telegram's Bot API.
# Way out: put such code into a block, or double its backslashes before.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check telegramify-markdown==1.4.1
npm install --silent --no-audit --no-fund telegramify-markdown@1.3.3
cat >texts.json <<'TEXTS'
["open `C:\\new\\table`", "```\nC:\\new\n```", "- [ ] call Ali\n- [x] write to Sara"]
TEXTS
cat >try.cjs <<'JS'
const convert = require("telegramify-markdown");

for (const text of require("./texts.json")) console.log("npm: ", JSON.stringify(convert(text, "escape").trim()));
JS
cat >try.py <<'PYTHON'
import json

from telegramify_markdown import markdownify

for text in json.load(open("texts.json")):
    print("PyPI:", json.dumps(markdownify(text).strip(), ensure_ascii=False))
PYTHON
{ node try.cjs; venv/bin/python try.py; } | tee seen
cat >expected <<'EXPECTED'
npm:  "open `C:\\new\\table`"
npm:  "```\nC:\\\\new\n```"
npm:  "•   call Ali\n•   write to Sara"
PyPI: "open `C:\\\\new\\\\table`"
PyPI: "```\nC:\\\\new\n```"
PyPI: "☑ call Ali\n✅ write to Sara"
EXPECTED
diff expected seen
echo "as described"
