#!/usr/bin/env bash
# businesstimedelta 1.0.1, business-duration 0.68 with pandas 3.1.1 (PyPI), Python 3.11.
#
# Behaviour: a desk counts how long a customer waited in its working hours. One that works from 21:00 to
# 02:00 gives these as start and end, and both libraries take them without an error. businesstimedelta
# counts a night rightly when the wait began before 21:00. When it began at 21:00 or later, that night
# counts nothing, and one hour of work after 22:00 is the next evening at 22:00. business-duration leaves
# out what is after midnight when the wait begins there.
# Expected: from 22:00 to 01:00 of such a night are 3 hours, however the wait began; or an error at the
# rule.
# Way out: two rules, one until midnight and one from it.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check businesstimedelta==1.0.1 business-duration==0.68 \
  pandas==3.1.1
cat >try.py <<'PYTHON'
from datetime import datetime, time

import businesstimedelta
import pandas
from business_duration import businessDuration

START, END = time(21), time(2)
night = businesstimedelta.Rules([businesstimedelta.WorkDayRule(START, END, working_days=list(range(7)))])
WAITS = (((7, 20), (8, 3), 5), ((7, 21), (8, 2), 5), ((7, 22), (8, 1), 3), ((8, 0), (8, 1), 1), ((8, 0), (8, 23), 4))
for since, until, hours in WAITS:
    begin, end = (datetime(2026, 3, *moment) for moment in (since, until))
    first = night.difference(begin, end).hours
    wait = pandas.Timestamp(begin), pandas.Timestamp(end)
    second = round(businessDuration(*wait, START, END, weekendlist=[], unit="hour"))
    print(f"{begin:%d %H:%M} to {end:%d %H:%M} are {hours} hours:", end=" ")
    print(f"businesstimedelta {first}, business-duration {second}")
later = datetime(2026, 3, 7, 22) + businesstimedelta.BusinessTimeDelta(night, hours=1)
print(f"one hour of work after 07 22:00: {later:%d %H:%M}")
PYTHON
venv/bin/python -W ignore try.py | tee seen
cat >expected <<'EXPECTED'
07 20:00 to 08 03:00 are 5 hours: businesstimedelta 5, business-duration 5
07 21:00 to 08 02:00 are 5 hours: businesstimedelta 0, business-duration 5
07 22:00 to 08 01:00 are 3 hours: businesstimedelta 0, business-duration 3
08 00:00 to 08 01:00 are 1 hours: businesstimedelta 0, business-duration 0
08 00:00 to 08 23:00 are 4 hours: businesstimedelta 2, business-duration 2
one hour of work after 07 22:00: 08 22:00
EXPECTED
diff expected seen
echo "as described"
