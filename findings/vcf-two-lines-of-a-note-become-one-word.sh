#!/usr/bin/env bash
# vcf 2.1.2, vcard-creator 1.0.0, ical.js 2.2.1 (npm), Node 20.
#
# Behaviour: vcf writes a contact's card from values, and escapes nothing. A line break in a note is dropped, so the
# last word of a line and the first of the next become one. A semicolon parts the fields of a name: with "سارا; ب"
# for a given name each later field moves on by one. It reads no better: the text of a card that another program
# wrote comes with its backslashes, "one\ntwo\, three". Since it leaves them in both ways, a card that vcf reads and
# writes again is right, and only what goes in or out is not.
# Expected: the text that was set, as vcard-creator writes it.
# Way out: escape `\`, `,`, `;` and the line break before `set`, and take them back after `valueOf`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund vcf@2.1.2 vcard-creator@1.0.0 ical.js@2.2.1
cat >try.mjs <<'TRY'
import ICAL from "ical.js";
import creator from "vcard-creator";
import Card from "vcf";

const NOTE = "زنگ بزنید\nبعد بیایید";
const card = new Card();
card.set("fn", "Sara");
card.set("n", ["احمدی", "سارا; ب", "", "", ""]);
card.set("note", NOTE);
const other = new (creator.default ?? creator)();
other.addName({ familyName: "احمدی", givenName: "سارا; ب" });
other.addNote(NOTE);
for (const [name, text] of Object.entries({ vcf: card.toString("4.0"), "vcard-creator": other.toString() })) {
  const [, properties] = ICAL.parse(text);
  const read = (key) => JSON.stringify(properties.find(([each]) => each === key)[3]);
  console.log(`${name}:`, read("note"), read("n"));
}
const note = String.raw`NOTE:one\ntwo\, three`;
const foreign = ["BEGIN:VCARD", "VERSION:4.0", "FN:Sara", note, "END:VCARD", ""].join("\r\n");
console.log("vcf reads:", Card.parse(foreign)[0].get("note").valueOf());
console.log("ical.js reads:", JSON.stringify(ICAL.parse(foreign)[1].find(([each]) => each === "note")[3]));
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
vcf: "زنگ بزنیدبعد بیایید" ["احمدی","سارا"," ب","","",""]
vcard-creator: "زنگ بزنید\nبعد بیایید" ["احمدی","سارا; ب","","",""]
vcf reads: one\ntwo\, three
ical.js reads: "one\ntwo, three"
EXPECTED
diff expected seen
echo "as described"
