#!/usr/bin/env bash
# standardwebhooks 1.1.0 (PyPI), Python 3.11; standardwebhooks 1.1.1 (npm), Node 20.
#
# Behaviour: in Python `sign` drops the time zone of the datetime that it gets, and takes its hour
# for UTC. With a datetime of Tehran's zone the signature is for another second than the
# `webhook-timestamp` of the same datetime: no receiver accepts it, neither the library itself nor
# the one in JavaScript. A sender whose times are in UTC never sees it.
# Expected: an aware datetime is one moment, whatever its zone.
# Way out: give `sign` datetimes in UTC only.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund standardwebhooks@1.1.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check standardwebhooks==1.1.0
cat >try.py <<'TRY'
import json
from datetime import UTC, datetime, timedelta, timezone

from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
webhook = Webhook(SECRET)
now = datetime.now(UTC)
cases = []
for name, moment in (("UTC", now), ("UTC+03:30", now.astimezone(timezone(timedelta(hours=3, minutes=30))))):
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": webhook.sign("msg_1", moment, "{}"),
    }
    cases.append({"name": name, "headers": headers})
    try:
        webhook.verify("{}", headers)
        print("Python to Python,", name, "accepted")
    except WebhookVerificationError as error:
        print("Python to Python,", name, error)
json.dump({"secret": SECRET, "cases": cases}, open("signed.json", "w"))
TRY
cat >try.mjs <<'TRY'
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const { secret, cases } = JSON.parse(readFileSync("signed.json"));
for (const { name, headers } of cases) {
  try {
    new Webhook(secret).verify("{}", headers);
    console.log("Python to JavaScript,", name, "accepted");
  } catch (error) {
    console.log("Python to JavaScript,", name, error.message);
  }
}
TRY
(venv/bin/python try.py; node try.mjs) | tee seen
cat >expected <<'EXPECTED'
Python to Python, UTC accepted
Python to Python, UTC+03:30 No matching signature found
Python to JavaScript, UTC accepted
Python to JavaScript, UTC+03:30 No matching signature found
EXPECTED
diff expected seen
echo "as described"
