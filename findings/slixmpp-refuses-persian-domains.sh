#!/usr/bin/env bash
# slixmpp 1.17.0 (PyPI), Python 3.11; @xmpp/jid 0.14.0 (npm), Node 20.
#
# Behaviour: an address in XMPP has a domain, which may be of any script. slixmpp checks the domain
# as one text, the dots and "example" or "com" included. The rule of that check for scripts that run
# from right to left refuses a text that mixes both directions. So each Persian or Arabic domain
# below a Latin top-level domain is refused, and each other script is taken. In Punycode the same
# domain is taken, and is then another address. @xmpp/jid takes all of them.
# Expected: labels are checked one by one (RFC 3490, section 3.1, which RFC 6120 goes back to).
# Way out: give slixmpp the Punycode everywhere, and compare addresses in that form.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check slixmpp==1.17.0
npm install --silent --no-audit --no-fund @xmpp/jid@0.14.0
cat >domains <<'DOMAINS'
payam.example
bücher.example
пример.example
例え.example
پیام.example
کتاب.example
سلام.example
xn--mgbx5cf.example
DOMAINS
cat >try.py <<'PYTHON'
from slixmpp import JID, InvalidJID

for domain in open("domains").read().split():
    try:
        print("slixmpp:", JID(f"ali@{domain}").domain)
    except InvalidJID as error:
        print("slixmpp:", domain, "refused:", error)
PYTHON
cat >try.mjs <<'JS'
import { readFileSync } from "node:fs";
import { jid } from "@xmpp/jid";

const domains = readFileSync("domains", "utf8").trim().split("\n");
console.log("@xmpp/jid:", domains.every((one) => jid(`ali@${one}`).domain === one));
JS
{ venv/bin/python try.py; node try.mjs; } | tee seen
cat >expected <<'EXPECTED'
slixmpp: payam.example
slixmpp: bücher.example
slixmpp: пример.example
slixmpp: 例え.example
slixmpp: پیام.example refused: domain doesn’t pass nameprep validation
slixmpp: کتاب.example refused: domain doesn’t pass nameprep validation
slixmpp: سلام.example refused: domain doesn’t pass nameprep validation
slixmpp: xn--mgbx5cf.example
@xmpp/jid: true
EXPECTED
diff expected seen
echo "as described"
