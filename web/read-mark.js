// How far a conversation is read by who is signed in, here or on another device.

const AGAIN = 5000; // milliseconds before the server is told once more
const FINAL = new Set(["epoch_changed", "forbidden", "invalid", "not_found"]);

export class ReadMark {
  #told; // the server knows of this one
  #isTelling = false;
  /** Up to this message it was read elsewhere since. */
  heard = 0;

  constructor(chat) {
    this.chat = chat;
    /** Everything up to this message is read. */
    this.id = this.#told = chat.record.last_read_id ?? 0;
  }

  isUnread(message) {
    return message.id > this.id && !message.is_read && !message.is_deleted && !this.chat.isOwn(message);
  }

  /** It was seen on this page. */
  see(id) {
    if (this.#move(id)) this.tell();
  }

  /** It was seen on another device. */
  hear(id) {
    this.#told = Math.max(this.#told, id);
    if (id > this.id) this.heard = id;
    return this.#move(id);
  }

  /** How many are unread, of a record that may not know yet what was seen here. */
  unreadOf({ unread_count: unread, last_read_id: read = this.id }) {
    if (read < this.id) return this.chat.record.unread_count;
    if (read > this.id) this.heard = read;
    this.id = this.#told = read;
    return unread;
  }

  /** Tell the server, until it has heard it. */
  async tell() {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      while (this.#told < this.id) {
        const { id } = this;
        await this.chat.channel.markRead(id);
        this.#told = Math.max(this.#told, id);
      }
    } catch (error) {
      if (FINAL.has(error.code)) this.#told = this.id;
      else if (this.chat.state !== "closed") setTimeout(() => this.tell(), AGAIN);
      // A conversation that is closed tells it once it is open again.
    } finally {
      this.#isTelling = false;
    }
  }

  #move(id) {
    if (id <= this.id) return false;
    const { thread, record } = this.chat;
    const before = thread.messages.filter((message) => this.isUnread(message));
    this.id = id;
    const after = before.filter((message) => this.isUnread(message));
    // Those that are not known here have to be taken from the server's word.
    const isWhole = id >= (record.last_message?.id ?? 0) || (thread.isLoaded && !thread.hasLater);
    const unread = isWhole ? after.length : record.unread_count - before.length + after.length;
    this.chat.note({ unread_count: Math.max(0, unread) });
    return true;
  }
}
