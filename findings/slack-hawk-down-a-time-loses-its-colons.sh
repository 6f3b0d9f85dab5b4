#!/usr/bin/env bash
# slack-hawk-down 0.3.5, slack-to-html 2.1.0 (npm), Node 20.
#
# Behaviour: `escapeForSlackWithMarkdown` makes HTML of a message of Slack, and little pictures of names between
# two colons. Whatever stands between two colons without a space is such a name for it, and where it knows no
# picture of that name it writes the name without its colons. So 10:30:45 becomes 103045, and the key
# "sales:2024:117" becomes another key. It does so once per text, so of two times one keeps its colons, and a
# test with 10:30 shows nothing. slack-to-html, which was made from it, leaves unknown names as they are.
# Expected: what is no name of a picture stays as it was written.
# Way out: use slack-to-html; nothing that is given as `customEmoji` helps.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund slack-hawk-down@0.3.5 slack-to-html@2.1.0
cat >try.cjs <<'JS'
const hawk = require("slack-hawk-down");
const other = require("slack-to-html");
for (const text of [
  "the call began at 10:30",
  "the call began at 10:30:45",
  "ticket sales:2024:117 is done",
  "from 10:30:00 to 11:45:00",
]) {
  console.log(text);
  console.log("   slack-hawk-down:", hawk.escapeForSlackWithMarkdown(text));
  console.log("   slack-to-html:", other.escapeForSlackWithMarkdown(text));
}
JS
node try.cjs | tee seen
cat >expected <<'EXPECTED'
the call began at 10:30
   slack-hawk-down: the call began at 10:30
   slack-to-html: the call began at 10:30
the call began at 10:30:45
   slack-hawk-down: the call began at 103045
   slack-to-html: the call began at 10:30:45
ticket sales:2024:117 is done
   slack-hawk-down: ticket sales2024117 is done
   slack-to-html: ticket sales:2024:117 is done
from 10:30:00 to 11:45:00
   slack-hawk-down: from 103000 to 11:45:00
   slack-to-html: from 10:30:00 to 11:45:00
EXPECTED
diff expected seen
echo "as described"
