#!/usr/bin/env bash
# openapi-python-client 0.29.1 (PyPI), Python 3.11, an OpenAPI 3.1 document.
#
# Behaviour: the client that it makes sends a field with a `default` also where the caller gives
# none. In the body of a PATCH (here a JSON merge patch) that resets what nobody wanted to change:
# a new title also switches `muted` off. And `explode: false` is ignored: a list in the query is sent
# as tag=a&tag=b, not as tag=a,b. There is no warning about either.
# Expected: what was not given is not sent (the server knows the default), and the list as described.
# Way out: as a server, no `default` in what a PATCH takes, and no `explode: false`.
#
# Seen: the three lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openapi-python-client==0.29.1
cat >talk.json <<'DOCUMENT'
{
  "openapi": "3.1.0",
  "info": {"title": "Talk", "version": "1"},
  "paths": {
    "/chats/{id}": {
      "patch": {
        "operationId": "change",
        "parameters": [
          {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
          {"name": "tag", "in": "query", "style": "form", "explode": false,
           "schema": {"type": "array", "items": {"type": "string"}}}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/merge-patch+json": {"schema": {"$ref": "#/components/schemas/Change"}}}
        },
        "responses": {"204": {"description": "changed"}}
      }
    }
  },
  "components": {
    "schemas": {
      "Change": {
        "type": "object",
        "properties": {"title": {"type": "string"}, "muted": {"type": "boolean", "default": false}}
      }
    }
  }
}
DOCUMENT
venv/bin/openapi-python-client generate --path talk.json --output-path talk --meta none >log 2>&1
cat >try.py <<'TRY'
import httpx
from talk import Client
from talk.api.default import change
from talk.models import Change


def show(request):
    print(request.method, request.url.path)
    print(request.url.query.decode())
    print(request.content.decode())
    return httpx.Response(204)


client = Client(base_url="https://chat.example")
client.set_httpx_client(httpx.Client(base_url="https://chat.example", transport=httpx.MockTransport(show)))
change.sync_detailed(5, client=client, body=Change(title="Friends"), tag=["a", "b"])
TRY
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
PATCH /chats/5
tag=a&tag=b
{"title":"Friends","muted":false}
EXPECTED
diff expected seen
echo "as described"
