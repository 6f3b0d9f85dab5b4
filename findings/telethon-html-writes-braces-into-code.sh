#!/usr/bin/env bash
# Telethon 1.45.0 (PyPI), Python 3.11.
#
# Behaviour: `html.unparse` makes HTML of a text and its entities; it is what `message.text` gives to a
# client whose parse mode is HTML. In a block of code it writes two braces behind the code. So whoever edits
# such a message or sends it on adds "{}" to the code, each time once more. Its own `html.parse` reads them
# as a part of the code. A spoiler is dropped without a word: what was hidden can be read by all.
# Expected: `html.parse(html.unparse(text, entities))` gives the same text with the same entities.
# Way out: send `message.raw_text` with `formatting_entities=message.entities`, without any markup.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check telethon==1.45.0
cat >try.py <<'PYTHON'
from telethon.extensions import html
from telethon.tl.types import MessageEntityBold, MessageEntityPre, MessageEntitySpoiler

CASES = {
    "bold": MessageEntityBold(0, 5),
    "code": MessageEntityPre(0, 5, "python"),
    "spoiler": MessageEntitySpoiler(0, 5),
}
for name, entity in CASES.items():
    text, entities = "x = 1", [entity]
    for time in ("once", "twice"):
        text, entities = html.parse(html.unparse(text, entities))
        print(name, time, repr(text), [type(one).__name__ for one in entities])
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
bold once 'x = 1' ['MessageEntityBold']
bold twice 'x = 1' ['MessageEntityBold']
code once 'x = 1{}' ['MessageEntityPre']
code twice 'x = 1{}{}' ['MessageEntityPre']
spoiler once 'x = 1' []
spoiler twice 'x = 1' []
EXPECTED
diff expected seen
echo "as described"
