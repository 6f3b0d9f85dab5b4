// What was written and is not known to be stored, kept over reloads of the page. Sent again
// from here it is the same message, by its client id; from two tabs at once, too.

export class Outbox {
  #storage;
  #prefix;
  #steps = new Map(); // the last step for each key: what is forgotten must not be kept afterwards
  #count = 0;

  constructor(storage, subject) {
    this.#storage = storage;
    this.#prefix = `outbox/${subject}/`;
  }

  /** `[{conversation, clientId, text, at, replyTo, metadata}]`, in the order of writing. */
  async all() {
    const entries = await this.#storage.list(this.#prefix).catch(() => []);
    return entries.sort((one, other) => one.at - other.at);
  }

  /** Of two that are written in one millisecond the first stays first. */
  at() {
    this.#count = Math.max(this.#count + 0.001, Date.now());
    return this.#count;
  }

  /** Resolved once it outlives the page. */
  keep({ conversation, clientId, text, at, replyTo, metadata }) {
    const key = this.#keyOf(conversation, clientId);
    return this.#step(key, () => this.#storage.set(key, { conversation, clientId, text, at, replyTo, metadata }));
  }

  forget({ conversation, clientId }) {
    const key = this.#keyOf(conversation, clientId);
    this.#step(key, async () => {
      await this.#storage.delete(key);
      this.#steps.delete(key);
    });
  }

  /** The same `clientId` in another conversation is another message. */
  #keyOf(conversation, clientId) {
    return `${this.#prefix}${conversation}/${clientId}`;
  }

  #step(key, work) {
    const before = this.#steps.get(key) ?? Promise.resolve();
    const step = before.then(work).catch(() => {}); // where nothing can be kept
    this.#steps.set(key, step);
    return step;
  }
}
