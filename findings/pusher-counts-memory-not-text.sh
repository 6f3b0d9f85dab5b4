#!/usr/bin/env bash
# pusher 3.3.4 (PyPI), Python 3.11.
#
# Behaviour: Pusher's service takes 10 kB per event. Its library for servers checks that in `trigger_batch`
# with `sys.getsizeof`, which is how much memory Python spends on the text. Python spends one byte per
# letter on a text in English, and two on each letter as soon as one letter is Persian. So a message of 9,000
# English letters passes, and the same with "سلام" before it is refused as too much, although it has 9,009
# bytes on the wire: texts that mix both scripts have half the room. `trigger` does the same with three
# times the limit of the service, so 24,000 bytes pass the check that is there to refuse them.
# Expected: the bytes that are sent are counted.
# Way out: encode the data oneself, check its length, and give the batch as already encoded.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pusher==3.3.4
cat >try.py <<'PYTHON'
from pusher import Pusher

client = Pusher(app_id="1", key="key", secret="secret", cluster="eu")._pusher_client


def answer(make, *given):
    try:
        make.make_request(*given)
    except ValueError as error:
        return f"refused: {error}"
    return "passes"


for words in ("hello " * 1500, "سلام " + "hello " * 1500, "سلام " * 1000, "hello " * 4000):
    batch = [{"channel": "chat", "name": "message", "data": words}]
    print(f"{words[:10]}… {len(words)} letters, {len(words.encode())} bytes;", end=" ")
    print("batch", answer(client.trigger_batch, batch), end="; ")
    print("trigger", answer(client.trigger, "chat", "message", words))
PYTHON
venv/bin/python -W ignore try.py | tee seen
cat >expected <<'EXPECTED'
hello hell… 9000 letters, 9000 bytes; batch passes; trigger passes
سلام hello… 9005 letters, 9009 bytes; batch refused: Too much data; trigger passes
سلام سلام … 5000 letters, 9000 bytes; batch passes; trigger passes
hello hell… 24000 letters, 24000 bytes; batch refused: Too much data; trigger passes
EXPECTED
diff expected seen
echo "as described"
