#!/usr/bin/env bash
# pywebpush 2.5.0, py-vapid 1.9.6 (PyPI), Python 3.11.
#
# Behaviour: `webpush` writes the audience that it found for the first device into the dict of
# claims that it was given, and takes it from there the next time. So a program with one dict of
# claims for all its devices names the first push service to the second one, which has to refuse
# such a token (RFC 8292, section 2). An `exp` that was written in the same way is made anew once it
# has passed; the audience is not.
# Expected: the dict is left as it was, or the audience is that of each device's service.
# Way out: give each call a copy.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pywebpush==2.5.0 py-vapid==1.9.6
cat >push.py <<'PYTHON'
import json
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid
from pywebpush import webpush


class Service(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        payload = self.headers["Authorization"].split("t=")[1].split(",")[0].split(".")[1]
        audience = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["aud"]
        names = {f"http://127.0.0.1:{one.server_port}": name for name, one in services.items()}
        print(f"  the {names['http://' + self.headers['Host']]} service is asked for the {names[audience]} one")
        self.send_response(201)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def device_of(service: ThreadingHTTPServer) -> dict[str, object]:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": point, "auth": bytes(16)}
    return {
        "endpoint": f"http://127.0.0.1:{service.server_port}/device",
        "keys": {name: urlsafe_b64encode(key).decode().rstrip("=") for name, key in keys.items()},
    }


services = {name: ThreadingHTTPServer(("127.0.0.1", 0), Service) for name in ("first", "second")}
for service in services.values():
    threading.Thread(target=service.serve_forever, daemon=True).start()
vapid = Vapid()
vapid.generate_keys()
claims = {"sub": "mailto:desk@chat.example"}
for title, copy in (("copies:", dict), ("one dict:", lambda given: given)):
    print(title, flush=True)
    for service in services.values():
        webpush(device_of(service), "سلام", vapid_private_key=vapid, vapid_claims=copy(claims))
print("in the dict now:", ", ".join(claims))
PYTHON
venv/bin/python push.py | tee seen
cat >expected <<'EXPECTED'
copies:
  the first service is asked for the first one
  the second service is asked for the second one
one dict:
  the first service is asked for the first one
  the second service is asked for the first one
in the dict now: sub, aud, exp
EXPECTED
diff expected seen
echo "as described"
