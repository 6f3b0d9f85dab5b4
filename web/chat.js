// One conversation on this page: what the list shows of it, its messages, and what is on the
// way to it.

import * as outbox from "./outbox.js";
import { newId } from "./payam-client.js";
import { ReadMark } from "./read-mark.js";
import { Thread } from "./thread.js";
import { namesOf, Uploads } from "./uploads.js";

const PAGE = 50;
const TYPING_LASTS = 6000;

export class Chat {
  thread = new Thread();
  uploads = new Uploads(this);
  draft = "";
  /** Whether its messages have ever been wanted. */
  isAskedFor = false;
  channel = null;
  #typing = new Map(); // until when, by name
  #loading = null;
  #isStale = false; // the server's database was put back, and it is not read again yet

  /** `changed` is called after each change. */
  constructor(payam, me, record, changed) {
    Object.assign(this, { payam, me, record, changed });
    /** What was written here and is not stored yet; with `files` and an `error` at times. */
    this.pending = outbox.unsent(me.id, record.id);
    this.mark = new ReadMark(this);
  }

  get id() {
    return this.record.id;
  }

  get others() {
    return this.record.participants.map((user) => user.username).filter((name) => name !== this.me.username);
  }

  /** Names. Who vanishes while typing never says that they stopped. */
  get typing() {
    return [...this.#typing.keys()].filter((name) => this.#typing.get(name) > Date.now());
  }

  get state() {
    return this.channel?.state ?? "connecting";
  }

  /** Whether files are on their way, which nothing keeps but this page. */
  get isBusy() {
    return this.uploads.list.length > 0 || this.pending.some((entry) => entry.files?.length > 0);
  }

  isOwn(message) {
    return message.sender === this.me.username;
  }

  /** What the server says of it now, which may be older than what the socket has told since. */
  update(record) {
    const { seq = 0, epoch, state } = this.channel ?? {};
    if (record.epoch === epoch ? record.seq < seq : state === "open") return;
    this.record = { ...record, unread_count: this.mark.unreadOf(record) };
  }

  connect() {
    if (this.channel && this.state !== "closed") return;
    const { seq: since, epoch } = this.channel?.seq === undefined ? this.record : this.channel;
    this.channel = this.payam.open(this.id, { since, epoch, replay: false });
    const on = (kind, note) => {
      this.channel.on(kind, (event) => {
        note(event);
        this.changed();
      });
    };
    on("deleted", ({ message_id: id }) => this.#noteDeleted(id));
    for (const kind of ["message", "edited", "deleted", "read", "attachment"]) {
      on(kind, (event) => this.thread[kind](event));
    }
    on("message", (message) => this.#noteMessage(message));
    on("edited", ({ message }) => this.#noteContent(message.id, message.content));
    on("read", ({ user, message_id: id }) => this.#noteRead(user, id).catch(() => {}));
    on("typing", ({ user, is_typing: isTyping }) => {
      if (user === this.me.username) return; // on another device
      this.#typing.set(user, isTyping ? Date.now() + TYPING_LASTS : 0);
    });
    on("joined", ({ participant }) => this.#noteParticipants(participant, [participant]));
    on("left", ({ participant }) => this.#noteParticipants(participant, []));
    on("updated", ({ title }) => this.note({ title }));
    on("ticket", ({ support_ticket: ticket }) => {
      this.note({ support_ticket: ticket.status === "closed" ? null : ticket });
    });
    on("reset", () => this.#forget());
    on("state", ({ state }) => {
      if (state === "open") this.#caughtUp();
      else this.#typing.clear();
    });
    for (const entry of this.pending) this.send(entry);
  }

  close() {
    this.channel?.close();
  }

  /** The messages around the first unread one, or the latest where all are read. */
  async load() {
    this.isAskedFor = true;
    await this.#read();
  }

  async #read() {
    if (!this.#loading) {
      const loading = (this.#isStale ? this.#readAnew() : this.#loadFirst()).finally(() => {
        if (this.#loading === loading) this.#loading = null;
      });
      this.#loading = loading;
    }
    await this.#loading;
  }

  /** What is known may be of messages that are there no more. */
  #forget() {
    this.thread = new Thread();
    this.#isStale = true;
    this.#loading = null;
    this.#read().catch(() => {});
  }

  async #readAnew() {
    const { channel, thread } = this;
    let record;
    do record = await this.payam.conversation(this.id);
    while (record.epoch === channel.epoch && record.seq < channel.seq); // it has gone on meanwhile
    if (thread !== this.thread) return;
    this.record = record;
    this.mark = new ReadMark(this);
    this.#isStale = false;
    if (this.isAskedFor) await this.#loadFirst();
    this.changed();
  }

  async #loadFirst() {
    const { thread } = this;
    const { unread_count: unread, last_read_id: read } = this.record;
    if (unread === 0 || read === undefined) return this.loadLatest();
    const [before, after] = await Promise.all([
      this.#page({ before: read + 1 }),
      this.#page({ after: read }),
    ]);
    this.#hold(thread, "begin", [...before, ...after], { hasEarlier: isFull(before), hasLater: isFull(after) });
  }

  async loadLatest() {
    this.isAskedFor = true;
    const { thread } = this;
    const page = await this.#page();
    this.#hold(thread, "begin", page, { hasEarlier: isFull(page), hasLater: false });
  }

  async loadEarlier() {
    const { thread } = this;
    const [first] = thread.messages;
    const page = await this.#page({ before: first.id });
    if (thread.find(first.id)) this.#hold(thread, "extendBack", page, isFull(page));
  }

  async loadLater() {
    const { thread } = this;
    const last = thread.messages.at(-1);
    const page = await this.#page({ after: last.id });
    if (thread.messages.at(-1)?.id === last.id) this.#hold(thread, "extend", page, isFull(page));
  }

  #page(place = {}) {
    return this.payam.messages(this.id, { limit: PAGE, ...place });
  }

  /** `thread` is the one for which it was asked. */
  #hold(thread, how, page, more) {
    if (thread !== this.thread) return; // it was put back meanwhile
    thread[how](page, more);
    this.changed();
  }

  /** Send a text, files, or both; a message always has a text, so files alone lend their names. */
  say(text, files) {
    const mine = { user: this.me.id, conversation: this.id, clientId: newId() };
    const entry = { ...mine, text: text || namesOf(files) };
    outbox.keep(entry);
    Object.assign(entry, { files, lent: text ? undefined : entry.text }); // only this page has them
    this.pending.push(entry);
    this.send(entry);
  }

  /** Send what is pending, or try once more what the server refused. */
  async send(entry) {
    const { clientId, text, files = [], lent } = entry;
    entry.error = undefined;
    entry.after = this.thread.messages.at(-1)?.id ?? this.record.last_message?.id ?? 0;
    this.changed();
    try {
      const { id, seq, timestamp } = await this.channel.send(text, { clientId });
      this.discard(entry);
      const message = { id, seq, timestamp, sender: this.me.username, content: text };
      if (!this.thread.find(id)) this.thread.message(message, clientId);
      this.#noteMessage(message);
      this.uploads.add(id, files, lent);
    } catch (error) {
      if (this.state !== "closed") entry.error = error; // else it stays in the outbox
    }
    this.changed();
  }

  discard(entry) {
    outbox.forget(entry.clientId);
    this.pending = this.pending.filter((one) => one !== entry);
    this.changed();
  }

  /**
   * The pending messages that are not among the stored ones. After a cut one's own message may
   * be told before its ack says which it is: the first with its text is held to be it.
   */
  get unseen() {
    const [first, ...rest] = this.pending;
    const last = this.thread.messages.findLast((one) => this.isOwn(one));
    const isTold = first && !first.error && last?.content === first.text && last.id > first.after;
    return isTold ? rest : this.pending;
  }

  /** The first message of somebody else's that is unread, of those that are known. */
  get firstUnread() {
    return this.thread.messages.find((message) => this.mark.isUnread(message));
  }

  /** Whether what is known here ends before what is to be read next. */
  get isElsewhere() {
    return this.thread.hasLater && !this.firstUnread;
  }

  #caughtUp() {
    if (this.#isStale) this.#read().catch(() => {});
    else if (this.thread.isLoaded) this.#renew().catch(() => {});
    else if (this.isAskedFor) this.load().catch(() => {});
    this.mark.tell();
    this.uploads.wake();
  }

  /** Who has read the last messages meanwhile: it is not told again after a cut. */
  async #renew() {
    const { thread } = this;
    const { messages, hasLater } = thread;
    this.#hold(thread, "renew", await this.#page(hasLater ? { before: messages.at(-1).id + 1 } : {}));
  }

  note(changes) {
    this.record = { ...this.record, ...changes };
  }

  #noteMessage({ id, sender, content, timestamp }) {
    this.#typing.delete(sender);
    const { last_message: last, unread_count: unread } = this.record;
    if (id <= (last?.id ?? 0)) return;
    this.note({
      last_message: { id, sender: { username: sender }, content, timestamp },
      unread_count: unread + (this.isOwn({ sender }) || id <= this.mark.id ? 0 : 1),
    });
  }

  #noteContent(id, content) {
    const last = this.record.last_message;
    if (last?.id === id) this.note({ last_message: { ...last, content } });
  }

  #noteDeleted(id) {
    this.#noteContent(id, "");
    const message = this.thread.find(id);
    const { unread_count: unread } = this.record;
    if (message && this.mark.isUnread(message)) this.note({ unread_count: Math.max(0, unread - 1) });
  }

  /** One's own marks come from another device. */
  async #noteRead(user, id) {
    if (user !== this.me.username || !this.mark.hear(id)) return;
    if (this.thread.isLoaded && !this.thread.hasLater) return;
    // What is not loaded here cannot be counted here.
    this.update(await this.payam.conversation(this.id));
    this.changed();
  }

  #noteParticipants(gone, come) {
    const rest = this.record.participants.filter((one) => one.id !== gone.id);
    this.note({ participants: [...rest, ...come] });
  }
}

const isFull = (page) => page.length === PAGE;
