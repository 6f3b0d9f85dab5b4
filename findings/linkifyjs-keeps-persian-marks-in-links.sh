#!/usr/bin/env bash
# linkifyjs 4.4.0, autolinker 4.1.5 and anchorme 3.0.8 (npm), Node 20.
#
# Behaviour: a sentence goes on with a Persian comma, semicolon, question mark or closing quotation mark
# behind a URL with a scheme. linkifyjs takes the mark into the link, which then leads to a page that is
# not there. A Latin full stop or comma stays outside, and so does the Persian comma behind a host without
# a scheme. Autolinker and anchorme leave all of them outside.
# Expected: a mark that ends a part of a sentence is no part of the link, in each script.
# Way out: cut these marks off what was found, or put a space before them.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund linkifyjs@4.4.0 autolinker@4.1.5 anchorme@3.0.8
cat >try.js <<'TRY'
const linkify = require("linkifyjs");
const { Autolinker } = require("autolinker");
const anchorme = require("anchorme").default;

for (const text of [
  "https://example.com, ok",
  "https://example.com، خوب",
  "https://example.com؟",
  "«https://example.com»",
  "https://example.com/a؛ b",
  "example.com، خوب",
]) {
  const found = [
    linkify.find(text).map((one) => one.value),
    Autolinker.parse(text).map((one) => one.getMatchedText()),
    anchorme.list(text).map((one) => one.string),
  ];
  console.log(found.map(String).join(" | "));
}
TRY
node try.js | tee seen
cat >expected <<'EXPECTED'
https://example.com | https://example.com | https://example.com
https://example.com، | https://example.com | https://example.com
https://example.com؟ | https://example.com | https://example.com
https://example.com» | https://example.com | https://example.com
https://example.com/a؛ | https://example.com/a | https://example.com/a
example.com | example.com | example.com
EXPECTED
diff expected seen
echo "as described"
