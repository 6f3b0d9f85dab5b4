#!/usr/bin/env bash
# html2bbcode 1.2.6, jsdom 29.1.1 (npm), Node 20.
#
# Behaviour: the package makes BBCode of HTML. Of the signs that HTML names it knows a few; each other one is taken
# out. Editors write the half-space of Persian words as &zwnj; and «» as &laquo; and &raquo;, so "می‌روم" becomes
# "میروم" and a quoted word loses its marks. The same signs as numbers (&#8204;) stay. A block of code is put
# into one line: the line breaks and the indent within <pre> become one space each.
# Expected: the text that a browser shows, as jsdom reads it.
# Way out: let a DOM write the HTML anew first (`element.innerHTML` has the letters), and put <br> and &nbsp; into
# <pre>.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund html2bbcode@1.2.6 jsdom@29.1.1
cat >try.mjs <<'TRY'
import html2bbcode from "html2bbcode";
import { JSDOM } from "jsdom";

const converter = new html2bbcode.HTML2BBCode();
const pages = [
  "می&zwnj;روم",
  "می&#8204;روم",
  "او گفت &laquo;باشه&raquo; &hellip;",
  "<pre>if ready:\n    start()</pre>",
  "1 &lt; 2 &amp; 3",
];
for (const page of pages) {
  console.log(page.replaceAll("\n", "\\n"));
  console.log("  html2bbcode:", JSON.stringify(converter.feed(page).toString()).replaceAll("\u200c", "\\u200c"));
  const { textContent } = new JSDOM(page).window.document.body;
  console.log("  jsdom:", JSON.stringify(textContent).replaceAll("\u200c", "\\u200c"));
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
می&zwnj;روم
  html2bbcode: "میروم"
  jsdom: "می\u200cروم"
می&#8204;روم
  html2bbcode: "می\u200cروم"
  jsdom: "می\u200cروم"
او گفت &laquo;باشه&raquo; &hellip;
  html2bbcode: "او گفت باشه "
  jsdom: "او گفت «باشه» …"
<pre>if ready:\n    start()</pre>
  html2bbcode: "[code]if ready: start()[/code]"
  jsdom: "if ready:\n    start()"
1 &lt; 2 &amp; 3
  html2bbcode: "1 < 2 & 3"
  jsdom: "1 < 2 & 3"
EXPECTED
diff expected seen
echo "as described"
