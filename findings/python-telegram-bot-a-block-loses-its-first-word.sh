#!/usr/bin/env bash
# python-telegram-bot 22.8 (PyPI), Python 3.11; TDLib 1.8.67 (@prebuilt-tdlib/linux-x64-glibc 0.1008067.0,
# npm).
#
# Behaviour: `message.text_markdown_v2` gives a message as MarkdownV2, to send it on or to add to it. A
# block of code that begins with a backslash, as a pattern, a formula or a place in a network of Windows
# does, comes without a line break behind the marks that open it. Telegram takes what stands there up to the
# first space for the name of a language, and it is no part of the text any more: "\d+ digits" comes out as
# " digits". No error is raised on either side. Other blocks are right, and so is `text_html`. The parser
# here is Telegram's own.
# Expected: what a message gives of itself is the same message when it is sent.
# Way out: `text_html` with `parse_mode="HTML"`, or the text and its entities without any markup.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund @prebuilt-tdlib/linux-x64-glibc@0.1008067.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-telegram-bot==22.8
cat >try.py <<'PYTHON'
import ctypes
import json
from datetime import datetime, timezone
from pathlib import Path

from telegram import Chat, Message, MessageEntity

tdlib = ctypes.CDLL(str(next(Path("node_modules/@prebuilt-tdlib").rglob("libtdjson.so*")).resolve()))
tdlib.td_json_client_execute.restype = ctypes.c_char_p
tdlib.td_json_client_execute.argtypes = [ctypes.c_void_p, ctypes.c_char_p]


def execute(kind, **fields):
    return json.loads(tdlib.td_json_client_execute(None, json.dumps({"@type": kind, **fields}).encode()))


execute("setLogVerbosityLevel", new_verbosity_level=0)
MODES = {"MarkdownV2": {"@type": "textParseModeMarkdown", "version": 2}, "HTML": {"@type": "textParseModeHTML"}}
for code in ("pip install payam", r"\d+ digits", r"\\server\share of the desk"):
    block = MessageEntity(MessageEntity.PRE, 0, len(code))
    now = datetime.now(timezone.utc)
    message = Message(1, now, Chat(1, Chat.PRIVATE), text=code, entities=[block])
    print(repr(code))
    for mode, sent in (("MarkdownV2", message.text_markdown_v2), ("HTML", message.text_html)):
        read = execute("parseTextEntities", text=sent, parse_mode=MODES[mode])
        languages = [entity["type"].get("language") for entity in read["entities"]]
        print(f"  {mode}: {sent!r} is {read['text']!r}, language {languages[0]}")
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
'pip install payam'
  MarkdownV2: '```\npip install payam```' is 'pip install payam', language None
  HTML: '<pre>pip install payam</pre>' is 'pip install payam', language None
'\\d+ digits'
  MarkdownV2: '```\\\\d+ digits```' is ' digits', language \\d+
  HTML: '<pre>\\d+ digits</pre>' is '\\d+ digits', language None
'\\\\server\\share of the desk'
  MarkdownV2: '```\\\\\\\\server\\\\share of the desk```' is ' of the desk', language \\\\server\\share
  HTML: '<pre>\\\\server\\share of the desk</pre>' is '\\\\server\\share of the desk', language None
EXPECTED
diff expected seen
echo "as described"
