#!/usr/bin/env bash
# icalendar 7.3.2, python-dateutil 2.9.0.post0 (PyPI), Python 3.11.
#
# Behaviour: an event that repeats until a moment has that moment as UNTIL, and where the begin has a zone it
# stands in UTC, with a Z (RFC 5545, section 3.3.10). icalendar writes a moment that has the zone of Tehran
# without its zone: ten in the evening there is "220000", in no zone at all. dateutil, with which Python
# programs repeat events, refuses that rule. Readers that take it for UTC end three and a half hours late. The
# begin, and the days that are left out, keep the zone. A moment in UTC is written rightly.
# Expected: 183000Z, or an error.
# Way out: `until.astimezone(timezone.utc)` before it goes into the rule.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check icalendar==7.3.2 python-dateutil==2.9.0.post0
cat >try.py <<'TRY'
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Event

tehran = ZoneInfo("Asia/Tehran")
start = datetime(2026, 3, 21, 22, tzinfo=tehran)
end = datetime(2026, 4, 4, 22, tzinfo=tehran)
for until in (end, end.astimezone(timezone.utc)):
    event = Event()
    event.add("dtstart", start)
    event.add("rrule", {"freq": "weekly", "until": until})
    lines = event.to_ical().decode().split()
    rule = next(line for line in lines if line.startswith("RRULE"))
    print(next(line for line in lines if line.startswith("DTSTART")), rule)
    try:
        print("  dateutil:", len(list(rrulestr(rule, dtstart=start))), "times")
    except ValueError as error:
        print("  dateutil:", error)
TRY
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
DTSTART;TZID=Asia/Tehran:20260321T220000 RRULE:FREQ=WEEKLY;UNTIL=20260404T220000
  dateutil: RRULE UNTIL values must be specified in UTC when DTSTART is timezone-aware
DTSTART;TZID=Asia/Tehran:20260321T220000 RRULE:FREQ=WEEKLY;UNTIL=20260404T183000Z
  dateutil: 3 times
EXPECTED
diff expected seen
echo "as described"
