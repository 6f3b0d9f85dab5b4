#!/usr/bin/env bash
# @telegraf/entity 0.7.0 (npm), Node 20.
#
# Behaviour: `toHTML` and `toMarkdownV2` make of a message of Telegram a text that can be sent again or shown,
# with what was bold in it. They escape the signs of the markup where the message has an entity, such as one
# bold word. A message without any, as most are, comes out as it was. So "5 < 6" is sent again in the mode
# HTML and Telegram refuses it, and in MarkdownV2 it refuses each message with a full stop. A message with a
# link, which is an entity, shows none of it. In MarkdownV2 a backslash is never escaped.
# Expected: one kind of text from one function: the plain text is escaped too.
# Way out: `escapers.HTML` and `escapers.MarkdownV2` of the same package where `entities` is empty.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund @telegraf/entity@0.7.0
cat >try.js <<'TRY'
const { toHTML, toMarkdownV2 } = require("@telegraf/entity");

const entities = [{ type: "bold", offset: 0, length: 1 }];
for (const text of ["5 < 6 & 7 > 6.", "C:\\new-folder"]) {
  console.log("without:", toHTML({ text }), "|", toMarkdownV2({ text }));
  console.log("with one:", toHTML({ text, entities }), "|", toMarkdownV2({ text, entities }));
}
TRY
node try.js | tee seen
cat >expected <<'EXPECTED'
without: 5 < 6 & 7 > 6. | 5 < 6 & 7 > 6.
with one: <b>5</b> &lt; 6 &amp; 7 &gt; 6. | *5* < 6 & 7 \> 6\.
without: C:\new-folder | C:\new-folder
with one: <b>C</b>:\new-folder | *C*:\new\-folder
EXPECTED
diff expected seen
echo "as described"
