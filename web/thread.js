// The messages of one conversation as this page knows them. No drawing and no network.

/**
 * `messages` are ordered by id, without a gap between them; each is replaced, never changed, so
 * who draws them sees what is new. Pages and what the socket tells come in any order: of two
 * accounts of a message the one with the higher change number holds, and files are only ever
 * added, until it is deleted.
 */
export class Thread {
  isLoaded = false;
  hasEarlier = false;
  #known = [];
  #end = Infinity; // the last message before a gap; behind it is only what the socket told
  #early = new Map(); // files that were told before their message, by its id
  #marks = new Map();

  get messages() {
    return this.hasLater ? this.#known.filter((message) => message.id <= this.#end) : this.#known;
  }

  /** Whether messages that are not known here follow those that are. */
  get hasLater() {
    return this.#end < Infinity;
  }

  /** Begin anew with these messages. `hasLater` where others follow them, likewise `hasEarlier`. */
  begin(page, { hasEarlier, hasLater }) {
    const first = page[0]?.id ?? 0;
    this.#known = this.#known.filter((message) => message.id >= first);
    this.#end = Infinity;
    for (const message of page) this.#put(told(message));
    this.#endAt(page, hasLater);
    this.hasEarlier = hasEarlier;
    this.isLoaded = true;
  }

  /** The page before the first message. */
  extendBack(page, hasEarlier) {
    for (const message of page) this.#put(told(message));
    this.hasEarlier = hasEarlier;
  }

  /** The page after the last message. */
  extend(page, hasLater) {
    for (const message of page) this.#put(told(message));
    this.#endAt(page, hasLater);
  }

  /** Messages as they are now; those that are not known may have others before them. */
  renew(page) {
    for (const message of page) if (this.find(message.id)) this.#put(told(message));
  }

  find(id) {
    return this.#known.find((message) => message.id === id);
  }

  message(event, key) {
    this.#put({ attachments: [], is_read: false, is_edited: false, is_deleted: false, ...event }, key);
  }

  edited({ message: { id, content }, seq }) {
    this.#change(id, { content, seq, is_edited: true });
  }

  deleted({ message_id: id, seq }) {
    this.#change(id, { content: "", seq, is_deleted: true });
  }

  attachment({ message_id: id, attachment }) {
    if (this.find(id)) this.#change(id, { attachments: [attachment] });
    else this.#early.set(id, [...(this.#early.get(id) ?? []), attachment]);
  }

  read({ user, message_id: id }) {
    this.#marks.set(user, Math.max(id, this.#marks.get(user) ?? 0));
  }

  /** Whether each of `others`, by name, has read the message. */
  isRead(message, others) {
    return (
      message.is_read ||
      (others.length > 0 && others.every((name) => (this.#marks.get(name) ?? 0) >= message.id))
    );
  }

  #endAt(page, hasLater) {
    this.#end = hasLater ? page.at(-1).id : Infinity;
  }

  #change(id, changes) {
    const known = this.find(id);
    if (known) this.#put({ ...known, ...changes });
  }

  #put(message, key = `m${message.id}`) {
    const { id, seq } = message;
    const known = this.find(id) ?? { seq, key, attachments: this.#early.get(id) ?? [] };
    const later = seq >= known.seq ? message : known;
    const files = [...known.attachments, ...message.attachments].map((file) => [file.id, file]);
    const made = {
      ...later,
      key: known.key,
      is_read: message.is_read || known.is_read,
      attachments: later.is_deleted ? [] : [...new Map(files).values()],
    };
    const rest = this.#known.filter((one) => one.id !== id);
    const place = rest.findLastIndex((one) => one.id < id) + 1;
    this.#known = rest.toSpliced(place, 0, made);
  }
}

/** A message of a page as the socket tells it. */
function told(message) {
  return { ...message, sender: message.sender.username };
}
