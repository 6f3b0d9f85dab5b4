#!/usr/bin/env bash
# sseclient-py 1.9.0 beside httpx-sse 0.4.3 (both PyPI), Python 3.11.
#
# Behaviour: when a stream ends in the middle of an event (a proxy cuts it, a server restarts),
# sseclient-py gives the part that came as if it were the whole event. The id is already the new
# one: a client that reconnects with it as Last-Event-ID never gets the rest.
# Expected: an event without its empty line is dropped, as the HTML standard says and httpx-sse does;
# it comes whole after the next connect.
# Way out: httpx-sse; or take an event's id only after its data has been read as JSON.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check sseclient-py==1.9.0 httpx-sse==0.4.3 httpx==0.28.1
cat >try.py <<'TRY'
import httpx
import httpx_sse
import sseclient

whole = b"id: 7\ndata: see you at ten\n\nid: 8\ndata: do not send the money\n\n"
for stream in (whole, whole[:-13]):
    print("sseclient-py", [(event.id, event.data) for event in sseclient.SSEClient(iter([stream])).events()])
    answer = httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content=stream)
    print("httpx-sse", [(event.id, event.data) for event in httpx_sse.EventSource(answer).iter_sse()])
TRY
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
sseclient-py [('7', 'see you at ten'), ('8', 'do not send the money')]
httpx-sse [('7', 'see you at ten'), ('8', 'do not send the money')]
sseclient-py [('7', 'see you at ten'), ('8', 'do not sen')]
httpx-sse [('7', 'see you at ten')]
EXPECTED
diff expected seen
echo "as described"
