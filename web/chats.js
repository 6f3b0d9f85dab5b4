// All the conversations of who is signed in.

import { Chat } from "./chat.js";

const LIVE = 10; // conversations that have a socket, the latest; a user may have 50 on one worker

export class Chats {
  #chats = new Map();
  isLoaded = false;
  /** Of the one that is looked at. */
  currentId = null;

  /** `changed` is called after each change of anything in it. */
  constructor(payam, me, changed) {
    Object.assign(this, { payam, me, changed });
  }

  get current() {
    return this.#chats.get(this.currentId);
  }

  /** Most recently active first. */
  get list() {
    const activity = ({ record }) => record.last_message?.timestamp ?? record.created_at;
    return [...this.#chats.values()].sort(
      (one, other) => activity(other).localeCompare(activity(one)) || other.id - one.id,
    );
  }

  get unread() {
    return this.list.reduce((sum, { record }) => sum + record.unread_count, 0);
  }

  get isBusy() {
    return this.list.some((chat) => chat.isBusy);
  }

  /** Add or update one as the server has described it. */
  put(record) {
    const known = this.#chats.get(record.id);
    if (known) known.update(record);
    else this.#chats.set(record.id, new Chat(this.payam, this.me, record, this.changed));
    this.changed();
  }

  remove(id) {
    this.#chats.get(id)?.close();
    this.#chats.delete(id);
    this.changed();
  }

  /** It is looked at from now on. */
  open(chat) {
    chat.connect();
    if (!chat.isAskedFor || chat.isElsewhere) chat.load().catch(() => {});
  }

  async refresh() {
    const known = [...this.#chats.keys()]; // one that is begun meanwhile may not be in the answer
    const records = await this.payam.conversations();
    const ids = new Set(records.map((record) => record.id));
    for (const id of known) if (!ids.has(id)) this.remove(id);
    for (const record of records) this.put(record);
    this.list.forEach((chat, place) => {
      const isLive = place < LIVE || chat === this.current || chat.pending.length > 0;
      if (isLive) chat.connect();
      else if (!chat.isBusy) chat.close();
    });
    this.isLoaded = true;
    this.changed();
  }
}
