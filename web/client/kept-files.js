// Files of one's own messages, kept until the server has them, so that they outlive the page. Where
// the storage cannot hold files, nothing is kept.

const MOST = 256 * 1024 * 1024; // bytes of one file

export class KeptFiles {
  #storage;
  #subject;
  #steps = Promise.resolve(); // what is forgotten must not be kept afterwards

  constructor(storage, subject) {
    this.#storage = storage;
    this.#subject = subject;
  }

  /** `[{conversation, clientId, messageId, lent, once, place, upload, file}]`, in the order of each message. */
  async all() {
    if (!this.#storage.holdsFiles) return [];
    const all = await this.#storage.list(keyOf("upload", this.#subject)).catch(() => []);
    const found = await Promise.all(all.map(async (one) => ({ ...one, file: await this.#fileOf(one) })));
    for (const { file, once } of found) if (!file) this.forget(once);
    return found.filter(({ file }) => file).sort((one, other) => one.place - other.place);
  }

  /** Keep a file. Resolved with whether it is kept. */
  keep({ file, ...about }) {
    return this.#step(async () => {
      if (!this.#storage.holdsFiles || !(file.size <= MOST)) return false;
      await this.#storage.set(keyOf("file", this.#subject, about.once), file);
      const isKept = await this.#storage.set(keyOf("upload", this.#subject, about.once), about);
      return isKept !== undefined; // where the browser keeps nothing, it is in memory alone
    });
  }

  /** More is known of a file that is kept: its message, or its upload. */
  note(once, changes) {
    const key = keyOf("upload", this.#subject, once);
    return this.#step(async () => {
      const known = this.#storage.holdsFiles && (await this.#storage.get(key));
      if (known) await this.#storage.set(key, { ...known, ...changes });
    });
  }

  forget(once) {
    return this.#step(() => forgetOne(this.#storage, this.#subject, once));
  }

  async has(once) {
    return Boolean(await this.#storage.get(keyOf("upload", this.#subject, once)).catch(() => undefined));
  }

  /** Do it once no other tab does the same. */
  alone(once, work) {
    const locks = this.#storage.holdsFiles ? globalThis.navigator?.locks : undefined;
    return locks ? locks.request(`payam upload ${once}`, work) : work();
  }

  #fileOf({ once }) {
    return this.#storage.get(keyOf("file", this.#subject, once)).catch(() => undefined);
  }

  #step(work) {
    const step = this.#steps.then(work).catch(() => false); // where there is no room
    this.#steps = step;
    return step;
  }
}

function keyOf(kind, subject, once = "") {
  return `${kind}/${subject}/${once}`;
}

async function forgetOne(storage, subject, once) {
  await storage.delete(keyOf("file", subject, once));
  await storage.delete(keyOf("upload", subject, once));
}

/** Another user of this device must not find them. */
export async function forgetFiles(storage, subject) {
  const all = await storage.list(keyOf("upload", subject)).catch(() => []);
  await Promise.all(all.map(({ once }) => forgetOne(storage, subject, once).catch(() => {})));
}
