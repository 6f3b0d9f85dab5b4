// All the conversations of who is signed in.

import { Chat } from "./chat.js";

const LIVE = 10; // conversations that have a socket, the latest; a user may have 50 on one worker
const PAGE = 50; // conversations that are loaded at first, and each time that more are asked for
const PAGE_MOST = 200;

const activity = ({ last_message: last, created_at: begun }) => last?.timestamp ?? begun;

export class Chats {
  #chats = new Map();
  #wanted = PAGE;
  #visited = null; // the id that was asked for last, so that what is not there is asked for once
  isLoaded = false;
  hasMore = false;
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
    return [...this.#chats.values()].sort(
      (one, other) => activity(other.record).localeCompare(activity(one.record)) || other.id - one.id,
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

  /** Load older ones too, as far as there are any. */
  async more() {
    if (!this.hasMore) return;
    this.hasMore = false;
    this.#wanted += PAGE;
    await this.refresh();
  }

  /** Ask at once for one that is looked at and not loaded: staff come to it from its ticket. */
  visit() {
    const id = this.currentId;
    if (!this.isLoaded || !id || this.#visited === id) return;
    this.#visited = id;
    this.#look(id);
  }

  /** Staff have looked at it as agents, without being in it, and look at it no more. */
  #isDone(chat) {
    const isAgents = chat.record.participants.every((user) => user.id !== this.me.id);
    return isAgents && chat !== this.current && !chat.isBusy && chat.pending.length === 0;
  }

  /** Ask for one by itself: whether it is still one's own. */
  async #look(id) {
    try {
      this.put(await this.payam.conversation(id));
    } catch (error) {
      if (error.status === 404) this.remove(id);
    }
  }

  async refresh() {
    const known = [...this.#chats.keys()]; // one that is begun meanwhile may not be in the answer
    const records = [];
    let hasMore = false;
    for await (const page of this.payam.conversationPages(Math.min(this.#wanted, PAGE_MOST))) {
      records.push(...page);
      hasMore = records.length >= this.#wanted;
      if (hasMore) break;
    }
    this.hasMore = hasMore;
    const ids = new Set(records.map((record) => record.id));
    for (const record of records) this.put(record);
    const oldest = hasMore ? activity(records.at(-1)) : "";
    for (const id of known) {
      // One that is missing was left, or has become active while the pages came.
      const chat = this.#chats.get(id);
      if (!chat || ids.has(id)) continue;
      if (this.#isDone(chat)) this.remove(id);
      else if (activity(chat.record) >= oldest) await this.#look(id);
    }
    if (this.currentId && !this.current) await this.#look(this.currentId); // older than what is loaded
    this.list.forEach((chat, place) => {
      const isLive = place < LIVE || chat === this.current || chat.pending.length > 0;
      if (isLive) chat.connect();
      else if (!chat.isBusy) chat.close();
    });
    this.isLoaded = true;
    this.changed();
  }
}
