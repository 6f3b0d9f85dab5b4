// The newest conversations and the cursor that belongs to them, kept so that the next start shows
// something at once and asks only for what has happened since.

const MOST = 50; // conversations
const PAUSE = 1000; // milliseconds between two writes

export class Snapshot {
  #storage;
  #key;
  #next = null;
  #timer;

  constructor(storage, subject) {
    this.#storage = storage;
    this.#key = keyOf(subject);
  }

  async load() {
    return (await this.#storage.get(this.#key).catch(() => undefined)) ?? null;
  }

  /** Of what is saved again and again, the last counts. */
  save({ cursor, me, conversations }) {
    const newest = conversations.filter(({ isMember }) => isMember).slice(0, MOST);
    this.#next = { cursor, me, conversations: newest.map(({ record, seq }) => ({ record, seq })) };
    this.#timer ??= setTimeout(() => this.#write(), PAUSE);
  }

  close() {
    clearTimeout(this.#timer);
  }

  #write() {
    this.#timer = undefined;
    this.#storage.set(this.#key, this.#next).catch(() => {});
  }
}

function keyOf(subject) {
  return `account/${subject}`;
}

/** Another user of this device must not find it. */
export function forgetSnapshot(storage, subject) {
  return storage.delete(keyOf(subject)).catch(() => {});
}
