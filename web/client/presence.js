// Who of the people of one's conversations is there.

export class Presence {
  #known = new Map(); // by username

  /** A frame, or what a participant's JSON says. */
  note(username, { status, last_seen: lastSeen = null }) {
    this.#known.set(username, { status, lastSeen });
  }

  /** `{status, lastSeen}`, or undefined where nothing is known. */
  of(username) {
    return this.#known.get(username);
  }

  /** Without a connection nobody knows. */
  forget() {
    this.#known.clear();
  }
}
