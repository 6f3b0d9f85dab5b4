#!/usr/bin/env bash
# mautrix 0.21.1 (PyPI), Python 3.11.
#
# Behaviour: bridges from Matrix make a text of a message's HTML with `parse_html`. It takes away the spaces
# at the begin and the end of each part that is bold, a link or a `span`. People mark a word with the space
# behind it, and editors write `<strong>Dear </strong>Sara` then. The bridge makes "**Dear**Sara" of that: on
# the other side the stars stay, or two words are one. Two cells of a table are one word as well. A space
# outside of the mark is kept, so it comes and goes with how somebody selected a word.
# Expected: in HTML a space within an inline element is a space of the line.
# Way out: take `body` of the event, or move such spaces out of the elements before.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mautrix==0.21.1
cat >try.py <<'TRY'
import asyncio

from mautrix.util.formatter import parse_html

for html in (
    "<strong>Dear</strong> Sara",
    "<strong>Dear </strong>Sara",
    'see <a href="https://chat.example">the page </a>now',
    "ten <span>to </span>six",
    "<table><tr><td>10:00</td><td>15</td></tr></table>",
):
    print(asyncio.run(parse_html(html)))
TRY
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
**Dear** Sara
**Dear**Sara
see [the page](https://chat.example)now
ten tosix
10:0015
EXPECTED
diff expected seen
echo "as described"
