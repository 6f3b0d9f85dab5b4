// One socket that stays: it reconnects, resumes where it was, and knows when nobody answers.

import { Emitter } from "./emitter.js";
import { PayamError } from "./errors.js";
import { query } from "./http.js";
import { Queue } from "./queue.js";

const RESTART_MOST = 60_000; // milliseconds, as all times here

/** After these the server would only close again. */
const FINAL = {
  1000: "closed",
  1003: "not_text",
  1007: "invalid_utf8",
  1009: "too_large",
  4400: "malformed_frame",
  4404: "not_found",
};

/**
 * Emits `state`. The kinds of sockets say what the frames mean: `prepare` finds out where to begin,
 * `start` says where to resume, and `take` receives what is not about the connection itself.
 */
export class Socket extends Emitter {
  #session;
  #settings;
  #subject; // a promise of whose socket it is: it goes on with no other user's tokens
  #socket = null;
  #turn = 0; // raised when what is under way no longer matters
  #attempt = 0;
  #access;
  #refused;
  #queues = new Map();
  #timer; // for what comes next, if the server says nothing
  #isSuspended = false;
  isCatchingUp = false;
  state = "connecting";

  constructor(session, settings, subject, path) {
    super();
    this.#session = session;
    this.#settings = settings;
    this.#subject = subject;
    this.path = path;
  }

  /** Resolved with the server's `ack`, however long that takes. Frames of one conversation keep their order. */
  ask(frame, conversation) {
    if (this.state === "closed") return Promise.reject(new PayamError({ code: "closed" }));
    return this.#queueOf(conversation).ask(frame);
  }

  /** How many frames wait for an answer. */
  waitingIn(conversation) {
    return this.#queues.get(conversation)?.length ?? 0;
  }

  /** Nothing more is asked in this conversation. */
  forget(conversation, reason) {
    this.#queues.get(conversation)?.close(reason);
    this.#queues.delete(conversation);
  }

  /** Send it now or never. */
  write(frame) {
    if (!this.#socket || this.state !== "open") return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  close() {
    this.finish(1000, "closed");
  }

  /** Connect at once where it waits to; else see whether the server is really there. */
  wake() {
    this.#attempt = 0;
    this.#isSuspended = false;
    if (this.state === "waiting") this.connect();
    else if (this.state === "open" && !this.isCatchingUp) this.#probe();
  }

  /** Give the connection up, and try again soon. */
  drop() {
    if (this.state !== "closed" && !this.#isSuspended) this.#retry(this.#pause());
  }

  /** Give the connection up until `wake`: nothing of this program runs meanwhile. */
  suspend() {
    if (this.state === "closed") return;
    this.#isSuspended = true;
    this.#leave();
    this.#become("waiting");
  }

  async prepare() {}

  async connect() {
    this.#leave();
    const turn = this.#turn;
    this.#become("connecting");
    try {
      const access = await this.#session.token(this.#refused, await this.#subject);
      await this.prepare();
      if (turn !== this.#turn) return;
      this.#access = access;
    } catch (error) {
      if (turn !== this.#turn) return;
      if (error.status === 401) this.finish(4401, "not_authenticated");
      else if (error.status === 404) this.finish(4404, "not_found");
      else this.#retry(Math.max(this.#pause(), (error.retryAfter ?? 0) * 1000));
      return;
    }
    const { WebSocket, url } = this.#settings;
    const address = `${url.replace(/^http/, "ws")}${this.path}${query(this.start())}`;
    const socket = new WebSocket(address, ["chat.v1", `bearer.${this.#access}`]);
    this.#socket = socket;
    this.isCatchingUp = true;
    const isOurs = () => socket === this.#socket;
    socket.onmessage = ({ data }) => isOurs() && this.#receive(JSON.parse(data));
    socket.onclose = ({ code, reason }) => isOurs() && this.#closed(code, reason);
    socket.onerror = () => {}; // a close follows, which says more
    this.#watch();
  }

  #closed(code, reason) {
    if (code in FINAL) {
      this.finish(code, FINAL[code]);
    } else if (code === 1012) {
      // A restart: the server spreads its clients' return.
      this.#retry(Math.min(Number.parseInt(reason, 10) || 0, RESTART_MOST));
    } else if (code === 4429) {
      this.#retry(this.#settings.backoff.most * (0.5 + Math.random()));
    } else {
      if (code === 4401) this.#refused = this.#access;
      this.#retry(this.#pause());
    }
  }

  /** Longer with each attempt in vain, and never the same for two clients. */
  #pause() {
    const { least, most } = this.#settings.backoff;
    const longest = Math.min(most, least * 2 ** this.#attempt++);
    return (longest * (1 + Math.random())) / 2;
  }

  #retry(delay) {
    this.#leave();
    this.#become("waiting", { delay });
    this.#next(delay, () => this.connect());
  }

  finish(code, reason) {
    if (this.state === "closed") return;
    this.#leave();
    this.#become("closed", { code, reason });
    for (const queue of this.#queues.values()) queue.close(reason);
  }

  /** Let go of the socket, if there is one; nothing more is heard of it. */
  #leave() {
    this.#turn += 1;
    clearTimeout(this.#timer);
    for (const queue of this.#queues.values()) queue.halt();
    const socket = this.#socket;
    this.#socket = null;
    this.isCatchingUp = false;
    socket?.close();
  }

  #become(state, more = {}) {
    if (this.state === state && state !== "waiting") return;
    this.state = state;
    this.emit("state", { state, ...more });
  }

  #next(delay, work) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(work, delay);
  }

  /** Wait for an answer that is due; in silence, ask for one. */
  #watch() {
    if (!this.#socket) return; // a listener has just closed it
    const { patience, calm } = this.#settings;
    const isDue = this.isCatchingUp || [...this.#queues.values()].some((queue) => queue.isAsking);
    if (isDue) this.#next(patience, () => this.drop());
    else this.#next(calm, () => this.#probe());
  }

  #receive(frame) {
    if (frame.type === "ack" || frame.type === "error") this.#answered(frame);
    else if (frame.type === "auth.expiring") this.#authenticate();
    else this.take(frame);
    this.#watch();
  }

  /** Everything that was missed has come. */
  caughtUp() {
    this.#attempt = 0;
    this.#refused = undefined;
    this.isCatchingUp = false;
    this.#become("open");
    for (const queue of this.#queues.values()) queue.pump();
  }

  /** The server's answer is the sign of life; what was missed would come with it. */
  #probe() {
    this.catchUp({});
  }

  /** Ask for what was missed, from where this socket is. */
  catchUp(more) {
    this.isCatchingUp = true;
    this.#socket.send(JSON.stringify({ type: "resume", ...this.start(), ...more }));
    this.#watch();
  }

  async #authenticate() {
    const turn = this.#turn;
    try {
      const access = await this.#session.token(this.#access, await this.#subject);
      if (turn !== this.#turn) return;
      this.#access = access;
      this.#socket.send(JSON.stringify({ type: "auth", token: access }));
    } catch {
      // The socket is closed with 4401 at the token's end; then it is tried again.
    }
  }

  #queueOf(conversation) {
    if (!this.#queues.has(conversation)) {
      const write = (frame) => {
        const isWritten = this.write(frame);
        if (isWritten && !this.isCatchingUp) this.#next(this.#settings.patience, () => this.drop());
        return isWritten;
      };
      this.#queues.set(conversation, new Queue(conversation, write));
    }
    return this.#queues.get(conversation);
  }

  #answered(answer) {
    const conversation = Number(answer.ref?.split(".")[0]);
    if (this.#queues.get(conversation)?.answered(answer)) return;
    if (answer.type === "error") this.emit("refused", new PayamError(answer));
  }

  /** The database was put back: ids that wait to be named may be other messages' now. */
  forgetIds(conversation) {
    if (conversation !== undefined) this.#queues.get(conversation)?.forgetIds();
    else for (const queue of this.#queues.values()) queue.forgetIds();
  }
}
