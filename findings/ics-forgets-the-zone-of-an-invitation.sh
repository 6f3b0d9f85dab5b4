#!/usr/bin/env bash
# ics 0.7.3 with arrow 1.4.0, icalendar 7.3.2 (PyPI), Python 3.11; ical.js 2.2.1 (npm), Node 20.
#
# Behaviour: an invitation from Outlook, as customers send it to a desk, names its zone in the words of
# Windows, "Iran Standard Time", and brings along what that zone is (VTIMEZONE: +03:30). ics reads the
# events before the zones, does not find the name, and takes UTC. So the meeting at ten is at half past
# one in Tehran, and no error is raised. The zone is there in the calendar afterwards, and is right. The
# other two libraries read it.
# Expected: a TZID means the VTIMEZONE of the same file (RFC 5545, section 3.2.19).
# Way out: icalendar, or replace the names of Windows by those of IANA before.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ics==0.7.3 arrow==1.4.0 icalendar==7.3.2
npm install --silent --no-audit --no-fund ical.js@2.2.1
cat >lines <<'LINES'
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Mail//EN
BEGIN:VTIMEZONE
TZID:Iran Standard Time
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:+0330
TZOFFSETTO:+0330
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:1@mail.example
DTSTAMP:20260601T000000Z
SUMMARY:Meeting
DTSTART;TZID=Iran Standard Time:20260701T100000
DTEND;TZID=Iran Standard Time:20260701T110000
END:VEVENT
END:VCALENDAR
LINES
sed 's/$/\r/' lines >invitation.ics
cat >read.py <<'PYTHON'
import datetime

import ics
import icalendar

text = open("invitation.ics", newline="").read()
calendar = ics.Calendar(text)
(event,) = calendar.events
print("ics:      ", event.begin.to("UTC").isoformat())
zone = calendar._timezones["Iran Standard Time"]
print("its zone: ", datetime.datetime(2026, 7, 1, 10, tzinfo=zone).utcoffset())
(event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
print("icalendar:", event.start.astimezone(datetime.timezone.utc).isoformat())
PYTHON
cat >read.mjs <<'JS'
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const calendar = new ICAL.Component(ICAL.parse(readFileSync("invitation.ics", "utf8")));
const event = new ICAL.Event(calendar.getFirstSubcomponent("vevent"));
console.log("ical.js:  ", event.startDate.toJSDate().toISOString());
JS
{ venv/bin/python -W ignore read.py; node read.mjs; } | tee seen
cat >expected <<'EXPECTED'
ics:       2026-07-01T10:00:00+00:00
its zone:  3:30:00
icalendar: 2026-07-01T06:30:00+00:00
ical.js:   2026-07-01T06:30:00.000Z
EXPECTED
diff expected seen
echo "as described"
