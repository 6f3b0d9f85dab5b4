#!/usr/bin/env bash
# mail-parser 4.8.0, fast-mail-parser 0.10.0 (PyPI), Python 3.11.
#
# Behaviour: a header longer than a line goes on in a next line that begins with a space; a reader takes the line
# break away (RFC 5322, section 2.2.3). mail-parser leaves it in the subject. So a subject of some twelve English
# words, as `EmailMessage` and most mailers write it, is two lines: the title of a ticket has a line break within,
# and who answers with "Re: " and that subject gets an error from `EmailMessage`, which allows none there. A short
# subject is right, and so is a long Persian one, which is encoded.
# Expected: one line, as fast-mail-parser and Python itself read it.
# Way out: `re.sub(r"\r?\n(?=[ \t])", "", mail.subject)`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mail-parser==4.8.0 fast-mail-parser==0.10.0
cat >try.py <<'PYTHON'
import email.policy
from email.message import EmailMessage

import fast_mail_parser
import mailparser

ENGLISH = "The printer of the second floor in the Tehran office has not printed a page since Sunday"
PERSIAN = "چاپگر طبقه دوم دفتر تهران از روز یکشنبه هیچ صفحه‌ای چاپ نکرده است و کسی نمی‌داند چرا"
for subject in ("The printer", ENGLISH, PERSIAN):
    mail = EmailMessage()
    mail["From"] = "sara@example.com"
    mail["To"] = "desk@example.com"
    mail["Subject"] = subject
    mail.set_content("Please help.")
    raw = mail.as_bytes(policy=email.policy.SMTP)
    read = mailparser.parse_from_bytes(raw).subject
    other = fast_mail_parser.parse_email(raw).subject == subject
    print(f"mail-parser: {len(read.splitlines())} lines, fast-mail-parser the same as written: {other}")
    answer = EmailMessage()
    try:
        answer["Subject"] = "Re: " + read
    except ValueError as error:
        print("  the answer:", error)
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
mail-parser: 1 lines, fast-mail-parser the same as written: True
mail-parser: 2 lines, fast-mail-parser the same as written: True
  the answer: Header values may not contain linefeed or carriage return characters
mail-parser: 1 lines, fast-mail-parser the same as written: True
EXPECTED
diff expected seen
echo "as described"
