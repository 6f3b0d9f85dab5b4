#!/usr/bin/env bash
# markdown-to-slack-blocks 1.5.0 (npm), Node 20.
#
# Behaviour: a bot gives this package what it has written in Markdown, and sends the blocks to Slack. In lists
# and tables a "#" with six digits behind it, as numbers of tickets and orders have, is an element for a colour
# and no text. Of a time with seconds the minutes are a picture by the name of "30". What is beneath a point of
# a list, a block of code or a quotation, is not there at all, and a list that begins with 3 begins with 1. A
# line break within a paragraph (two spaces at the end of a line) is dropped with the space, so two words become
# one.
# Expected: what was written is shown; a colour is asked for by the one who wants it.
# Way out: `detectColors: false`; for code beneath a point there is none but to write it beside the list.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund markdown-to-slack-blocks@1.5.0
cat >try.cjs <<'JS'
const { markdownToBlocks } = require("markdown-to-slack-blocks");

for (const text of [
  "- see ticket #140312",
  "- the call began at 10:30:45",
  "1. stop the desk:\n\n   ```\n   systemctl stop desk\n   ```\n\n2. copy the files",
  "3. three\n4. four",
  "first line  \nsecond line",
]) {
  console.log(JSON.stringify(text));
  console.log("  ", JSON.stringify(markdownToBlocks(text)));
}
JS
node try.cjs | tee seen
cat >expected <<'EXPECTED'
"- see ticket #140312"
   [{"type":"rich_text","elements":[{"type":"rich_text_list","style":"bullet","indent":0,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"see ticket "},{"type":"color","value":"#140312"}]}]}]}]
"- the call began at 10:30:45"
   [{"type":"rich_text","elements":[{"type":"rich_text_list","style":"bullet","indent":0,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"the call began at 10"},{"type":"emoji","name":"30"},{"type":"text","text":"45"}]}]}]}]
"1. stop the desk:\n\n   ```\n   systemctl stop desk\n   ```\n\n2. copy the files"
   [{"type":"rich_text","elements":[{"type":"rich_text_list","style":"ordered","indent":0,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"stop the desk:"}]},{"type":"rich_text_section","elements":[{"type":"text","text":"copy the files"}]}]}]}]
"3. three\n4. four"
   [{"type":"rich_text","elements":[{"type":"rich_text_list","style":"ordered","indent":0,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"three"}]},{"type":"rich_text_section","elements":[{"type":"text","text":"four"}]}]}]}]
"first line  \nsecond line"
   [{"type":"section","text":{"type":"mrkdwn","text":"first linesecond line"}}]
EXPECTED
diff expected seen
echo "as described"
