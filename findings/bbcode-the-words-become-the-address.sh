#!/usr/bin/env bash
# bbcode 0.1.5, js-bbcode-parser 5.1.0 (npm), Node 20.
#
# Behaviour: [url=ADDRESS]WORDS[/url] is a link. Where the address has a letter that is not Latin, or a "!" or a
# space, the package takes the WORDS for the address, and the address is gone without an error. A page "راهنما" of
# a site is a link to "راهنما" on the reader's own site; where the words are an address too, the reader lands on
# another page than the one that was meant. With a bracket or an apostrophe in it the link stays as it was typed,
# and its end is shown in red. Encoded (%D8%B1) it is right.
# Expected: the address that was given, as js-bbcode-parser has it.
# Way out: encode each address with `new URL(address).href`, and "!" by hand, before the parser sees it.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund bbcode@0.1.5 js-bbcode-parser@5.1.0
cat >try.mjs <<'TRY'
import bbcode from "bbcode";
import other from "js-bbcode-parser";

const texts = [
  "[url=https://example.com/help]page[/url]",
  "[url=https://example.com/راهنما]راهنما[/url]",
  "[url=https://example.com/راهنما]example.org[/url]",
  "[url=https://example.com/#!room]room[/url]",
  "[url=https://example.com/a(b)]page[/url]",
  "[url=https://example.com/%D8%B1%D8%A7%D9%87]page[/url]",
];
for (const text of texts) {
  console.log(text);
  bbcode.parse(text, (html) => console.log("  bbcode:", html));
  console.log("  js-bbcode-parser:", other.parse(text));
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
[url=https://example.com/help]page[/url]
  bbcode: <a target="_blank" href="https://example.com/help">page</a>
  js-bbcode-parser: <a href="https://example.com/help">page</a>
[url=https://example.com/راهنما]راهنما[/url]
  bbcode: <a target="_blank" href="راهنما">راهنما</a>
  js-bbcode-parser: <a href="https://example.com/راهنما">راهنما</a>
[url=https://example.com/راهنما]example.org[/url]
  bbcode: <a target="_blank" href="example.org">example.org</a>
  js-bbcode-parser: <a href="https://example.com/راهنما">example.org</a>
[url=https://example.com/#!room]room[/url]
  bbcode: <a target="_blank" href="room">room</a>
  js-bbcode-parser: <a href="https://example.com/#!room">room</a>
[url=https://example.com/a(b)]page[/url]
  bbcode: [url=https://example.com/a(b)]page<span style="color: red">[/url]</span>
  js-bbcode-parser: <a href="https://example.com/a(b)">page</a>
[url=https://example.com/%D8%B1%D8%A7%D9%87]page[/url]
  bbcode: <a target="_blank" href="https://example.com/%D8%B1%D8%A7%D9%87">page</a>
  js-bbcode-parser: <a href="https://example.com/%D8%B1%D8%A7%D9%87">page</a>
EXPECTED
diff expected seen
echo "as described"
