#!/usr/bin/env bash
# requests 2.34.2 and httpx 0.28.1 beside httplink 0.2.0 (all PyPI), Python 3.11.
#
# Behaviour: `response.links` splits a Link header at every semicolon, the one inside <...> too.
# An address with a semicolon is cut there, and its `rel` is lost: a client that follows
# `links["next"]` reads the first page and believes that there is no other. A semicolon is allowed
# in paths and queries (RFC 3986). Several relations in one `rel` become one key, "next last".
# Expected: what RFC 8288 says, as httplink does.
# Way out: httplink; as a server, write the semicolon as %3B and one relation per link.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check requests==2.34.2 httpx==0.28.1 httplink==0.2.0
cat >try.py <<'TRY'
import httplink
import httpx
import requests

for header in (
    '<https://chat.example/messages?after=12>; rel="next"',
    '<https://chat.example/messages?after=12;13>; rel="next"',
    '<https://chat.example/messages?after=12>; rel="next last"',
):
    response = requests.Response()
    response.headers["Link"] = header
    print(header)
    print(" requests", response.links)
    print(" httpx", httpx.Response(200, headers={"Link": header}).links)
    parsed = httplink.parse_link_header(header).links
    print(" httplink", [(link.target, sorted(link.rel)) for link in parsed])
TRY
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
<https://chat.example/messages?after=12>; rel="next"
 requests {'next': {'url': 'https://chat.example/messages?after=12', 'rel': 'next'}}
 httpx {'next': {'url': 'https://chat.example/messages?after=12', 'rel': 'next'}}
 httplink [('https://chat.example/messages?after=12', ['next'])]
<https://chat.example/messages?after=12;13>; rel="next"
 requests {'https://chat.example/messages?after=12': {'url': 'https://chat.example/messages?after=12'}}
 httpx {'https://chat.example/messages?after=12': {'url': 'https://chat.example/messages?after=12'}}
 httplink [('https://chat.example/messages?after=12;13', ['next'])]
<https://chat.example/messages?after=12>; rel="next last"
 requests {'next last': {'url': 'https://chat.example/messages?after=12', 'rel': 'next last'}}
 httpx {'next last': {'url': 'https://chat.example/messages?after=12', 'rel': 'next last'}}
 httplink [('https://chat.example/messages?after=12', ['last', 'next'])]
EXPECTED
diff expected seen
echo "as described"
