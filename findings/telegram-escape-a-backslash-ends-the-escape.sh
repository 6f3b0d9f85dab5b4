#!/usr/bin/env bash
# telegram-escape 1.1.1, @vlad-yakovlev/telegram-md 2.1.0 (npm), Node 20; TDLib 1.8.67
# (@prebuilt-tdlib/linux-x64-glibc 0.1008067.0, npm), Python 3.11.
#
# Behaviour: both put a backslash before each sign that Telegram reserves in MarkdownV2, so that what people
# wrote comes through. Neither does so with a backslash itself. In "C:\.ssh" the one that was written and the
# one that is added are one pair, which means a backslash, and the full stop stands there unescaped: Telegram
# refuses the message, again at each try. Before a letter the backslash is dropped: "C:\new" is "C:new". All
# other texts are right.
# Expected: any text comes out as it went in. The parser here is Telegram's own.
# Way out: `text.replaceAll("\\", "\\\\")` before the escape.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund telegram-escape@1.1.1 @vlad-yakovlev/telegram-md@2.1.0 \
  @prebuilt-tdlib/linux-x64-glibc@0.1008067.0
cat >escape.mjs <<'ESCAPE'
import { md } from "@vlad-yakovlev/telegram-md";
import { escapeMarkdown } from "telegram-escape";

const texts = ["1.5 (new)", "C:\\.ssh", "C:\\new"];
console.log(JSON.stringify(texts.map((text) => [text, escapeMarkdown(text), String(md.build(text))])));
ESCAPE
cat >try.py <<'PYTHON'
import ctypes
import json
import sys
from pathlib import Path

tdlib = ctypes.CDLL(str(next(Path("node_modules/@prebuilt-tdlib").rglob("libtdjson.so*")).resolve()))
tdlib.td_json_client_execute.restype = ctypes.c_char_p
tdlib.td_json_client_execute.argtypes = [ctypes.c_void_p, ctypes.c_char_p]


def execute(kind, **fields):
    return json.loads(tdlib.td_json_client_execute(None, json.dumps({"@type": kind, **fields}).encode()))


execute("setLogVerbosityLevel", new_verbosity_level=0)
MODE = {"@type": "textParseModeMarkdown", "version": 2}
for text, *escaped in json.load(sys.stdin):
    for name, markdown in zip(("telegram-escape", "telegram-md"), escaped, strict=True):
        read = execute("parseTextEntities", text=markdown, parse_mode=MODE)
        print(f"{text} by {name}:", read["text"] if read["@type"] == "formattedText" else read["message"])
PYTHON
node escape.mjs | python3 try.py | tee seen
cat >expected <<'EXPECTED'
1.5 (new) by telegram-escape: 1.5 (new)
1.5 (new) by telegram-md: 1.5 (new)
C:\.ssh by telegram-escape: Can't parse entities: Character '.' is reserved and must be escaped with the preceding '\'
C:\.ssh by telegram-md: Can't parse entities: Character '.' is reserved and must be escaped with the preceding '\'
C:\new by telegram-escape: C:new
C:\new by telegram-md: C:new
EXPECTED
diff expected seen
echo "as described"
