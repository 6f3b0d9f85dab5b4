// The messages of one conversation as this page knows them. No drawing and no network.

/**
 * `messages` are ordered by id; each is replaced, never changed, so who draws them sees what is
 * new. What the socket tells while a page of older ones is on its way is applied twice, before
 * and after: nobody knows which of the two is the newer.
 */
export class Thread {
  messages = [];
  isLoaded = false;
  hasEarlier = false;
  #told = null;
  #early = new Map();
  #marks = new Map();

  /** A page is asked for: keep what is told until it is there. */
  begin() {
    this.#told ??= [];
  }

  /** The page is there. */
  load(page, hasEarlier) {
    const known = new Map(this.messages.map((message) => [message.id, message]));
    for (const message of page) {
      const key = known.get(message.id)?.key ?? `m${message.id}`;
      known.set(message.id, { ...message, sender: message.sender.username, key });
    }
    this.messages = [...known.values()].sort((one, other) => one.id - other.id);
    const told = this.#told ?? [];
    this.#told = null;
    for (const [kind, event] of told) this[kind](event);
    if (hasEarlier !== undefined) this.hasEarlier = hasEarlier;
    this.isLoaded = true;
  }

  /** What the socket tells: `kind` is the event's name in the client library. */
  tell(kind, event) {
    this.#told?.push([kind, event]);
    this[kind](event);
  }

  find(id) {
    return this.messages.find((message) => message.id === id);
  }

  message(event, key = `m${event.id}`) {
    const known = this.find(event.id);
    if (known) {
      if (event.seq >= known.seq) this.#change(event.id, event);
      return;
    }
    const attachments = this.#early.get(event.id) ?? [];
    this.#early.delete(event.id);
    const made = { attachments, is_read: false, is_edited: false, is_deleted: false, ...event, key };
    const after = this.messages.findLastIndex((message) => message.id < event.id);
    this.messages = this.messages.toSpliced(after + 1, 0, made);
  }

  edited({ message: { id, content }, seq }) {
    this.#change(id, { content, seq, is_edited: true });
  }

  deleted({ message_id: id, seq }) {
    this.#change(id, { content: "", seq, is_deleted: true, attachments: [] });
  }

  attachment({ message_id: id, attachment }) {
    const attachments = this.find(id)?.attachments ?? this.#early.get(id) ?? [];
    if (attachments.some((one) => one.id === attachment.id)) return;
    if (this.find(id)) this.#change(id, { attachments: [...attachments, attachment] });
    else this.#early.set(id, [...attachments, attachment]);
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
    this.messages = this.messages.map((message) =>
      message.id === id ? { ...message, ...changes } : message,
    );
  }
}
