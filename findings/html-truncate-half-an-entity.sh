#!/usr/bin/env bash
# html-truncate 1.2.2 (npm), Node 20.
#
# Behaviour: html-truncate cuts HTML to a number of letters, closes its tags, and is used for the beginnings
# of messages in lists and mails. It counts the letters of an entity one by one, and cuts within it: of
# "Ali &amp; Sara" people read "Ali &am...". A text with quotes or signs of comparison becomes shorter than one
# without, since `&quot;` counts as six. The half-space of Persian, which editors write as `&zwnj;`, counts as
# six too, so a Persian text has less room.
# Expected: what people see is counted, and an entity is cut before it or behind it.
# Way out: decode the entities to letters first, and escape `&`, `<` and `>` again afterwards.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund html-truncate@1.2.2
cat >cut.mjs <<'CUT'
import truncate from "html-truncate";

for (const [html, length] of [
  ["<p>Ali &amp; Sara are here</p>", 7],
  ["<p>Ali &amp; Sara are here</p>", 9],
  ["<b>می&zwnj;خواهم بدانم</b>", 8],
  ["<b>می\u200cخواهم بدانم</b>", 8],
]) console.log(html, "to", length, "->", truncate(html, length));
CUT
node cut.mjs | tee seen
cat >expected <<'EXPECTED'
<p>Ali &amp; Sara are here</p> to 7 -> <p>Ali &am...</p>
<p>Ali &amp; Sara are here</p> to 9 -> <p>Ali &amp;...</p>
<b>می&zwnj;خواهم بدانم</b> to 8 -> <b>می&zwnj;...</b>
<b>می‌خواهم بدانم</b> to 8 -> <b>می‌خواهم...</b>
EXPECTED
diff expected seen
echo "as described"
