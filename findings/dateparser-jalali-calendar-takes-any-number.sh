#!/usr/bin/env bash
# dateparser 1.5.0 and convertdate 2.5.1 (PyPI), Python 3.11.
#
# Behaviour: `JalaliCalendar` is dateparser's way to read Persian dates, which `parse` does not read. It
# takes a number in a text for a part of a date, and drops words that it does not know. So "5 people
# came" and "book number 7" are dates, and nothing is said. `parse` knows that they are none. So what
# reads both kinds of date, by asking one after the other, finds dates that nobody wrote.
# Expected: None for a text that is no date.
# Way out: give it only texts that have a month's name and a year, or a date in digits.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check dateparser==1.5.0 convertdate==2.5.1 hijridate==2.6.0
cat >try.py <<'TRY'
import dateparser
from dateparser.calendars.jalali import JalaliCalendar

for text in ("5 فروردین 1403", "۵ نفر آمدند", "کتاب شماره ۷"):
    by_calendar = JalaliCalendar(text).get_date()
    print(
        text,
        "| parse:", dateparser.parse(text, languages=["fa"]),
        "| JalaliCalendar:", "a date" if by_calendar else None,
    )
TRY
venv/bin/python -W ignore try.py | tee seen
cat >expected <<'EXPECTED'
5 فروردین 1403 | parse: None | JalaliCalendar: a date
۵ نفر آمدند | parse: None | JalaliCalendar: a date
کتاب شماره ۷ | parse: None | JalaliCalendar: a date
EXPECTED
diff expected seen
echo "as described"
