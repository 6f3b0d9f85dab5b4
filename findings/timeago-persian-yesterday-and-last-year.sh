#!/usr/bin/env bash
# timeago 1.0.16 (PyPI), Python 3.11.
#
# Behaviour: timeago counts whole days, weeks, months and years: 47 hours are "1 day ago" in
# English. For one of each, the Persian locale has words that mean a day, week, month or year of
# the calendar: "yesterday", "last week", "last month", "last year". The arithmetic stays the same,
# so the words are untrue. At one o'clock in the night, what was said 47 hours ago, two dates
# before, is "yesterday". What is 23 months old is "last year", though the year before last had it,
# in either calendar.
# Expected: the same duration as in English, or words that look at the calendar.
# Way out: take the date itself where a day or more has passed.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check timeago==1.0.16
cat >try.py <<'PYTHON'
from datetime import datetime

import timeago

MEANS = {"دیروز": "yesterday", "هفته پیش": "last week", "ماه پیش": "last month",
         "پارسال": "last year"}
NOW = datetime(2026, 5, 10, 1, 0)
for then in (datetime(2026, 5, 8, 2, 0), datetime(2026, 4, 26, 2, 0), datetime(2026, 3, 12, 1, 0),
             datetime(2024, 6, 1, 1, 0)):
    persian = timeago.format(then, NOW, "fa_IR")
    print(f"{then:%Y-%m-%d} at {NOW:%Y-%m-%d}: {timeago.format(then, NOW, 'en')}, "
          f"in Persian {MEANS.get(persian, persian)}")
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
2026-05-08 at 2026-05-10: 1 day ago, in Persian yesterday
2026-04-26 at 2026-05-10: 1 week ago, in Persian last week
2026-03-12 at 2026-05-10: 1 month ago, in Persian last month
2024-06-01 at 2026-05-10: 1 year ago, in Persian last year
EXPECTED
diff expected seen
echo "as described"
