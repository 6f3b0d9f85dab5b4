#!/usr/bin/env bash
# @rocket.chat/message-parser 0.32.0, discord-markdown-parser 1.3.1, commonmark 0.31.2 (npm), Node 20.
#
# Behaviour: people join words with underscores, as in the names of files, sheets and fields. Both parsers
# of chat messages leave such a word alone when its letters are Latin. In a Persian word they take the
# underscores for marks of emphasis: "فروش_ویژه_نوروز" loses both, and the word between them is slanted. Of
# a telephone number with two hyphens Rocket.Chat makes a link to its first two parts alone, which calls
# nobody or somebody else. Two amounts that are about right, with a tilde before each, are struck out up to
# the second.
# Expected: letters are letters in each script, as in CommonMark; and a link calls the number that is shown.
# Way out: put such words between backticks, and write numbers without hyphens.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund @rocket.chat/message-parser@0.32.0 discord-markdown-parser@1.3.1 \
  commonmark@0.31.2
cat >try.mjs <<'TRY'
import { createRequire } from "node:module";
import { HtmlRenderer, Parser } from "commonmark";

const require = createRequire(import.meta.url);
const rocket = require("@rocket.chat/message-parser").parse;
const discord = require("discord-markdown-parser").parse;

const MARKS = { ITALIC: "i", em: "i", STRIKE: "s" };
function shown(node) {
  if (Array.isArray(node)) return node.map(shown).join("");
  if (typeof node === "string") return node;
  if (node.type === "LINK") return `<a ${node.value.src.value}>${shown(node.value.label)}</a>`;
  const inner = shown(node.value ?? node.content);
  const mark = MARKS[node.type];
  return mark ? `<${mark}>${inner}</${mark}>` : inner;
}

const TEXTS = [
  "sale_of_today", "فروش_ویژه_نوروز", "+98-912-0000000", "+989120000000", "~10 to ~20 minutes",
];
for (const text of TEXTS) {
  const common = new HtmlRenderer().render(new Parser().parse(text)).trim();
  console.log(text);
  console.log("  Rocket.Chat", shown(rocket(text)), "Discord", shown(discord(text)), "CommonMark", common);
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
sale_of_today
  Rocket.Chat sale_of_today Discord sale_of_today CommonMark <p>sale_of_today</p>
فروش_ویژه_نوروز
  Rocket.Chat فروش<i>ویژه</i>نوروز Discord فروش<i>ویژه</i>نوروز CommonMark <p>فروش_ویژه_نوروز</p>
+98-912-0000000
  Rocket.Chat <a tel:98912>+98-912</a>-0000000 Discord +98-912-0000000 CommonMark <p>+98-912-0000000</p>
+989120000000
  Rocket.Chat <a tel:989120000000>+989120000000</a> Discord +989120000000 CommonMark <p>+989120000000</p>
~10 to ~20 minutes
  Rocket.Chat <s>10 to </s>20 minutes Discord ~10 to ~20 minutes CommonMark <p>~10 to ~20 minutes</p>
EXPECTED
diff expected seen
echo "as described"
