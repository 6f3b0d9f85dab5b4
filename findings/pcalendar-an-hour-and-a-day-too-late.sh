#!/usr/bin/env bash
# pcalendar 1.1.0, jdatetime 6.1.1 (PyPI), Python 3.11.
#
# Behaviour: `from_gregorian_date` gives a Persian date that is one to three days ahead, by the month: the first
# day of 1403 is the second there. It divides negative numbers as in C, where the result is rounded towards
# zero; Python rounds it down. The days of February alone are right, and the example of its documentation is
# such a day. The hour of twelve (`hh`) is one too late all day, so 10:30 is "11:30", and only midnight and noon
# are right.
# Expected: as jdatetime answers.
# Way out: jdatetime, or another library.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pcalendar==1.1.0 jdatetime==6.1.1
cat >try.py <<'PYTHON'
from datetime import date, timedelta

import jdatetime
from pcalendar import from_gregorian_components, from_gregorian_date

right = dict.fromkeys(range(1, 13), 0)
for number in range(365):
    day = date(2025, 1, 1) + timedelta(days=number)
    found = from_gregorian_date(day.year, day.month, day.day)
    true = jdatetime.date.fromgregorian(date=day)
    right[day.month] += (found.tm_year, found.tm_mon + 1, found.tm_mday) == (true.year, true.month, true.day)
print("days of 2025 that are right, by month:", *right.values())
for day in (date(2024, 3, 20), date(2025, 1, 15), date(2025, 2, 15), date(2025, 6, 15)):
    found = from_gregorian_date(day.year, day.month, day.day)
    print(day, "pcalendar", found.to_string("yyyy-MM-dd"), "jdatetime", jdatetime.date.fromgregorian(date=day))
for hour in (0, 1, 10, 12, 23):
    print(from_gregorian_components(2025, 2, 15, hour, 30, 0, 0).to_string("HH:mm = hh:mm"))
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
days of 2025 that are right, by month: 0 28 0 0 0 0 0 0 0 0 0 0
2024-03-20 pcalendar 1403-01-02 jdatetime 1403-01-01
2025-01-15 pcalendar 1403-10-27 jdatetime 1403-10-26
2025-02-15 pcalendar 1403-11-27 jdatetime 1403-11-27
2025-06-15 pcalendar 1404-03-28 jdatetime 1404-03-25
00:30 = 12:30
01:30 = 02:30
10:30 = 11:30
12:30 = 12:30
23:30 = 12:30
EXPECTED
diff expected seen
echo "as described"
