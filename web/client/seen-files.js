// Thumbnails, small files and avatars that were seen, kept so that they can be seen without a
// connection. They go with their message, with their conversation, and when somebody signs out. Of
// those that were not seen for long, the oldest make room. A new avatar takes the place of the old one.

const LIMITS = {
  one: 5 * 1024 * 1024, // bytes of a file; a larger one is not kept
  all: 64 * 1024 * 1024, // bytes together
  count: 1000,
};
const FRESH = 60_000; // milliseconds in which a file that is seen again counts as seen now
const AVATAR = /(users|conversations)\/(\d+)\/avatar\//;
const PATH = /conversations\/(\d+)\/messages\/(\d+)\/attachments\/(\d+)\//;

export class SeenFiles {
  #storage;
  #subject;
  #limits;
  #steps = Promise.resolve(); // one after the other, so that what goes is not kept afterwards
  #drops = 0;
  #isClosed = false;

  constructor(storage, subject, limits = LIMITS) {
    this.#storage = storage;
    this.#subject = subject;
    this.#limits = limits;
  }

  /** The file, or its thumbnail, as it is kept; else what `load` gives, which is kept then. */
  async load(kind, attachment, load) {
    const place = placeOf(kind, attachment);
    if (!place || !this.#storage.holdsFiles) return load();
    const kept = await this.get(kind, attachment);
    if (kept) return kept;
    const drops = this.#drops;
    const file = await load();
    // What went while it was on its way may have been its message.
    this.#step(() => drops === this.#drops && this.#keep(place, attachment, file));
    return file;
  }

  /** The same where it is kept; else undefined. */
  async get(kind, attachment) {
    const place = placeOf(kind, attachment);
    if (!place || !this.#storage.holdsFiles) return undefined;
    const about = await this.#storage.get(this.#about(place)).catch(() => undefined);
    // A server that is put back gives the same ids to other files.
    if (about?.made !== attachment.created_at) return undefined;
    const file = await this.#storage.get(this.#file(place)).catch(() => undefined);
    if (file && Date.now() - about.at > FRESH) this.#step(() => this.#seenAgain(place));
    return file;
  }

  /** Those of a message, or without one of the whole conversation. */
  drop(conversation, message) {
    this.#drops += 1;
    const place = message === undefined ? `${conversation}/` : `${conversation}/${message}/`;
    return this.#step(() => forgetUnder(this.#storage, this.#subject, place));
  }

  close() {
    this.#isClosed = true;
  }

  async #keep(place, { created_at: made }, file) {
    const { one, all, count } = this.#limits;
    if (file.size > one || this.#isClosed) return;
    const old = (await this.#storage.list(this.#about(""))).filter((other) => other.place !== place);
    old.sort((some, other) => other.at - some.at);
    let room = all - file.size;
    let number = 1;
    for (const { place: other, size } of old) {
      room -= size;
      number += 1;
      if (room < 0 || number > count) await forgetOne(this.#storage, this.#subject, other);
    }
    // First what says that it is there, so that nothing stays of which nobody knows.
    await this.#storage.set(this.#about(place), { place, made, size: file.size, at: Date.now() });
    if (this.#isClosed) return;
    await this.#storage.set(this.#file(place), file);
  }

  async #seenAgain(place) {
    const about = await this.#storage.get(this.#about(place));
    if (about && !this.#isClosed) await this.#storage.set(this.#about(place), { ...about, at: Date.now() });
  }

  #step(work) {
    this.#steps = this.#steps.then(work).catch(() => {}); // where there is no room
    return this.#steps;
  }

  #about(place) {
    return aboutOf(this.#subject, place);
  }

  #file(place) {
    return fileOf(this.#subject, place);
  }
}

const aboutOf = (subject, place) => `seen/${subject}/${place}`;
const fileOf = (subject, place) => `seen-file/${subject}/${place}`;

/** Like `12/345/6/thumbnail`: of a conversation, a message, an attachment. Avatars are at `user/7/avatar` or `12/avatar`. */
function placeOf(kind, { url }) {
  const [, whose, id] = AVATAR.exec(url) ?? [];
  if (id) return whose === "users" ? `user/${id}/${kind}` : `${id}/${kind}`;
  const found = PATH.exec(url);
  return found && [...found.slice(1), kind].join("/");
}

async function forgetOne(storage, subject, place) {
  await storage.delete(fileOf(subject, place));
  await storage.delete(aboutOf(subject, place));
}

async function forgetUnder(storage, subject, prefix) {
  const all = await storage.list(aboutOf(subject, prefix));
  for (const { place } of all) await forgetOne(storage, subject, place);
}

/** Another user of this device must not find them. */
export function forgetSeen(storage, subject) {
  return forgetUnder(storage, subject, "").catch(() => {});
}
