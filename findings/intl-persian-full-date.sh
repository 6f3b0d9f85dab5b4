#!/usr/bin/env bash
# Intl.DateTimeFormat of Node 22.12.0 (npm package node; ICU 76, CLDR 46). Chromium 156 does the same.
#
# Behaviour: in Persian (`fa-IR`) a date with its weekday and its year, `dateStyle: "full"` too,
# is written from the largest part to the smallest, with a Latin comma:
# "۱۴۰۳ فروردین ۶, دوشنبه". Without the year, or without the weekday, the order is the one
# that people write: "دوشنبه ۶ فروردین", "۶ فروردین ۱۴۰۳".
# Expected: "دوشنبه ۶ فروردین ۱۴۰۳", as the Gregorian calendar has it in the same language.
# Way out: format weekday, day and month together, and put the year behind it.
#
# Seen: the four lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund node@22.12.0
cat >try.js <<'TRY'
const day = new Date("2024-03-25T12:00:00Z");
const write = (locale, options) =>
  console.log(new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options }).format(day));
const most = { weekday: "long", day: "numeric", month: "long" };
write("fa-IR", { ...most, year: "numeric" });
write("fa-IR", { dateStyle: "full" });
write("fa-IR", most);
write("fa-IR-u-ca-gregory", { dateStyle: "full" });
TRY
./node_modules/.bin/node try.js | tee seen
cat >expected <<'EXPECTED'
۱۴۰۳ فروردین ۶, دوشنبه
۱۴۰۳ فروردین ۶, دوشنبه
دوشنبه ۶ فروردین
دوشنبه ۲۵ مارس ۲۰۲۴
EXPECTED
diff expected seen
echo "as described"
