#!/usr/bin/env bash
# confusables 1.1.1 (npm), Node 20.
#
# Behaviour: `remove` is to turn letters that only look like Latin ones into these, so that a filter for names
# or words sees through "Αdmin". It does so letter by letter, and also in words of another script. In Persian,
# alef and lam become "i" and "J", digits become letters, and the half-space is dropped: each message
# in Persian comes out as a mixture that nobody can read. No error says so. Cyrillic words become Latin ones
# altogether.
# Expected: a word of one script stays as it is (UTS 39 compares what two texts become, and shows neither).
# Way out: call it only for a word that mixes scripts, and compare with what comes out, never show or store it.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund confusables@1.1.1
cat >remove.mjs <<'REMOVE'
import { remove } from "confusables";

for (const text of ["\u0391dmin", "سلام", "می‌آیم", "ماه", "شماره ۱۵۰", "Привет"]) {
  console.log(text, "->", remove(text));
}
REMOVE
node remove.mjs | tee seen
cat >expected <<'EXPECTED'
Αdmin -> Admin
سلام -> سJiم
می‌آیم -> میآیم
ماه -> مiه
شماره ۱۵۰ -> شمiره io۰
Привет -> NpNBeT
EXPECTED
diff expected seen
echo "as described"
