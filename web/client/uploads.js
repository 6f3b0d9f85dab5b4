// Files on their way to messages of one's own.

import { isOffline } from "./errors.js";
import { newId } from "./tokens.js";

export class Uploads {
  /** `{messageId, file, lent, share, error}`; `lent` is the message's text where it has only names. */
  list = [];

  constructor(conversation) {
    this.conversation = conversation;
  }

  of(messageId) {
    return this.list.filter((one) => one.messageId === messageId);
  }

  add(messageId, files, lent) {
    const added = files.map((file) => ({ messageId, file, lent, once: newId() }));
    this.list.push(...added);
    for (const upload of added) this.send(upload);
  }

  /** Send it, or try once more: by its key the server knows a file that it has already. */
  async send(upload) {
    const { messageId, file, once: key } = upload;
    const { api, id } = this.conversation;
    const end = new AbortController();
    this.#show(upload, { share: 0, error: undefined, end });
    try {
      const onProgress = (share) => this.#show(upload, { share });
      const attachment = await api.attach(id, messageId, file, { key, onProgress, signal: end.signal });
      this.conversation.thread.attachment({ message_id: messageId, attachment });
      this.#remove(upload);
    } catch (error) {
      if (error.code === "message_deleted") this.#remove(upload);
      else if (!end.signal.aborted) this.#show(upload, { error });
    }
  }

  /** Stop it. A message that was only there for its files goes with the last of them. */
  async discard(upload) {
    const { messageId, lent, end } = upload;
    end.abort();
    this.#remove(upload);
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
      for (const one of others) one.lent = names;
      await conversation.edit(messageId, names);
    }
  }

  /** Try again what failed while there was no connection. */
  wake() {
    for (const upload of this.list) if (upload.error && isOffline(upload.error)) this.send(upload);
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
