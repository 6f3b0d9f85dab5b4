// Where a program begins: who is signed in, questions to the server, and what is live.

import { Account } from "./account.js";
import { Api } from "./api.js";
import { Conversation } from "./conversation.js";
import { Http } from "./http.js";
import { followLife } from "./life.js";
import { memoryStore, Session } from "./session.js";
import { forgetSnapshot } from "./snapshot.js";
import { indexedStorage, memoryStorage } from "./storage.js";

export class Payam extends Api {
  #prefix; // the path of the site behind which the server is; none at most
  #http;
  #session;
  #settings;
  #storage;
  #account = null;
  #open = new Set();

  constructor({
    url = globalThis.location?.origin,
    store = memoryStore(),
    storage,
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
    this.#prefix = this.url.replace(/^[a-z]+:\/\/[^/]*/i, "");
    this.#settings = { url: this.url, WebSocket, fetch, backoff, patience, calm };
    this.#storage = storage ?? (globalThis.indexedDB ? indexedStorage(`payam ${this.url}`) : memoryStorage());
    this.#http = new Http(this.url, this.#settings);
    this.#session = new Session(this.#http, store, this.#settings, (subject) => this.#ended(subject));
    followLife({
      wake: () => this.wake(),
      suspend: () => this.suspend(),
      drop: () => this.#live.forEach((one) => one.drop()),
    });
  }

  /** Whose tokens these are: their `sub`, or null. */
  subject() {
    return this.#session.subject();
  }

  async signUp(username, password) {
    await this.#begin(async () => {
      await this.#session.post("/api/users/", { username, password });
      return this.#session.post("/api/token/", { username, password });
    });
  }

  async logIn(username, password) {
    await this.#begin(() => this.#session.post("/api/token/", { username, password }));
  }

  /** As a guest: somebody who writes to the desk without an account. */
  async signInAsGuest({ name = "", email = "", consent = "" } = {}) {
    await this.#begin(() => this.#session.post("/api/guests/", { name, email, consent }));
  }

  /** As the user whom the shop's signature names. What a guest who is signed in wrote goes along. */
  async identify({ user_id, signature, name = "", email = "" }) {
    const guest = await this.token().catch(() => undefined);
    const body = { user_id, signature, name, email, ...(guest && { guest }) };
    await this.#begin(() => this.#session.post("/api/guests/identify/", body));
  }

  logOut() {
    return this.#session.logOut();
  }

  /** Erase the account for ever, with every message of it, and sign out. */
  async erase(password) {
    await this.request("DELETE", "/api/users/me/", { body: { password } });
    await this.#session.logOut();
  }

  /** All conversations of who is signed in, live on one socket. The same one until it is closed. */
  account() {
    if (!this.#account || this.#account.state === "closed") {
      this.#account = new Account({ ...this.#how, storage: this.#storage });
    }
    return this.#account;
  }

  /** One conversation on a socket of its own. */
  open(id, options) {
    const conversation = new Conversation(this.#how, id, options);
    this.#open.add(conversation);
    conversation.on("state", ({ state }) => state === "closed" && this.#open.delete(conversation));
    return conversation;
  }

  wake() {
    this.#live.forEach((one) => one.wake());
  }

  /** Give the connections up until `wake`: nothing of this program runs meanwhile. */
  suspend() {
    this.#live.forEach((one) => one.suspend());
  }

  /** Close all connections. What an account has not sent yet stays in its outbox. */
  close() {
    this.#live.forEach((one) => one.close());
    this.#account = null;
  }

  get #live() {
    return this.#account ? [this.#account, ...this.#open] : [...this.#open];
  }

  get #how() {
    return { api: this, session: this.#session, settings: this.#settings, subject: this.subject() };
  }

  /** Any call of the API, as who is signed in. What is asked as one user is never asked again as another. */
  async request(method, path, { isPublic = false, ...options } = {}) {
    if (isPublic) return this.#http.send(method, path, options);
    const subject = await this.#session.subject();
    const token = await this.#session.token(undefined, subject);
    try {
      return await this.#http.send(method, path, { ...options, token });
    } catch (error) {
      if (error.status !== 401) throw error;
      const next = await this.#session.token(token, subject);
      return this.#http.send(method, path, { ...options, token: next });
    }
  }

  /** An access token that works for a while yet, and is not `stale`. `subject` is whose it must be. */
  token(stale, subject) {
    return this.#session.token(stale, subject);
  }

  /** A path that the server has given, as this client's own are: those begin after `url`. */
  pathOf(given) {
    const isPrefixed = this.#prefix && given.startsWith(`${this.#prefix}/`);
    return isPrefixed ? given.slice(this.#prefix.length) : given;
  }

  async #begin(ask) {
    if (await this.#session.begin(ask)) this.close(); // what is open is another user's
  }

  #ended(subject, isOwn = false) {
    this.close();
    if (subject) {
      forgetSnapshot(this.#storage, subject);
      forgetRest(this.#storage, subject).catch(() => {});
    }
    this.emit("signedOut", { isOwn });
  }
}

/** Messages and files, which another user of this device must not find. */
async function forgetRest(storage, subject) {
  const [{ forgetShelf }, { forgetFiles }] = await Promise.all([import("./shelf.js"), import("./kept-files.js")]);
  await Promise.all([forgetShelf(storage, subject), forgetFiles(storage, subject)]);
}
