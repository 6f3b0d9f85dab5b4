#!/usr/bin/env bash
# confusable-homoglyphs 3.3.1 (PyPI), Python 3.11.
#
# Behaviour: `is_mixed_script` and `is_dangerous` are to find names that pass for others by letters of another
# script; forms for new accounts ask them. Marks that stand on letters, and the half-space of Persian, have no
# script of their own ("inherited"). They count as one here. So each name with a shadda or a half-space, as
# علی‌رضا is spelt, mixes scripts. A Latin name is harmless as most keyboards write it, and dangerous when the
# same letters come decomposed, as from file names of a Mac: "Müller" is both.
# Expected: what is common or inherited belongs to each script (UTS 39, section 5.1); only the former is
# passed over.
# Way out: `is_mixed_script(name, allowed_aliases=["COMMON", "INHERITED"])`, and NFC before both.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check confusable-homoglyphs==3.3.1
cat >ask.py <<'PYTHON'
from unicodedata import normalize

from confusable_homoglyphs.confusables import is_dangerous, is_mixed_script

for name in ("علیرضا", "علی‌رضا", "محمّد", normalize("NFC", "Müller"), normalize("NFD", "Müller")):
    allowed = is_mixed_script(name, allowed_aliases=["COMMON", "INHERITED"])
    print(ascii(name), "mixed:", is_mixed_script(name), "dangerous:", bool(is_dangerous(name)), "way out:", allowed)
PYTHON
venv/bin/python ask.py | tee seen
cat >expected <<'EXPECTED'
'\u0639\u0644\u06cc\u0631\u0636\u0627' mixed: False dangerous: False way out: False
'\u0639\u0644\u06cc\u200c\u0631\u0636\u0627' mixed: True dangerous: False way out: False
'\u0645\u062d\u0645\u0651\u062f' mixed: True dangerous: False way out: False
'M\xfcller' mixed: False dangerous: False way out: False
'Mu\u0308ller' mixed: True dangerous: True way out: False
EXPECTED
diff expected seen
echo "as described"
