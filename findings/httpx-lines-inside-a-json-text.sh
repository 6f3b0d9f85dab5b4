#!/usr/bin/env bash
# httpx 0.28.1 and requests 2.34.2 beside jsonlines 4.0.0 (all PyPI), Python 3.11.
#
# Behaviour: httpx's `iter_lines`, the obvious way to read JSON Lines as a stream, also ends a
# line at U+2028, U+2029 and U+0085. JSON allows all three inside a string, so one object arrives
# as two broken lines. requests does the same with `decode_unicode=True`, and not without.
# Expected: a line of JSON Lines ends at a line feed only.
# Way out: split the bytes at line feeds; as a server, escape these three.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check httpx==0.28.1 requests==2.34.2 jsonlines==4.0.0
cat >try.py <<'TRY'
import io
import json

import httpx
import jsonlines
import requests

objects = [{"text": f"one{mark}two"} for mark in ("\u2028", "\u2029", "\u0085")]
body = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in objects).encode()


def by_requests(decode):
    response = requests.Response()
    response.raw, response.encoding = io.BytesIO(body), "utf-8"
    return list(response.iter_lines(decode_unicode=decode))


def count(name, lines):
    whole = 0
    for line in lines:
        try:
            whole += json.loads(line) in objects
        except json.JSONDecodeError:
            pass
    print(f"{name}: {len(lines)} lines, {whole} of them whole")


count("httpx", list(httpx.Response(200, content=body).iter_lines()))
count("requests, decoded", by_requests(True))
count("requests, bytes", by_requests(False))
count("jsonlines", [json.dumps(each) for each in jsonlines.Reader(io.BytesIO(body))])
TRY
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
httpx: 6 lines, 0 of them whole
requests, decoded: 6 lines, 0 of them whole
requests, bytes: 3 lines, 3 of them whole
jsonlines: 3 lines, 3 of them whole
EXPECTED
diff expected seen
echo "as described"
