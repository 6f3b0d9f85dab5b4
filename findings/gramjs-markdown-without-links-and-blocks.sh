#!/usr/bin/env bash
# telegram 2.26.22 (npm, GramJS), Node 20; Telethon 1.45.0 (PyPI), Python 3.11.
#
# Behaviour: GramJS is made after Telethon, and reads each text that is sent as Markdown unless it is told
# otherwise. Its Markdown knows no links and no blocks. "[the page](address)" is sent as it stands, with its
# brackets. A block of code is sent as code in a line, between two pieces of code without a letter. The other
# way, `message.text` gives a message without the addresses of its links: whoever edits one, or sends it on by
# its text, has dropped them. Two stars that nothing ends are dropped as well. The same texts are right in
# Telethon.
# Expected: what Telethon does, and Telegram's own Markdown.
# Way out: `client.setParseMode("html")`, with texts of people escaped, or `formattingEntities` beside the text.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts telegram@2.26.22
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check telethon==1.45.0
cat >try.mjs <<'TRY'
import telegram from "telegram";

const { Api, TelegramClient, sessions } = telegram;
const client = new TelegramClient(new sessions.StringSession(""), 1, "hash", {});
const show = ({ className, offset, length }) => `${className.replace("MessageEntity", "")} ${offset}+${length}`;
for (const text of ["see [the page](https://chat.example/)", "```if late:\n  call()```", "2**10 is 1024"]) {
  const [read, entities] = client.parseMode.parse(text);
  console.log("GramJS reads:", JSON.stringify(read), entities.map(show).join(", "));
}
const link = new Api.MessageEntityTextUrl({ offset: 4, length: 8, url: "https://chat.example/" });
console.log("GramJS writes:", client.parseMode.unparse("see the page", [link]));
process.exit();
TRY
cat >try.py <<'PYTHON'
import json

from telethon.extensions import markdown
from telethon.tl.types import MessageEntityTextUrl

for text in ("see [the page](https://chat.example/)", "```if late:\n  call()```", "2**10 is 1024"):
    read, entities = markdown.parse(text)
    shown = (f"{type(one).__name__.removeprefix('MessageEntity')} {one.offset}+{one.length}" for one in entities)
    print("Telethon reads:", json.dumps(read), ", ".join(shown))
print("Telethon writes:", markdown.unparse("see the page", [MessageEntityTextUrl(4, 8, "https://chat.example/")]))
PYTHON
{ node try.mjs | grep -v INFO; venv/bin/python try.py; } | tee seen
cat >expected <<'EXPECTED'
GramJS reads: "see [the page](https://chat.example/)" 
GramJS reads: "if late:\n  call()" Code 0+0, Code 0+17, Code 17+0
GramJS reads: "210 is 1024" 
GramJS writes: see the page
Telethon reads: "see the page" TextUrl 4+8
Telethon reads: "if late:\n  call()" Pre 0+17
Telethon reads: "2**10 is 1024" 
Telethon writes: see [the page](https://chat.example/)
EXPECTED
diff expected seen
echo "as described"
