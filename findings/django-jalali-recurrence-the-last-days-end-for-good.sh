#!/usr/bin/env bash
# django-jalali-recurrence 2.0.2, jdatetime 6.1.1, Django 5.2.19, python-dateutil 2.9.0.post0 (PyPI), Python 3.11.
#
# Behaviour: a rule "each month" that begins on the 31st leaves out the months without such a day, as RFC 5545
# has it and as dateutil does in the Gregorian calendar, where it goes on with the next month of 31 days. In the
# Jalali one only the first six months have 31 days. There the rule ends with Shahrivar and does not come back in
# Farvardin, though it has no end. A rule that begins on the 30th ends before its first Esfand of 29 days, and
# "each year" from 30 Esfand is one day and no more. The step to the next month goes on from the shortened day
# and never finds the day of the begin again.
# Expected: the next year goes on, as it does where the day is named.
# Way out: name the day: `bymonthday=[31]`, and `bymonth` for a year.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  django-jalali-recurrence==2.0.2 jdatetime==6.1.1 django==5.2.19 python-dateutil==2.9.0.post0
cat >try.py <<'PYTHON'
from datetime import datetime

import django
from dateutil.rrule import MONTHLY as EACH_MONTH
from dateutil.rrule import rrule
from django.conf import settings

settings.configure(USE_TZ=False, INSTALLED_APPS=["recurrence"])
django.setup()

import jdatetime
from recurrence import MONTHLY, YEARLY, Recurrence, Rule

END = jdatetime.datetime(1407, 1, 1)


def show(name, rule, start, end=END):
    days = [each.strftime("%Y-%m-%d") for each in Recurrence(dtstart=start, rrules=[rule]).occurrences(dtend=end)]
    print(f"{name}: {len(days)} days, the last is {days[-1]}")


show("31st", Rule(MONTHLY), jdatetime.datetime(1405, 1, 31))
show("31st, named", Rule(MONTHLY, bymonthday=[31]), jdatetime.datetime(1405, 1, 31))
show("30th", Rule(MONTHLY), jdatetime.datetime(1405, 1, 30))
show("30th, named", Rule(MONTHLY, bymonthday=[30]), jdatetime.datetime(1405, 1, 30))
leap = jdatetime.datetime(1403, 12, 30)
show("30 Esfand", Rule(YEARLY), leap, jdatetime.datetime(1420, 1, 1))
show("30 Esfand, named", Rule(YEARLY, bymonth=[12], bymonthday=[30]), leap, jdatetime.datetime(1420, 1, 1))
days = list(rrule(EACH_MONTH, dtstart=datetime(2026, 1, 31), until=datetime(2027, 12, 31)))
print(f"dateutil, 31 January: {len(days)} days, the last is {days[-1]:%Y-%m-%d}")
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
31st: 6 days, the last is 1405-06-31
31st, named: 12 days, the last is 1406-06-31
30th: 11 days, the last is 1405-11-30
30th, named: 22 days, the last is 1406-11-30
30 Esfand: 1 days, the last is 1403-12-30
30 Esfand, named: 4 days, the last is 1416-12-30
dateutil, 31 January: 14 days, the last is 2027-12-31
EXPECTED
diff expected seen
echo "as described"
