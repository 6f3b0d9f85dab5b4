#!/usr/bin/env bash
# @chat-adapter/slack 4.41.1 with chat 4.41.1, slack-message-parser 3.0.2 (npm), Node 20.
#
# Behaviour: Chat SDK lets one bot read Slack, Discord and others alike. It turns what comes from Slack into
# Markdown first, where bold has two stars and struck out has two tildes. It looks for pairs of the sign in
# the whole text, whatever stands beside them, also in code and in addresses. So "5 * 3 * 2" reaches the bot
# as "5 ** 3 ** 2", another number for a program that counts it. A query and a path are changed too, and a
# link leads to another page. A number at the begin of a line is taken for a list, and is gone. One star or
# one tilde alone stays.
# Expected: Slack takes for bold only what has no spaces within its stars, and nothing in code or in a link.
# The parser here reads these texts as Slack does.
# Way out: read `message.raw.text`, and decode `&amp;`, `&lt;` and `&gt;` there.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund chat@4.41.1 @chat-adapter/slack@4.41.1 slack-message-parser@3.0.2
cat >read.mjs <<'READ'
import { SlackFormatConverter } from "@chat-adapter/slack";
import { NodeType, parse } from "slack-message-parser";

const converter = new SlackFormatConverter();
const kinds = (node) => [NodeType[node.type], ...(node.children ?? []).flatMap(kinds)];
for (const text of [
  "5 * 3 * 2 is 30",
  "`SELECT * FROM a WHERE a.* = b.*`",
  "from ~/old to ~/new",
  "<https://chat.example/a*b*c>",
  "3. is the one that I mean",
  "*bold* and 5 * 3",
]) {
  console.log(text, "->", converter.extractPlainText(text), "| by the parser:", kinds(parse(text)).slice(1).join());
}
READ
node read.mjs | tee seen
cat >expected <<'EXPECTED'
5 * 3 * 2 is 30 -> 5 ** 3 ** 2 is 30 | by the parser: Text
`SELECT * FROM a WHERE a.* = b.*` -> SELECT ** FROM a WHERE a.** = b.* | by the parser: Code
from ~/old to ~/new -> from ~~/old to ~~/new | by the parser: Text
<https://chat.example/a*b*c> -> https://chat.example/a**b**c | by the parser: URL
3. is the one that I mean -> is the one that I mean | by the parser: Text
*bold* and 5 * 3 -> bold and 5 * 3 | by the parser: Bold,Text,Text
EXPECTED
diff expected seen
echo "as described"
