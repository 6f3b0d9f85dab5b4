#!/usr/bin/env bash
# pycrdt 0.14.13 (PyPI), Python 3.11.
#
# Behaviour: positions in a shared Text count bytes of UTF-8, and so does len(). A Persian letter has two.
# A position within a letter is no error. An insertion there goes to the end of the text, and a deletion
# that ends there deletes all of the text, for everybody who shares it. Clients that use Yjs in browsers
# count as JavaScript does, so a position which they send means another place here.
# Expected: an error, or the place that Python's own str means.
# Way out: turn each position into bytes first: len(text[:position].encode()).
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pycrdt==0.14.13
cat >try.py <<'TRY'
from pycrdt import Doc, Text



def filled():
    document = Doc()
    text = document.get("draft", type=Text)
    text += "سلام"
    return document, text


document, text = filled()
print("length of four letters:", len(text))
for position in (2, 3):
    document, text = filled()
    text.insert(position, "x")
    print("inserted at", position, str(text))
for end in (2, 3):
    document, text = filled()
    del text[0:end]
    print("deleted to", end, repr(str(text)))
TRY
venv/bin/python -W ignore try.py | tee seen
cat >expected <<'EXPECTED'
length of four letters: 8
inserted at 2 سxلام
inserted at 3 سلامx
deleted to 2 'لام'
deleted to 3 ''
EXPECTED
diff expected seen
echo "as described"
