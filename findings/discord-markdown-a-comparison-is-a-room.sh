#!/usr/bin/env bash
# discord-markdown 2.5.1, discord-markdown-parser 1.3.1 (npm), Node 20.
#
# Behaviour: archives and pages show messages of Discord by `toHTML`. A room is written `<#number>` there, and
# the package takes a number alone between two signs of comparison for one too, and nothing at all between them.
# So "<>" of a query becomes "#", and "<5>" of a type becomes "#5", marked as rooms; `discordCallback.channel`
# is asked for the room without an id. Code between backticks is left alone, but people write without them.
# Expected: a room has "#" and a number, as discord-markdown-parser has it.
# Way out: write a backslash before each `<` that does not begin a mention, before the text is given to it.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund discord-markdown@2.5.1 discord-markdown-parser@1.3.1
cat >try.cjs <<'JS'
const { toHTML } = require("discord-markdown");
const { parse } = require("discord-markdown-parser");
for (const text of [
  "ask in <#140312>",
  "ask in `a <> b`",
  "where state <> 'closed'",
  "an array<5> of names",
]) {
  console.log(text);
  console.log("   discord-markdown:", toHTML(text));
  console.log("   discord-markdown-parser:", parse(text).map((node) => node.type).join(" "));
}
JS
node try.cjs | tee seen
cat >expected <<'EXPECTED'
ask in <#140312>
   discord-markdown: ask in <span class="d-mention d-channel">#140312</span>
   discord-markdown-parser: text text text text
ask in `a <> b`
   discord-markdown: ask in <code>a &lt;&gt; b</code>
   discord-markdown-parser: text inlineCode
where state <> 'closed'
   discord-markdown: where state <span class="d-mention d-channel">#</span> &#x27;closed&#x27;
   discord-markdown-parser: text text text text text
an array<5> of names
   discord-markdown: an array<span class="d-mention d-channel">#5</span> of names
   discord-markdown-parser: text text text
EXPECTED
diff expected seen
echo "as described"
