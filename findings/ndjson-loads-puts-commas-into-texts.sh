#!/usr/bin/env bash
# ndjson 0.3.1 (PyPI), Python 3.11.
#
# Behaviour: a message holds a line separator (U+2028), as texts from word processors do. JSON may hold it
# as it is, within a string, and JSON.stringify writes it so. `ndjson.loads` cuts its input at it and joins
# the parts by a comma, so the text comes back with a comma in it, and nothing is said. `ndjson.reader`
# over the same text reads it rightly. So an export that is loaded in one piece differs from one that is
# streamed.
# Expected: lines of NDJSON end at a line feed and nowhere else.
# Way out: use `ndjson.reader(io.StringIO(text))`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ndjson==0.3.1
cat >try.py <<'TRY'
import io
import json

import ndjson

messages = [{"content": "first part\u2028second part"}, {"content": "سلام"}]
text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in messages)
print("lines:", text.count("\n"))
print("reader gives what was written:", list(ndjson.reader(io.StringIO(text))) == messages)
print("loads gives:", ndjson.loads(text)[0])
TRY
venv/bin/python -W ignore try.py | tee seen
cat >expected <<'EXPECTED'
lines: 2
reader gives what was written: True
loads gives: {'content': 'first part,second part'}
EXPECTED
diff expected seen
echo "as described"
