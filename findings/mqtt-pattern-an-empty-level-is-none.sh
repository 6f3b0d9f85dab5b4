#!/usr/bin/env bash
# mqtt-pattern 2.1.1, mqtt-match 3.0.0, aedes 1.2.0 as the broker, mqtt 5.16.0 as the client (npm), Node 20.
#
# Behaviour: a client subscribes with a filter such as "+/room", and gives each message to the functions whose
# filter fits its topic. That a filter fits is said by the broker and, once more, by a package like these. For
# mqtt-pattern "+" does not fit an empty level: what comes for "/room", as many programs write topics, or for
# "room/", arrives and is given to nobody. Both packages let "#" fit "$SYS/load", a topic of the broker itself,
# which a broker does not send for "#": whoever asked for both hears these twice.
# Expected: "+" fits an empty level, and a wildcard at the begin fits no "$" (MQTT 5.0, sections 4.7.1 and 4.7.2).
# Way out: mqtt-match, behind a look at the first sign of the topic.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund mqtt-pattern@2.1.1 mqtt-match@3.0.0 aedes@1.2.0 mqtt@5.16.0
cat >ask.mjs <<'ASK'
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { Aedes } from "aedes";
import mqtt from "mqtt";
import match from "mqtt-match";
import pattern from "mqtt-pattern";

const broker = await Aedes.createBroker();
const server = createServer(broker.handle);
server.listen(0, "127.0.0.1");
await once(server, "listening");
for (const [filter, topic] of [["+/room", "a/room"], ["+/room", "/room"], ["room/+", "room/"], ["#", "$SYS/load"]]) {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${server.address().port}`);
  const heard = [];
  client.on("message", (name) => heard.push(name));
  await client.subscribeAsync(filter);
  await new Promise((done) => broker.publish({ cmd: "publish", topic, payload: "x", qos: 0 }, done));
  await wait(300);
  console.log(filter, "and", topic, "->", "broker:", heard.includes(topic), "| mqtt-match:", match(filter, topic),
    "| mqtt-pattern:", pattern.matches(filter, topic));
  await client.endAsync(true);
}
process.exit();
ASK
node ask.mjs | tee seen
cat >expected <<'EXPECTED'
+/room and a/room -> broker: true | mqtt-match: true | mqtt-pattern: true
+/room and /room -> broker: true | mqtt-match: true | mqtt-pattern: false
room/+ and room/ -> broker: true | mqtt-match: true | mqtt-pattern: false
# and $SYS/load -> broker: false | mqtt-match: true | mqtt-pattern: true
EXPECTED
diff expected seen
echo "as described"
