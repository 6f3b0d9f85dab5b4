#!/usr/bin/env bash
# slack-to-discord 1.3.0 with discord.py 2.7.1 (PyPI), Python 3.11.
#
# Behaviour: the package moves an export of Slack to Discord. Slack writes a link as `<address|words>`, and it
# is made into `[words](address)` if the address has certain signs only. The percent sign is not among them, nor
# are "&", ";", "~" and "!". So each link with a Persian path, which Slack encodes, and each with two parameters
# stays as Slack writes it, its words behind the address, within the brackets. And what is in code is changed:
# stars of a sum are doubled, so "a*b*c" is "a**b**c", also within a block.
# Expected: each link is a link, and code stays as it is.
# Way out: replace the links before, in the files of the export.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check slack-to-discord==1.3.0 discord.py==2.7.1
mkdir desk
cat >desk/2026-02-13.json <<'JSON'
[
 {"ts": "1770978600.000100", "user": "U1", "text": "<https://shop.example/orders/7|your order>"},
 {"ts": "1770978601.000100", "user": "U1", "text": "<https://shop.example/%DA%AF%D9%84|your order>"},
 {"ts": "1770978602.000100", "user": "U1", "text": "<https://shop.example/?a=1&amp;b=2|your order>"},
 {"ts": "1770978603.000100", "user": "U1", "text": "```total = a*b*c```"}
]
JSON
cat >try.py <<'PYTHON'
from slack_to_discord.importer import slack_channel_messages

people = {"U1": ("sara", None)}
for message in slack_channel_messages(".", "desk", {}, people, {}, set(), "%Y-%m-%d", "%H:%M"):
    print(message["text"])
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
[your order](https://shop.example/orders/7)
<https://shop.example/%DA%AF%D9%84|your order>
<https://shop.example/?a=1&b=2|your order>
```total = a**b**c```
EXPECTED
diff expected seen
echo "as described"
