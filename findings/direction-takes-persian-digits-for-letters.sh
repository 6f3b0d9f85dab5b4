#!/usr/bin/env bash
# direction 2.0.1, bidi-js 1.1.0 (npm), Node 20.
#
# Behaviour: direction says from which side a text is written, by its first letter with a direction, as
# `dir="auto"` of browsers does. It takes Persian digits, which have none by Unicode, for letters. So a message
# in English that begins with a Persian number is set from the right, and its full stop stands at the
# wrong end. It also looks into an isolate, which apps put around a name that they insert: a Persian
# sentence behind an English name is set from the left. bidi-js, which follows Unicode's rules, and with
# it browsers, answer the other side in each of these.
# Expected: digits have no direction, and what is isolated is passed over (UAX 9, rules P2 and P3).
# Way out: bidi-js, or `dir="auto"` where there is a page.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund direction@2.0.1 bidi-js@1.1.0
cat >try.mjs <<'JS'
import bidiFactory from "bidi-js";
import { direction } from "direction";

const bidi = bidiFactory();
const texts = [
  "Order no. 12 is late.",
  "12 orders are late.",
  "۱۲ orders are late.",
  "سفارش دیر شد.",
  "\u2068Ali\u2069 نوشت: سلام",
  "\u2068علی\u2069 wrote: hello",
];
for (const text of texts) {
  const level = bidi.getEmbeddingLevels(text, "auto").paragraphs[0].level;
  const shown = text.replace(/[\u2066-\u2069]/g, (mark) => `<${mark.codePointAt(0).toString(16)}>`);
  console.log(shown, "direction:", direction(text), "Unicode:", level ? "rtl" : "ltr");
}
JS
node try.mjs | tee seen
cat >expected <<'EXPECTED'
Order no. 12 is late. direction: ltr Unicode: ltr
12 orders are late. direction: ltr Unicode: ltr
۱۲ orders are late. direction: rtl Unicode: ltr
سفارش دیر شد. direction: rtl Unicode: rtl
<2068>Ali<2069> نوشت: سلام direction: ltr Unicode: rtl
<2068>علی<2069> wrote: hello direction: rtl Unicode: ltr
EXPECTED
diff expected seen
echo "as described"
