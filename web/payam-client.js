// Payam's client, for browsers and Node (20 or newer). No dependencies, no build step.
// payam-client.d.ts says what it offers, and how it is used.

const RESTART_MOST = 60_000; // milliseconds, as all times here
const RENEW_BEFORE = 30_000;
const LOCK = "payam-tokens";
const RENEWALS = 3; // tries for one renewal: the server answers a repeat with the same pair

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
  "conversation.updated": "updated",
  "ticket.updated": "ticket",
};

export class PayamError extends Error {
  constructor({ status = 0, code = "error", detail = code, errors = {}, retry_after: retryAfter }) {
    super(detail);
    Object.assign(this, { name: "PayamError", status, code, errors, retryAfter });
  }
}

/** On the platform's own events: a listener's fault is shown, but stops nobody else. */
class Emitter {
  #target = new EventTarget();

  on(type, listener) {
    const hear = ({ detail }) => listener(detail);
    this.#target.addEventListener(type, hear);
    return () => this.#target.removeEventListener(type, hear);
  }

  emit(type, detail) {
    this.#target.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

export class Payam extends Emitter {
  #store;
  #prefix; // the path of the site behind which the server is; none at most
  #renewing = null; // the refresh token that is being exchanged, and the promise of what comes of it
  #turn = 0; // raised by each signing in and out: the answer to an earlier one no longer matters
  #open = new Set();
  #firstPage = {}; // of the list of conversations

  constructor({
    url = globalThis.location?.origin,
    store = memory(),
    WebSocket = globalThis.WebSocket,
    fetch = globalThis.fetch,
    backoff = { least: 500, most: 30_000 },
    patience = 15_000,
    calm = 60_000,
  } = {}) {
    super();
    if (!url) throw new TypeError("url is needed: where the server is, like https://chat.example");
    if (!WebSocket) throw new TypeError("WebSocket is needed: this platform has none of its own");
    this.url = url.replace(/\/+$/, "");
    this.#prefix = new URL(this.url).pathname.replace(/\/+$/, "");
    this.settings = { WebSocket, fetch, backoff, patience, calm };
    this.#store = store;
    globalThis.addEventListener?.("online", () => this.wake());
    globalThis.addEventListener?.("offline", () => this.#open.forEach((one) => one.drop()));
  }

  get isSignedIn() {
    return this.#store.load() !== null;
  }

  /** Whose tokens these are: their `sub`, or null. */
  get subject() {
    return subjectOf(this.#store.load());
  }

  async signUp(username, password) {
    await this.#begin(async () => {
      await this.#post("/api/users/", { username, password });
      return this.#post("/api/token/", { username, password });
    });
  }

  async logIn(username, password) {
    await this.#begin(() => this.#post("/api/token/", { username, password }));
  }

  /** Here the tokens are gone whether or not the server hears of it. */
  async logOut() {
    this.#turn += 1;
    const tokens = this.#store.load();
    this.#end();
    if (tokens) await this.#revoke(tokens);
  }

  me() {
    return this.json("GET", "/api/users/me/");
  }

  users(search, limit = 20) {
    return this.json("GET", `/api/users/?${new URLSearchParams({ search, limit })}`);
  }

  conversations() {
    return this.json("GET", at());
  }

  async *conversationPages(limit = 50) {
    let path = `${at()}?${new URLSearchParams({ limit })}`;
    while (path) {
      const page = await this.#page(path);
      yield page.records;
      path = page.next;
    }
  }

  /** The first one is kept: it is asked for again and again, and seldom changes. */
  async #page(path) {
    const kept = this.#firstPage.path === path ? this.#firstPage : {};
    const headers = kept.tag && { "If-None-Match": kept.tag };
    const response = await this.request("GET", path, { headers });
    if (response.status === 304) return kept;
    const tag = response.headers.get("ETag");
    const link = /<([^>]*)>; rel="next"/.exec(response.headers.get("Link"))?.[1];
    const page = { path, tag, next: link && this.#pathOf(link), records: await response.json() };
    if (!path.includes("cursor=")) this.#firstPage = page;
    return page;
  }

  conversation(id) {
    return this.json("GET", at(id));
  }

  participants(id, { limit = 50, after = 0 } = {}) {
    return this.json("GET", `${at(id, "participants")}?${new URLSearchParams({ limit, after })}`);
  }

  begin(participants, title = "", { direct = false, key } = {}) {
    return this.json("POST", at(), { body: { participants, title, direct }, headers: once(key) });
  }

  rename(id, title) {
    return this.json("PATCH", at(id), { body: { title } });
  }

  addParticipant(id, userId, { key } = {}) {
    const body = { user_id: userId };
    return this.json("POST", at(id, "participants"), { body, headers: once(key) });
  }

  async removeParticipant(id, userId) {
    await this.request("DELETE", at(id, "participants", userId));
  }

  async markRead(id, messageId) {
    await this.request("POST", at(id, "read"), { body: { message_id: messageId } });
  }

  messages(id, { limit = 50, ...place } = {}) {
    return this.json("GET", `${at(id, "messages")}?${new URLSearchParams({ limit, ...place })}`);
  }

  attachments(id, messageId) {
    return this.json("GET", at(id, "messages", messageId, "attachments"));
  }

  async attach(id, messageId, file, { name = file.name ?? "file", key, onProgress, signal } = {}) {
    const path = at(id, "messages", messageId, "attachments");
    const form = new FormData();
    form.append("file", file, name);
    if (globalThis.XMLHttpRequest && onProgress) {
      // Only the older way tells a browser how far an upload is.
      const how = { form, key, onProgress, signal };
      return (await this.#withToken((token) => upload(this.url + path, token, how))).json();
    }
    const attachment = await this.json("POST", path, { form, headers: once(key), signal });
    onProgress?.(1);
    return attachment;
  }

  async download(attachment) {
    return (await this.request("GET", this.#pathOf(attachment.url))).blob();
  }

  openTicket(id, subject, priority = "normal", { key } = {}) {
    const body = { subject, priority };
    return this.json("POST", at(id, "support_ticket"), { body, headers: once(key) });
  }

  ticket(ticketId) {
    return this.json("GET", ticketAt(ticketId));
  }

  changeTicket(ticketId, changes) {
    return this.json("PATCH", ticketAt(ticketId), { body: changes });
  }

  closeTicket(ticketId) {
    return this.json("POST", ticketAt(ticketId, "close"));
  }

  reopenTicket(ticketId) {
    return this.json("POST", ticketAt(ticketId, "reopen"));
  }

  assignTicket(ticketId, userId) {
    return this.json("POST", ticketAt(ticketId, "assign"), { body: { user_id: userId } });
  }

  tickets({ limit = 50, ...which } = {}) {
    return this.json("GET", `${ticketAt()}?${new URLSearchParams({ limit, ...which })}`);
  }

  open(id, options = {}) {
    const conversation = new Conversation(this, id, options);
    this.#open.add(conversation);
    conversation.on("state", ({ state }) => state === "closed" && this.#open.delete(conversation));
    return conversation;
  }

  wake() {
    this.#open.forEach((one) => one.wake());
  }

  close() {
    this.#open.forEach((one) => one.close());
  }

  async json(method, path, options) {
    return (await this.request(method, path, options)).json();
  }

  async request(method, path, { body, form, headers, isPublic = false, signal } = {}) {
    const { fetch, patience } = this.settings;
    const call = async (token) => {
      // Until the answer begins: how long a file then takes is another matter.
      const end = new AbortController();
      const timer = form ? null : setTimeout(() => end.abort(), patience);
      signal?.throwIfAborted();
      signal?.addEventListener("abort", () => end.abort());
      try {
        return await fetch(this.url + path, {
          method,
          headers: {
            ...(token && { Authorization: `Bearer ${token}` }),
            ...(body && { "Content-Type": "application/json" }),
            ...headers,
          },
          body: form ?? (body && JSON.stringify(body)),
          signal: end.signal,
        });
      } finally {
        clearTimeout(timer);
      }
    };
    return isPublic ? answered(call()) : this.#withToken(call);
  }

  /** `stale` was refused. `subject` is whose token it must be. */
  async token(stale, subject = this.subject) {
    const tokens = this.#store.load();
    if (!tokens || subjectOf(tokens) !== subject) throw signedOut();
    const isFresh = tokens.access !== stale && Date.now() < tokens.renewAt;
    return isFresh ? tokens.access : this.#renew(tokens);
  }

  /** What is asked as one user is never asked again as another. */
  async #withToken(call) {
    const { subject } = this;
    const token = await this.token(undefined, subject);
    try {
      return await answered(call(token));
    } catch (error) {
      if (error.status !== 401) throw error;
      return answered(call(await this.token(token, subject)));
    }
  }

  /** Sign in with the tokens that `ask` gets, unless somebody has signed in or out meanwhile. */
  async #begin(ask) {
    const turn = ++this.#turn;
    const { subject } = this;
    const tokens = await pairOf(await ask());
    if (turn !== this.#turn || subject !== this.subject) {
      await this.#revoke(tokens);
      throw new PayamError({ code: "superseded", detail: "somebody has signed in or out meanwhile" });
    }
    if (subject !== subjectOf(tokens)) this.close(); // what is open is another user's
    this.#store.save(tokens);
  }

  #renew(tokens) {
    if (this.#renewing?.refresh !== tokens.refresh) {
      const renewing = { refresh: tokens.refresh };
      renewing.access = alone(() => this.#exchange(tokens), this.settings.patience).finally(() => {
        if (this.#renewing === renewing) this.#renewing = null;
      });
      this.#renewing = renewing;
    }
    return this.#renewing.access;
  }

  /** The next access token. The answer counts only for the tokens it was asked for. */
  async #exchange(old) {
    const isInUse = () => this.#store.load()?.access === old.access;
    if (isInUse()) { // else another tab was first, and has the new pair
      try {
        const next = await this.#refreshed(old.refresh);
        if (isInUse()) this.#store.save(next);
      } catch (error) {
        if ((error.status === 401 || error.status === 400) && isInUse()) this.#end();
        throw error;
      }
    }
    const tokens = this.#store.load();
    if (subjectOf(tokens) !== subjectOf(old)) throw signedOut();
    return tokens.access;
  }

  /** Tried again soon where the answer is lost: later, the old token would look like a stolen one. */
  async #refreshed(refresh) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await pairOf(await this.#post("/api/token/refresh/", { refresh }));
      } catch (error) {
        if (error.code !== "offline" || attempt === RENEWALS) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, this.settings.backoff.least * attempt));
    }
  }

  async #revoke({ refresh }) {
    await this.#post("/api/token/revoke/", { refresh }).catch(() => {});
  }

  /** A path that the server has given, as this client's own are: those begin after `url`. */
  #pathOf(given) {
    const isPrefixed = this.#prefix && given.startsWith(`${this.#prefix}/`);
    return isPrefixed ? given.slice(this.#prefix.length) : given;
  }

  #post(path, body) {
    return this.request("POST", path, { body, isPublic: true });
  }

  #end() {
    this.#store.save(null);
    this.close();
    this.emit("signedOut");
  }
}

export class Conversation extends Emitter {
  #payam;
  #subject; // whose conversation it is: it goes on with no other user's tokens
  #replay;
  #socket = null;
  #turn = 0; // raised when what is under way no longer matters
  #attempt = 0;
  #access;
  #refused;
  #isCatchingUp = false;
  #queue = [];
  #isAsking = false; // the first of the queue has been sent, and its answer is due
  #refs = 0;
  #timer; // for what comes next, if the server says nothing
  #queueTimer;

  constructor(payam, id, { since, epoch, replay = true }) {
    super();
    this.#payam = payam;
    this.#subject = payam.subject;
    this.#replay = replay;
    this.id = id;
    this.state = "connecting";
    this.seq = since;
    this.epoch = epoch;
    this.#connect();
  }

  get waiting() {
    return this.#queue.length;
  }

  send(text, { clientId = newId() } = {}) {
    return this.#ask({ type: "chat_message", message: text, client_id: clientId });
  }

  edit(messageId, content) {
    return this.#ask({ type: "edit_message", message_id: messageId, content });
  }

  delete(messageId) {
    return this.#ask({ type: "delete_message", message_id: messageId });
  }

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

  wake() {
    this.#attempt = 0;
    if (this.state === "waiting") this.#connect();
    else if (this.state === "open" && !this.#isCatchingUp) this.#probe();
  }

  drop() {
    if (this.state !== "closed") this.#retry(this.#pause());
  }

  async #connect() {
    this.#leave();
    const turn = this.#turn;
    this.#become("connecting");
    try {
      const access = await this.#payam.token(this.#refused, this.#subject);
      const record = this.seq === undefined && (await this.#payam.conversation(this.id));
      if (turn !== this.#turn) return;
      if (record) [this.seq, this.epoch] = [record.seq, record.epoch];
      this.#access = access;
    } catch (error) {
      if (turn !== this.#turn) return;
      if (error.status === 401) this.#finish(4401, "not_authenticated");
      else if (error.status === 404) this.#finish(4404, "not_found");
      else this.#retry(Math.max(this.#pause(), (error.retryAfter ?? 0) * 1000));
      return;
    }
    const { WebSocket } = this.#payam.settings;
    const query = new URLSearchParams(this.#point);
    const url = `${this.#payam.url.replace(/^http/, "ws")}/ws/chat/${this.id}/?${query}`;
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

  /** Longer with each attempt in vain, and never the same for two clients. */
  #pause() {
    const { least, most } = this.#payam.settings.backoff;
    const longest = Math.min(most, least * 2 ** this.#attempt++);
    return (longest * (1 + Math.random())) / 2;
  }

  #retry(delay) {
    this.#leave();
    this.#become("waiting", { delay });
    this.#next(delay, () => this.#connect());
  }

  #finish(code, reason) {
    if (this.state === "closed") return;
    this.#leave();
    const unsent = this.#queue.splice(0);
    this.#become("closed", { code, reason });
    for (const { reject } of unsent) reject(closed(reason));
  }

  /** Let go of the socket, if there is one; nothing more is heard of it. */
  #leave() {
    this.#turn += 1;
    clearTimeout(this.#timer);
    clearTimeout(this.#queueTimer);
    const socket = this.#socket;
    this.#socket = null;
    this.#isAsking = false;
    this.#isCatchingUp = false;
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
    const { patience, calm } = this.#payam.settings;
    if (this.#isCatchingUp || this.#isAsking) this.#next(patience, () => this.drop());
    else this.#next(calm, () => this.#probe());
  }

  #receive(frame) {
    if (frame.type in EVENTS) {
      this.seq = frame.seq ?? this.seq;
      this.emit(EVENTS[frame.type], frame);
    } else if (frame.type === "resumed") {
      this.epoch = frame.epoch ?? this.epoch;
      this.#caughtUp(frame.seq);
    } else if (frame.type === "reset") {
      this.#reset(frame);
    } else if (frame.type === "ack" || frame.type === "error") {
      this.#answered(frame);
    } else if (frame.type === "auth.expiring") {
      this.#authenticate();
    }
    this.#watch();
  }

  /** Where to resume; before there is an epoch none is sent. */
  get #point() {
    return { since: this.seq, ...(this.epoch !== undefined && { epoch: this.epoch }) };
  }

  /** The numbers count anew: what is known here may be wrong. */
  #reset({ seq, epoch }) {
    [this.seq, this.epoch] = [this.#replay ? 0 : seq, epoch];
    // A message's id may be another message's now; what is on its way already is answered.
    const waiting = this.#isAsking ? this.#queue.slice(1) : this.#queue;
    const unsafe = waiting.filter(({ frame }) => frame.message_id !== undefined);
    this.#queue = this.#queue.filter((asked) => !unsafe.includes(asked));
    for (const { reject } of unsafe) reject(new PayamError({ code: "epoch_changed" }));
    this.emit("reset", { seq, epoch });
    if (this.state === "closed") return; // by a listener
    if (this.#replay) this.#connect();
    else this.#caughtUp(seq);
  }

  #caughtUp(seq) {
    this.seq = seq;
    this.#attempt = 0;
    this.#refused = undefined;
    this.#isCatchingUp = false;
    this.#become("open");
    this.#pump();
  }

  /** The server's answer is the sign of life; what was missed would come with it. */
  #probe() {
    this.#isCatchingUp = true;
    this.#write({ type: "resume", ...this.#point });
    this.#watch();
  }

  async #authenticate() {
    const turn = this.#turn;
    try {
      const access = await this.#payam.token(this.#access, this.#subject);
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
    if (this.state === "closed") return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#queue.push({ frame: { ...frame, ref: `${++this.#refs}` }, resolve, reject });
      this.#pump();
    });
  }

  /** One at a time: were the first refused for now and the second not, they would change places. */
  #pump() {
    if (this.state !== "open" || this.#isAsking || this.#queue.length === 0) return;
    this.#isAsking = true;
    this.#write(this.#queue[0].frame);
    this.#watch();
  }

  #answered(answer) {
    const isError = answer.type === "error";
    const [asked] = this.#queue;
    if (!this.#isAsking || asked.frame.ref !== answer.ref) {
      if (isError) this.emit("refused", new PayamError(answer));
      return;
    }
    const goOn = () => {
      this.#isAsking = false;
      this.#pump();
    };
    if (answer.retry_after !== undefined) {
      this.#queueTimer = setTimeout(goOn, answer.retry_after * 1000);
      return;
    }
    this.#queue.shift();
    if (isError) asked.reject(new PayamError(answer));
    else asked.resolve(answer);
    goOn();
  }
}

export function newId() {
  // `crypto.randomUUID` is there only over HTTPS and on localhost.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The header with which the server makes a thing once; none without a key. */
function once(key) {
  return key === undefined ? {} : { "Idempotency-Key": key };
}

/** The path of what is in a conversation; of all of them without an id. */
function at(...steps) {
  return ["/api/conversations", ...steps, ""].join("/");
}

/** The path of what is done with a ticket; of all of them without an id. */
function ticketAt(...steps) {
  return ["/api/support_tickets", ...steps, ""].join("/");
}

/** For as long as the page, or the program, is there. */
function memory() {
  let kept = null;
  return { load: () => kept, save: (tokens) => (kept = tokens) };
}

/**
 * One tab at a time, where the platform can say so (over HTTPS and on localhost). A tab that
 * is frozen keeps what it holds, so nobody waits longer than `patience`: two tabs that renew
 * at once get the same pair.
 */
async function alone(work, patience) {
  const locks = globalThis.navigator?.locks;
  if (!locks) return work();
  const wait = new AbortController();
  const timer = setTimeout(() => wait.abort(), patience);
  let hasBegun = false;
  const begin = () => {
    hasBegun = true;
    clearTimeout(timer);
    return work();
  };
  try {
    return await locks.request(LOCK, { signal: wait.signal }, begin);
  } catch (error) {
    if (hasBegun || !wait.signal.aborted) throw error;
    return work();
  }
}

/** What an access token says. */
function claimsOf(access) {
  return JSON.parse(atob(access.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
}

function subjectOf(tokens) {
  return tokens ? claimsOf(tokens.access).sub : null;
}

/** The tokens of an answer, and when to renew them. */
async function pairOf(response) {
  const { access, refresh } = await response.json();
  // By how long it lasts, not until when: this machine's clock may be wrong.
  const { iat, exp } = claimsOf(access);
  const life = (exp - iat) * 1000;
  return { access, refresh, renewAt: Date.now() + life - Math.min(RENEW_BEFORE, life / 4) };
}

/** A Response that is in order, or a PayamError. */
async function answered(call) {
  let response;
  try {
    response = await call;
  } catch (error) {
    throw new PayamError({ code: "offline", detail: `the server cannot be reached: ${error.message}` });
  }
  if (response.ok || response.status === 304) return response;
  const problem = await response.json().catch(() => ({}));
  const { status, headers } = response;
  throw new PayamError({ ...problem, status, retry_after: Number(headers.get("Retry-After")) || undefined });
}

function upload(url, token, { form, key, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    if (key) request.setRequestHeader("Idempotency-Key", key);
    request.responseType = "blob";
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => resolve(new Response(request.response, { status: request.status }));
    request.onerror = () => reject(new Error("the upload was cut off"));
    request.onabort = () => reject(new Error("the upload was cancelled"));
    signal?.throwIfAborted();
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

function signedOut() {
  return new PayamError({ status: 401, code: "not_authenticated", detail: "signed out" });
}

function closed(code = "closed") {
  return new PayamError({ code, detail: `the conversation is closed: ${code}` });
}
