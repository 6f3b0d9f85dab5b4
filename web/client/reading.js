// Reading conversations by REST: the list as far as it is wanted, and single ones; again where it fails.

const PAGE = 50; // conversations that are loaded at first, and each time that more are asked for
const PAGE_MOST = 200;
const FEW = 5; // conversations that are asked for one by one
const AGAIN = 5000; // milliseconds after a failure
const SOON = 1000; // milliseconds after an answer that changes had overtaken

const activity = ({ last_message: last, created_at: begun }) => last?.timestamp ?? begun;

export class Reading {
  #count = PAGE;
  #isListDue = false;
  #ids = new Set();
  #era = 0; // raised when what is being read does not count any more
  #isWorking = false;
  #isGrowing = false;
  #rest = null; // the pages behind what is loaded
  #isClosed = false;
  #timer;
  hasMore = false;

  constructor(account) {
    this.account = account;
  }

  list() {
    this.#isListDue = true;
    this.again();
  }

  anew() {
    this.#era += 1;
    this.list();
  }

  one(id) {
    if (this.#isClosed) return;
    this.#ids.add(id);
    this.again();
  }

  async more() {
    if (this.#isGrowing) return;
    this.#isGrowing = true;
    const reading = this.#rest && this.#count >= PAGE_MOST ? this.#readOn(this.#rest) : this.#readList(this.#count + PAGE);
    await reading.finally(() => (this.#isGrowing = false));
  }

  /** Do what is still to be done. */
  async again() {
    clearTimeout(this.#timer);
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      while (!this.#isClosed && (this.#isListDue || this.#ids.size > 0)) await this.#step();
    } catch {
      this.#timer = setTimeout(() => this.again(), AGAIN);
    } finally {
      this.#isWorking = false;
    }
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #step() {
    if (this.#isListDue) {
      this.#isListDue = false;
      await this.#readList(this.#count).catch((error) => {
        this.#isListDue = true;
        throw error;
      });
    } else if (this.#ids.size > FEW) {
      await this.#readMany();
    } else {
      const [id] = this.#ids;
      await this.#readOne(id);
    }
  }

  /** Whether it is still one's own, and how it is now. */
  async #readOne(id) {
    const { account } = this;
    const era = this.#era;
    let record = null;
    try {
      record = await account.api.conversation(id);
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    if (this.#isClosed || era !== this.#era) return;
    this.#ids.delete(id);
    if (!record) account.remove(id);
    else this.#take(record);
  }

  /** What was asked for may have been corrected by changes that the answer does not know yet. */
  #take(record) {
    if (!this.account.put(record)) setTimeout(() => this.one(record.id), SOON);
  }

  /** Those that are missed have just been active, so they are at the list's beginning. */
  async #readMany() {
    const wanted = this.#ids;
    const era = this.#era;
    this.#ids = new Set();
    try {
      let left = Math.ceil(wanted.size / PAGE_MOST) + 1;
      for await (const page of this.account.api.conversationPages(PAGE_MOST)) {
        if (this.#isClosed) return;
        if (era !== this.#era) break;
        for (const record of page) if (wanted.delete(record.id)) this.#take(record);
        left -= 1;
        if (wanted.size === 0 || left === 0) break;
      }
      for (const id of [...wanted]) await this.#readOne(id);
    } catch (error) {
      for (const id of wanted) this.#ids.add(id);
      throw error;
    }
  }

  async #readList(count) {
    const { account } = this;
    const era = this.#era;
    const known = account.conversations.map(({ id }) => id); // one that is begun meanwhile may not be in the answer
    const records = [];
    const pages = account.api.conversationPages(Math.min(count, PAGE_MOST));
    let page = await pages.next();
    while (!page.done) {
      records.push(...page.value);
      if (records.length >= count) break;
      page = await pages.next();
    }
    const hasMore = !page.done;
    if (this.#isClosed) return;
    if (era !== this.#era) return this.list();
    this.#count = Math.max(count, this.#count);
    this.hasMore = hasMore;
    this.#rest = hasMore ? pages : null;
    const oldest = hasMore ? activity(records[records.length - 1]) : "";
    const ids = new Set(records.map((record) => record.id));
    for (const record of records.reverse()) {
      account.put(record);
      account.raise(account.get(record.id));
    }
    for (const id of known) {
      // One that is missing was left, or has become active while the pages came.
      const conversation = account.get(id);
      const isDue = conversation && !ids.has(id) && activity(conversation.record) >= oldest;
      if (isDue) this.#ids.add(id);
    }
    account.loaded();
    this.again();
  }

  /** The page behind a long list, which is not read again for it. */
  async #readOn(rest) {
    const { account } = this;
    const era = this.#era;
    const { value: records = [], done } = await rest.next().catch((error) => {
      this.#rest = null; // the next time everything is read again
      throw error;
    });
    if (this.#isClosed || era !== this.#era || rest !== this.#rest) return;
    this.#count += records.length;
    this.hasMore = !done;
    for (const record of records) {
      const isNew = !account.get(record.id);
      account.put(record);
      if (isNew) account.sink(account.get(record.id));
    }
    account.loaded();
  }
}
