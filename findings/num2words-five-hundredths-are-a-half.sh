#!/usr/bin/env bash
# num2words 0.5.14 (PyPI), Python 3.11.
#
# Behaviour: in Persian, a number whose only digit behind the point is a 5 is spoken as "and a half",
# however many zeros stand before the 5. 1.5, 1.05 and 1.005 become the same words, without an error. So
# does a price of 0.05, which becomes "half". Other digits are right: 1.07 is "one and seven hundredths",
# and 1.25 is "one and twenty-five hundredths". English has no such case.
# Expected: 1.05 is "یک و پنج صدم".
# Way out: turn the number into an integer of the smaller unit first, such as tomans into rials.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check num2words==0.5.14
cat >try.py <<'TRY'
from num2words import num2words

for number in (1.5, 1.05, 1.005, 0.05, 1.07, 1.25):
    print(number, num2words(number, lang="fa"), "|", num2words(number, lang="en"))
TRY
venv/bin/python -W ignore try.py | tee seen
cat >expected <<'EXPECTED'
1.5 یک و نیم | one point five
1.05 یک و نیم | one point zero five
1.005 یک و نیم | one point zero zero five
0.05 نیم | zero point zero five
1.07 یک و هفت صدم | one point zero seven
1.25 یک و بیست و پنج صدم | one point two five
EXPECTED
diff expected seen
echo "as described"
