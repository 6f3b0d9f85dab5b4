// The newest messages of the conversations that were read last, kept so that they can be read
// without a connection. They are shown until the server has answered, and count for nothing else.

import { forgetSeen, SeenFiles } from "./seen-files.js";

const CONVERSATIONS = 30;
const MESSAGES = 50; // of each
const LETTERS = 200_000; // of each, as JSON; so the shelf stays below some 12 MB
const PAUSE = 2000; // milliseconds between two writes of one conversation

export class Shelf {
  #storage;
  #subject;
  #timers = new Map(); // by conversation
  #written = new Map(); // by conversation, the list of which the newest are kept
  #isTidied = false;
  #last = Promise.resolve(); // the last change, which the next one waits for

  constructor(storage, subject) {
    this.#storage = storage;
    this.#subject = subject;
    this.files = new SeenFiles(storage, subject);
  }

  /** What is kept of that history of the conversation. */
  async load({ id, record }) {
    const kept = await this.#get(id);
    return kept?.epoch === record.epoch ? kept.messages : [];
  }

  /** Soon; of several changes the last counts. */
  keep(conversation) {
    const { id, thread } = conversation;
    if (!thread.isLoaded || this.#timers.has(id) || this.#written.get(id) === thread.messages) return;
    this.#timers.set(id, setTimeout(() => this.#write(conversation), PAUSE));
  }

  /**
   * Something was edited or deleted: nothing that is gone stays here. This does not wait, for a page that is loaded
   * again meanwhile would show it once more.
   */
  async amend({ id }, frame) {
    if (frame.type === "message.deleted") this.files.drop(id, frame.message_id);
    const changed = CHANGED[frame.type]?.(frame);
    if (!changed) return;
    await this.#inTurn(async () => {
      const kept = await this.#get(id);
      if (!kept?.messages.some((one) => one.id === changed.id)) return;
      const messages = kept.messages.map((one) => (one.id === changed.id ? { ...one, ...changed } : one));
      await this.#set({ ...kept, messages });
    });
  }

  async drop(id) {
    this.files.drop(id);
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.#written.delete(id);
    await this.#inTurn(() => this.#storage.delete(this.#key(id)).catch(() => {}));
  }

  close() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.files.close();
  }

  /** Two changes at once would each read what the other has not written yet. */
  #inTurn(change) {
    this.#last = this.#last.then(change, change);
    return this.#last;
  }

  #write(conversation) {
    this.#timers.delete(conversation.id);
    return this.#inTurn(() => this.#writeNewest(conversation));
  }

  async #writeNewest({ id, record, thread }) {
    // Who jumped far back keeps the newest, if they are there.
    if (!thread.isLoaded || (thread.hasLater && (await this.#get(id)))) return;
    const { messages } = thread;
    this.#written.set(id, messages);
    await this.#set({ id, epoch: record.epoch, at: Date.now(), messages: newest(messages) });
    if (this.#isTidied) return;
    this.#isTidied = true;
    const all = await this.#storage.list(this.#key("")).catch(() => []);
    const old = all.sort((one, other) => other.at - one.at).slice(CONVERSATIONS);
    for (const one of old) this.drop(one.id);
  }

  #get(id) {
    return this.#storage.get(this.#key(id)).catch(() => undefined);
  }

  #set(kept) {
    return this.#storage.set(this.#key(kept.id), kept).catch(() => {}); // where there is no room
  }

  #key(id) {
    return keyOf(this.#subject, id);
  }
}

const GONE = { content: "", attachments: [], mentions: [], reactions: [], metadata: {}, is_deleted: true };
const CHANGED = {
  "message.edited": ({ message: { id, content, mentions = [] } }) => ({ id, content, mentions, is_edited: true }),
  "message.deleted": ({ message_id: id }) => ({ id, ...GONE }),
};

/** As many as there is room for, and the last one anyway. */
function newest(messages) {
  const some = messages.slice(-MESSAGES);
  let room = LETTERS;
  let first = some.length;
  while (first > 0 && (room -= JSON.stringify(some[first - 1]).length) >= 0) first -= 1;
  return some.slice(Math.min(first, some.length - 1));
}

function keyOf(subject, id) {
  return `thread/${subject}/${id}`;
}

/** Another user of this device must not find them. */
export async function forgetShelf(storage, subject) {
  await forgetSeen(storage, subject);
  const all = await storage.list(keyOf(subject, "")).catch(() => []);
  await Promise.all(all.map(({ id }) => storage.delete(keyOf(subject, id)).catch(() => {})));
}
