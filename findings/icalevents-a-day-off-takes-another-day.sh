#!/usr/bin/env bash
# icalevents 0.3.1 with icalendar 7.3.2, recurring-ical-events 3.8.2 (PyPI), Python 3.11.
#
# Behaviour: a day off of a repeated event (EXDATE) names one begin. icalevents takes that one out, and after
# that, once more, each begin whose day has the same eight digits as stand in the file. Of an event that is
# twice on a day, both are gone. Where the day off stands in UTC and the event in Tehran's time, the digits are
# those of another day: the night shift that is off on the 4th is gone on the 3rd too. Days that are added to
# the rule (RDATE) are not there at all, and nothing is said.
# Expected: as recurring-ical-events answers: an EXDATE takes out one begin, and an RDATE adds one.
# Way out: use recurring-ical-events.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  icalevents==0.3.1 icalendar==7.3.2 recurring-ical-events==3.8.2
cat >try.py <<'PYTHON'
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from icalevents.icalparser import parse_events

SHIFTS = {
    "twice a day, one off": """DTSTART:20260302T060000Z
DTEND:20260302T080000Z
RRULE:FREQ=DAILY;BYHOUR=6,14;COUNT=6
EXDATE:20260303T060000Z""",
    "a night off, in UTC": """DTSTART;TZID=Asia/Tehran:20260302T000000
DTEND;TZID=Asia/Tehran:20260302T060000
RRULE:FREQ=DAILY;COUNT=4
EXDATE:20260303T203000Z""",
    "a day more": """DTSTART:20260302T060000Z
DTEND:20260302T080000Z
RRULE:FREQ=DAILY;COUNT=2
RDATE:20260306T060000Z""",
}
TEHRAN = ZoneInfo("Asia/Tehran")


def show(who, begins):
    print(f"   {who}:", ", ".join(begin.astimezone(TEHRAN).strftime("%d %H:%M") for begin in sorted(begins)))


for name, lines in SHIFTS.items():
    head = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//desk.example//EN\nBEGIN:VEVENT\nUID:1@desk.example\n"
    text = f"{head}DTSTAMP:20260301T000000Z\nSUMMARY:shift\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"
    span = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
    print(name)
    show("icalevents", [event.start for event in parse_events(text, *span)])
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(*span)
    show("recurring-ical-events", [event.start for event in found])
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
twice a day, one off
   icalevents: 02 09:30, 02 17:30, 04 09:30, 04 17:30
   recurring-ical-events: 02 09:30, 02 17:30, 03 17:30, 04 09:30, 04 17:30
a night off, in UTC
   icalevents: 02 00:00, 05 00:00
   recurring-ical-events: 02 00:00, 03 00:00, 05 00:00
a day more
   icalevents: 02 09:30, 03 09:30
   recurring-ical-events: 02 09:30, 03 09:30, 06 09:30
EXPECTED
diff expected seen
echo "as described"
