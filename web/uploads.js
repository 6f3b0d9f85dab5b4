// Files on their way to messages of one's own.

export class Uploads {
  /** `{messageId, file, lent, share, error}`; `lent` is the message's text where it has only names. */
  list = [];

  constructor(chat) {
    this.chat = chat;
  }

  of(messageId) {
    return this.list.filter((one) => one.messageId === messageId);
  }

  add(messageId, files, lent) {
    const added = files.map((file) => ({ messageId, file, lent }));
    this.list.push(...added);
    for (const upload of added) this.send(upload);
  }

  /** Send it, or try once more. */
  async send(upload) {
    const { messageId, file, error: failed } = upload;
    const { payam, id } = this.chat;
    const end = new AbortController();
    this.#show(upload, { share: 0, error: undefined, end });
    try {
      // The answer of an attempt that seemed to fail may be what was lost.
      const there = failed ? await payam.attachments(id, messageId) : [];
      const stored = there.find((one) => one.name === file.name && one.size === file.size);
      const onProgress = (share) => this.#show(upload, { share });
      const options = { onProgress, signal: end.signal };
      const attachment = stored ?? (await payam.attach(id, messageId, file, options));
      this.chat.thread.attachment({ message_id: messageId, attachment });
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
    const { channel, thread } = this.chat;
    const message = thread.find(messageId);
    if (lent === undefined || (message && message.content !== lent)) return;
    const others = this.of(messageId);
    const left = [...(message?.attachments ?? []), ...others.map((one) => one.file)];
    if (left.length === 0) {
      await channel.delete(messageId);
    } else {
      const names = namesOf(left);
      for (const one of others) one.lent = names;
      await channel.edit(messageId, names);
    }
  }

  /** Try again what failed while there was no connection. */
  wake() {
    for (const upload of this.list) if (upload.error?.code === "offline") this.send(upload);
  }

  #remove(upload) {
    this.list = this.list.filter((one) => one !== upload);
    this.chat.changed();
  }

  #show(upload, changes) {
    Object.assign(upload, changes);
    this.chat.changed();
  }
}

export function namesOf(files) {
  return files.map((file) => file.name).join(", ");
}
