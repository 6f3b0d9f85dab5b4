#!/usr/bin/env bash
# zulip-js 2.1.0 (npm), Node 20.
#
# Behaviour: `messages.send` puts a new text into the body of its request. `messages.update`, which edits one,
# puts the text into the address, behind a question mark. So what people write stands in the logs of each
# proxy and server on the way, and is as long as an address may be: 8 KiB at nginx, 16 KiB at Node. A Persian
# letter takes six signs there, so an edit of 1,500 letters does not pass nginx, though Zulip takes 10,000.
# Where the answer is no JSON, as that of a proxy, the error says that the JSON is wrong, and holds the whole
# text once more. Short edits pass.
# Expected: the text is in the body of a PATCH, as it is in the body of a POST.
# Way out: a PATCH of one's own with fetch.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund zulip-js@2.1.0
cat >try.js <<'TRY'
const http = require("http");
const zulip = require("zulip-js");

const server = http.createServer((request, response) => {
  let bytes = 0;
  request.on("data", (data) => { bytes += data.length; });
  request.on("end", () => {
    console.log(" ", request.method, "address of", request.url.length, "signs, body:", bytes > 0 ? "yes" : "empty",
      "| text in the address:", decodeURIComponent(request.url).includes("س"));
    response.setHeader("Content-Type", "application/json");
    response.end('{"result": "success"}');
  });
});
server.listen(0, "127.0.0.1", async () => {
  const realm = "http://127.0.0.1:" + server.address().port;
  const client = await zulip({ username: "bot@chat.example", apiKey: "key", realm });
  for (const letters of [10, 1500, 5000]) {
    const content = "س".repeat(letters);
    console.log(letters, "letters");
    await client.messages.send({ type: "stream", to: "desk", topic: "new", content });
    try {
      await client.messages.update({ message_id: 1, content });
    } catch (error) {
      console.log("  not edited:", error.message.split(" at ")[0]);
    }
  }
  process.exit();
});
TRY
node try.js | tee seen
cat >expected <<'EXPECTED'
10 letters
  POST address of 16 signs, body: yes | text in the address: false
  PATCH address of 100 signs, body: empty | text in the address: true
1500 letters
  POST address of 16 signs, body: yes | text in the address: false
  PATCH address of 9040 signs, body: empty | text in the address: true
5000 letters
  POST address of 16 signs, body: yes | text in the address: false
  not edited: invalid json response body
EXPECTED
diff expected seen
echo "as described"
