// The one socket for all of a user's conversations: `/ws/`.

import { Socket } from "./socket.js";

const NAMED_MOST = 2000; // conversations in one `resume`: a frame has at most 64 KiB

/**
 * Emits each `frame` that belongs to a conversation, `anew` where nothing says what was missed, `reset` where the database was put back,
 * and `cursor` when it has moved. `positionOf` says up to which `seq` the client has a conversation,
 * or undefined where it holds nothing of it.
 */
export class AccountSocket extends Socket {
  #positionOf;
  cursor; // undefined until the server gives one
  #held = new Map(); // frames of the conversations that are behind, by conversation
  #behind = []; // `[conversation, since]` that are still to be asked for

  constructor(session, settings, subject, positionOf) {
    super(session, settings, subject, "/ws/");
    this.#positionOf = positionOf;
  }

  /** From where it resumes; from now on where there is no cursor. */
  start() {
    return { cursor: this.cursor };
  }

  take(frame) {
    const { type, conversation } = frame;
    if (type === "hello") this.#begin(frame);
    else if (type === "cursor") this.#keep(frame);
    else if (type === "positions") this.#compare(frame);
    else if (type === "reset") this.#reset(frame);
    else if (type !== "resumed") this.#pass(frame);
    else if (conversation === undefined) this.#resumed(frame);
  }

  #begin({ cursor }) {
    [this.#held, this.#behind] = [new Map(), []];
    if (this.cursor !== undefined) return; // what was missed follows
    this.cursor = cursor;
    this.emit("anew");
    this.caughtUp();
  }

  #keep({ cursor }) {
    // While something is missing, it would stand for what has not come.
    if (this.isCatchingUp) return;
    this.cursor = cursor;
    this.emit("cursor");
  }

  #resumed({ cursor }) {
    this.#release();
    if (this.#behind.length > 0) return this.#ask(cursor);
    this.cursor = cursor;
    this.caughtUp();
    this.emit("resumed");
    this.emit("cursor");
  }

  #reset({ conversation, cursor, epoch }) {
    if (conversation === undefined) {
      this.cursor = cursor;
      [this.#held, this.#behind] = [new Map(), []];
    }
    this.forgetIds(conversation);
    this.emit("reset", { conversation, epoch });
    if (conversation === undefined && this.state !== "closed") this.caughtUp();
  }

  /** The cursor cannot be compared any more: ask for each conversation that has gone on. */
  #compare({ positions, cursor }) {
    this.emit("positions", { ids: Object.keys(positions).map(Number) });
    for (const [id, seq] of Object.entries(positions)) {
      const since = this.#positionOf(Number(id));
      if (since !== undefined && since < seq) this.#behind.push([Number(id), since]);
    }
    for (const [id] of this.#behind) this.#held.set(id, []);
    if (this.#behind.length > 0) this.#ask(cursor);
    else this.#resumed({ cursor });
  }

  /** Until all have come, the cursor stays what it was: the connection may end before. */
  #ask(cursor) {
    const since = Object.fromEntries(this.#behind.splice(0, NAMED_MOST));
    this.catchUp({ cursor, since });
  }

  /** What is new may come before what was missed; it waits until that is there. */
  #pass(frame) {
    const held = frame.seq === undefined ? undefined : this.#held.get(frame.conversation);
    if (held) held.push(frame);
    else this.emit("frame", frame);
  }

  #release() {
    const waits = new Set(this.#behind.map(([id]) => id));
    for (const [id, frames] of [...this.#held]) {
      if (waits.has(id)) continue;
      this.#held.delete(id);
      frames.sort((one, other) => one.seq - other.seq);
      for (const frame of frames) this.emit("frame", frame);
    }
  }
}
