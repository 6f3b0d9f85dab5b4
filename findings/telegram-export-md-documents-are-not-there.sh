#!/usr/bin/env bash
# telegram-export-md 0.4.1 (PyPI), Python 3.11.
#
# Behaviour: an export of Telegram Desktop names a file of a message in `file`. `media_type` stands beside it
# for voices, videos, stickers and the like only; a document, such as a PDF or an invoice, has `mime_type` and
# no `media_type`. Contacts and places have neither, but `contact_information` and `location_information`. The
# package looks at `media_type`, and leaves out all three: the message is a head with nothing below, and nothing
# is said. It has signs ready for documents, contacts and places, for a `media_type` that no export has.
# Expected: each file is named, as voices are.
# Way out: write "document" into `media_type` of each message with `file` and without it, before the package
# reads the export.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check telegram-export-md==0.4.1
cat >result.json <<'JSON'
{"name": "Desk", "type": "personal_chat", "id": 7, "messages": [
 {"id": 1, "type": "message", "date": "2026-02-13T10:30:00", "from": "Sara", "file": "voice_messages/audio_1.ogg",
  "media_type": "voice_message", "mime_type": "audio/ogg", "duration_seconds": 5, "text": "", "text_entities": []},
 {"id": 2, "type": "message", "date": "2026-02-13T10:31:00", "from": "Sara", "file": "files/invoice.pdf",
  "file_name": "invoice.pdf", "mime_type": "application/pdf", "text": "", "text_entities": []},
 {"id": 3, "type": "message", "date": "2026-02-13T10:32:00", "from": "Ali", "text": "", "text_entities": [],
  "contact_information": {"first_name": "Mona", "last_name": "", "phone_number": "+982100000000"}},
 {"id": 4, "type": "message", "date": "2026-02-13T10:33:00", "from": "Ali", "text": "", "text_entities": [],
  "location_information": {"latitude": 35.7, "longitude": 51.4}}
]}
JSON
cat >try.py <<'PYTHON'
import json

from tg_export_md.converter import parse_chat
from tg_export_md.markdown import render_message

chat = parse_chat(json.load(open("result.json")))
for message in chat.messages:
    print(message.id, json.dumps(render_message(message, {}), ensure_ascii=False))
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
1 "**2026-02-13 10:30 — Sara**\n\n*🎤 voice_message · 5s*"
2 "**2026-02-13 10:31 — Sara**"
3 "**2026-02-13 10:32 — Ali**"
4 "**2026-02-13 10:33 — Ali**"
EXPECTED
diff expected seen
echo "as described"
