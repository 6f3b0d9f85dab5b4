#!/usr/bin/env bash
# persiantools 6.2.0 (PyPI), Python 3.11.
#
# Behaviour: `JalaliDateTime.strptime` with `%I` and `%p` adds 12 to the hour for every PM, and nothing
# for AM. So "12:30 PM" is no valid time ("hour must be in 0..23"), and "12:30 AM" is read as half past
# twelve at noon. `strftime` writes half past midnight as "00:30 AM", which `strptime` refuses to read.
# All other hours come back as they were.
# Expected: as Python's own datetime does: 12 AM is midnight, and 12 PM is noon.
# Way out: write and read hours with `%H`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check persiantools==6.2.0
cat >try.py <<'TRY'
from datetime import datetime

from persiantools.jdatetime import JalaliDateTime

FORM = "%Y-%m-%d %I:%M %p"


def read(kind, text):
    try:
        return kind.strptime(text, FORM).strftime("%H:%M")
    except ValueError as error:
        return f"refused: {error.args[0]}"


for clock in ("11:30 AM", "12:30 PM", "01:30 PM", "12:30 AM"):
    print(
        clock,
        "| datetime:", read(datetime, f"2024-03-20 {clock}"),
        "| persiantools:", read(JalaliDateTime, f"1403-01-01 {clock}"),
    )
for hour in (0, 12):
    text = JalaliDateTime(1403, 1, 1, hour, 30).strftime(FORM)
    print(hour, "is written as", text[11:], "and read as", read(JalaliDateTime, text))
TRY
venv/bin/python -W ignore try.py | tee seen
cat >expected <<'EXPECTED'
11:30 AM | datetime: 11:30 | persiantools: 11:30
12:30 PM | datetime: 12:30 | persiantools: refused: hour must be in 0..23
01:30 PM | datetime: 13:30 | persiantools: 13:30
12:30 AM | datetime: 00:30 | persiantools: 12:30
0 is written as 00:30 AM and read as refused: data string and format are not matched
12 is written as 12:30 PM and read as refused: hour must be in 0..23
EXPECTED
diff expected seen
echo "as described"
