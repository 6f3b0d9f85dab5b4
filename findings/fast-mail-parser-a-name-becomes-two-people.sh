#!/usr/bin/env bash
# fast-mail-parser 0.10.0, mail-parser 4.8.0 (PyPI), Python 3.11.
#
# Behaviour: `headers` has the names of people decoded: =?utf-8?...?= becomes Persian. That is done to the whole
# header before anybody has taken it apart, and an encoded name may hold a comma, which in the decoded text parts
# one address from the next. "احمدی, سارا <sara@example.com>" is then read by `getaddresses` as two people, the
# first of them without an address. Outlook names people so, surname first. The same name in Latin letters is
# quoted in the mail, stays quoted, and is one.
# Expected: the header as it was sent, or the decoded name in quotation marks.
# Way out: take the addresses from `email.message_from_bytes(raw, policy=email.policy.default)`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fast-mail-parser==0.10.0 mail-parser==4.8.0
cat >try.py <<'PYTHON'
import email.policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import getaddresses

import fast_mail_parser
import mailparser

for name in ("Ahmadi, Sara", "احمدی, سارا"):
    mail = EmailMessage()
    mail["From"] = "ali@example.com"
    mail["To"] = Address(name, "sara", "example.com")
    mail["Subject"] = "Order"
    mail.set_content("Please help.")
    raw = mail.as_bytes(policy=email.policy.SMTP)
    header = fast_mail_parser.parse_email(raw).headers["To"]
    print("fast-mail-parser:", header, "is", getaddresses(header))
    print("mail-parser:", mailparser.parse_from_bytes(raw).to)
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
fast-mail-parser: ['"Ahmadi, Sara" <sara@example.com>'] is [('Ahmadi, Sara', 'sara@example.com')]
mail-parser: [('Ahmadi, Sara', 'sara@example.com')]
fast-mail-parser: ['احمدی, سارا <sara@example.com>'] is [('', 'احمدی'), ('سارا', 'sara@example.com')]
mail-parser: [('احمدی, سارا', 'sara@example.com')]
EXPECTED
diff expected seen
echo "as described"
