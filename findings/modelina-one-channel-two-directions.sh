#!/usr/bin/env bash
# @asyncapi/modelina 5.10.1 (npm), AsyncAPI 3.0 documents.
#
# Behaviour: a channel may have a `receive` and a `send` operation, each with messages of its
# own. Modelina makes one type for the channel, named after it. That type is the union of the
# last operation's messages alone: the other direction has no union, and whoever decodes by
# the channel's type does not know its messages.
# Expected: the union of both, or one union for each operation.
# Way out: two channels with the same address, one for each direction.
#
# Seen: the three lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund @asyncapi/modelina@5.10.1
cat >try.mjs <<'TRY'
import { TypeScriptGenerator } from "@asyncapi/modelina";

const payload = (name) => ({
  type: "object", title: name, properties: { [name.toLowerCase()]: { type: "string" } },
});
const message = (name) => ({ name, payload: { $ref: `#/components/schemas/${name}` } });
const channel = (...names) => ({
  address: "/talk",
  messages: Object.fromEntries(names.map((name) => [name, message(name)])),
});
const names = ["Said", "SaidToo", "Heard", "HeardToo"];
const schemas = Object.fromEntries(names.map((name) => [name, payload(name)]));
const info = { title: "Talk", version: "1" };
const operation = (channelName, names, action) => ({
  action,
  channel: { $ref: `#/channels/${channelName}` },
  messages: names.map((name) => ({ $ref: `#/channels/${channelName}/messages/${name}` })),
});
const one = {
  asyncapi: "3.0.0", info, components: { schemas },
  channels: { talk: channel("Said", "SaidToo", "Heard", "HeardToo") },
  operations: {
    in: operation("talk", ["Said", "SaidToo"], "receive"),
    out: operation("talk", ["Heard", "HeardToo"], "send"),
  },
};
const two = {
  asyncapi: "3.0.0", info, components: { schemas },
  channels: { talkIn: channel("Said", "SaidToo"), talkOut: channel("Heard", "HeardToo") },
  operations: {
    in: operation("talkIn", ["Said", "SaidToo"], "receive"),
    out: operation("talkOut", ["Heard", "HeardToo"], "send"),
  },
};
for (const document of [one, two]) {
  const models = await new TypeScriptGenerator({ modelType: "interface" }).generate(document);
  for (const { modelName, result } of models) {
    if (modelName.startsWith("Talk")) console.log(result);
  }
}
TRY
node try.mjs | tee seen
diff seen - <<'SEEN'
type Talk = Heard | HeardToo;
type TalkIn = Said | SaidToo;
type TalkOut = Heard | HeardToo;
SEEN
echo "as described"
