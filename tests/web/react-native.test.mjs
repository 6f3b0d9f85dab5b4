// The library where the platform has little more than `fetch`, `WebSocket` and timers.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Scripted } from "./scripted.mjs";

const MISSING = ["EventTarget", "Event", "CustomEvent", "crypto", "atob", "URL", "URLSearchParams", "navigator"];

test("an account works, and a listener's fault stops nobody else", async () => {
  const server = new Scripted();
  server.conversation(1);
  for (const name of MISSING) delete globalThis[name];
  for (const name of MISSING) assert.equal(globalThis[name], undefined, name);
  const { Payam } = await import("../../web/client/index.js");
  const payam = new Payam({ ...server.options, store: server.store });
  assert.equal(await payam.subject(), "1");
  const account = payam.account();
  const faults = [];
  globalThis.reportError = ({ message }) => faults.push(message);
  account.on("message", () => {
    throw new Error("a listener's fault");
  });
  const heard = [];
  account.on("message", ({ content, conversation }) => heard.push([conversation, content]));
  await server.greet(0);
  await account.opened();
  const ack = await account.get(1).send("سلام");
  assert.equal(ack.client_id.length, 32);
  const message = { type: "chat.message", id: 7, sender: "sara", content: "درود", seq: 6, conversation: 1 };
  server.send({ ...message, timestamp: "2026-02-01T00:00:00Z" });
  assert.deepEqual(heard, [[1, "درود"]]);
  assert.deepEqual(faults, ["a listener's fault"]);
  payam.close();
});
