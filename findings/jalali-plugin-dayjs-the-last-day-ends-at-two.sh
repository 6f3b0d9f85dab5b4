#!/usr/bin/env bash
# jalali-plugin-dayjs 1.1.4, @zoomit/dayjs-jalali-plugin 0.1.11, jalaliday 3.1.1, dayjs 1.11.23, date-fns-jalali
# 4.4.0-0 (npm), Node 20.
#
# Behaviour: a page counts the messages of a Persian month from `startOf("month")` to `endOf("month")`. With all
# three plugins a month, a week and a year begin at one in the morning, and the last day ends at two: what comes
# later on that day is in no month at all. `startOf("day")` is right. And `date(25)`, asked of a day whose
# Gregorian date is a 31st, may give a day of the month after, because the Gregorian month is set while the old
# day still stands there. date-fns-jalali is right in both.
# Expected: a month ends with the last millisecond of its last day, and `date` stays within its month.
# Way out: put `.startOf("day")` and `.endOf("day")` behind them, and go by `add` and not by `date`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund \
  jalali-plugin-dayjs@1.1.4 @zoomit/dayjs-jalali-plugin@0.1.11 jalaliday@3.1.1 dayjs@1.11.23 date-fns-jalali@4.4.0-0
cat >try.mjs <<'JS'
import dayjs from "dayjs";

const name = process.argv[2];
const plugin = (await import(name)).default;
dayjs.extend(plugin.default ?? plugin);
const day = dayjs("2023-01-31T10:00:00").calendar("jalali");
const show = (date) => date.format("YYYY-MM-DD HH:mm:ss");
console.log(name, "of", show(day));
console.log("   month:", show(day.startOf("month")), "to", show(day.endOf("month")));
console.log("   date(25):", show(day.date(25)));
JS
cat >right.mjs <<'JS'
import { endOfMonth, format, setDate, startOfMonth } from "date-fns-jalali";

const day = new Date("2023-01-31T10:00:00");
const show = (date) => format(date, "yyyy-MM-dd HH:mm:ss");
console.log("date-fns-jalali of", show(day));
console.log("   month:", show(startOfMonth(day)), "to", show(endOfMonth(day)));
console.log("   date 25:", show(setDate(day, 25)));
JS
export TZ=Asia/Tehran
{
  for name in jalali-plugin-dayjs @zoomit/dayjs-jalali-plugin jalaliday/dayjs; do
    node try.mjs "$name"
  done
  node right.mjs
} | tee seen
cat >expected <<'EXPECTED'
jalali-plugin-dayjs of 1401-11-11 10:00:00
   month: 1401-11-01 01:00:00 to 1401-11-30 01:59:59
   date(25): 1401-12-23 10:00:00
@zoomit/dayjs-jalali-plugin of 1401-11-11 10:00:00
   month: 1401-11-01 01:00:00 to 1401-11-30 01:59:59
   date(25): 1401-12-23 10:00:00
jalaliday/dayjs of 1401-11-11 10:00:00
   month: 1401-11-01 01:00:00 to 1401-11-30 01:59:59
   date(25): 1401-12-23 10:00:00
date-fns-jalali of 1401-11-11 10:00:00
   month: 1401-11-01 00:00:00 to 1401-11-30 23:59:59
   date 25: 1401-11-25 10:00:00
EXPECTED
diff expected seen
echo "as described"
