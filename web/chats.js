// All the conversations of who is signed in.

import { Chat } from "/web/chat.js";
import * as outbox from "/web/outbox.js";

const LIVE = 10; // of the latest conversations, as many have a socket
const OPEN_MOST = 20; // and so many in all, of the 50 that a user may have on one worker
const LOOK = 5000; // milliseconds between two looks for conversations that others began

export class Chats {
  #chats = new Map();
  #timer;

  /** `changed` is called after each change of anything in it. */
  constructor(payam, me, changed) {
    this.payam = payam;
    this.me = me;
    this.changed = changed;
    this.currentId = null;
    this.isLoaded = false;
    document.addEventListener("visibilitychange", this.#look);
    this.#look();
  }

  get(id) {
    return this.#chats.get(id);
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
    return this.list.some((chat) => chat.uploads.length > 0 || chat.pending.some((one) => one.files.length));
  }

  /** Add or update one as the server has described it. */
  put(record) {
    const known = this.#chats.get(record.id);
    if (known) known.update(record);
    else this.#chats.set(record.id, new Chat(this.payam, this.me, record, () => this.changed()));
    return this.#chats.get(record.id);
  }

  remove(id) {
    this.#chats.get(id)?.close();
    this.#chats.delete(id);
    this.changed();
  }

  /** The one that is looked at; null for none. */
  choose(id) {
    this.currentId = id;
    const chat = this.get(id);
    if (!chat) return;
    chat.connect();
    if (!chat.thread.isLoaded) chat.load().catch(() => {});
    const idle = this.list.filter((one) => one.channel && one !== chat && !one.isBusy);
    for (const one of idle.slice(OPEN_MOST)) one.close();
  }

  async refresh() {
    const known = [...this.#chats.keys()]; // one that is begun meanwhile may not be in the answer
    const records = await this.payam.conversations();
    const ids = new Set(records.map((record) => record.id));
    for (const id of known) if (!ids.has(id)) this.remove(id);
    for (const record of records) this.put(record);
    const waiting = new Set(outbox.unsent(this.me.id).map((entry) => entry.conversation));
    this.list.forEach((chat, place) => {
      if (place < LIVE || waiting.has(chat.id)) chat.connect();
    });
    this.isLoaded = true;
    this.changed();
  }

  close() {
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#look);
    for (const chat of this.#chats.values()) chat.close();
  }

  #look = async () => {
    clearTimeout(this.#timer);
    if (document.visibilityState === "visible") {
      await this.refresh().catch(() => {}); // a conversation's state says that there is no connection
    }
    this.#timer = setTimeout(this.#look, LOOK);
  };
}
