#!/usr/bin/env bash
# ya-bbcode 4.0.0, bbcode 0.1.5 (npm), Node 20.
#
# Behaviour: a link is written in two forms, [url=ADDRESS]WORDS[/url] and [url]ADDRESS[/url]. The second one, the
# one that an editor makes of a pasted address, becomes a link to "#": the address is shown, and a click leads to
# the head of the page. And an end of a tag without its begin, as it is left when somebody deletes half of a
# text, becomes the words "[TAG-0]", a name that the parser uses within.
# Expected: a link to the address, and [/b] as it was typed (or nothing), as the bbcode package gives the first.
# Way out: `text.replace(/\[url\](.*?)\[\/url\]/gi, "[url=$1]$1[/url]")` before the parser.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund ya-bbcode@4.0.0 bbcode@0.1.5
cat >try.mjs <<'TRY'
import bbcode from "bbcode";
import yabbcode from "ya-bbcode";

const parser = new (yabbcode.default ?? yabbcode)();
const texts = [
  "[url=https://example.com/help]help[/url]",
  "[url]https://example.com/help[/url]",
  "see [url]https://example.com/help[/url] and [b]mind[/b] it",
  "half of it is gone[/b], the rest stays",
];
for (const text of texts) {
  console.log(text);
  console.log("  ya-bbcode:", parser.parse(text));
  bbcode.parse(text, (html) => console.log("  bbcode:", html));
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
[url=https://example.com/help]help[/url]
  ya-bbcode: <a href="https://example.com/help">help</a>
  bbcode: <a target="_blank" href="https://example.com/help">help</a>
[url]https://example.com/help[/url]
  ya-bbcode: <a href="#">https://example.com/help</a>
  bbcode: <a target="_blank" href="https://example.com/help">https://example.com/help</a>
see [url]https://example.com/help[/url] and [b]mind[/b] it
  ya-bbcode: see <a href="#">https://example.com/help</a> and <strong>mind</strong> it
  bbcode: see <a target="_blank" href="https://example.com/help">https://example.com/help</a> and <strong>mind</strong> it
half of it is gone[/b], the rest stays
  ya-bbcode: half of it is gone[TAG-0], the rest stays
  bbcode: half of it is gone<span style="color: red">[/b]</span>, the rest stays
EXPECTED
diff expected seen
echo "as described"
