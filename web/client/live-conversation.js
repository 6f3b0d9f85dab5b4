// One conversation: what the list shows of it, its messages, and what is on the way to it.

import { Emitter } from "./emitter.js";
import { EVENTS } from "./events.js";
import { News } from "./news.js";
import { Pages } from "./pages.js";
import { ReadMark } from "./read-mark.js";
import { Sending } from "./sending.js";
import { Thread } from "./thread.js";
import { Uploads } from "./uploads.js";

const MET_MOST = 100; // people of a conversation who are asked for
const AMENDS = new Set(["message.edited", "message.deleted"]); // what is kept of a message

export class LiveConversation extends Emitter {
  thread = new Thread();
  pages = new Pages(this);
  uploads = new Uploads(this);
  sending = new Sending(this);
  /** Of two that were active in the same second, the one with the higher rank was later. */
  rank = 0;
  /** What was known here does not count, and the record has not come again yet. */
  isAnew = false;
  #account;
  #news;
  #seq; // up to it every change has come; undefined until the record says where to begin

  /** `seq` is where changes go on: what the record knows may be ahead of it. */
  constructor(account, record, seq = record.seq) {
    super();
    this.#account = account;
    this.api = account.api;
    this.me = account.me;
    this.record = record;
    this.#seq = seq;
    this.#news = new News(this, account);
    this.mark = new ReadMark(this);
  }

  get id() {
    return this.record.id;
  }

  get seq() {
    return this.#seq;
  }

  get state() {
    return this.#socket.state;
  }

  get title() {
    return this.record.title;
  }

  get unread() {
    return this.record.unread_count;
  }

  /** Oldest first: the stored ones, then those that wait, each with a `status`. */
  get messages() {
    const stored = this.thread.messages.map((message) => ({ ...message, status: "stored" }));
    const { username: sender } = this.me;
    const waiting = this.sending.unseen.map(({ clientId, text, at, error, replyTo }) => ({
      ...{ client_id: clientId, sender, content: text, timestamp: new Date(at).toISOString(), error },
      ...{ status: error ? "failed" : "sending", attachments: [], is_edited: false, is_deleted: false },
      reply_to: this.thread.quote(replyTo),
    }));
    return [...stored, ...waiting];
  }

  /** What was written here and is not stored yet. */
  get pending() {
    return this.sending.list;
  }

  /** The names of the others. */
  get others() {
    return this.record.participants.map((user) => user.username).filter((name) => name !== this.me.username);
  }

  /** The names of those who are typing. */
  get typingUsers() {
    return this.#news.typing;
  }

  /** Whether who is signed in takes part; an agent may read and answer without it. */
  get isMember() {
    return this.record.participants.some((user) => user.id === this.me.id);
  }

  /** Whether files are on their way, which nothing keeps but this page. */
  get isBusy() {
    const isLost = ({ files, areKept }) => files.length > 0 && !areKept;
    return this.uploads.list.some(({ isKept }) => !isKept) || this.pending.some(isLost);
  }

  /** The first message of somebody else's that is unread, of those that are known. */
  get firstUnread() {
    return this.thread.messages.find((message) => this.mark.isUnread(message));
  }

  isOwn(message) {
    return message.sender === this.me.username;
  }

  /** Whether everybody else has read the message. Of very many not all are known here: then the server's word counts. */
  isRead(message) {
    const { participants, participant_count: count } = this.record;
    return this.thread.isRead(message, count > participants.length ? [] : this.others);
  }

  /** Have the messages, those around the message `around` or what is to be read, and what comes from now on. */
  async open({ around } = {}) {
    this.#account.follow(this);
    if (!this.thread.isLoaded) this.#showKept().catch(() => {});
    await Promise.all([this.pages.open(around), this.meet()]);
  }

  /** What was read here at an earlier time, until the server answers. */
  async #showKept() {
    const { thread } = this;
    const kept = await this.#account.shelve((shelf) => shelf.load(this));
    thread.showKept(kept ?? []);
    this.changed();
  }

  /** The file. What is small is kept, so that it is there without a connection too. */
  download(attachment) {
    return this.#fileOf("file", attachment, () => this.api.download(attachment));
  }

  thumbnail(attachment) {
    return this.#fileOf("thumbnail", attachment, () => this.api.thumbnail(attachment));
  }

  /** The file where it is kept; else undefined. */
  async keptFile(attachment) {
    return this.#account.shelve(({ files }) => files.get("file", attachment));
  }

  async #fileOf(kind, attachment, load) {
    const shelf = this.isMember && (await this.#account.shelve((one) => one));
    return shelf ? shelf.files.load(kind, attachment, load) : load();
  }

  /** Ask who is there, and how far each has read: only what changes comes by itself. */
  async meet() {
    const { api, id, record } = this;
    if (record.participant_count > MET_MOST) return;
    const people = await api.participants(id, { limit: MET_MOST });
    for (const { username, last_read_id: read = 0, presence } of people) {
      this.thread.read({ user: username, message_id: read });
      if (presence) this.#account.presence.note(username, presence);
    }
    this.changed();
  }

  get hasOlder() {
    return this.thread.hasEarlier;
  }

  async loadOlder() {
    await this.pages.earlier();
  }

  /** Shown at once; resolved once the message is stored, however long that takes. */
  send(text, options) {
    return this.sending.add(text, options);
  }

  /** Try once more what the server has refused. */
  retry(clientId) {
    this.sending.again(clientId);
  }

  discard(clientId) {
    this.sending.discard(clientId);
  }

  /** `options` are `{name, onProgress, signal}`. */
  async attach(messageId, file, options) {
    const attachment = await this.api.attach(this.id, messageId, file, options);
    if (this.pages.isWanted) this.thread.attachment({ message_id: messageId, attachment });
    this.changed();
    return attachment;
  }

  edit(messageId, content) {
    return this.ask({ type: "edit_message", message_id: messageId, content });
  }

  /** React to a message with an emoji. A second time changes nothing. */
  react(messageId, emoji) {
    return this.ask({ type: "add_reaction", message_id: messageId, emoji });
  }

  /** Take that back. */
  unreact(messageId, emoji) {
    return this.ask({ type: "remove_reaction", message_id: messageId, emoji });
  }

  delete(messageId) {
    return this.ask({ type: "delete_message", message_id: messageId });
  }

  /** Everything up to this message is read. */
  markRead(messageId) {
    return this.mark.see(messageId);
  }

  /** Worth nothing later, so not kept for later. */
  typing(isTyping) {
    this.#socket.write(this.#addressed({ type: "typing", is_typing: isTyping }));
  }

  ask(frame) {
    this.#account.follow(this);
    return this.#socket.ask(this.#addressed(frame), this.id);
  }

  /** The socket of a single conversation needs no id. */
  #addressed(frame) {
    return this.#socket === this.#account.socket ? { ...frame, conversation: this.id } : frame;
  }

  /** What the server says of it now, which may be older than what changes have brought since. */
  update(record) {
    const isStale = record.epoch === this.record.epoch && record.seq < Math.max(this.record.seq, this.#seq ?? 0);
    if (isStale) return false;
    this.isAnew = false;
    this.record = { ...record, unread_count: this.mark.unreadOf(record) };
    // Before somebody wants the messages, the record is all that there is to keep.
    if (this.#seq === undefined) this.#seq = record.seq;
    this.pages.again().catch(() => {});
    this.changed();
    return true;
  }

  /** The database was put back, or nobody knows what was missed: nothing that is held here counts. */
  forget(epoch = this.record.epoch) {
    this.isAnew = true;
    this.thread = new Thread();
    this.pages.forget();
    this.#seq = undefined;
    this.record = { ...this.record, epoch, seq: 0 };
    this.mark = new ReadMark(this);
    this.mark.id = 0;
    this.#account.shelve((shelf) => shelf.files.drop(this.id));
    this.emit("reset", { epoch });
    this.changed();
  }

  /** A change, or something that nothing keeps. A change that is known already is left out. */
  receive(frame) {
    const { type, seq } = frame;
    const isOwn = type === "conversation.updated" && seq === 0; // one's own settings take no number
    if (isOwn) return this.#receiveOwn(frame);
    if (seq !== undefined && seq <= this.#seq) return;
    const isNews = seq === undefined || seq > this.record.seq; // the record may have come ahead
    if (seq !== undefined) this.#seq = seq;
    if (isNews) {
      if (seq !== undefined) this.note({ seq });
      this.#news.note(frame);
    }
    if (this.pages.isWanted) this.#toThread(frame);
    if (AMENDS.has(type)) this.#account.shelve((shelf) => shelf.amend(this, frame));
    if (EVENTS[type]) {
      this.emit(EVENTS[type], frame);
      this.#account.emit(EVENTS[type], { ...frame, conversation: this.id });
    }
    this.changed();
  }

  #receiveOwn({ muted_until, archived, pinned }) {
    this.note({ muted_until, archived, pinned });
    this.#account.emit("own", { conversation: this.id, muted_until, archived, pinned });
    this.emit("own", { muted_until, archived, pinned });
    this.changed();
  }

  /** The connection is there again, with everything that was missed. */
  caughtUp() {
    this.pages.again().catch(() => {});
    this.mark.store();
    this.uploads.wake();
    if (this.pages.isWanted) this.meet().catch(() => {});
  }

  /** The connection is gone, and with it who is typing. */
  quiet() {
    this.#news.quiet();
  }

  /** Nobody looks at it any more. Only an agent's conversation ends by this: others stay live. */
  close() {
    this.#account.unfollow(this);
  }

  /** Nothing more comes here; what is not sent stays in the outbox. */
  end() {
    this.quiet();
    this.sending.close();
  }

  /** Keep what the list shows of it, for the next start. */
  keep() {
    this.#account.keep();
  }

  get outbox() {
    return this.#account.outbox;
  }

  get keptFiles() {
    return this.#account.keptFiles;
  }

  /** One's own message is stored. */
  stored(message) {
    this.#news.message(message);
  }

  note(changes) {
    this.record = { ...this.record, ...changes };
  }

  changed() {
    if (this.pages.isWanted && this.isMember) this.#account.shelve((shelf) => shelf.keep(this));
    this.emit("change");
    this.#account.changed();
  }

  get #socket() {
    return this.#account.socketOf(this);
  }

  #toThread({ type, ...rest }) {
    const step = { "reaction.added": 1, "reaction.removed": -1 }[type];
    if (step) this.thread.reaction(rest, step, rest.user === this.me.username);
    const how = { "chat.message": "message", "message.edited": "edited", "message.deleted": "deleted" };
    const kind = how[type] ?? { "attachment.added": "attachment", "message.read": "read" }[type];
    if (kind) this.thread[kind](rest);
  }
}
