#!/usr/bin/env bash
# telegram-text-splitter 0.2.0 (PyPI), Python 3.11.
#
# Behaviour: Telegram takes 4,096 letters per message, and this package cuts a longer text into messages
# without cutting code and formulas. A dollar sign begins a formula for it. In a text with one price, "$5",
# the formula never ends: the text is cut in the middle of the line of the price, and each message after it
# gets a dollar sign before and behind that nobody wrote. The messages become longer than the size that was
# asked for. With two prices in the text it is right, and so it is with a text that needs no cutting.
# Expected: the parts joined are the text, as they are without a dollar sign; none is above the size.
# Way out: write "USD 5" before the text is cut.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check telegram-text-splitter==0.2.0
cat >try.py <<'TRY'
from telegram_text_splitter import split_markdown_into_chunks

for first in ("The book is 5 dollars.", "The book is $5.", "The book is $5, the pen $1."):
    text = first + "\n\n" + "word " * 40
    parts = split_markdown_into_chunks(text, max_chunk_size=60)
    print(first, "| joined the same:", "".join(parts) == text, "| longest:", max(map(len, parts)))
    print("   begin and end of each:", [part[:4] + ".." + part[-4:] for part in parts])
TRY
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
The book is 5 dollars. | joined the same: True | longest: 60
   begin and end of each: ['The ..s.\n\n', 'word..ord ', 'word..ord ', 'word..ord ', 'word..ord ']
The book is $5. | joined the same: False | longest: 62
   begin and end of each: ['The .. is ', '$5.\n...\n\n$', '$wor..rd $', '$wor..rd $', '$wor..rd $', '$wor..rd $']
The book is $5, the pen $1. | joined the same: True | longest: 60
   begin and end of each: ['The ..1.\n\n', 'word..ord ', 'word..ord ', 'word..ord ', 'word..ord ']
EXPECTED
diff expected seen
echo "as described"
