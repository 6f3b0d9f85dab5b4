#!/usr/bin/env bash
# cloudevents 2.2.0 (PyPI), Python 3.11; cloudevents 10.0.0 (npm), Node 20.
#
# Behaviour: in the binary mode over HTTP the SDK for Python percent-encodes what is not ASCII in
# a header and decodes it again, as the binding of CloudEvents 1.0 asks. The SDK for JavaScript does
# neither: a Persian subject from Python is read there as "%D8%B3…", and its own headers with
# one are refused by fetch. It also cuts the microseconds of a time to milliseconds where it writes
# an event, so the event of a microsecond comes back as another.
# Expected: what one SDK writes is what the other reads.
# Way out: the structured mode, or encodeURIComponent and decodeURIComponent around it.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund cloudevents@10.0.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cloudevents==2.2.0
cat >write.py <<'WRITE'
import json

from cloudevents.core.bindings.http import from_binary_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

attributes = {"id": "1", "source": "/chats/1", "type": "message.sent", "specversion": "1.0",
              "subject": "سلام", "datacontenttype": "application/json"}
event = CloudEvent(attributes, {"text": "hello"})
for name, write in (("binary", to_binary_event), ("structured", to_structured_event)):
    message = write(event)
    print(json.dumps({"name": name, "headers": message.headers, "body": message.body.decode()}))
back = from_binary_event(to_binary_event(event))
assert back.get_subject() == "سلام"
WRITE
cat >read.mjs <<'READ'
import { readFileSync } from "node:fs";
import { CloudEvent, HTTP } from "cloudevents";

for (const line of readFileSync("written", "utf8").trimEnd().split("\n")) {
  const { name, headers, body } = JSON.parse(line);
  const event = HTTP.toEvent({ headers, body });
  console.log(name, "from Python:", event.subject);
}
const event = new CloudEvent({ id: "1", source: "/chats/1", type: "message.sent", subject: "سلام", data: {} });
const written = HTTP.binary(event);
console.log("its own header:", written.headers["ce-subject"]);
try {
  new Headers(written.headers);
} catch (error) {
  console.log(error.name + ":", error.message);
}
const precise = new CloudEvent({ ...event, time: "2026-11-28T12:00:00.123456Z" });
console.log(precise.time, "is written as", HTTP.binary(precise).headers["ce-time"]);
READ
venv/bin/python write.py >written
node read.mjs | tee seen
cat >expected <<'EXPECTED'
binary from Python: %D8%B3%D9%84%D8%A7%D9%85
structured from Python: سلام
its own header: سلام
TypeError: Cannot convert argument to a ByteString because the character at index 0 has a value of 1587 which is greater than 255.
2026-11-28T12:00:00.123456Z is written as 2026-11-28T12:00:00.123Z
EXPECTED
diff expected seen
echo "as described"
