#!/usr/bin/env bash
# quotequail 0.5.4 (PyPI), Python 3.11.
#
# Behaviour: `unwrap` takes an answer apart into the new text, the quoted one, its date and its sender. In
# the line that Gmail writes above a quotation in American English it ends the date at the second comma. So
# the date has no year, and the sender is "2025 at 10:15 AM Ali Karimi <...>", which is nobody's address.
# Forms with a comma before the name are read rightly.
# Expected: the date is "Mon, Dec 1, 2025 at 10:15 AM", and the sender is "Ali Karimi <ali@chat.example>".
# Way out: take the sender of the earlier message from the mail that In-Reply-To names.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check quotequail==0.5.4
cat >try.py <<'PYTHON'
import quotequail

NAME = "Ali Karimi <ali@chat.example>"
for line in (
    f"On Mon, Dec 1, 2025 at 10:15 AM {NAME} wrote:",
    f"On Mon, 1 Dec 2025 at 10:15, {NAME} wrote:",
    f"On Dec 1, 2025, at 10:15, {NAME} wrote:",
):
    parts = quotequail.unwrap(f"Thank you\n\n{line}\n> Where is it?\n")
    print(line, "->", {key: parts[key] for key in ("date", "from")})
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
On Mon, Dec 1, 2025 at 10:15 AM Ali Karimi <ali@chat.example> wrote: -> {'date': 'Mon, Dec 1', 'from': '2025 at 10:15 AM Ali Karimi <ali@chat.example>'}
On Mon, 1 Dec 2025 at 10:15, Ali Karimi <ali@chat.example> wrote: -> {'date': 'Mon, 1 Dec 2025 at 10:15', 'from': 'Ali Karimi <ali@chat.example>'}
On Dec 1, 2025, at 10:15, Ali Karimi <ali@chat.example> wrote: -> {'date': 'Dec 1, 2025, at 10:15', 'from': 'Ali Karimi <ali@chat.example>'}
EXPECTED
diff expected seen
echo "as described"
