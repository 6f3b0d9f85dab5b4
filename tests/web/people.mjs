// People who use the library against a running Payam, through a proxy that does what networks do.

import { randomBytes } from "node:crypto";

import { Payam } from "../../web/client/index.js";

export const url = process.env.PAYAM_URL;
export const backoff = { least: 20, most: 200 };
export const everyone = [];

export async function person(name, options = {}) {
  const kept = { tokens: null };
  const store = storeOf(kept);
  // Another test may just have cut what the proxy's connections are kept for.
  const direct = new Payam({ url: process.env.PAYAM_DIRECT, store });
  await direct.signUp(`${name}_${randomBytes(6).toString("hex")}`, "correct-horse");
  const payam = new Payam({ url, backoff, store, ...options });
  everyone.push(payam);
  return Object.assign(payam, { who: await direct.me(), kept, direct });
}

/** What several tabs share. */
export function storeOf(kept) {
  return { load: () => kept.tokens, save: (tokens) => (kept.tokens = tokens) };
}

export async function pair(options) {
  const [ali, sara] = [await person("ali", options), await person("sara", options)];
  const { id } = await ali.direct.begin([sara.who.id]);
  return { ali, sara, id };
}

/** What comes in a conversation, as it comes. */
export function listen(conversation) {
  const heard = [];
  conversation.on("message", ({ content }) => heard.push(content));
  conversation.on("edited", ({ message }) => heard.push(`edited: ${message.content}`));
  conversation.on("deleted", ({ message_id: id }) => heard.push(`deleted: ${id}`));
  return heard;
}

export function until(emitter, type, isIt = () => true) {
  return new Promise((resolve) => {
    const off = emitter.on(type, (event) => {
      if (!isIt(event)) return;
      off();
      resolve(event);
    });
  });
}

export const become = (conversation, state) =>
  conversation.state === state
    ? Promise.resolve()
    : until(conversation, "state", (event) => event.state === state);

export async function heard(list, count) {
  while (list.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
}

export async function stored(payam, id) {
  const messages = await payam.direct.json("GET", `/api/conversations/${id}/messages/`);
  return messages.map((message) => message.content);
}

export const numbered = (name, count) => Array.from({ length: count }, (_, place) => `${name} ${place}`);

