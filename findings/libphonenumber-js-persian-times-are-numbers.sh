#!/usr/bin/env bash
# libphonenumber-js 1.13.16 (npm), Node 20; phonenumbers 9.0.43 (PyPI), Python 3.11.
#
# Behaviour: `findPhoneNumbersInText` finds the numbers that a chat makes links of. It knows a date with
# a time of day behind it, as "1403/12/14 10:30", and leaves it alone, in Latin digits only. Written in
# Persian digits, as people in Iran write it, date and hour together are a telephone number of Iran. Persian
# digits of real numbers are read, so it is not that these digits are unknown. phonenumbers, which comes
# from the same original, finds none in either; so does the entry `libphonenumber-js/max`.
# Expected: the same answer in both kinds of digits.
# Way out: libphonenumber-js/max, or turn the digits into Latin ones before (the places stay the same).
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check phonenumbers==9.0.43
npm install --silent --no-audit --no-fund libphonenumber-js@1.13.16
cat >texts <<'TEXTS'
1403/12/14 10:30
۱۴۰۳/۱۲/۱۴ ۱۰:۳۰
از 1404/07/01 09:00 تا عصر
از ۱۴۰۴/۰۷/۰۱ ۰۹:۰۰ تا عصر
۰۹۱۲ ۳۴۵ ۶۷۸۹
TEXTS
cat >try.mjs <<'JS'
import { readFileSync } from "node:fs";
import { findPhoneNumbersInText as usual } from "libphonenumber-js";
import { findPhoneNumbersInText as most } from "libphonenumber-js/max";

for (const text of readFileSync("texts", "utf8").trim().split("\n")) {
  const found = [usual, most].map((find) => find(text, "IR").map((one) => one.number.number));
  console.log(text, "usual:", found[0].join() || "-", "max:", found[1].join() || "-");
}
JS
cat >try.py <<'PYTHON'
import phonenumbers

for text in open("texts", encoding="utf-8").read().strip().split("\n"):
    found = phonenumbers.PhoneNumberMatcher(text, "IR")
    numbers = [phonenumbers.format_number(one.number, phonenumbers.PhoneNumberFormat.E164) for one in found]
    print(text, "phonenumbers:", ",".join(numbers) or "-")
PYTHON
{ node try.mjs; venv/bin/python try.py; } | tee seen
cat >expected <<'EXPECTED'
1403/12/14 10:30 usual: - max: -
۱۴۰۳/۱۲/۱۴ ۱۰:۳۰ usual: +981403121410 max: -
از 1404/07/01 09:00 تا عصر usual: - max: -
از ۱۴۰۴/۰۷/۰۱ ۰۹:۰۰ تا عصر usual: +981404070109 max: -
۰۹۱۲ ۳۴۵ ۶۷۸۹ usual: +989123456789 max: +989123456789
1403/12/14 10:30 phonenumbers: -
۱۴۰۳/۱۲/۱۴ ۱۰:۳۰ phonenumbers: -
از 1404/07/01 09:00 تا عصر phonenumbers: -
از ۱۴۰۴/۰۷/۰۱ ۰۹:۰۰ تا عصر phonenumbers: -
۰۹۱۲ ۳۴۵ ۶۷۸۹ phonenumbers: +989123456789
EXPECTED
diff expected seen
echo "as described"
