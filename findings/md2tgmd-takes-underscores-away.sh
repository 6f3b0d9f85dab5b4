#!/usr/bin/env bash
# md2tgmd 0.3.10 (PyPI), Python 3.11; TDLib 1.8.67 (@prebuilt-tdlib/linux-x64-glibc 0.1008067.0, npm).
#
# Behaviour: md2tgmd makes of Markdown what Telegram takes as MarkdownV2. It escapes each sign that Telegram
# reserves, but not the underscore within a word or a link. So Telegram takes the underscores out and slants
# what is between them: a link leads to a page that is not there, and a mention is of somebody else. With
# bold text after one underscore, Telegram refuses the whole message. The parser here is Telegram's own.
# Expected: by CommonMark an underscore within a word is an underscore, so it is escaped as a hyphen is.
# Way out: put names and links between backticks or into [text](address).
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund @prebuilt-tdlib/linux-x64-glibc@0.1008067.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check md2tgmd==0.3.10
cat >try.py <<'PYTHON'
import ctypes
import json
from pathlib import Path

from md2tgmd import escape

tdlib = ctypes.CDLL(str(next(Path("node_modules/@prebuilt-tdlib").rglob("libtdjson.so*")).resolve()))
tdlib.td_json_client_execute.restype = ctypes.c_char_p
tdlib.td_json_client_execute.argtypes = [ctypes.c_void_p, ctypes.c_char_p]


def execute(kind, **fields):
    return json.loads(tdlib.td_json_client_execute(None, json.dumps({"@type": kind, **fields}).encode()))


execute("setLogVerbosityLevel", new_verbosity_level=0)
MODE = {"@type": "textParseModeMarkdown", "version": 2}
TEXTS = (
    "a well-known word",
    "see https://example.com/my_new_file",
    "@ali_karimi wrote to @sara_ahmadi",
    "open my_file and **old_file**",
)
for text in TEXTS:
    read = execute("parseTextEntities", text=escape(text), parse_mode=MODE)
    print(text, "->", read["text"] if read["@type"] == "formattedText" else read["message"])
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
a well-known word -> a well-known word
see https://example.com/my_new_file -> see https://example.com/mynewfile
@ali_karimi wrote to @sara_ahmadi -> @alikarimi wrote to @saraahmadi
open my_file and **old_file** -> Can't parse entities: Can't find end of Bold entity at byte offset 26
EXPECTED
diff expected seen
echo "as described"
