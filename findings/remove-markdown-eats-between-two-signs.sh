#!/usr/bin/env bash
# remove-markdown 0.7.0, strip-markdown 6.0.0 with remark 15.0.1 (npm), Node 20.
#
# Behaviour: what a push or a list of rooms shows of a message is often its Markdown without the markup.
# remove-markdown takes whatever stands between `<` and a later `>` for a tag, and removes it: a comparison
# loses its middle, an address of mail between such signs is gone, and so is the type in a span of code, where
# nothing is markup. It takes tildes away one by one, so "~5" becomes "5". In Persian words it takes the
# underscores out, in Latin ones it leaves them. What is left reads well, so nobody sees that something is
# missing.
# Expected: the text that a page shows for the same Markdown, as strip-markdown gives it.
# Way out: strip-markdown.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund remove-markdown@0.7.0 strip-markdown@6.0.0 remark@15.0.1
cat >strip.mjs <<'STRIP'
import { remark } from "remark";
import removeMarkdown from "remove-markdown";
import stripMarkdown from "strip-markdown";

for (const text of [
  "if 3 < 5 and 7 > 2, call",
  "write to <sara@chat.example>",
  "use `Map<Room>` here",
  "some ~5 of ~60",
  "user_id and فروش_ویژه_نوروز",
]) {
  console.log(text);
  console.log("  remove-markdown:", JSON.stringify(removeMarkdown(text)));
  const stripped = String(await remark().use(stripMarkdown).process(text)).trim();
  console.log("  strip-markdown:", JSON.stringify(stripped.replaceAll("\\<", "<")));
}
STRIP
node strip.mjs | tee seen
cat >expected <<'EXPECTED'
if 3 < 5 and 7 > 2, call
  remove-markdown: "if 3  2, call"
  strip-markdown: "if 3 < 5 and 7 > 2, call"
write to <sara@chat.example>
  remove-markdown: "write to "
  strip-markdown: "write to sara@chat.example"
use `Map<Room>` here
  remove-markdown: "use Map here"
  strip-markdown: "use Map<Room> here"
some ~5 of ~60
  remove-markdown: "some 5 of 60"
  strip-markdown: "some ~5 of ~60"
user_id and فروش_ویژه_نوروز
  remove-markdown: "user_id and فروشویژهنوروز"
  strip-markdown: "user_id and فروش_ویژه_نوروز"
EXPECTED
diff expected seen
echo "as described"
