#!/usr/bin/env bash
# X-Holidays 1.1.6, jdatetime 6.1.1, hijri-converter 2.3.2.post1 (PyPI), Python 3.11.
#
# Behaviour: the package counts working days in Iran, "Friday as the main weekend day". It takes a day whose
# `weekday()` is 4 for a Friday. In jdatetime a week begins with Saturday, so 4 is Wednesday (in `datetime`, where
# it begins with Monday, it is Friday). Each Friday is a working day, and no Wednesday is. A promise of "two
# working days" given on a Monday evening ends on Thursday, and one given on a Thursday ends on the Saturday, with
# a day on which nobody works among the two. The number of a week is right, so nobody sees it there.
# Expected: Friday.
# Way out: count with `date.weekday() == 6`, and take only the lists of holidays from the package.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  X-Holidays==1.1.6 jdatetime==6.1.1 hijri-converter==2.3.2.post1
cat >try.py <<'PYTHON'
import jdatetime
from x_holidays.working_days import get_working_days_calculator

calculator = get_working_days_calculator()
for day in range(14, 21):
    date = jdatetime.date(1405, 9, day)
    text = date.strftime("%Y-%m-%d")
    following = calculator.get_next_working_day(text)
    print(text, f"{date.togregorian():%A}", calculator.count_working_days(text, text), "then", following)
print("the week:", calculator.count_working_days("1405-09-14", "1405-09-20"))
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
1405-09-14 Saturday 1 then 1405-09-15
1405-09-15 Sunday 1 then 1405-09-16
1405-09-16 Monday 1 then 1405-09-17
1405-09-17 Tuesday 1 then 1405-09-19
1405-09-18 Wednesday 0 then 1405-09-19
1405-09-19 Thursday 1 then 1405-09-20
1405-09-20 Friday 1 then 1405-09-21
the week: 6
EXPECTED
diff expected seen
echo "as described"
