// One conversation on this page: what the list shows of it, its messages, and what is on the
// way to it.

import * as outbox from "/web/outbox.js";
import { Thread } from "/web/thread.js";

const PAGE = 50;
const TYPING_LASTS = 6000;
const TOLD = ["message", "edited", "deleted", "read", "attachment"];

export class Chat {
  thread = new Thread();
  /** What was written here and is not stored yet: `{clientId, text, files, error}`. */
  pending = [];
  /** Files on their way: `{messageId, file, share, error}`. */
  uploads = [];
  typing = new Set();
  channel = null;
  #timers = new Map();

  /** `changed` is called after each change. */
  constructor(payam, me, record, changed) {
    this.payam = payam;
    this.me = me;
    this.record = record;
    this.changed = changed;
    for (const { conversation, clientId, text } of outbox.unsent(me.id)) {
      if (conversation === record.id) this.pending.push({ clientId, text, files: [] });
    }
  }

  get id() {
    return this.record.id;
  }

  get others() {
    return this.record.participants.map((user) => user.username).filter((name) => name !== this.me.username);
  }

  get ticket() {
    return this.record.support_ticket;
  }

  get state() {
    return this.channel?.state ?? "connecting";
  }

  get isBusy() {
    return this.pending.length > 0 || this.uploads.length > 0;
  }

  /** What the server says of it now, which may be older than what the socket has told since. */
  update(record) {
    if (record.seq < (this.channel?.seq ?? 0)) return;
    this.record = record;
  }

  connect() {
    if (this.channel && this.channel.state !== "closed") return;
    this.channel = this.payam.open(this.id, { since: this.record.seq });
    for (const kind of TOLD) {
      this.channel.on(kind, (event) => {
        this.thread.tell(kind, event);
        this.changed();
      });
    }
    this.channel.on("message", (message) => this.#noteMessage(message));
    this.channel.on("edited", ({ message }) => this.#noteContent(message.id, message.content));
    this.channel.on("deleted", (event) => this.#noteContent(event.message_id, ""));
    this.channel.on("typing", ({ user, is_typing }) => this.#noteTyping(user, is_typing));
    this.channel.on("joined", ({ participant }) => this.#noteParticipants(participant, true));
    this.channel.on("left", ({ participant }) => this.#noteParticipants(participant, false));
    this.channel.on("ticket", ({ support_ticket: ticket }) => {
      this.record = { ...this.record, support_ticket: ticket.status === "closed" ? null : ticket };
      this.changed();
    });
    this.channel.on("state", ({ state }) => {
      if (state === "open") this.#caughtUp();
      if (state !== "open") this.typing.clear();
      this.changed();
    });
    for (const entry of this.pending) this.#send(entry);
  }

  close() {
    this.channel?.close();
  }

  /** The latest messages; those who have read them are not told again after a cut. */
  async load() {
    this.thread.begin();
    const page = await this.payam.messages(this.id, { limit: PAGE });
    this.thread.load(page, this.thread.isLoaded ? undefined : page.length === PAGE);
    this.changed();
  }

  async loadEarlier() {
    this.thread.begin();
    const place = { limit: PAGE, before: this.thread.messages[0].id };
    const page = await this.payam.messages(this.id, place);
    this.thread.load(page, page.length === PAGE);
    this.changed();
  }

  /** Send a text, files, or both; a message always has a text, so files alone lend their names. */
  say(text, files) {
    const bytes = crypto.getRandomValues(new Uint32Array(4));
    const clientId = Array.from(bytes, (part) => part.toString(36)).join("-");
    const entry = { clientId, text: text || namesOf(files), files };
    this.pending = [...this.pending, entry];
    outbox.keep({ user: this.me.id, conversation: this.id, clientId, text: entry.text });
    this.#send(entry);
    this.changed();
  }

  /** Try once more what the server refused. */
  again(entry) {
    const fresh = { ...entry, error: undefined };
    this.pending = this.pending.map((one) => (one === entry ? fresh : one));
    this.#send(fresh);
    this.changed();
  }

  discard(entry) {
    outbox.forget(entry.clientId);
    this.pending = this.pending.filter((one) => one.clientId !== entry.clientId);
    this.changed();
  }

  /**
   * The pending messages that are not among the stored ones. After a cut one's own message may
   * be told before its ack says which it is: the first with its text is held to be it.
   */
  get unseen() {
    const [first, ...rest] = this.pending;
    const last = this.thread.messages.findLast((one) => one.sender === this.me.username);
    const isTold = first && !first.error && last?.content === first.text && last.id > (first.after ?? 0);
    return isTold ? rest : this.pending;
  }

  /** Everything that is there is read. */
  markRead() {
    const last = this.thread.messages.at(-1);
    if (!last || this.state !== "open" || this.record.unread_count === 0) return;
    this.record = { ...this.record, unread_count: 0 };
    this.channel.markRead(last.id).catch(() => {});
    this.changed();
  }

  isRead(message) {
    return this.thread.isRead(message, this.others);
  }

  async upload(messageId, file) {
    const show = (changes) => {
      this.uploads = this.uploads.map((one) => (one.file === file ? { ...one, ...changes } : one));
      this.changed();
    };
    const isNew = !this.uploads.some((one) => one.file === file);
    if (isNew) this.uploads = [...this.uploads, { messageId, file, share: 0 }];
    else show({ share: 0, error: undefined });
    try {
      // The answer of an attempt that seemed to fail may be what was lost.
      const there = isNew ? [] : await this.payam.attachments(this.id, messageId);
      const stored = there.find((one) => one.name === file.name && one.size === file.size);
      const onProgress = (share) => show({ share });
      const attachment = stored ?? (await this.payam.attach(this.id, messageId, file, { onProgress }));
      this.uploads = this.uploads.filter((one) => one.file !== file);
      this.thread.attachment({ message_id: messageId, attachment });
      this.changed();
    } catch (error) {
      show({ error });
    }
  }

  async #send(entry) {
    const { clientId, text, files } = entry;
    entry.after = this.thread.messages.at(-1)?.id ?? this.record.last_message?.id ?? 0;
    try {
      const { id, seq, timestamp } = await this.channel.send(text, { clientId });
      this.discard(entry);
      const message = { id, seq, timestamp, sender: this.me.username, content: text };
      if (!this.thread.find(id)) this.thread.message(message, clientId);
      this.#noteMessage(message);
      for (const file of files) this.upload(id, file);
    } catch (error) {
      if (this.channel.state === "closed") return; // it stays in the outbox
      this.pending = this.pending.map((one) => (one === entry ? { ...one, error } : one));
    }
    this.changed();
  }

  #caughtUp() {
    if (this.thread.isLoaded) this.load().catch(() => {});
    for (const { messageId, file, error } of this.uploads) {
      if (error?.code === "offline") this.upload(messageId, file);
    }
  }

  #noteMessage({ id, sender, content, timestamp }) {
    this.#noteTyping(sender, false);
    if (id <= (this.record.last_message?.id ?? 0)) return;
    const unread = this.record.unread_count + (sender === this.me.username ? 0 : 1);
    const last = { id, sender: { username: sender }, content, timestamp, is_read: false };
    this.record = { ...this.record, last_message: last, unread_count: unread };
    this.changed();
  }

  #noteContent(id, content) {
    const last = this.record.last_message;
    if (last?.id !== id) return;
    this.record = { ...this.record, last_message: { ...last, content } };
    this.changed();
  }

  #noteParticipants(user, isThere) {
    const rest = this.record.participants.filter((one) => one.id !== user.id);
    this.record = { ...this.record, participants: isThere ? [...rest, user] : rest };
    this.changed();
  }

  #noteTyping(name, isTyping) {
    clearTimeout(this.#timers.get(name));
    if (isTyping) {
      this.typing.add(name);
      // Who vanishes while typing never says that they stopped.
      this.#timers.set(name, setTimeout(() => this.#noteTyping(name, false), TYPING_LASTS));
    } else if (!this.typing.delete(name)) {
      return;
    }
    this.changed();
  }
}

export function namesOf(files) {
  return files.map((file) => file.name).join(", ");
}
