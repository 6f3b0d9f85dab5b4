#!/usr/bin/env bash
# persiantools 6.2.0 beside jdatetime 6.1.1 (both PyPI), Python 3.11.
#
# Behaviour: a JalaliDate or JalaliDateTime equals the date or datetime it was made from, but
# their hashes differ. So it is not found in a set or a dict that holds the other, although the
# same search through a list finds it.
# Expected: what is equal has the same hash, as Python asks for, and as jdatetime does.
# Way out: look up with to_gregorian().
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check persiantools==6.2.0 jdatetime==6.1.1
cat >try.py <<'TRY'
from datetime import UTC, date, datetime

import jdatetime
from persiantools.jdatetime import JalaliDate, JalaliDateTime

day, moment = date(2026, 11, 28), datetime(2026, 11, 28, 12, tzinfo=UTC)
pairs = {
    "JalaliDate": (JalaliDate(day), day),
    "JalaliDateTime": (JalaliDateTime(moment), moment),
    "jdatetime.datetime": (jdatetime.datetime.fromgregorian(datetime=moment), moment),
}
for name, (persian, usual) in pairs.items():
    print(f"{name}: equal {persian == usual}, in the list {persian in [usual]}, in the set {persian in {usual}}")
TRY
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
JalaliDate: equal True, in the list True, in the set False
JalaliDateTime: equal True, in the list True, in the set False
jdatetime.datetime: equal True, in the list True, in the set True
EXPECTED
diff expected seen
echo "as described"
