// Files on their way to messages of one's own.

import { isOffline, PayamError } from "./errors.js";

export class Uploads {
  /**
   * `{messageId, file, once, upload, lent, isKept, share, error}`; `once` is its key, `lent` is the
   * message's text where it has only names, and `isKept` says that it outlives this page.
   */
  list = [];

  constructor(conversation) {
    this.conversation = conversation;
  }

  of(messageId) {
    return this.list.filter((one) => one.messageId === messageId);
  }

  /** `keys` are those of the files, under which they are kept already. */
  add(messageId, files, { lent, keys, kept }) {
    for (const once of keys) this.#noted((kept) => kept.note(once, { messageId }));
    const uploads = files.map((file, place) => ({ messageId, file, lent, once: keys[place], isKept: false }));
    kept?.then((isKept) => uploads.forEach((upload) => Object.assign(upload, { isKept })));
    this.#begin(uploads);
  }

  /** Go on with what an earlier page has begun, or another tab does. */
  restore(uploads) {
    this.#begin(uploads.map((one) => ({ ...one, isKept: true })));
  }

  #begin(uploads) {
    this.list.push(...uploads);
    for (const upload of uploads) this.send(upload);
  }

  /** Send it, or try once more: by its key the server knows a file that it has already. */
  async send(upload) {
    const end = new AbortController();
    this.#show(upload, { share: upload.share ?? 0, error: undefined, end });
    const work = (kept) =>
      kept.alone(upload.once, async () => {
        if (upload.isKept && !(await kept.has(upload.once))) this.#remove(upload); // another tab has sent it
        else if (!end.signal.aborted) await this.#send(upload, end.signal);
      });
    await this.conversation.keptFiles.use(work).catch(({ message: detail }) => {
      this.#show(upload, { error: new PayamError({ code: "offline", detail }) }); // it could not be loaded
    });
  }

  async #send(upload, signal) {
    const { messageId, file, once: key } = upload;
    const { api, id } = this.conversation;
    const onProgress = (share) => this.#show(upload, { share });
    const onBegin = (begun) => {
      upload.upload = begun;
      this.#noted((kept) => kept.note(key, { upload: begun }));
    };
    try {
      const how = { key, upload: upload.upload, onBegin, onProgress, signal };
      const attachment = await api.attach(id, messageId, file, how);
      this.conversation.thread.attachment({ message_id: messageId, attachment });
      this.#done(upload);
    } catch (error) {
      if (error.code === "message_deleted") this.#done(upload);
      else if (!signal.aborted) this.#show(upload, { error });
    }
  }

  /** Stop it. A message that was only there for its files goes with the last of them. */
  async discard(upload) {
    const { messageId, lent, end } = upload;
    end.abort();
    this.#done(upload);
    const { conversation } = this;
    const { thread } = conversation;
    const message = thread.find(messageId);
    if (lent === undefined || (message && message.content !== lent)) return;
    const others = this.of(messageId);
    const left = [...(message?.attachments ?? []), ...others.map((one) => one.file)];
    if (left.length === 0) {
      await conversation.delete(messageId);
    } else {
      const names = namesOf(left);
      for (const one of others) {
        one.lent = names;
        this.#noted((kept) => kept.note(one.once, { lent: names }));
      }
      await conversation.edit(messageId, names);
    }
  }

  /** Try again what failed while there was no connection. */
  wake() {
    for (const upload of this.list) if (upload.error && isOffline(upload.error)) this.send(upload);
  }

  #noted(work) {
    this.conversation.keptFiles.use(work).catch(() => {});
  }

  #done(upload) {
    this.#noted((kept) => kept.forget(upload.once));
    this.#remove(upload);
  }

  #remove(upload) {
    this.list = this.list.filter((one) => one !== upload);
    this.conversation.changed();
  }

  #show(upload, changes) {
    Object.assign(upload, changes);
    this.conversation.changed();
  }
}

export function namesOf(files) {
  return files.map((file) => file.name).join(", ");
}
