// Conversations that an agent looks at without being in them: `/ws/` brings nothing of those, so
// each has a socket of its own for as long as it is looked at.

import { Conversation } from "./conversation.js";

export class Visits {
  #how;
  #happened;
  #sockets = new Map(); // by conversation

  /** `happened.reset(conversation, epoch)`: it is to be read again. `gone(id)`: the right has ended. */
  constructor(how, happened) {
    this.#how = how;
    this.#happened = happened;
  }

  get sockets() {
    return [...this.#sockets.values()];
  }

  of(id) {
    return this.#sockets.get(id);
  }

  begin(conversation) {
    const { id, seq: since, record } = conversation;
    if (this.#sockets.has(id)) return;
    const socket = new Conversation(this.#how, id, { since, epoch: record.epoch, replay: false });
    this.#sockets.set(id, socket);
    socket.on("frame", (frame) => conversation.receive(frame));
    socket.on("reset", ({ epoch }) => this.#happened.reset(conversation, epoch));
    socket.on("state", ({ state, code }) => {
      if (state === "open") conversation.caughtUp();
      if (code === 4404) this.#happened.gone(id);
      conversation.changed();
    });
  }

  /** Whether there was one, and nothing in it is on the way any more. */
  end({ id, isBusy, pending }) {
    if (!this.#sockets.has(id) || isBusy || pending.length > 0) return false;
    this.close(id);
    return true;
  }

  close(id) {
    this.#sockets.get(id)?.close();
    this.#sockets.delete(id);
  }
}
