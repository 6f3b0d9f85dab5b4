#!/usr/bin/env bash
# slack-to-html 2.1.0, slack-hawk-down 0.3.5, slack-message-parser 3.0.2 (npm), Node 20.
#
# Behaviour: Slack writes a mention as the id of a person or of a room, and the ids of people begin with U or
# with W, those of rooms with C or G; W is what a whole company on Enterprise Grid has, and G are older private
# rooms. Both packages are given a table of names by id, and look up U and C alone. All other ids they take for
# names already: people read "@W012A3CDE" where the table has "Sara", and a private room is shown as
# "#G024BE7LH|sales", with what should be its name behind the id.
# Expected: each id of the table is shown by its name, whatever its first letter.
# Way out: put the names in place of `<@W...>` and `<#G...>` before the text is given to them.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund slack-to-html@2.1.0 slack-hawk-down@0.3.5 slack-message-parser@3.0.2
cat >try.cjs <<'JS'
const names = { U024BE7LH: "Ali", W012A3CDE: "Sara" };
const rooms = { C024BE7LR: "news", G024BE7LH: "sales" };
const parser = require("slack-message-parser");
const found = (node) => (node.children ?? [node]).filter((child) => child.userID ?? child.channelID);
for (const text of ["<@U024BE7LH>", "<@W012A3CDE>", "<@W012A3CDE|Sara>", "<#C024BE7LR|news>", "<#G024BE7LH|sales>"]) {
  console.log(text);
  for (const name of ["slack-to-html", "slack-hawk-down"]) {
    const html = require(name).escapeForSlack(text, { users: names, channels: rooms });
    console.log(`   ${name}:`, html.replace(/<[^>]*>/g, ""));
  }
  const [node] = found(parser.parse(text));
  console.log("   slack-message-parser:", node.userID ?? node.channelID);
}
JS
node try.cjs | tee seen
cat >expected <<'EXPECTED'
<@U024BE7LH>
   slack-to-html: @Ali
   slack-hawk-down: @Ali
   slack-message-parser: U024BE7LH
<@W012A3CDE>
   slack-to-html: @W012A3CDE
   slack-hawk-down: @W012A3CDE
   slack-message-parser: W012A3CDE
<@W012A3CDE|Sara>
   slack-to-html: @W012A3CDE|Sara
   slack-hawk-down: @W012A3CDE|Sara
   slack-message-parser: W012A3CDE
<#C024BE7LR|news>
   slack-to-html: #news
   slack-hawk-down: #news
   slack-message-parser: C024BE7LR
<#G024BE7LH|sales>
   slack-to-html: #G024BE7LH|sales
   slack-hawk-down: #G024BE7LH|sales
   slack-message-parser: G024BE7LH
EXPECTED
diff expected seen
echo "as described"
