// Who is signed in: the tokens, and their renewal. The store of tokens may be asynchronous, and
// other tabs may change it at any time.

import { isOffline, PayamError, signedOut } from "./errors.js";
import { pairOf, subjectOf } from "./tokens.js";

const LOCK = "payam-tokens";
const RENEWALS = 3; // tries for one renewal: the server answers a repeat with the same pair

export class Session {
  #http;
  #store;
  #settings;
  #ended;
  #turn = 0; // raised by each signing in and out: the answer to an earlier one no longer matters
  #renewing = null; // the refresh token that is being exchanged, and the promise of what comes of it
  #last = Promise.resolve(); // the last step on the store

  /** `ended` is called when nobody is signed in any more, with whose tokens they were. */
  constructor(http, store, settings, ended) {
    this.#http = http;
    this.#store = store;
    this.#settings = settings;
    this.#ended = ended;
  }

  async subject() {
    return subjectOf(await this.#store.load());
  }

  /**
   * Sign in with the tokens that `ask` gets, unless somebody has signed in or out meanwhile.
   * Returns whether it is another user than before.
   */
  async begin(ask) {
    const turn = ++this.#turn;
    const before = await this.subject();
    const tokens = pairOf(await ask());
    const isInTime = () => turn === this.#turn;
    if (!(await this.#replace((old) => isInTime() && subjectOf(old) === before, tokens))) {
      await this.#revoke(tokens);
      throw new PayamError({ code: "superseded", detail: "somebody has signed in or out meanwhile" });
    }
    return before !== subjectOf(tokens);
  }

  /** Here the tokens are gone whether or not the server hears of it. */
  async logOut() {
    this.#turn += 1;
    let tokens = null;
    await this.#replace((old) => {
      tokens = old;
      return true;
    }, null);
    this.#ended(subjectOf(tokens), true);
    if (tokens) await this.#revoke(tokens);
  }

  /** An access token of `subject` that works for a while yet. `stale` was refused. */
  async token(stale, subject) {
    const tokens = await this.#store.load();
    if (!tokens || (subject !== undefined && subjectOf(tokens) !== subject)) throw signedOut();
    const isFresh = tokens.access !== stale && Date.now() < tokens.renewAt;
    return isFresh ? tokens.access : this.#renew(tokens);
  }

  #renew(tokens) {
    if (this.#renewing?.refresh !== tokens.refresh) {
      const renewing = { refresh: tokens.refresh };
      renewing.access = alone(() => this.#exchange(tokens), this.#settings.patience).finally(() => {
        if (this.#renewing === renewing) this.#renewing = null;
      });
      this.#renewing = renewing;
    }
    return this.#renewing.access;
  }

  /** The next access token. The answer counts only for the tokens it was asked for. */
  async #exchange(old) {
    const isInUse = (tokens) => tokens?.access === old.access;
    // Else another tab was first, and has the new pair.
    if (isInUse(await this.#store.load())) {
      try {
        await this.#replace(isInUse, await this.#refreshed(old.refresh));
      } catch (error) {
        const isRefused = error.status === 401 || error.status === 400;
        if (isRefused && (await this.#replace(isInUse, null))) this.#ended(subjectOf(old));
        throw error;
      }
    }
    const tokens = await this.#store.load();
    if (subjectOf(tokens) !== subjectOf(old)) throw signedOut();
    return tokens.access;
  }

  /** Tried again soon where the answer is lost: later, the old token would look like a stolen one. */
  async #refreshed(refresh) {
    for (let attempt = 1; ; attempt++) {
      try {
        return pairOf(await this.post("/api/token/refresh/", { refresh }));
      } catch (error) {
        if (!isOffline(error) || attempt === RENEWALS) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, this.#settings.backoff.least * attempt));
    }
  }

  /** Whether the tokens were still such that they may be replaced. Nothing here comes between. */
  #replace(isRight, tokens) {
    const step = async () => {
      if (!isRight(await this.#store.load())) return false;
      await this.#store.save(tokens);
      return true;
    };
    this.#last = this.#last.then(step, step);
    return this.#last;
  }

  async #revoke({ refresh }) {
    await this.#http.send("POST", "/api/token/revoke/", { body: { refresh } }).catch(() => {});
  }

  async post(path, body) {
    return (await this.#http.send("POST", path, { body })).json();
  }
}

/** For as long as the page, or the program, is there. */
export function memoryStore() {
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
