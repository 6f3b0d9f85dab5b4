#!/usr/bin/env bash
# @bpinternal/slackdown 0.1.0, slack-message-parser 3.0.2 (npm), Node 20.
#
# Behaviour: slackdown makes Markdown of a message of Slack. It puts a star for each underscore and two for
# each star, wherever they come in pairs. A name with two underscores becomes another name, also in code, as
# does a sum or a path. It leaves the entities as Slack sends them: code and addresses, where Markdown
# decodes nothing in code, show "&amp;lt;", and a quotation stays a line that begins with "&amp;gt;".
# Expected: Slack takes an underscore within a word for an underscore, and nothing in code for markup; the
# parser here reads these texts as Slack does.
# Way out: build Markdown from the tree that slack-message-parser gives.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund @bpinternal/slackdown@0.1.0 slack-message-parser@3.0.2
cat >read.mjs <<'READ'
import { slackToMarkdown } from "@bpinternal/slackdown";
import { NodeType, parse } from "slack-message-parser";

const kinds = (node) => [NodeType[node.type], ...(node.children ?? []).flatMap(kinds)];
for (const text of [
  "open new_price_list please",
  "`SELECT user_id, room_id`",
  "2*3*4 is 24",
  "from ~/old to ~/new",
  "`a &lt; b`",
  "&gt; a quotation",
  "*bold*",
]) {
  const seen = JSON.stringify(slackToMarkdown(text).trim());
  console.log(text, "->", seen, "| by the parser:", kinds(parse(text)).slice(1).join());
}
READ
node read.mjs | tee seen
cat >expected <<'EXPECTED'
open new_price_list please -> "open new*price*list please" | by the parser: Text
`SELECT user_id, room_id` -> "`SELECT user*id, room*id`" | by the parser: Code
2*3*4 is 24 -> "2**3**4 is 24" | by the parser: Text
from ~/old to ~/new -> "from ~~/old to ~~/new" | by the parser: Text
`a &lt; b` -> "`a &lt; b`" | by the parser: Code
&gt; a quotation -> "&gt; a quotation" | by the parser: Quote,Text
*bold* -> "**bold**" | by the parser: Bold,Text
EXPECTED
diff expected seen
echo "as described"
