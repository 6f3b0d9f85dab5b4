#!/usr/bin/env bash
# chat-miner 0.6.0 (PyPI), Python 3.11.
#
# Behaviour: chat-miner reads exports of several messengers into one shape, so that a program need
# not know which one it was. The same three messages come back differently. From Telegram they are
# in the order of the export, the oldest first; from WhatsApp the newest is first. A message of two
# lines stays as it is from Telegram, and becomes one line from WhatsApp. Where part of a word is
# bold in Telegram, the word is taken apart by spaces, which nobody wrote.
# Expected: the same messages in the same order, with the texts that were written.
# Way out: sort by `timestamp`, and read `text` of Telegram's export oneself.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check chat-miner==0.6.0 2>pip.log
cat >whatsapp.txt <<'TXT'
11/28/26, 10:00 - Sara: Hello
11/28/26, 10:01 - Ali: first line
second line
11/28/26, 10:02 - Sara: unbelievable
TXT
cat >telegram.json <<'JSON'
{"name": "Ali", "type": "personal_chat", "id": 1, "messages": [
 {"id": 1, "type": "message", "date": "2026-11-28T10:00:00", "from": "Sara", "from_id": "user1",
  "text": "Hello"},
 {"id": 2, "type": "message", "date": "2026-11-28T10:01:00", "from": "Ali", "from_id": "user2",
  "text": "first line\nsecond line"},
 {"id": 3, "type": "message", "date": "2026-11-28T10:02:00", "from": "Sara", "from_id": "user1",
  "text": ["un", {"type": "bold", "text": "believ"}, "able"]}]}
JSON
cat >try.py <<'PYTHON'
from chatminer.chatparsers import TelegramJsonParser, WhatsAppParser

for parser in (TelegramJsonParser("telegram.json"), WhatsAppParser("whatsapp.txt")):
    parser.parse_file()
    for timestamp, author, text in parser.parsed_messages.get_df().rows():
        print(f"{type(parser).__name__}: {timestamp:%H:%M} {author} {text!r}")
PYTHON
venv/bin/python try.py 2>progress | tee seen
cat >expected <<'EXPECTED'
TelegramJsonParser: 10:00 Sara 'Hello'
TelegramJsonParser: 10:01 Ali 'first line\nsecond line'
TelegramJsonParser: 10:02 Sara 'un believ able'
WhatsAppParser: 10:02 Sara 'unbelievable'
WhatsAppParser: 10:01 Ali 'first line second line'
WhatsAppParser: 10:00 Sara 'Hello'
EXPECTED
diff expected seen
echo "as described"
