#!/usr/bin/env bash
# Khayyam 3.0.17 beside jdatetime 6.1.1 (both PyPI), Python 3.11.
#
# Behaviour: khayyam takes 1404 for the leap year, and not 1403. So the last day of 1403 is the
# first of 1404 there, and each day until 20 March 2026 is one day ahead of the calendar. Its
# own conversion back is wrong by the same day: a round trip shows nothing. 1403-12-30, which
# people have lived through, is refused.
# Expected: 1403 has 366 days (Nowruz of 1404 was on 21 March 2025), as jdatetime has it.
# Way out: jdatetime or persiantools.
#
# Seen: the six lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check khayyam==3.0.17 jdatetime==6.1.1
cat >try.py <<'TRY'
from datetime import date

import jdatetime
import khayyam

for day in (date(2025, 3, 19), date(2025, 3, 20), date(2025, 9, 1), date(2026, 3, 20), date(2026, 3, 21)):
    there = khayyam.JalaliDate(day)
    back = "and back" if there.todate() == day else "and not back"
    print(day, "khayyam", there, back, "jdatetime", jdatetime.date.fromgregorian(date=day))
try:
    khayyam.JalaliDate(1403, 12, 30)
except ValueError as error:
    print(error)
TRY
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
2025-03-19 khayyam 1403-12-29 and back jdatetime 1403-12-29
2025-03-20 khayyam 1404-01-01 and back jdatetime 1403-12-30
2025-09-01 khayyam 1404-06-11 and back jdatetime 1404-06-10
2026-03-20 khayyam 1404-12-30 and back jdatetime 1404-12-29
2026-03-21 khayyam 1405-01-01 and back jdatetime 1405-01-01
Day must be between 1 and 29, but it is: 30
EXPECTED
diff expected seen
echo "as described"
