#!/usr/bin/env bash
# davat 2.1.2 (PyPI), Python 3.11.
#
# Behaviour: `normalize_persian` puts the sign between two numbers into "٫", the decimal point of Persian: not the
# full stop alone, but each comma too, and "٬", which parts thousands and nothing else. A price of "1,234 تومان"
# becomes "۱٫۲۳۴ تومان", one and a bit; "1,234,567" is one and a bit and another number. It goes on behind what it
# has just read, so of three numbers in a row the second sign is left: a version "1.2.3" becomes "۱٫۲.۳". And the
# half-space of a compound word becomes a space: "کتاب‌خانه" is two words. `convert_digits` alone is right.
# Expected: "۱٬۲۳۴" for a comma within a number, and a half-space that was typed stays.
# Way out: `convert_digits`, and the other steps one by one.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check davat==2.1.2
cat >try.py <<'PYTHON'
from davat import convert_digits, normalize_persian

for text in ("1,234 تومان", "۱٬۲۳۴ تومان", "1,234,567", "12.5", "نسخه 1.2.3", "کتاب\u200cخانه", "می\u200cروم"):
    seen = (each.replace("\u200c", "_") for each in (text, normalize_persian(text), convert_digits(text)))
    print("{}: normalize_persian {}, convert_digits {}".format(*seen))
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
1,234 تومان: normalize_persian ۱٫۲۳۴ تومان, convert_digits ۱,۲۳۴ تومان
۱٬۲۳۴ تومان: normalize_persian ۱٫۲۳۴ تومان, convert_digits ۱٬۲۳۴ تومان
1,234,567: normalize_persian ۱٫۲۳۴، ۵۶۷, convert_digits ۱,۲۳۴,۵۶۷
12.5: normalize_persian ۱۲٫۵, convert_digits ۱۲.۵
نسخه 1.2.3: normalize_persian نسخه ۱٫۲.۳, convert_digits نسخه ۱.۲.۳
کتاب_خانه: normalize_persian کتاب خانه, convert_digits کتاب_خانه
می_روم: normalize_persian می_روم, convert_digits می_روم
EXPECTED
diff expected seen
echo "as described"
