#!/usr/bin/env bash
# slack-export-viewer 3.5.0 (PyPI), Python 3.11.
#
# Behaviour: it shows an export of Slack as pages. To read more names of little pictures it makes an
# underscore of each hyphen between two colons that have no space between them. Hours have that form:
# "10:30-11:45" is shown as "10:30_11:45". In a line with two such hours the two underscores are marks of
# emphasis for the next step, so both hyphens are gone, and what was between is slanted. Scores and ports
# change in the same way. A link with a percent sign or two parameters, as each one to a Persian page, is no
# link there; its address is shown with the marks of Slack around it.
# Expected: the text that was written, and a link for each link of the export.
# Way out: read hours and links in the JSON of the export.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check slack-export-viewer==3.5.0
cat >try.py <<'TRY'
from slackviewer.formatter import SlackFormatter

formatter = SlackFormatter({}, {})
for text in (
    "open 10:30 - 11:45",
    "open 10:30-11:45",
    "open 9:00-12:00 and 14:00-17:00 but Fridays",
    "won 3:1-2:2",
    "<https://chat.example/hours|the hours>",
    "<https://chat.example/%D8%B3%D8%A7%D8%B9%D8%AA|the hours>",
    "<https://chat.example/hours?day=1&amp;desk=2|the hours>",
):
    print(text, "->", formatter.render_text(text))
TRY
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
open 10:30 - 11:45 -> <p>open 10:30 - 11:45</p>
open 10:30-11:45 -> <p>open 10:30_11:45</p>
open 9:00-12:00 and 14:00-17:00 but Fridays -> <p>open 9:00<em>12:00 and 14:00</em>17:00 but Fridays</p>
won 3:1-2:2 -> <p>won 3:1_2:2</p>
<https://chat.example/hours|the hours> -> <p><a href="https://chat.example/hours">the hours</a></p>
<https://chat.example/%D8%B3%D8%A7%D8%B9%D8%AA|the hours> -> <p><https://chat.example/%D8%B3%D8%A7%D8%B9%D8%AA|the hours></p>
<https://chat.example/hours?day=1&amp;desk=2|the hours> -> <p><https://chat.example/hours?day=1&amp;desk=2|the hours></p>
EXPECTED
diff expected seen
echo "as described"
