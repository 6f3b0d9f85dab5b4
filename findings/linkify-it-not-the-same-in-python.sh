#!/usr/bin/env bash
# linkify-it-py 2.2.0 (PyPI), Python 3.11; linkify-it 6.1.0 and linkifyjs 4.4.0 (npm), Node 20.
#
# Behaviour: linkify-it-py is a port of linkify-it, but takes the Persian comma, semicolon,
# question mark and closing quote into the address; the original leaves them out (since 6.0.0).
# So one message has one link on a page that was made in Python and another in the browser.
# linkifyjs takes them in as well. All three leave out the Latin comma.
# Expected: the same links from both, and a sentence's sign outside of its link.
# Way out: take such signs off the end of what was found.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund linkify-it@6.1.0 linkifyjs@4.4.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check linkify-it-py==2.2.0
cat >texts <<'TEXTS'
see https://chat.example/a, and then
ببین https://chat.example/a، بعد
ببین https://chat.example/a؛ بعد
دیدی https://chat.example/a؟
گفت: «https://chat.example/a»
TEXTS
cat >try.mjs <<'TRY'
import { readFileSync } from "node:fs";
import { LinkifyIt } from "linkify-it";
import { find } from "linkifyjs";

const linkifyIt = new LinkifyIt();
for (const text of readFileSync("texts", "utf8").trimEnd().split("\n")) {
  console.log("linkify-it   ", linkifyIt.match(text)[0].raw);
  console.log("linkifyjs    ", find(text)[0].value);
}
TRY
cat >try.py <<'TRY'
from linkify_it import LinkifyIt

for text in open("texts", encoding="utf-8"):
    print("linkify-it-py", LinkifyIt().match(text.rstrip("\n"))[0].raw)
TRY
(node try.mjs; venv/bin/python try.py) | tee seen
cat >expected <<'EXPECTED'
linkify-it    https://chat.example/a
linkifyjs     https://chat.example/a
linkify-it    https://chat.example/a
linkifyjs     https://chat.example/a،
linkify-it    https://chat.example/a
linkifyjs     https://chat.example/a؛
linkify-it    https://chat.example/a
linkifyjs     https://chat.example/a؟
linkify-it    https://chat.example/a
linkifyjs     https://chat.example/a»
linkify-it-py https://chat.example/a
linkify-it-py https://chat.example/a،
linkify-it-py https://chat.example/a؛
linkify-it-py https://chat.example/a؟
linkify-it-py https://chat.example/a»
EXPECTED
diff expected seen
echo "as described"
