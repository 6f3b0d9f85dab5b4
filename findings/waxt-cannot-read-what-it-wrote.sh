#!/usr/bin/env bash
# waxt 0.2.0, jdatetime 6.1.1 (PyPI), Python 3.11.
#
# Behaviour: waxt counts in the Jalali calendar and says that `fromisoformat` and `strptime` "parse calendar date
# fields". They let Python read the text as a Gregorian date first. There the second month has 28 or 29 days and the
# fourth and the sixth have 30, in the Jalali calendar each has 31: what `isoformat` wrote of 31 Ordibehesht, 31 Tir
# and 31 Shahrivar raises "day is out of range for month" when it is read again. Four or five days of each year
# cannot be read. A day of the year (%j), which `strftime` counts from Nowruz, is read as one that counts from
# January: the 155th day comes back three days later, without an error.
# Expected: the date that was written, as jdatetime reads it.
# Way out: split the text, and give the three numbers to `DateTime(...)`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check waxt==0.2.0 jdatetime==6.1.1
cat >try.py <<'PYTHON'
from datetime import timedelta

import jdatetime
from waxt import DateTime

refused = []
day = DateTime(1404, 1, 1, calendar="jalali")
while day.year == 1404:
    text = day.isoformat()
    try:
        assert DateTime.fromisoformat(text, calendar="jalali") == day
    except ValueError as error:
        refused.append(text[5:10])
        reason = error
    assert jdatetime.datetime.fromisoformat(text).isoformat() == text
    day += timedelta(days=1)
print("refused:", *refused, "for", reason)
number = DateTime(1404, 5, 31, calendar="jalali").strftime("%Y %j")
print(number, "is read as", DateTime.strptime(number, "%Y %j", calendar="jalali").date(), end=", ")
print("it is", DateTime(1404, 5, 31, calendar="jalali").date())
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
refused: 02-30 02-31 04-31 06-31 for day is out of range for month
1404 155 is read as 2025-08-25, it is 2025-08-22
EXPECTED
diff expected seen
echo "as described"
