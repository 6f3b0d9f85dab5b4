// The messages of a conversation, read from the server page by page.

const PAGE = 50;
const isFull = (page) => page.length === PAGE;

export class Pages {
  #reading = null;
  /** Somebody has asked for the messages: from then on they are kept here. */
  isWanted = false;

  constructor(conversation) {
    this.conversation = conversation;
  }

  /** Have what is to be read next, or the message `around`, and some of what was before it. */
  async open(around) {
    const { thread, firstUnread } = this.conversation;
    const isHere = thread.isLoaded && thread.messages.some(({ id }) => id === around);
    if (around !== undefined && !isHere) return this.around(around);
    const isElsewhere = thread.hasLater && !firstUnread;
    if (thread.isLoaded && !isElsewhere) return;
    this.isWanted = true;
    await this.#read();
  }

  async latest() {
    const { thread } = this.conversation;
    this.isWanted = true;
    const page = await this.#page();
    this.#hold(thread, "begin", page, { hasEarlier: isFull(page), hasLater: false });
  }

  async earlier() {
    const { thread } = this.conversation;
    const [first] = thread.messages;
    if (!first) return this.open();
    const page = await this.#page({ before: first.id });
    if (thread.find(first.id)) this.#hold(thread, "extendBack", page, isFull(page));
  }

  async later() {
    const { thread } = this.conversation;
    const last = lastOf(thread.messages);
    if (!last) return this.open();
    const page = await this.#page({ after: last.id });
    if (lastOf(thread.messages)?.id === last.id) this.#hold(thread, "extend", page, isFull(page));
  }

  /** Read what somebody has asked for and what is not here: the first try may have failed. */
  async again() {
    if (this.isWanted && !this.conversation.thread.isLoaded) await this.#read();
  }

  /** What was read does not count any more. */
  forget() {
    this.#reading = null;
  }

  async #read() {
    if (!this.#reading) {
      const reading = this.#readFirst().finally(() => {
        if (this.#reading === reading) this.#reading = null;
      });
      this.#reading = reading;
    }
    await this.#reading;
  }

  /** The messages around the first unread one, or the latest where all are read. */
  async #readFirst() {
    const { unread_count: unread, last_read_id: read } = this.conversation.record;
    await (unread === 0 ? this.latest() : this.around(read + 1));
  }

  /** The messages before this one, and those from it on. */
  async around(id) {
    const { thread } = this.conversation;
    this.isWanted = true;
    const [before, after] = await Promise.all([this.#page({ before: id }), this.#page({ after: id - 1 })]);
    const more = { hasEarlier: isFull(before), hasLater: isFull(after) };
    this.#hold(thread, "begin", [...before, ...after], more);
  }

  #page(place = {}) {
    const { api, id } = this.conversation;
    return api.messages(id, { limit: PAGE, ...place });
  }

  /** `thread` is the one for which it was asked. */
  #hold(thread, how, page, more) {
    if (thread !== this.conversation.thread) return; // it was put back meanwhile
    thread[how](page, more);
    this.conversation.changed();
  }
}

function lastOf(list) {
  return list[list.length - 1];
}
