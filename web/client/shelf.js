// The newest messages of the conversations that were read last, kept so that they can be read
// without a connection. They are shown until the server has answered, and count for nothing else.

const CONVERSATIONS = 30;
// Of each
const MESSAGES = 50;
// Milliseconds between two writes of one conversation
const PAUSE = 2000;

export class Shelf {
  #storage;
  #subject;
  // By conversation
  #timers = new Map();
  #isTidied = false;

  constructor(storage, subject) {
    this.#storage = storage;
    this.#subject = subject;
  }

  /** What is kept of that history of the conversation. */
  async load({ id, record }) {
    const kept = await this.#storage.get(this.#key(id)).catch(() => undefined);
    return kept?.epoch === record.epoch ? kept.messages : [];
  }

  /** Soon; of several changes the last counts. */
  keep(conversation) {
    const { id } = conversation;
    if (this.#timers.has(id)) return;
    this.#timers.set(id, setTimeout(() => this.#write(conversation), PAUSE));
  }

  async drop(id) {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    await this.#storage.delete(this.#key(id)).catch(() => {});
  }

  close() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #write({ id, record, thread }) {
    this.#timers.delete(id);
    if (!thread.isLoaded || thread.hasLater) return;
    const messages = thread.messages.slice(-MESSAGES);
    await this.#storage.set(this.#key(id), { id, epoch: record.epoch, at: Date.now(), messages }).catch(() => {});
    if (this.#isTidied) return;
    this.#isTidied = true;
    const all = await this.#storage.list(this.#key("")).catch(() => []);
    const old = all.sort((one, other) => other.at - one.at).slice(CONVERSATIONS);
    for (const one of old) this.drop(one.id);
  }

  #key(id) {
    return keyOf(this.#subject, id);
  }
}

function keyOf(subject, id) {
  return `thread/${subject}/${id}`;
}

/** Another user of this device must not find them. */
export async function forgetShelf(storage, subject) {
  const all = await storage.list(keyOf(subject, "")).catch(() => []);
  await Promise.all(all.map(({ id }) => storage.delete(keyOf(subject, id)).catch(() => {})));
}
