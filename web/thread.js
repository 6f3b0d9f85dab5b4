// The messages of one conversation as this page knows them. No drawing and no network.

/**
 * `messages` are ordered by id; each is replaced, never changed, so who draws them sees what is
 * new. Pages and what the socket tells come in any order: of two accounts of a message the one
 * with the higher change number holds, and files are only ever added, until it is deleted.
 */
export class Thread {
  messages = [];
  isLoaded = false;
  hasEarlier = false;
  #early = new Map(); // files that were told before their message, by its id
  #marks = new Map();

  /** A page is there; a full one may have others before it. */
  load(page, isFull) {
    for (const message of page) this.#put({ ...message, sender: message.sender.username });
    if (page[0]?.id === this.messages[0]?.id || page.length === 0) this.hasEarlier = isFull;
    this.isLoaded = true;
  }

  find(id) {
    return this.messages.find((message) => message.id === id);
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
    const rest = this.messages.filter((one) => one.id !== id);
    const place = rest.findLastIndex((one) => one.id < id) + 1;
    this.messages = rest.toSpliced(place, 0, made);
  }
}
