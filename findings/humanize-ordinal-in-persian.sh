#!/usr/bin/env bash
# humanize 4.17.0 (PyPI), Python 3.11.
#
# Behaviour: `ordinal` puts an ending behind the number that it chooses by the last digit, as English
# does. The Persian endings are whole words: first, second, and "zeroth" for 0. So 10, 11 to 13, 20 and
# 100 become "zeroth", and 21 becomes "first". Each number is also followed by its own word without a space. Durations
# of a year and a part mix two kinds of digits in one text.
# Expected: 10 is "دهمین" or "۱۰اُم".
# Way out: write ordinals with "‌اُم" behind the digits.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check humanize==4.17.0
cat >try.py <<'TRY'
from datetime import timedelta

import humanize

humanize.i18n.activate("fa_IR")
print([humanize.ordinal(number) for number in (3, 10, 12, 20, 21, 100)])
print(humanize.naturaldelta(timedelta(days=366)))
TRY
venv/bin/python -W ignore try.py | tee seen
cat >expected <<'EXPECTED'
['3سومین', '10صفرمین', '12صفرمین', '20صفرمین', '21اولین', '100صفرمین']
۱ سال و 1 روز
EXPECTED
diff expected seen
echo "as described"
