// How far a conversation is read by who is signed in, here or on another device.

const AGAIN = 5000; // milliseconds before the server is asked once more
const FINAL = new Set(["closed", "epoch_changed", "forbidden", "invalid", "not_found"]);

export class ReadMark {
  #stored; // the server knows of this one
  #storing = null;
  /** Up to this message it was read elsewhere since. */
  heard = 0;

  constructor(conversation) {
    this.conversation = conversation;
    /** Everything up to this message is read. */
    this.id = this.#stored = conversation.record.last_read_id ?? 0;
  }

  isUnread(message) {
    const { conversation } = this;
    return message.id > this.id && !message.is_read && !message.is_deleted && !conversation.isOwn(message);
  }

  /** It was seen here. Resolved once the server knows. */
  async see(id) {
    if (!this.#move(id)) return;
    this.conversation.changed();
    this.conversation.keep();
    await this.store();
  }

  /** It was seen on another device. Returns whether that is news. */
  hear(id) {
    this.#stored = Math.max(this.#stored, id);
    if (id > this.id) this.heard = id;
    return this.#move(id);
  }

  /** How many are unread, of a record that may not know yet what was seen here. */
  unreadOf({ unread_count: unread, last_read_id: read = this.id }) {
    if (read < this.id) return this.conversation.record.unread_count;
    if (read > this.id) this.heard = read;
    this.id = this.#stored = read;
    return unread;
  }

  /** Give it to the server, until the server has it. */
  store() {
    this.#storing ??= this.#store().finally(() => (this.#storing = null));
    return this.#storing;
  }

  async #store() {
    try {
      while (this.#stored < this.id) {
        const { id } = this;
        await this.conversation.ask({ type: "mark_read", message_id: id });
        this.#stored = Math.max(this.#stored, id);
      }
    } catch (error) {
      if (FINAL.has(error.code)) this.#stored = this.id;
      else setTimeout(() => this.store(), AGAIN);
    }
  }

  #move(id) {
    if (id <= this.id) return false;
    const { thread, record } = this.conversation;
    const before = thread.messages.filter((message) => this.isUnread(message));
    this.id = id;
    const after = before.filter((message) => this.isUnread(message));
    // Those that are not known here have to be taken from the server's word.
    const isWhole = id >= (record.last_message?.id ?? 0) || (thread.isLoaded && !thread.hasLater);
    const unread = isWhole ? after.length : record.unread_count - before.length + after.length;
    const { unread_mentions: known = 0 } = record;
    const mentions = isWhole ? this.#naming(after) : known - this.#naming(before) + this.#naming(after);
    this.conversation.note({
      last_read_id: id,
      unread_count: Math.max(0, unread),
      unread_mentions: Math.max(0, mentions),
    });
    return true;
  }

  /** How many of these mention who is signed in. */
  #naming(messages) {
    const { id } = this.conversation.me;
    return messages.filter(({ mentions = [] }) => mentions.some((user) => user.id === id)).length;
  }
}
