// A program that keeps a copy of a conversation with the client library, as an app would: each
// change is taken over, and what is known is forgotten on `reset`. After each change it prints
// one line of JSON: `{state, seq, epoch, messages: {<id>: <content>}}`.
//
//   node follower.mjs <url> <conversation> '<options of open>' '<tokens>'

import { Payam } from "../../web/client/index.js";

const [url, id, options, tokens] = process.argv.slice(2);
const kept = JSON.parse(tokens);
const store = { load: () => ({ ...kept, renewAt: Date.now() + 3_600_000 }), save: () => {} };
const payam = new Payam({ url, store, backoff: { least: 20, most: 200 } });
const conversation = payam.open(Number(id), JSON.parse(options));
let messages = {};

function say() {
  const { state, seq, epoch } = conversation;
  process.stdout.write(`${JSON.stringify({ state, seq, epoch, messages })}\n`);
}

conversation.on("message", ({ id, content }) => (messages[id] = content));
conversation.on("edited", ({ message }) => (messages[message.id] = message.content));
conversation.on("deleted", ({ message_id: id }) => (messages[id] = ""));
conversation.on("reset", () => (messages = {}));
for (const kind of ["message", "edited", "deleted", "reset", "state"]) conversation.on(kind, say);
