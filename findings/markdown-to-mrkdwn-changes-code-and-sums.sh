#!/usr/bin/env bash
# markdown-to-mrkdwn 0.3.3 (PyPI), Python 3.11.
#
# Behaviour: the converter for Slack's messages changes what stands in a code span, and takes single
# stars between spaces for marks of emphasis. So a sum loses its signs, and a name in code loses its
# underscores. In a block of code nothing is changed.
# Expected: by CommonMark a star with spaces on both sides is a star, and nothing within a code span is markup.
# Way out: put code that must stay into a block, and write × in sums.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check markdown-to-mrkdwn==0.3.3
cat >try.py <<'TRY'
from markdown_to_mrkdwn import SlackMarkdownConverter

converter = SlackMarkdownConverter()
for text in ("2 * 3 * 4 = 24", "`__init__`", "`a = **b**`", "`[a](b)`", "```\n__init__\n```"):
    print(repr(text), "->", repr(converter.convert(text)))
TRY
venv/bin/python -W ignore try.py | tee seen
cat >expected <<'EXPECTED'
'2 * 3 * 4 = 24' -> '2 _ 3 _ 4 = 24'
'`__init__`' -> '`*init*`'
'`a = **b**`' -> '`a = *b*`'
'`[a](b)`' -> '`<b|a>`'
'```\n__init__\n```' -> '```\n__init__\n```'
EXPECTED
diff expected seen
echo "as described"
