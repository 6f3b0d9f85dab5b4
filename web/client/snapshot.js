// The newest conversations and the cursor that belongs to them, kept so that the next start shows
// something at once and asks only for what has happened since.

const MOST = 50; // conversations
const PAUSE = 1000; // milliseconds between two writes

export class Snapshot {
  #storage;
  #key;
  #timer;

  constructor(storage, subject) {
    this.#storage = storage;
    this.#key = keyOf(subject);
  }

  async load() {
    return (await this.#storage.get(this.#key).catch(() => undefined)) ?? null;
  }

  /** Soon, what `make` gives then: `{cursor, me, conversations}`, or null where it cannot be kept. */
  save(make) {
    this.#timer ??= setTimeout(() => this.#write(make()), PAUSE);
  }

  close() {
    clearTimeout(this.#timer);
  }

  #write(made) {
    this.#timer = undefined;
    if (!made) return;
    const { cursor, me, conversations } = made;
    const newest = conversations.filter(({ isMember }) => isMember).slice(0, MOST);
    const kept = { cursor, me, conversations: newest.map(({ record, seq }) => ({ record, seq })) };
    this.#storage.set(this.#key, kept).catch(() => {});
  }
}

function keyOf(subject) {
  return `account/${subject}`;
}

/** Another user of this device must not find it. */
export function forgetSnapshot(storage, subject) {
  return storage.delete(keyOf(subject)).catch(() => {});
}
