#!/usr/bin/env bash
# chat-export 1.1.2 (PyPI), Python 3.11; whatsapp-chat-parser 4.0.2 (npm), Node 20.
#
# Behaviour: the package makes a page of an export of WhatsApp. Older exports have the word "null" where a call
# was, so each message that says null and nothing else becomes "[call (attempt)]", also one of a developer who
# was asked what the field holds. Digits and commas of Persian and Arabic are put into Latin ones to read the
# dates, and that is done to the messages too: "۱۲۳، باشد" becomes "123, باشد". Signs of comparison become
# square brackets. Marks of direction that somebody wrote are taken out.
# Expected: what people wrote stays as it is, as whatsapp-chat-parser leaves it.
# Way out: keep the export beside the page.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check chat-export==1.1.2
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund whatsapp-chat-parser@4.0.2
cat >chat.txt <<'CHAT'
13/02/2026, 10:30 - Sara: what does the field hold?
13/02/2026, 10:31 - Ali: null
13/02/2026, 10:32 - Sara: ۱۲۳، باشد
13/02/2026, 10:33 - Ali: only if a < 5
CHAT
cat >try.py <<'PYTHON'
from chat_export.chat_export import MessageParser

chat, _, _ = MessageParser().parse_messages(open("chat.txt", encoding="utf-8").read(), own_name="Ali")
for message in chat.messages:
    print("chat-export:", message.sender, "|", message.cleaned_content)
PYTHON
cat >try.mjs <<'JS'
import { readFileSync } from "node:fs";
import { parseString } from "whatsapp-chat-parser";

for (const { author, message } of parseString(readFileSync("chat.txt", "utf8"))) {
  console.log("whatsapp-chat-parser:", author, "|", message);
}
JS
{ venv/bin/python try.py; node try.mjs; } | tee seen
cat >expected <<'EXPECTED'
chat-export: Sara | what does the field hold?
chat-export: Ali | [call (attempt)]
chat-export: Sara | 123, باشد
chat-export: Ali | only if a [ 5
whatsapp-chat-parser: Sara | what does the field hold?
whatsapp-chat-parser: Ali | null
whatsapp-chat-parser: Sara | ۱۲۳، باشد
whatsapp-chat-parser: Ali | only if a < 5

EXPECTED
diff expected seen
echo "as described"
