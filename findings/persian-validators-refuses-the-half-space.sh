#!/usr/bin/env bash
# persian-validators 0.1.0 (PyPI), Python 3.11.
#
# Behaviour: `PersonName` is to check a Persian name. It refuses what is neither a letter nor a space, and the
# half-space (zero-width non-joiner) within a name, as in علی‌رضا, is neither for Python. So each name that is
# spelt as Persian orthography asks is refused, and the same name with a space or written in one passes. A
# name with a mark on a letter, as محمّد, is refused as well. Names in Latin letters pass.
# Expected: the names that people have in Persian.
# Way out: take away U+200C and the marks (U+064B to U+0652) for the check, and keep the name as it was.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check persian-validators==0.1.0
cat >try.py <<'TRY'
from persian_validators import PersonName

for name in ("علی رضا", "علیرضا", "علی\u200cرضا", "محمد", "محمّد", "Ali Reza"):
    print(name.replace("\u200c", "<half-space>"), "|", PersonName(name))
TRY
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
علی رضا | Valid
علیرضا | Valid
علی<half-space>رضا | Name can contain only letters and spaces
محمد | Valid
محمّد | Name can contain only letters and spaces
Ali Reza | Valid
EXPECTED
diff expected seen
echo "as described"
