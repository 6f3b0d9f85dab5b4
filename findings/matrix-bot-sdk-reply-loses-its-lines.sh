#!/usr/bin/env bash
# matrix-bot-sdk 0.7.1 (npm), Node 20; mautrix 0.21.1 (PyPI), Python 3.11.
#
# Behaviour: `replyText` answers an event with a plain text. It sends the text as `body` and, because a
# reply has HTML, once more as `formatted_body`. There each line feed becomes `&#10;`, and HTML shows that
# as a space. Clients and bridges that read `formatted_body`, as they are to do, show a list
# or an address in one line; here it is mautrix, on which bridges are built. `sendText` has no HTML,
# so the same text keeps its lines there. A reply to a reply also quotes the quote that was in it.
# Expected: <br> for each line feed, and only the newest message is quoted.
# Way out: give `replyText` the HTML oneself, as its fourth argument.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mautrix==0.21.1
npm install --silent --no-audit --no-fund --ignore-scripts matrix-bot-sdk@0.7.1
cat >send.cjs <<'JS'
const { writeFileSync } = require("node:fs");
const Module = require("node:module");

// Its native part for encryption is another download, and nothing here needs it.
const load = Module._load;
Module._load = (name, ...rest) => (name.endsWith("matrix-sdk-crypto-nodejs") ? {} : load(name, ...rest));
const { MatrixClient } = require("matrix-bot-sdk");

const client = new MatrixClient("http://localhost:1", "none");
client.sendMessage = async (room, content) => content;
(async () => {
  const question = { event_id: "$1", sender: "@sara:chat.example", content: { body: "Where is it?" } };
  const reply = await client.replyText("!room:chat.example", question, "Tehran\nAzadi street\nNo. 12");
  const event = { event_id: "$2", sender: "@ali:chat.example", content: reply };
  const again = await client.replyText("!room:chat.example", event, "Thanks");
  writeFileSync("reply.json", JSON.stringify(reply));
  console.log(reply.body);
  console.log("formatted_body ends with:", JSON.stringify(reply.formatted_body.split("</mx-reply>")[1]));
  console.log("the second reply:");
  console.log(again.body);
})();
JS
cat >read.py <<'PYTHON'
import asyncio
import json

from mautrix.util.formatter import parse_html

reply = json.load(open("reply.json"))
print("mautrix reads:", repr(asyncio.run(parse_html(reply["formatted_body"]))))
PYTHON
{ node send.cjs; venv/bin/python read.py; } | tee seen
cat >expected <<'EXPECTED'
> <@sara:chat.example> Where is it?

Tehran
Azadi street
No. 12
formatted_body ends with: "Tehran&#10;Azadi street&#10;No. 12"
the second reply:
> <@ali:chat.example> > <@sara:chat.example> Where is it?
> 
> Tehran
> Azadi street
> No. 12

Thanks
mautrix reads: 'Tehran Azadi street No. 12'
EXPECTED
diff expected seen
echo "as described"
