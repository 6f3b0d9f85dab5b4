#!/usr/bin/env bash
# hydrogram 0.2.0 (PyPI; it goes on with Pyrogram), Python 3.11.
#
# Behaviour: `message.text.markdown` gives a message with its markup, to answer with it or to send it on. It
# writes a quotation with three backticks before and behind, as it writes code. When that is sent, it is a block
# of code; and what stands behind the opening backticks up to the end of the line is taken for the name of a
# programming language, so the first line of the quotation is not in the message any more. Of a quotation of one
# line all is code. No error is raised, and `message.text.html` is right.
# Expected: what a message gives of itself is the same message when it is sent.
# Way out: `message.text.html` with `parse_mode=ParseMode.HTML`, or the text with its entities.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check hydrogram==0.2.0
cat >try.py <<'PYTHON'
import asyncio

from hydrogram.enums import MessageEntityType
from hydrogram.parser.html import HTML
from hydrogram.parser.markdown import Markdown
from hydrogram.types import MessageEntity

TEXT = "Where is my parcel?\nIt is late."
QUOTATION = [MessageEntity(type=MessageEntityType.BLOCKQUOTE, offset=0, length=len(TEXT))]


async def main():
    for mode in (Markdown, HTML):
        written = mode.unparse(TEXT, QUOTATION)
        read = await mode(None).parse(written)
        kinds = [type(entity).__name__.removeprefix("MessageEntity") for entity in read["entities"]]
        print(mode.__name__, "writes", repr(written))
        print(mode.__name__, "reads", repr(read["message"]), *kinds)


asyncio.run(main())
PYTHON
venv/bin/python try.py 2>/dev/null | grep -v TgCrypto | tee seen
cat >expected <<'EXPECTED'
Markdown writes '```Where is my parcel?\nIt is late.```'
Markdown reads '\nIt is late.' Pre
HTML writes '<blockquote>Where is my parcel?\nIt is late.</blockquote>'
HTML reads 'Where is my parcel?\nIt is late.' Blockquote
EXPECTED
diff expected seen
echo "as described"
