#!/usr/bin/env bash
# @tryfabric/mack 1.2.1, md-to-slack 1.1.7 (npm), Node 20.
#
# Behaviour: both make of Markdown what Slack takes. mack leaves out a list within a list: the points below a
# point are not there, and nothing is said. It counts each list from one, and leaves out the boxes of a list
# of tasks. It escapes `<` and `&` in a line, and not in a block of code, where Slack takes "<Integer>" for a
# link. md-to-slack writes a list within a list into the line of its point, and makes nothing at all of a
# table or a picture: a message that is a table is empty.
# Expected: all of the words that were written.
# Way out: one level of lists, and tables as blocks of code; for a block of code, escape `&`, `<` and `>` in
# the blocks that come out.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund @tryfabric/mack@1.2.1 md-to-slack@1.1.7
cat >convert.mjs <<'CONVERT'
import { markdownToBlocks } from "@tryfabric/mack";
import { markdownToSlack } from "md-to-slack";

for (const markdown of [
  "By post\n- to Tehran\n  - two days\n  - by truck\n- to Shiraz",
  "3. call us\n4. wait",
  "- [ ] to pay\n- [x] sent",
  "`Set<Integer>`",
  "```\nSet<Integer>\n```",
  "| City | Days |\n| --- | --- |\n| Tehran | 2 |",
]) {
  const texts = (await markdownToBlocks(markdown)).map((block) => block.text?.text);
  console.log("mack:", JSON.stringify(texts.join("\n")));
  console.log("md-to-slack:", JSON.stringify(markdownToSlack(markdown)));
}
CONVERT
node convert.mjs | tee seen
cat >expected <<'EXPECTED'
mack: "By post\n• to Tehran\n• to Shiraz"
md-to-slack: "By post- to Tehran- two days\n- by truck\n- to Shiraz"
mack: "1. call us\n2. wait"
md-to-slack: "3. call us\n4. wait"
mack: "• to pay\n• sent"
md-to-slack: "☐ to pay\n☒ sent"
mack: "`Set&lt;Integer&gt;`"
md-to-slack: "`Set<Integer>`"
mack: "```\nSet<Integer>\n```"
md-to-slack: "```\nSet<Integer>\n```"
mack: "```\n| City | Days |\n| --- | --- |\n| Tehran | 2 |\n```"
md-to-slack: ""
EXPECTED
diff expected seen
echo "as described"
