// One conversation on this page: what the list shows of it, its messages, and what is on the
// way to it.

import * as outbox from "./outbox.js";
import { Pages } from "./pages.js";
import { newId } from "./payam-client.js";
import { ReadMark } from "./read-mark.js";
import { Thread } from "./thread.js";
import { namesOf, Uploads } from "./uploads.js";

const TYPING_LASTS = 6000;

export class Chat {
  thread = new Thread();
  pages = new Pages(this);
  uploads = new Uploads(this);
  draft = "";
  channel = null;
  #typing = new Map(); // until when, by name

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
    on("reset", () => this.pages.forget().catch(() => {}));
    on("state", ({ state }) => {
      if (state === "open") this.#caughtUp();
      else this.#typing.clear();
    });
    for (const entry of this.pending) this.send(entry);
  }

  /** It is looked at from now on. */
  open() {
    this.connect();
    this.pages.open().catch(() => {});
  }

  close() {
    this.channel?.close();
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

  #caughtUp() {
    this.pages.caughtUp().catch(() => {});
    this.mark.tell();
    this.uploads.wake();
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
