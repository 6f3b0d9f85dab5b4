#!/usr/bin/env bash
# vobject 0.9.9 (PyPI), Python 3.11; ical.js 2.2.1 and vcf 2.1.2 (npm), Node 20.
#
# Behaviour: a contact's card (vCard 3.0) carries a link and a chat address. Both are URIs, and RFC
# 2426 gives escapes to texts only. vobject writes a backslash before each comma and semicolon of a
# link, as it does in a text. It takes them away when it reads the card again, so a program that has
# vobject at both ends never sees it. Two readers in JavaScript follow the standard, keep the
# backslashes, and give a link that leads elsewhere.
# Expected: a URI stands in a card as it is.
# Way out: percent-encode commas and semicolons (%2C, %3B) before the link goes into the card.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check vobject==0.9.9
npm install --silent --no-audit --no-fund ical.js@2.2.1 vcf@2.1.2
cat >write.py <<'PYTHON'
import vobject

card = vobject.vCard()
card.add("fn").value = "Sara"
card.add("n").value = vobject.vcard.Name(given="Sara")
card.add("url").value = "https://shop.example/?colours=red,blue;size=2"
card.add("impp").value = "xmpp:sara@chat.example?message;subject=order"
text = card.serialize()
open("card.vcf", "w", newline="").write(text)
again = vobject.readOne(text)
print("vobject:", again.url.value, again.impp.value)
PYTHON
cat >read.mjs <<'JS'
import { readFileSync } from "node:fs";
import ICAL from "ical.js";
import Card from "vcf";

const text = readFileSync("card.vcf", "utf8");
const component = new ICAL.Component(ICAL.parse(text));
const found = (name) => component.getFirstPropertyValue(name);
console.log("ical.js:", found("url"), found("impp"));
const card = new Card().parse(text);
console.log("vcf:", card.get("url").valueOf(), card.get("impp").valueOf());
JS
{ venv/bin/python write.py; node read.mjs; } | tee seen
cat >expected <<'EXPECTED'
vobject: https://shop.example/?colours=red,blue;size=2 xmpp:sara@chat.example?message;subject=order
ical.js: https://shop.example/?colours=red\,blue\;size=2 xmpp:sara@chat.example?message\;subject=order
vcf: https://shop.example/?colours=red\,blue\;size=2 xmpp:sara@chat.example?message\;subject=order
EXPECTED
diff expected seen
echo "as described"
