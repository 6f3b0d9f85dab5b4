// The messages of a conversation, read from the server page by page.

import { ReadMark } from "./read-mark.js";
import { Thread } from "./thread.js";

const PAGE = 50;
const isFull = (page) => page.length === PAGE;

export class Pages {
  #isWanted = false; // somebody has looked at the messages
  #isStale = false; // the server's database was put back, and it is not read again yet
  #reading = null;

  constructor(chat) {
    this.chat = chat;
  }

  /** Have what is to be read next, and some of what was before it. */
  async open() {
    const { thread, firstUnread } = this.chat;
    const isElsewhere = thread.hasLater && !firstUnread;
    if (this.#isWanted && !isElsewhere) return;
    this.#isWanted = true;
    await this.#read();
  }

  async latest() {
    const { thread } = this.chat;
    const page = await this.#page();
    this.#hold(thread, "begin", page, { hasEarlier: isFull(page), hasLater: false });
  }

  async earlier() {
    const { thread } = this.chat;
    const [first] = thread.messages;
    const page = await this.#page({ before: first.id });
    if (thread.find(first.id)) this.#hold(thread, "extendBack", page, isFull(page));
  }

  async later() {
    const { thread } = this.chat;
    const last = thread.messages.at(-1);
    const page = await this.#page({ after: last.id });
    if (thread.messages.at(-1)?.id === last.id) this.#hold(thread, "extend", page, isFull(page));
  }

  /** The socket has told what was missed; what it does not tell is asked for. */
  async caughtUp() {
    if (!this.#isStale && this.chat.thread.isLoaded) await this.#renew();
    else if (this.#isStale || this.#isWanted) await this.#read();
  }

  /** What is known may be of messages that are there no more. */
  async forget() {
    this.chat.thread = new Thread();
    this.#isStale = true;
    this.#reading = null;
    await this.#read();
  }

  async #read() {
    if (!this.#reading) {
      const reading = (this.#isStale ? this.#readAnew() : this.#readFirst()).finally(() => {
        if (this.#reading === reading) this.#reading = null;
      });
      this.#reading = reading;
    }
    await this.#reading;
  }

  async #readAnew() {
    const { chat } = this;
    const { channel, thread } = chat;
    let record;
    do record = await chat.payam.conversation(chat.id);
    while (record.epoch === channel.epoch && record.seq < channel.seq); // it has gone on meanwhile
    if (thread !== chat.thread) return;
    chat.record = record;
    chat.mark = new ReadMark(chat);
    this.#isStale = false;
    if (this.#isWanted) await this.#readFirst();
    chat.changed();
  }

  /** The messages around the first unread one, or the latest where all are read. */
  async #readFirst() {
    const { thread, record } = this.chat;
    const { unread_count: unread, last_read_id: read } = record;
    if (unread === 0) return this.latest();
    const [before, after] = await Promise.all([
      this.#page({ before: read + 1 }),
      this.#page({ after: read }),
    ]);
    const more = { hasEarlier: isFull(before), hasLater: isFull(after) };
    this.#hold(thread, "begin", [...before, ...after], more);
  }

  /** Who has read the last messages meanwhile: it is not told again after a cut. */
  async #renew() {
    const { thread } = this.chat;
    const place = thread.hasLater ? { before: thread.messages.at(-1).id + 1 } : {};
    this.#hold(thread, "renew", await this.#page(place));
  }

  #page(place = {}) {
    const { payam, id } = this.chat;
    return payam.messages(id, { limit: PAGE, ...place });
  }

  /** `thread` is the one for which it was asked. */
  #hold(thread, how, page, more) {
    if (thread !== this.chat.thread) return; // it was put back meanwhile
    thread[how](page, more);
    this.chat.changed();
  }
}
