// Messages of one's own that are shown at once and are on their way.

import { namesOf } from "./uploads.js";
import { newId } from "./tokens.js";
import { closed } from "./errors.js";

export class Sending {
  /** `{clientId, text, at, files, keys, areKept, kept, lent, error}` in the order of writing; with an `error` it waits for `again`. */
  list = [];
  #promises = new Map(); // of what `add` has promised, by client id

  constructor(conversation) {
    this.conversation = conversation;
  }

  /**
   * Send a text, files, or both; a message always has a text, so files alone lend their names.
   * The promise of its ack also has a `clientId`, and `saved`, a promise that the outbox has it.
   */
  add(text, { files = [], clientId = newId(), replyTo, metadata } = {}) {
    const known = this.#promises.get(clientId);
    if (known) return known.promise;
    const { conversation } = this;
    const { outbox, keptFiles } = conversation;
    const entry = { conversation: conversation.id, clientId, text: text || namesOf(files), at: outbox.at(), replyTo, metadata };
    Object.assign(entry, { files, keys: files.map(newId), lent: text ? undefined : entry.text, areKept: false });
    const { conversation: id, keys, lent } = entry;
    const kept = files.map((file, place) =>
      keptFiles
        .use((one) => one.keep({ conversation: id, clientId, lent, once: keys[place], place, file }))
        .catch(() => false));
    entry.kept = Promise.all(kept).then((all) => (entry.areKept = all.every(Boolean)));
    const made = {};
    made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
    Object.assign(made.promise, { clientId, saved: Promise.all([outbox.keep(entry), ...kept]) });
    this.#promises.set(clientId, made);
    this.#begin(entry);
    return made.promise;
  }

  /** What an earlier page, or another tab, has written. */
  restore(entries) {
    for (const entry of entries) {
      if (!this.#find(entry.clientId)) this.#begin({ files: [], keys: [], ...entry });
    }
  }

  #begin(entry) {
    this.list = [...this.list, entry];
    this.#send(entry);
  }

  /** Try once more what the server has refused. */
  again(clientId) {
    const entry = this.#find(clientId);
    if (entry?.error) this.#send(entry);
  }

  async #send(entry) {
    const { conversation } = this;
    const { clientId, text, files, replyTo, metadata } = entry;
    const { thread, record } = conversation;
    entry.error = undefined;
    entry.after = thread.messages[thread.messages.length - 1]?.id ?? record.last_message?.id ?? 0;
    conversation.changed();
    try {
      const frame = { type: "chat_message", message: text, client_id: clientId, reply_to: replyTo, metadata };
      const ack = await conversation.ask(frame);
      conversation.uploads.add(ack.id, files, entry); // kept with its id, before its text is forgotten
      this.#stored(entry, ack);
      this.#settle(clientId, "resolve", ack);
    } catch (error) {
      // Where the connection was closed, it stays in the outbox, and is sent another time.
      if (conversation.state !== "closed") entry.error = error;
      this.#settle(clientId, "reject", error);
    }
    conversation.changed();
  }

  #stored(entry, { id, seq, timestamp }) {
    const { conversation } = this;
    this.#drop(entry.clientId);
    const { thread } = conversation;
    const message = { id, seq, timestamp, sender: conversation.me.username, content: entry.text, metadata: entry.metadata ?? {} };
    const quoting = { ...message, reply_to: thread.quote(entry.replyTo) };
    if (conversation.pages.isWanted && !thread.find(id)) thread.message(quoting, entry.clientId);
    conversation.stored(message);
  }

  discard(clientId) {
    const { keptFiles } = this.conversation;
    for (const once of this.#find(clientId)?.keys ?? []) keptFiles.use((kept) => kept.forget(once)).catch(() => {});
    this.#drop(clientId);
  }

  #drop(clientId) {
    const { id: conversation, outbox } = this.conversation;
    outbox.forget({ conversation, clientId });
    this.list = this.list.filter((one) => one.clientId !== clientId);
    this.conversation.changed();
  }

  #find(clientId) {
    return this.list.find((one) => one.clientId === clientId);
  }

  /**
   * What is pending and not among the stored messages. After a cut one's own message may come
   * before its ack says which it is: the first with its text is held to be it.
   */
  get unseen() {
    const [first, ...rest] = this.list;
    if (!first || first.error) return this.list;
    const { thread } = this.conversation;
    const own = thread.messages.filter((one) => this.conversation.isOwn(one));
    const last = own[own.length - 1];
    const isThere = last?.content === first.text && last.id > first.after;
    return isThere ? rest : this.list;
  }

  close() {
    for (const clientId of [...this.#promises.keys()]) this.#settle(clientId, "reject", closed());
  }

  #settle(clientId, how, value) {
    this.#promises.get(clientId)?.[how](value);
    this.#promises.delete(clientId);
  }
}
