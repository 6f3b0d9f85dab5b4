#!/usr/bin/env bash
# webpush 1.0.6 (PyPI), Python 3.11.
#
# Behaviour: `WebPush` is made once, with a TTL, a subscriber and a life of its tokens for all messages, and
# `get` takes others for one message. What `get` was given stays in the object for all messages that come
# after it, to whomever they go. After one message that may wait for a day, "is typing" waits for a day as
# well. A TTL of 0 in `get` counts as none, so it does not bring the first value back. The audience of the
# token leaves out the port, so a push service on a port of its own has to refuse it (RFC 8292, section 2).
# Expected: what is given for one message holds for that one, as its comments call the others "global".
# Way out: one `WebPush` per kind of message, and never a TTL in `get`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check webpush==1.0.6
cat >try.py <<'TRY'
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from webpush import WebPush, WebPushSubscription
from webpush.vapid import VAPID

private, public, _ = VAPID.generate_keys()
push = WebPush(private_key=private, public_key=public, subscriber="desk@chat.example", ttl=30)
device = ec.generate_private_key(ec.SECP256R1()).public_key()
point = device.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
keys = {"auth": urlsafe_b64encode(bytes(16)).decode(), "p256dh": urlsafe_b64encode(point).decode()}


def sent(what, endpoint="https://push.example/1", **given):
    message = push.get("text", WebPushSubscription(endpoint=endpoint, keys=keys), **given)
    token = message.headers["authorization"].split("t=")[1].split(",")[0]
    claims = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    print(what, "| ttl", message.headers["ttl"], "|", claims["sub"], "|", claims["aud"])


sent("first")
sent("may wait", ttl=86400, subscriber="night@chat.example")
sent("after it")
sent("at once", ttl=0)
sent("port 8443", endpoint="https://push.example:8443/1")
TRY
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
first | ttl 30 | mailto:desk@chat.example | https://push.example
may wait | ttl 86400 | mailto:night@chat.example | https://push.example
after it | ttl 86400 | mailto:night@chat.example | https://push.example
at once | ttl 86400 | mailto:night@chat.example | https://push.example
port 8443 | ttl 86400 | mailto:night@chat.example | https://push.example
EXPECTED
diff expected seen
echo "as described"
