#!/usr/bin/env bash
# chatpack 0.1.0 (PyPI), Python 3.11; whatsapp-chat-parser 4.0.2 (npm), Node 20.
#
# Behaviour: in an export of WhatsApp from an iPhone, a line that stands for a picture or a file begins with
# an invisible mark of direction before its date. chatpack takes such a line for the rest of the message
# before, so what Sara sent stands in the text of Ali, with her name in it, and her own message is missing.
# It also reads the dates of an iPhone's export with the month first, and those of Android with the day
# first: the same 5 March is the 3rd of May there, and nothing is said. The other parser reads all.
# Expected: three messages by their own senders, on one day in both exports.
# Way out: take U+200E away before, and look at one date above the 12th.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check chatpack==0.1.0
npm install --silent --no-audit --no-fund whatsapp-chat-parser@4.0.2
cat >write.py <<'PYTHON'
iphone = (
    "[05/03/2026, 14:01:00] Sara: Is it there?\n"
    "[05/03/2026, 14:02:00] Ali: Yes\n"
    "\u200e[05/03/2026, 14:03:00] Sara: \u200eimage omitted\n"
)
android = (
    "05/03/2026, 14:01 - Sara: Is it there?\n"
    "05/03/2026, 14:02 - Ali: Yes\n"
    "05/03/2026, 14:03 - Sara: <Media omitted>\n"
)
open("iphone.txt", "w", encoding="utf-8").write(iphone)
open("android.txt", "w", encoding="utf-8").write(android)
PYTHON
cat >try.py <<'PYTHON'
import chatpack

for name in ("iphone", "android"):
    for one in chatpack.parse_whatsapp(f"{name}.txt"):
        print("chatpack", name, one.timestamp[:10], one.sender, ascii(one.content))
PYTHON
cat >try.mjs <<'JS'
import { readFileSync } from "node:fs";
import { parseString } from "whatsapp-chat-parser";

for (const name of ["iphone", "android"])
  for (const one of parseString(readFileSync(`${name}.txt`, "utf8"))) {
    const text = one.message.replace("\u200e", "").trim();
    console.log("whatsapp-chat-parser", name, one.date.toISOString().slice(0, 10), one.author, text);
  }
JS
venv/bin/python write.py
{ venv/bin/python try.py; TZ=UTC node try.mjs; } | tee seen
cat >expected <<'EXPECTED'
chatpack iphone 2026-05-03 Sara 'Is it there?'
chatpack iphone 2026-05-03 Ali 'Yes\n\u200e[05/03/2026, 14:03:00] Sara: \u200eimage omitted'
chatpack android 2026-03-05 Sara 'Is it there?'
chatpack android 2026-03-05 Ali 'Yes'
chatpack android 2026-03-05 Sara '<Media omitted>'
whatsapp-chat-parser iphone 2026-03-05 Sara Is it there?
whatsapp-chat-parser iphone 2026-03-05 Ali Yes
whatsapp-chat-parser iphone 2026-03-05 Sara image omitted
whatsapp-chat-parser android 2026-03-05 Sara Is it there?
whatsapp-chat-parser android 2026-03-05 Ali Yes
whatsapp-chat-parser android 2026-03-05 Sara <Media omitted>
EXPECTED
diff expected seen
echo "as described"
