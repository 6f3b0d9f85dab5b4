// One conversation on a socket of its own, as a stream of what happens: `/ws/chat/<id>/`.

import { EVENTS } from "./events.js";
import { Socket } from "./socket.js";
import { newId } from "./tokens.js";

export class Conversation extends Socket {
  #api;
  #replay;

  constructor({ api, session, settings, subject }, id, { since, epoch, replay = true } = {}) {
    super(session, settings, subject, `/ws/chat/${id}/`);
    this.#api = api;
    this.#replay = replay;
    Object.assign(this, { id, epoch, seq: since });
    this.connect();
  }

  get waiting() {
    return this.waitingIn(this.id);
  }

  send(text, { clientId = newId(), replyTo, metadata } = {}) {
    return this.ask({ type: "chat_message", message: text, client_id: clientId, reply_to: replyTo, metadata });
  }

  edit(messageId, content) {
    return this.ask({ type: "edit_message", message_id: messageId, content });
  }

  delete(messageId) {
    return this.ask({ type: "delete_message", message_id: messageId });
  }

  markRead(messageId) {
    return this.ask({ type: "mark_read", message_id: messageId });
  }

  /** Worth nothing later, so not kept for later. */
  typing(isTyping) {
    this.write({ type: "typing", is_typing: isTyping });
  }

  ask(frame) {
    return super.ask(frame, this.id);
  }

  async prepare() {
    if (this.seq !== undefined) return;
    const { seq, epoch } = await this.#api.conversation(this.id);
    this.seq ??= seq;
    this.epoch ??= epoch;
  }

  start() {
    return { since: this.seq, epoch: this.epoch };
  }

  take(frame) {
    const { type, seq, epoch = this.epoch } = frame;
    if (type === "reset") return this.#reset(frame);
    this.seq = seq ?? this.seq;
    if (type === "resumed") {
      this.epoch = epoch;
      this.caughtUp();
    } else {
      this.emit("frame", frame);
      if (EVENTS[type]) this.emit(EVENTS[type], frame);
    }
  }

  /** The numbers count anew: what is known here may be wrong. */
  #reset({ seq, epoch }) {
    [this.seq, this.epoch] = [this.#replay ? 0 : seq, epoch];
    this.forgetIds();
    this.emit("reset", { seq, epoch });
    if (this.state === "closed") return; // by a listener
    if (this.#replay) this.connect();
    else this.caughtUp();
  }
}
