#!/usr/bin/env bash
# tinode-sdk 0.25.3 (npm), Node 20.
#
# Behaviour: Drafty is the format of messages in Tinode, and its parser marks links and tags in what
# somebody writes. A link with a Persian path, as browsers show it, is marked up to the first letter
# that is not Latin: it leads to the front page, and the rest stays beside it as text. A domain that
# is not Latin makes no link at all. A tag of a compound word ends at the zero-width non-joiner
# within the word, so it is another tag. Nothing is reported, and the text itself is whole.
# Expected: the browser's address line and Persian spelling have both, and a tag in Persian letters
# is taken as a tag.
# Way out: copy links in their percent-encoded form, and make the entities oneself.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund tinode-sdk@0.25.3
cat >try.cjs <<'JS'
const { Drafty } = require("tinode-sdk");

const texts = [
  "see https://shop.example/en/red",
  "see https://shop.example/fa/قرمز",
  "see https://shop.example/fa/%D9%82%D8%B1%D9%85%D8%B2",
  "see https://فروشگاه.example/en/red",
  "#پیام #پیام\u200cرسان",
];
for (const text of texts) {
  const found = (Drafty.parse(text).ent ?? []).map((one) => one.data.url ?? one.data.val);
  console.log(found.length ? found.join(" ") : "nothing");
}
JS
node try.cjs | tee seen
cat >expected <<'EXPECTED'
https://shop.example/en/red
https://shop.example/fa/
https://shop.example/fa/%D9%82%D8%B1%D9%85%D8%B2
nothing
پیام پیام
EXPECTED
diff expected seen
echo "as described"
