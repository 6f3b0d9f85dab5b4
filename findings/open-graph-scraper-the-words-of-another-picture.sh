#!/usr/bin/env bash
# open-graph-scraper 6.12.0, unfurl.js 6.4.0 (npm), Node 20.
#
# Behaviour: a page names its pictures for a preview, and behind a picture what belongs to it: its size, and a
# text for those who do not see it. open-graph-scraper collects addresses, widths and texts in a list each, and
# puts them together by their places. Where the first picture has no text and the second one has, as with a
# logo before a photo, the text and the size of the second go to the first: a screen reader says "a cat" at
# the logo, and a client leaves room for another picture. With one picture, or with all of them complete, it
# is right.
# Expected: what stands behind a picture is of that picture (ogp.me, "Arrays"), as unfurl.js reads it.
# Way out: unfurl.js, or take sizes and texts only where there is one picture.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund open-graph-scraper@6.12.0 unfurl.js@6.4.0
cat >read.mjs <<'READ'
import { once } from "node:events";
import { createServer } from "node:http";
import scrape from "open-graph-scraper";
import { unfurl } from "unfurl.js";

const html = `<html><head><title>Cats</title>
<meta property="og:image" content="https://chat.example/logo.png">
<meta property="og:image" content="https://chat.example/cat.png">
<meta property="og:image:width" content="1200">
<meta property="og:image:alt" content="a cat"></head></html>`;
const server = createServer((request, response) => {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  response.end(html);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const show = (name, pictures) => {
  for (const { url, width, alt } of pictures) console.log(`${name}: ${url}, width ${width}, text ${alt}`);
};
show("open-graph-scraper", (await scrape({ html })).result.ogImage);
show("unfurl.js", (await unfurl(`http://127.0.0.1:${server.address().port}/`)).open_graph.images);
process.exit();
READ
node read.mjs | tee seen
cat >expected <<'EXPECTED'
open-graph-scraper: https://chat.example/logo.png, width 1200, text a cat
open-graph-scraper: https://chat.example/cat.png, width undefined, text undefined
unfurl.js: https://chat.example/logo.png, width undefined, text undefined
unfurl.js: https://chat.example/cat.png, width 1200, text a cat
EXPECTED
diff expected seen
echo "as described"
