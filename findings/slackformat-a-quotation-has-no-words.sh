#!/usr/bin/env bash
# slackformat 1.0.0 (PyPI), Python 3.11.
#
# Behaviour: what people write in Slack comes as `rich_text`, with an element each for plain text, a list, a
# block of code and a quotation. `richtext_to_markdown` writes the mark of a quotation and leaves out its words,
# so an answer to "as Sara wrote" answers nothing. A call of all who are there (`broadcast`) is left out within
# its line. Nothing is said. The other way round, `md_to_richtext` makes of a mention a link to the address
# "@U024BE7LH".
# Expected: the words of a quotation are in the text, and a mention is a mention.
# Way out: none within the package; `text` of the same message of Slack has it all.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check slackformat==1.0.0
cat >try.py <<'PYTHON'
import json

import slackformat

message = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "Run this, "},
                {"type": "broadcast", "range": "here"},
                {"type": "text", "text": " now"},
            ],
        },
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "systemctl restart desk"}]},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "as Sara wrote"}]},
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "then look"}]}],
        },
    ],
}
print(json.dumps(slackformat.richtext_to_markdown(message)))
print(json.dumps(slackformat.md_to_richtext("ask <@U024BE7LH>")))
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
"Run this,  now\n\n```\nsystemctl restart desk\n```\n\n> \n\n- then look"
{"type": "rich_text_section", "elements": [{"type": "text", "text": "ask "}, {"type": "link", "url": "@U024BE7LH", "text": "@U024BE7LH"}]}
EXPECTED
diff expected seen
echo "as described"
