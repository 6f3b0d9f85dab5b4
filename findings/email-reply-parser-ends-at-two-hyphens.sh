#!/usr/bin/env bash
# email-reply-parser 0.5.12 (PyPI), Python 3.11; email-reply-parser 2.3.7 (npm), Node 20.
#
# Behaviour: both take the new part of a mail, as a desk does that makes messages of mails. A
# customer writes a list whose lines begin with two hyphens, or speaks of what is "sent from my"
# city. The library in Python takes two hyphens at the begin of a line, whatever follows, for a
# signature, and leaves that line and all after it out. The one of the same name in JavaScript keeps
# the list. Both leave out what comes after "Sent from my", which phones write below a mail, also
# where it begins a sentence of the customer's. No error is raised, and `text` has it still.
# Expected: a signature begins with "-- " alone in its line (RFC 3676).
# Way out: show the whole mail to the agent where more was left out than quotes.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check email-reply-parser==0.5.12
npm install --silent --no-audit --no-fund email-reply-parser@2.3.7
cat >mails.json <<'JSON'
["Please send\n\n--red\n--blue\n\nby Sunday.\n",
 "My address is new.\n\nSent from my city by bus, it takes a day.\nPlease call before.\n",
 "It works.\n\n-- \nSara\n"]
JSON
cat >try.py <<'PYTHON'
import json

from email_reply_parser import EmailReplyParser

for mail in json.load(open("mails.json")):
    print("Python:", json.dumps(EmailReplyParser.parse_reply(mail).strip()))
PYTHON
cat >try.mjs <<'JS'
import { readFileSync } from "node:fs";
import EmailReplyParser from "email-reply-parser";

for (const mail of JSON.parse(readFileSync("mails.json", "utf8"))) {
  console.log("JavaScript:", JSON.stringify(new EmailReplyParser().read(mail).getVisibleText().trim()));
}
JS
{ venv/bin/python try.py; node try.mjs; } | tee seen
cat >expected <<'EXPECTED'
Python: "Please send"
Python: "My address is new."
Python: "It works."
JavaScript: "Please send\n\n--red\n--blue\n\nby Sunday."
JavaScript: "My address is new."
JavaScript: "It works."
EXPECTED
diff expected seen
echo "as described"
