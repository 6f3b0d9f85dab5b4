// The messages of one conversation as they are known here. No network.

const QUOTE = 500; // characters of a message that its replies show

/**
 * `messages` are ordered by id, without a gap between them; each is replaced, never changed, so
 * who draws them sees what is new. Pages and changes come in any order: of two accounts of a
 * message the one with the higher `seq` holds, and files are only ever added, until it is deleted.
 */
export class Thread {
  isLoaded = false;
  hasEarlier = false;
  #known = [];
  #end = Infinity; // the last message before a gap; behind it is only what changes have brought
  #early = new Map(); // files that came before their message, by its id
  #marks = new Map();
  #kept = []; // of an earlier time, shown until the server has answered

  get messages() {
    if (!this.isLoaded && this.#kept.length > 0) return this.#withKept();
    return this.hasLater ? this.#known.slice(0, this.#placeOf(this.#end + 1)) : this.#known;
  }

  /** Whether messages that are not known here follow those that are. */
  get hasLater() {
    return this.#end < Infinity;
  }

  /** Show what was kept of an earlier time, until there is a page. */
  showKept(messages) {
    this.#kept = this.isLoaded ? [] : messages.map((message) => ({ ...message, key: `m${message.id}` }));
  }

  #withKept() {
    const last = this.#kept.at(-1).id;
    const changed = this.#kept.map((message) => this.find(message.id) ?? message);
    return [...changed, ...this.#known.filter((message) => message.id > last)];
  }

  /** Begin anew with these messages. `hasLater` where others follow them, likewise `hasEarlier`. */
  begin(page, { hasEarlier, hasLater }) {
    const first = page[0]?.id ?? 0;
    this.#known = this.#known.filter((message) => message.id >= first);
    this.#end = Infinity;
    this.#take(page);
    this.#endAt(page, hasLater);
    this.hasEarlier = hasEarlier;
    this.isLoaded = true;
    this.#kept = [];
  }

  /** The page before the first message. */
  extendBack(page, hasEarlier) {
    this.#take(page);
    this.hasEarlier = hasEarlier;
  }

  /** The page after the last message. */
  extend(page, hasLater) {
    this.#take(page);
    this.#endAt(page, hasLater);
  }

  find(id) {
    const message = this.#known[this.#placeOf(id)];
    return message?.id === id ? message : undefined;
  }

  message({ type, conversation, ...event }, key) {
    const none = { attachments: [], mentions: [], reactions: [], reply_to: null, reply_count: 0, metadata: {} };
    this.#put({ ...none, is_read: false, is_edited: false, is_deleted: false, ...event }, key);
    if (!event.is_deleted) this.#count(event.reply_to?.id, event.seq, 1);
  }

  /** A message as its replies show it. */
  quote(id) {
    const message = this.find(id) ?? this.#kept.find((one) => one.id === id);
    if (!message) return id === undefined ? null : { id };
    return { id, sender: { username: message.sender }, content: message.content, is_deleted: message.is_deleted };
  }

  edited({ message: { id, content, mentions = [] }, seq }) {
    this.#change(id, { content, mentions, seq, is_edited: true });
    this.#requote(id, { content, is_deleted: false });
  }

  deleted({ message_id: id, seq }) {
    const gone = this.find(id);
    if (gone && !gone.is_deleted) this.#count(gone.reply_to?.id, seq, -1); // else it counts no more, as after a resume
    this.#change(id, { content: "", mentions: [], reactions: [], metadata: {}, seq, is_deleted: true });
    this.#requote(id, { content: "", is_deleted: true });
  }

  /** `isOwn` says that who is signed in reacted, or took it back: `step` is 1 or -1. A server of an earlier
   *  release does not say the `count`. */
  reaction({ message_id: id, emoji, count, seq }, step, isOwn) {
    const message = this.find(id);
    if (!message || message.is_deleted || seq <= message.seq) return;
    const { reactions = [] } = message;
    const before = reactions.find((one) => one.emoji === emoji) ?? { emoji, count: 0, me: false };
    const after = { emoji, count: count ?? before.count + step, me: isOwn ? step > 0 : before.me };
    const known = before.count > 0 ? reactions : [...reactions, before];
    const changed = known.map((one) => (one.emoji === emoji ? after : one)).filter(({ count }) => count > 0);
    this.#change(id, { reactions: changed, seq });
  }

  attachment({ message_id: id, attachment }) {
    if (this.find(id)) this.#change(id, { attachments: [attachment] });
    else this.#early.set(id, [...(this.#early.get(id) ?? []), attachment]);
  }

  read({ user, message_id: id }) {
    this.#marks.set(user, Math.max(id, this.#marks.get(user) ?? 0));
  }

  /** Whether each of `others`, by name, has read the message. */
  isRead(message, others) {
    return (
      message.is_read ||
      (others.length > 0 && others.every((name) => (this.#marks.get(name) ?? 0) >= message.id))
    );
  }

  #endAt(page, hasLater) {
    this.#end = hasLater ? page[page.length - 1].id : Infinity;
  }

  /** A reply came or went; what a page has counted is not counted again. */
  #count(id, seq, step) {
    const parent = id === undefined ? undefined : this.find(id);
    if (!parent || seq <= parent.seq) return;
    this.#change(id, { reply_count: (parent.reply_count ?? 0) + step, seq });
  }

  /** Its replies show it as it is now; it may be one of long ago, which is not here itself. */
  #requote(id, changed) {
    const { content, is_deleted } = this.find(id) ?? changed;
    for (const reply of this.#known.filter((one) => one.reply_to?.id === id)) {
      this.#change(reply.id, { reply_to: { ...reply.reply_to, content: content.slice(0, QUOTE), is_deleted } });
    }
  }

  #change(id, changes) {
    const message = this.find(id);
    if (message) this.#put({ ...message, ...changes });
  }

  #take(page) {
    this.#known = [...this.#known]; // once, and not for each message: there may be 100,000
    for (const message of page) this.#insert(known(message), `m${message.id}`);
  }

  #put(message, key = `m${message.id}`) {
    this.#known = [...this.#known];
    this.#insert(message, key);
  }

  #insert(message, key) {
    const { id, seq } = message;
    const before = this.find(id) ?? { seq, key, attachments: this.#early.get(id) ?? [] };
    this.#early.delete(id);
    const later = seq >= before.seq ? message : before;
    const files = [...before.attachments, ...message.attachments].map((file) => [file.id, file]);
    const made = {
      ...later,
      key: before.key,
      is_read: message.is_read || before.is_read,
      attachments: later.is_deleted ? [] : [...new Map(files).values()].sort((one, other) => one.id - other.id),
    };
    const place = this.#placeOf(id);
    this.#known.splice(place, this.#known[place]?.id === id ? 1 : 0, made);
  }

  /** Of the first message whose id is not lower. */
  #placeOf(id) {
    let low = 0;
    let high = this.#known.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#known[middle].id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A message of a page as a change brings it. */
function known(message) {
  return { ...message, sender: message.sender.username };
}
