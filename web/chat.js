// One conversation on this page: what the list shows of it, its messages, and what is on the
// way to it.

import * as outbox from "./outbox.js";
import { newId } from "./payam-client.js";
import { Thread } from "./thread.js";

const PAGE = 50;
const TYPING_LASTS = 6000;

export class Chat {
  thread = new Thread();
  /** Files on their way: `{messageId, file, share, error}`. */
  uploads = [];
  draft = "";
  /** Whether its messages have ever been wanted. */
  isAskedFor = false;
  channel = null;
  #typing = new Map(); // until when, by name

  /** `changed` is called after each change. */
  constructor(payam, me, record, changed) {
    Object.assign(this, { payam, me, record, changed });
    /** What was written here and is not stored yet; with `files` and an `error` at times. */
    this.pending = outbox.unsent(me.id, record.id);
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
    return this.uploads.length > 0 || this.pending.some((entry) => entry.files?.length > 0);
  }

  isOwn(message) {
    return message.sender === this.me.username;
  }

  /** What the server says of it now, which may be older than what the socket has told since. */
  update(record) {
    if (record.seq >= (this.channel?.seq ?? 0)) this.record = record;
  }

  connect() {
    if (this.channel && this.state !== "closed") return;
    this.channel = this.payam.open(this.id, { since: this.channel?.seq ?? this.record.seq });
    const on = (kind, note) => {
      this.channel.on(kind, (event) => {
        note(event);
        this.changed();
      });
    };
    for (const kind of ["message", "edited", "deleted", "read", "attachment"]) {
      on(kind, (event) => this.thread[kind](event));
    }
    on("message", (message) => this.#noteMessage(message));
    on("edited", ({ message }) => this.#noteContent(message.id, message.content));
    on("deleted", ({ message_id: id }) => this.#noteContent(id, ""));
    on("typing", ({ user, is_typing: isTyping }) => {
      this.#typing.set(user, isTyping ? Date.now() + TYPING_LASTS : 0);
    });
    on("joined", ({ participant }) => this.#noteParticipants(participant, [participant]));
    on("left", ({ participant }) => this.#noteParticipants(participant, []));
    on("updated", ({ title }) => this.#note({ title }));
    on("ticket", ({ support_ticket: ticket }) => {
      this.#note({ support_ticket: ticket.status === "closed" ? null : ticket });
    });
    on("state", ({ state }) => {
      if (state === "open") this.#caughtUp();
      else this.#typing.clear();
    });
    for (const entry of this.pending) this.send(entry);
  }

  close() {
    this.channel?.close();
  }

  /** The latest messages, or those before one; who has read them is not told again after a cut. */
  async load(before) {
    this.isAskedFor = true;
    const page = await this.payam.messages(this.id, { limit: PAGE, ...(before && { before }) });
    this.thread.load(page, page.length === PAGE);
    this.changed();
  }

  /** Send a text, files, or both; a message always has a text, so files alone lend their names. */
  say(text, files) {
    const mine = { user: this.me.id, conversation: this.id, clientId: newId() };
    const entry = { ...mine, text: text || namesOf(files) };
    outbox.keep(entry);
    entry.files = files; // only this page has them
    this.pending.push(entry);
    this.send(entry);
  }

  /** Send what is pending, or try once more what the server refused. */
  async send(entry) {
    const { clientId, text, files = [] } = entry;
    entry.error = undefined;
    entry.after = this.thread.messages.at(-1)?.id ?? this.record.last_message?.id ?? 0;
    this.changed();
    try {
      const { id, seq, timestamp } = await this.channel.send(text, { clientId });
      this.discard(entry);
      const message = { id, seq, timestamp, sender: this.me.username, content: text };
      if (!this.thread.find(id)) this.thread.message(message, clientId);
      this.#noteMessage(message);
      for (const file of files) this.upload({ messageId: id, file });
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

  /** Everything that is there is read. */
  markRead() {
    const last = this.thread.messages.at(-1);
    if (!last || this.state !== "open" || this.record.unread_count === 0) return;
    this.#note({ unread_count: 0 });
    this.channel.markRead(last.id).catch(() => {});
    this.changed();
  }

  /** Send a file after its message, or try once more. */
  async upload(upload) {
    const { messageId, file, error: failed } = upload;
    const show = (changes) => {
      Object.assign(upload, changes);
      this.changed();
    };
    if (!failed) this.uploads.push(upload);
    show({ share: 0, error: undefined });
    try {
      // The answer of an attempt that seemed to fail may be what was lost.
      const there = failed ? await this.payam.attachments(this.id, messageId) : [];
      const stored = there.find((one) => one.name === file.name && one.size === file.size);
      const onProgress = (share) => show({ share });
      const attachment = stored ?? (await this.payam.attach(this.id, messageId, file, { onProgress }));
      this.uploads = this.uploads.filter((one) => one !== upload);
      this.thread.attachment({ message_id: messageId, attachment });
      this.changed();
    } catch (error) {
      show({ error });
    }
  }

  #caughtUp() {
    if (this.isAskedFor) this.load().catch(() => {});
    for (const upload of this.uploads) if (upload.error?.code === "offline") this.upload(upload);
  }

  #note(changes) {
    this.record = { ...this.record, ...changes };
  }

  #noteMessage({ id, sender, content, timestamp }) {
    this.#typing.delete(sender);
    const { last_message: last, unread_count: unread } = this.record;
    if (id <= (last?.id ?? 0)) return;
    this.#note({
      last_message: { id, sender: { username: sender }, content, timestamp },
      unread_count: unread + (this.isOwn({ sender }) ? 0 : 1),
    });
  }

  #noteContent(id, content) {
    const last = this.record.last_message;
    if (last?.id === id) this.#note({ last_message: { ...last, content } });
  }

  #noteParticipants(gone, come) {
    const rest = this.record.participants.filter((one) => one.id !== gone.id);
    this.#note({ participants: [...rest, ...come] });
  }
}

export function namesOf(files) {
  return files.map((file) => file.name).join(", ");
}
