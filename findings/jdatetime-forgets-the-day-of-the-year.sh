#!/usr/bin/env bash
# jdatetime 6.1.1 (PyPI), Python 3.11.
#
# Behaviour: `strptime` takes the day of the year (`%j`) and forgets it. Each day of a year is read as
# the first one, without an error. `strftime` writes `%j` rightly, so what jdatetime itself has written
# does not come back.
# Expected: as Python's own datetime, and persiantools, read it: day 100 of 1403 is 7 Tir.
# Way out: read the number, and add so many days less one to the first day of the year.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check jdatetime==6.1.1 persiantools==6.2.0
cat >try.py <<'TRY'
from datetime import datetime

import jdatetime
from persiantools.jdatetime import JalaliDateTime

for day in (1, 100, 366):
    text = jdatetime.datetime.fromgregorian(
        datetime=datetime(2024, 3, 20) + jdatetime.timedelta(days=day - 1)
    ).strftime("%Y-%j")
    print(
        text,
        "| jdatetime:", jdatetime.datetime.strptime(text, "%Y-%j").date(),
        "| persiantools:", JalaliDateTime.strptime(text, "%Y-%j").strftime("%Y-%m-%d"),
    )
print("2024-100 | datetime:", datetime.strptime("2024-100", "%Y-%j").date())
TRY
venv/bin/python -W ignore try.py | tee seen
cat >expected <<'EXPECTED'
1403-001 | jdatetime: 1403-01-01 | persiantools: 1403-01-01
1403-100 | jdatetime: 1403-01-01 | persiantools: 1403-04-07
1403-366 | jdatetime: 1403-01-01 | persiantools: 1403-12-30
2024-100 | datetime: 2024-04-09
EXPECTED
diff expected seen
echo "as described"
