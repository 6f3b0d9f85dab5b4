// Payam's client, for browsers and Node (20 or newer). No dependencies, no build step.
//
//   const payam = new Payam({ url: "https://chat.example.org" });
//   await payam.logIn("ali", "correct-horse");
//   const conversation = payam.open(12);
//   conversation.on("message", ({ sender, content }) => console.log(sender, content));
//   await conversation.send("سلام"); // resolved once it is on the server's disk
//
// A conversation reconnects by itself and is told everything that it missed, once and in
// order. What is sent meanwhile waits; a `client_id` makes a repeat the same message.

const CALM = 60_000; // milliseconds of silence before the server is asked whether it is there
const PATIENCE = 15_000; // milliseconds that an answer may take before the connection counts as dead
const BACKOFF = { least: 500, most: 30_000 };
const RESTART_MOST = 60_000;
const RENEW_BEFORE = 30_000; // milliseconds before its end at which a token is replaced
const LOCK = "payam-tokens";

/** After these the server would only close again. */
const FINAL = {
  1000: "closed",
  1003: "not_text",
  1007: "invalid_utf8",
  1009: "too_large",
  4400: "malformed_frame",
  4404: "not_found",
};

const EVENTS = {
  "chat.message": "message",
  "message.edited": "edited",
  "message.deleted": "deleted",
  "message.read": "read",
  "user.typing": "typing",
  "attachment.added": "attachment",
  "participant.joined": "joined",
  "participant.left": "left",
  "ticket.updated": "ticket",
};

/** What the server refused, or `code: "offline"` where it could not be asked. */
export class PayamError extends Error {
  constructor({ status = 0, code = "error", detail = code, errors = {}, retry_after }) {
    super(detail);
    this.name = "PayamError";
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.retryAfter = retry_after;
  }
}

class Emitter {
  #listeners = new Map();

  /** Returns a function that takes the listener away again. */
  on(type, listener) {
    if (!this.#listeners.has(type)) this.#listeners.set(type, new Set());
    this.#listeners.get(type).add(listener);
    return () => this.#listeners.get(type).delete(listener);
  }

  emit(type, event) {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        // A listener's fault is shown, but does not stop the connection.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** Somebody on a server: tokens, REST calls, and conversations that stay open. */
export class Payam extends Emitter {
  #store;
  #fetch;
  #renewing = null;
  #open = new Set();

  constructor({
    url = globalThis.location?.origin,
    store = memory(),
    WebSocket = globalThis.WebSocket,
    fetch = globalThis.fetch,
    backoff = BACKOFF,
    patience = PATIENCE,
    calm = CALM,
  } = {}) {
    super();
    if (!url) throw new TypeError("url is needed: where the server is, like https://chat.example");
    if (!WebSocket) throw new TypeError("WebSocket is needed: this platform has none of its own");
    this.url = url.replace(/\/+$/, "");
    this.settings = { WebSocket, backoff, patience, calm };
    this.#store = store;
    this.#fetch = (...request) => fetch(...request);
    globalThis.addEventListener?.("online", () => this.wake());
    globalThis.addEventListener?.("offline", () => this.#open.forEach((one) => one.drop()));
  }

  get isSignedIn() {
    return this.#store.load() !== null;
  }

  /** Make a user, and sign in as them. */
  async signUp(username, password) {
    const body = { username, password };
    await this.request("POST", "/api/users/", { body, isPublic: true });
    await this.logIn(username, password);
  }

  async logIn(username, password) {
    const body = { username, password };
    this.#keep(await this.json("POST", "/api/token/", { body, isPublic: true }));
  }

  /** The tokens stop working everywhere; here they are gone whether or not the server hears. */
  async logOut() {
    const tokens = this.#store.load();
    this.#end();
    if (!tokens) return;
    const body = { refresh: tokens.refresh };
    await this.request("POST", "/api/token/revoke/", { body, isPublic: true }).catch(() => {});
  }

  me() {
    return this.json("GET", "/api/users/me/");
  }

  /** Users whose names begin so. */
  users(search, limit = 20) {
    return this.json("GET", `/api/users/?${new URLSearchParams({ search, limit })}`);
  }

  conversations() {
    return this.json("GET", "/api/conversations/");
  }

  conversation(id) {
    return this.json("GET", `/api/conversations/${id}/`);
  }

  /** `participants` are ids; the caller need not be among them. */
  begin(participants, title = "") {
    return this.json("POST", "/api/conversations/", { body: { participants, title } });
  }

  rename(id, title) {
    return this.json("PATCH", `/api/conversations/${id}/`, { body: { title } });
  }

  addParticipant(id, userId) {
    return this.json("POST", `/api/conversations/${id}/participants/`, {
      body: { user_id: userId },
    });
  }

  async removeParticipant(id, userId) {
    await this.request("DELETE", `/api/conversations/${id}/participants/${userId}/`);
  }

  /** A page, oldest first: the latest, or that before or after a message's id. */
  messages(id, { limit = 50, ...place } = {}) {
    const query = new URLSearchParams({ limit, ...place });
    return this.json("GET", `/api/conversations/${id}/messages/?${query}`);
  }

  attachments(id, messageId) {
    return this.json("GET", `/api/conversations/${id}/messages/${messageId}/attachments/`);
  }

  /** Add a Blob or File to one's own message; `onProgress` is given a share from 0 to 1. */
  async attach(id, messageId, file, { name = file.name ?? "file", onProgress } = {}) {
    const path = `/api/conversations/${id}/messages/${messageId}/attachments/`;
    const form = new FormData();
    form.append("file", file, name);
    if (!globalThis.XMLHttpRequest || !onProgress) {
      const attachment = await this.json("POST", path, { form });
      onProgress?.(1);
      return attachment;
    }
    // Only the older way tells a browser how far an upload is.
    return (await this.#withToken((token) => upload(this.url + path, token, form, onProgress))).json();
  }

  /** The file's bytes, as a Blob. */
  async download(attachment) {
    return (await this.request("GET", attachment.url)).blob();
  }

  async markRead(id, messageId) {
    const body = { message_id: messageId };
    await this.request("POST", `/api/conversations/${id}/read/`, { body });
  }

  openTicket(id, subject, priority = "normal") {
    return this.json("POST", `/api/conversations/${id}/support_ticket/`, {
      body: { subject, priority },
    });
  }

  /** `changes`: any of `subject`, `status`, `priority`, and for staff `assigned_to`. */
  changeTicket(id, changes) {
    return this.json("PATCH", `/api/conversations/${id}/support_ticket/`, { body: changes });
  }

  async closeTicket(id) {
    await this.request("DELETE", `/api/conversations/${id}/support_ticket/`);
  }

  /**
   * Keep a conversation open. `since` is a change number: what came after it is told first.
   * Without it, what comes from now on.
   */
  open(id, { since } = {}) {
    const conversation = new Conversation(this, id, since, () => this.#open.delete(conversation));
    this.#open.add(conversation);
    return conversation;
  }

  /** Do not wait: connect again what is cut off, and see whether the rest is really there. */
  wake() {
    this.#open.forEach((one) => one.wake());
  }

  close() {
    this.#open.forEach((one) => one.close());
  }

  async json(method, path, options) {
    return (await this.request(method, path, options)).json();
  }

  /** Any call of the API; a Response that is in order, or a PayamError. */
  async request(method, path, { body, form, isPublic = false } = {}) {
    const call = async (token) => {
      // Until the answer begins: how long a file then takes is another matter.
      const patience = new AbortController();
      const timer = form ? null : setTimeout(() => patience.abort(), this.settings.patience);
      try {
        return await this.#fetch(this.url + path, {
          method,
          headers: {
            ...(token && { Authorization: `Bearer ${token}` }),
            ...(body && { "Content-Type": "application/json" }),
          },
          body: form ?? (body && JSON.stringify(body)),
          signal: patience.signal,
        });
      } finally {
        clearTimeout(timer);
      }
    };
    return isPublic ? answered(call()) : this.#withToken(call);
  }

  /** An access token that works for a while yet, and is not `stale`, which was refused. */
  async token(stale) {
    const tokens = this.#store.load();
    if (!tokens) throw signedOut();
    const isFresh = tokens.access !== stale && Date.now() < tokens.renewAt;
    return isFresh ? tokens.access : this.#renew(tokens.access);
  }

  async #withToken(call) {
    const token = await this.token();
    try {
      return await answered(call(token));
    } catch (error) {
      if (error.status !== 401) throw error;
      return answered(call(await this.token(token)));
    }
  }

  #renew(stale) {
    this.#renewing ??= alone(async () => {
      const tokens = this.#store.load();
      if (!tokens) throw signedOut();
      // A refresh token works once: another tab that was first has the new pair.
      if (tokens.access !== stale) return tokens.access;
      const body = { refresh: tokens.refresh };
      try {
        this.#keep(await this.json("POST", "/api/token/refresh/", { body, isPublic: true }));
      } catch (error) {
        if (error.status === 401 || error.status === 400) this.#end();
        throw error;
      }
      return this.#store.load().access;
    }).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  #keep({ access, refresh }) {
    // By how long it lasts, not until when: this machine's clock may be wrong.
    const { iat, exp } = claims(access);
    const life = (exp - iat) * 1000;
    this.#store.save({
      access,
      refresh,
      renewAt: Date.now() + life - Math.min(RENEW_BEFORE, life / 4),
    });
  }

  #end() {
    this.#store.save(null);
    this.close();
    this.emit("signedOut");
  }
}

/** One conversation: its events, and what is said in it. Made by `payam.open(id)`. */
export class Conversation extends Emitter {
  #payam;
  #forget;
  #socket = null;
  #turn = 0;
  #attempt = 0;
  #access;
  #refused;
  #since; // everything up to here has been told
  #isCatchingUp = false;
  #queue = [];
  #inFlight = null;
  #refs = 0;
  #retryTimer;
  #queueTimer;
  #watchTimer;

  constructor(payam, id, since, forget) {
    super();
    this.#payam = payam;
    this.#forget = forget;
    this.id = id;
    this.state = "connecting";
    this.#since = since;
    this.#connect();
  }

  /** The highest change number that is known, with everything before it. */
  get seq() {
    return this.#since;
  }

  /** How many changes of one's own wait for the server. */
  get waiting() {
    return this.#queue.length;
  }

  /** Resolved with the server's `ack` once the message is stored, however long that takes. */
  send(text, { clientId = newId() } = {}) {
    return this.#ask({ type: "chat_message", message: text, client_id: clientId });
  }

  edit(messageId, content) {
    return this.#ask({ type: "edit_message", message_id: messageId, content });
  }

  delete(messageId) {
    return this.#ask({ type: "delete_message", message_id: messageId });
  }

  /** Everything up to this message is read. */
  markRead(messageId) {
    return this.#ask({ type: "mark_read", message_id: messageId });
  }

  /** Worth nothing later, so not kept for later. */
  typing(isTyping) {
    if (this.state === "open") this.#write({ type: "typing", is_typing: isTyping });
  }

  close() {
    this.#finish(1000, "closed");
  }

  /** Connect at once when waiting to; when open, see whether anybody answers. */
  wake() {
    this.#attempt = 0;
    if (this.state === "waiting") this.#connect();
    else if (this.state === "open" && !this.#isCatchingUp) this.#probe();
  }

  /** Give the connection up and try again later: the network is gone. */
  drop() {
    if (this.state !== "closed") this.#retry(this.#pause());
  }

  async #connect() {
    this.#leave();
    const turn = this.#turn;
    this.#become("connecting");
    try {
      const access = await this.#payam.token(this.#refused);
      if (this.#since === undefined) {
        this.#since = (await this.#payam.conversation(this.id)).seq;
      }
      if (turn !== this.#turn) return;
      this.#access = access;
    } catch (error) {
      if (turn !== this.#turn) return;
      if (error.status === 401) this.#finish(4401, "not_authenticated");
      else if (error.status === 404) this.#finish(4404, "not_found");
      else this.#retry(Math.max(this.#pause(), (error.retryAfter ?? 0) * 1000));
      return;
    }
    const { WebSocket } = this.#payam.settings;
    const url = `${this.#payam.url.replace(/^http/, "ws")}/ws/chat/${this.id}/?since=${this.#since}`;
    const socket = new WebSocket(url, ["chat.v1", `bearer.${this.#access}`]);
    this.#socket = socket;
    this.#isCatchingUp = true;
    const isOurs = () => socket === this.#socket;
    socket.onmessage = ({ data }) => isOurs() && this.#receive(JSON.parse(data));
    socket.onclose = ({ code, reason }) => isOurs() && this.#closed(code, reason);
    socket.onerror = () => {}; // a close follows, which says more
    this.#watch();
  }

  #closed(code, reason) {
    if (code in FINAL) {
      this.#finish(code, FINAL[code]);
    } else if (code === 1012) {
      // A restart: the server spreads its clients' return.
      this.#retry(Math.min(Number.parseInt(reason, 10) || 0, RESTART_MOST));
    } else if (code === 4429) {
      this.#retry(this.#payam.settings.backoff.most * (0.5 + Math.random()));
    } else {
      if (code === 4401) this.#refused = this.#access;
      this.#retry(this.#pause());
    }
  }

  /** Milliseconds: longer with each attempt in vain, and never the same for two clients. */
  #pause() {
    const { least, most } = this.#payam.settings.backoff;
    const longest = Math.min(most, least * 2 ** this.#attempt++);
    return (longest * (1 + Math.random())) / 2;
  }

  #retry(delay) {
    this.#leave();
    this.#become("waiting", { delay });
    this.#retryTimer = setTimeout(() => this.#connect(), delay);
  }

  #finish(code, reason) {
    if (this.state === "closed") return;
    this.#leave();
    this.#forget();
    const unsent = this.#queue.splice(0);
    this.#become("closed", { code, reason });
    const detail = `the conversation is closed: ${reason}`;
    for (const { reject } of unsent) reject(new PayamError({ code: reason, detail }));
  }

  /** Let go of the socket, if there is one; nothing more is heard of it. */
  #leave() {
    this.#turn += 1;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#queueTimer);
    clearTimeout(this.#watchTimer);
    const socket = this.#socket;
    this.#socket = null;
    this.#inFlight = null;
    this.#isCatchingUp = false;
    socket?.close();
  }

  #become(state, more = {}) {
    if (this.state === state && state !== "waiting") return;
    this.state = state;
    this.emit("state", { state, ...more });
  }

  #receive(frame) {
    this.#watch();
    if (frame.type in EVENTS) this.#tell(frame);
    else if (frame.type === "resumed") this.#caughtUp(frame.seq);
    else if (frame.type === "ack") this.#answered(frame.ref, frame);
    else if (frame.type === "error") this.#refusedFrame(frame);
    else if (frame.type === "auth.expiring") this.#authenticate();
  }

  #tell(frame) {
    if (frame.seq !== undefined) this.#since = frame.seq;
    this.emit(EVENTS[frame.type], frame);
  }

  #caughtUp(seq) {
    this.#since = seq;
    this.#attempt = 0;
    this.#refused = undefined;
    this.#become("open");
    this.#pump();
    this.#watch();
  }

  /** The server's answer is the sign of life; what was missed would come with it. */
  #probe() {
    this.#isCatchingUp = true;
    this.#write({ type: "resume", since: this.#since });
    this.#watch();
  }

  /** Wait for an answer that is due; in silence, ask for one. */
  #watch() {
    clearTimeout(this.#watchTimer);
    const { patience, calm } = this.#payam.settings;
    const isDue = this.#isCatchingUp || this.#inFlight;
    this.#watchTimer = isDue
      ? setTimeout(() => this.drop(), patience)
      : setTimeout(() => this.#probe(), calm);
  }

  async #authenticate() {
    const turn = this.#turn;
    try {
      const access = await this.#payam.token(this.#access);
      if (turn !== this.#turn) return;
      this.#access = access;
      this.#write({ type: "auth", token: access });
    } catch {
      // The socket is closed with 4401 at the token's end; then it is tried again.
    }
  }

  #write(frame) {
    this.#socket.send(JSON.stringify(frame));
  }

  #ask(frame) {
    if (this.state === "closed") {
      return Promise.reject(new PayamError({ code: "closed", detail: "the conversation is closed" }));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ frame: { ...frame, ref: `${++this.#refs}` }, resolve, reject });
      this.#pump();
    });
  }

  /** One at a time: were the first refused for now and the second not, they would change places. */
  #pump() {
    if (this.state !== "open" || this.#inFlight || this.#queue.length === 0) return;
    this.#inFlight = this.#queue[0];
    this.#write(this.#inFlight.frame);
    this.#watch();
  }

  #answered(ref, ack, error) {
    if (this.#inFlight === null || this.#inFlight.frame.ref !== ref) return;
    const { resolve, reject } = this.#queue.shift();
    this.#inFlight = null;
    if (error) reject(error);
    else resolve(ack);
    this.#pump();
    this.#watch();
  }

  #refusedFrame(frame) {
    if (this.#inFlight === null || this.#inFlight.frame.ref !== frame.ref) {
      this.emit("refused", new PayamError(frame));
    } else if (frame.retry_after === undefined) {
      this.#answered(frame.ref, null, new PayamError(frame));
    } else {
      this.#queueTimer = setTimeout(() => {
        this.#inFlight = null;
        this.#pump();
      }, frame.retry_after * 1000);
    }
  }
}

/** Keeps tokens for as long as the page, or the program, is there. */
function memory() {
  let kept = null;
  return {
    load: () => kept,
    save: (tokens) => {
      kept = tokens;
    },
  };
}

/** One tab at a time, where the platform can say so (over HTTPS and on localhost). */
async function alone(work) {
  return globalThis.navigator?.locks ? navigator.locks.request(LOCK, work) : work();
}

async function answered(call) {
  let response;
  try {
    response = await call;
  } catch (error) {
    throw new PayamError({ code: "offline", detail: `the server cannot be reached: ${error.message}` });
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const wait = Number.parseFloat(response.headers.get("Retry-After"));
  throw new PayamError({
    ...problem,
    status: response.status,
    retry_after: Number.isNaN(wait) ? undefined : wait,
  });
}

function upload(url, token, form, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.responseType = "blob";
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => resolve(new Response(request.response, { status: request.status }));
    request.onerror = () => reject(new Error("the upload was cut off"));
    request.send(form);
  });
}

function claims(token) {
  const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function signedOut() {
  return new PayamError({ status: 401, code: "not_authenticated", detail: "signed out" });
}
