#!/usr/bin/env bash
# kurigram 2.2.26 (PyPI; it goes on with Pyrogram), Python 3.11.
#
# Behaviour: in its Markdown two hyphens begin and end an underlined part, also within a word and before the
# name of an option, and it reads each text that is sent so unless it is told otherwise. Of "docker run --rm
# desk" the hyphens are gone, though nothing ends the mark. With two options, or a remark between two dashes,
# all four are gone and what was between is underlined. A command that is copied from such a message does not
# run. Backslashes before them keep the hyphens, and stay in the text themselves.
# Expected: as in Telegram's own Markdown, where an underline is two underscores, and a mark that nothing ends
# stays.
# Way out: `parse_mode=ParseMode.DISABLED` for each text that people wrote, or commands within backticks.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kurigram==2.2.26
cat >try.py <<'TRY'
import asyncio

from pyrogram.parser import Parser

parser = Parser(None)


async def main():
    for text in (
        "docker run --rm desk",
        "docker run --rm --name desk",
        "docker run \\-\\-rm \\-\\-name desk",
        "at ten -- not at nine -- we open",
    ):
        read = await parser.parse(text)
        parts = [read["message"][e.offset : e.offset + e.length] for e in read["entities"] or []]
        print(text, "->", read["message"], "| underlined:", parts)


asyncio.run(main())
TRY
venv/bin/python try.py 2>/dev/null | tee seen
cat >expected <<'EXPECTED'
docker run --rm desk -> docker run rm desk | underlined: []
docker run --rm --name desk -> docker run rm name desk | underlined: ['rm ']
docker run \-\-rm \-\-name desk -> docker run \-\-rm \-\-name desk | underlined: []
at ten -- not at nine -- we open -> at ten  not at nine  we open | underlined: [' not at nine ']
EXPECTED
diff expected seen
echo "as described"
