#!/usr/bin/env bash
# rivescript 2.2.1 (npm), Node 20; rivescript 1.15.0 (PyPI), Python 3.11.
#
# Behaviour: RiveScript is a language for chat bots, with an engine for each of several languages, so that
# one script of answers runs in browsers and on servers. In its patterns "#" is a number. With `utf8` on,
# that includes Persian digits in Python, and does not in JavaScript: one message gets its answer there and
# "not understood" here. Both drop a Latin question mark before they compare, and neither drops the Persian
# one: "سلام?" is a greeting, and "سلام؟" is not.
# Expected: one script has one meaning, and a question is the same with the question mark of its own script.
# Way out: turn digits into Latin ones, and drop ؟ ، and ؛, before a message goes to `reply`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund rivescript@2.2.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check rivescript==1.15.0
cat >bot.rive <<'RIVE'
! version = 2.0

+ سلام
- greeting

+ سفارش # کجاست
- order <star>

+ *
- not understood
RIVE
printf '%s\n' 'سلام?' 'سلام؟' 'سفارش 12 کجاست' 'سفارش ۱۲ کجاست' >messages
cat >try.cjs <<'JS'
const { readFileSync } = require("node:fs");
const rivescript = require("rivescript");

const RiveScript = rivescript.RiveScript ?? rivescript;
const bot = new RiveScript({ utf8: true });
bot.stream(readFileSync("bot.rive", "utf8"));
bot.sortReplies();
(async () => {
  for (const message of readFileSync("messages", "utf8").trim().split("\n")) {
    console.log("JavaScript:", message, "->", await bot.reply("sara", message));
  }
})();
JS
cat >try.py <<'PYTHON'
from pathlib import Path

from rivescript import RiveScript

bot = RiveScript(utf8=True)
bot.stream(Path("bot.rive").read_text(encoding="utf-8"))
bot.sort_replies()
for message in Path("messages").read_text(encoding="utf-8").splitlines():
    print("Python:", message, "->", bot.reply("sara", message))
PYTHON
{ node try.cjs; venv/bin/python try.py; } | tee seen
cat >expected <<'EXPECTED'
JavaScript: سلام? -> greeting
JavaScript: سلام؟ -> not understood
JavaScript: سفارش 12 کجاست -> order 12
JavaScript: سفارش ۱۲ کجاست -> not understood
Python: سلام? -> greeting
Python: سلام؟ -> not understood
Python: سفارش 12 کجاست -> order 12
Python: سفارش ۱۲ کجاست -> order ۱۲
EXPECTED
diff expected seen
echo "as described"
