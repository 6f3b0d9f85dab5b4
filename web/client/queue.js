// What waits for the server's answer, in one conversation.

import { closed, PayamError } from "./errors.js";

/**
 * One frame at a time: were the first refused for now and the second not, they would change
 * places. `write` sends a frame, or returns false where nothing can be sent now.
 */
export class Queue {
  #write;
  #name;
  #list = [];
  #count = 0;
  #timer;
  isAsking = false; // the first of the list was sent, and its answer is due

  constructor(name, write) {
    this.#name = name;
    this.#write = write;
  }

  get length() {
    return this.#list.length;
  }

  ask(frame) {
    return new Promise((resolve, reject) => {
      this.#count += 1;
      this.#list.push({ frame: { ...frame, ref: `${this.#name}.${this.#count}` }, resolve, reject });
      this.pump();
    });
  }

  pump() {
    if (this.isAsking || this.#timer !== undefined || this.#list.length === 0) return;
    this.isAsking = this.#write(this.#list[0].frame);
  }

  /** The connection is gone: what was sent is sent again by the next `pump`. */
  halt() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.isAsking = false;
  }

  /** Whether the frame is the answer that was due. */
  answered(answer) {
    const [asked] = this.#list;
    if (!this.isAsking || asked.frame.ref !== answer.ref) return false;
    this.isAsking = false;
    if (answer.retry_after !== undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.pump();
      }, answer.retry_after * 1000);
      return true;
    }
    this.#list.shift();
    if (answer.type === "error") asked.reject(new PayamError(answer));
    else asked.resolve(answer);
    this.pump();
    return true;
  }

  /** A message's id may be another message's now. What was sent already is answered. */
  forgetIds() {
    const waiting = this.isAsking ? this.#list.slice(1) : this.#list;
    const unsafe = waiting.filter(({ frame }) => frame.message_id !== undefined);
    this.#list = this.#list.filter((asked) => !unsafe.includes(asked));
    for (const { reject } of unsafe) reject(new PayamError({ code: "epoch_changed" }));
  }

  close(reason) {
    this.halt();
    for (const { reject } of this.#list.splice(0)) reject(closed(reason));
  }
}
