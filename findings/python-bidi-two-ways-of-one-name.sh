#!/usr/bin/env bash
# python-bidi 0.6.12 (PyPI), Python 3.11.
#
# Behaviour: `bidi.get_display` and `bidi.algorithm.get_display` are two programs and do not agree.
# What comes out is for something that draws letters from left to right as they stand (a picture,
# a PDF). The first, in Rust, leaves brackets and quotes unturned, so "(الف)" is drawn as ")الف(",
# and of two lines it makes an empty one and one with both. The second turns and keeps them.
# The first keeps the half-space, the second takes it away.
# Expected: brackets around what they enclose, and as many lines as before.
# Way out: `bidi.algorithm`, or one line at a time with the brackets turned before.
#
# Seen: the lines below (code points, as terminals turn Persian by themselves).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-bidi==0.6.12
cat >try.py <<'TRY'
import bidi
import bidi.algorithm

for text in ("الف", "(الف)", "«الف»", "الف\nب", "می\u200cرود"):
    print(f"{ascii(text)}\n  bidi           {ascii(bidi.get_display(text))}")
    print(f"  bidi.algorithm {ascii(bidi.algorithm.get_display(text))}")
TRY
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
'\u0627\u0644\u0641'
  bidi           '\u0641\u0644\u0627'
  bidi.algorithm '\u0641\u0644\u0627'
'(\u0627\u0644\u0641)'
  bidi           ')\u0641\u0644\u0627('
  bidi.algorithm '(\u0641\u0644\u0627)'
'\xab\u0627\u0644\u0641\xbb'
  bidi           '\xbb\u0641\u0644\u0627\xab'
  bidi.algorithm '\xab\u0641\u0644\u0627\xbb'
'\u0627\u0644\u0641\n\u0628'
  bidi           '\n\u0641\u0644\u0627\u0628'
  bidi.algorithm '\u0641\u0644\u0627\n\u0628'
'\u0645\u06cc\u200c\u0631\u0648\u062f'
  bidi           '\u062f\u0648\u0631\u200c\u06cc\u0645'
  bidi.algorithm '\u062f\u0648\u0631\u06cc\u0645'
EXPECTED
diff expected seen
echo "as described"
