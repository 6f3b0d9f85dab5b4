// A server whose every frame the test writes itself, for what a real one does only after a crash of
// its database, or in an order that no test can bring about.

const encoded = (claims) => Buffer.from(JSON.stringify(claims)).toString("base64url");

export class Scripted {
  records = new Map();
  messages = new Map(); // lists, by conversation
  people = new Map(); // lists, by conversation
  sockets = []; // all that were opened, the latest last
  received = []; // frames of the client
  asked = []; // requests of the client, like "GET /api/users/me/"
  me = { id: 1, username: "ali", is_staff: false };
  cursor = "e.i.1";
  seq = 100; // the next message's number

  conversation(id, changes = {}) {
    const record = {
      ...{ id, title: `talk ${id}`, direct: false, participant_count: 2, seq: 5, epoch: "e" },
      ...{ created_at: `2026-01-01T00:00:${String(id).padStart(2, "0")}Z`, last_message: null },
      ...{ support_ticket: null, unread_count: 0, last_read_id: 0 },
      participants: [this.me, { id: 2, username: "sara" }],
      ...changes,
    };
    this.records.set(id, record);
    return record;
  }

  /** What a client is made with. */
  get options() {
    return {
      url: "http://scripted.test",
      fetch: (url, how) => this.#answer(how.method, url.slice("http://scripted.test".length)),
      WebSocket: this.#socketClass(),
      backoff: { least: 5, most: 20 },
    };
  }

  get tokens() {
    const claims = { sub: String(this.me.id), iat: 0, exp: 3600 };
    return { access: `h.${encoded(claims)}.s`, refresh: "r", renewAt: Date.now() + 3_600_000 };
  }

  /** The store of somebody who is signed in, asynchronous as React Native's is. */
  get store() {
    let kept = this.tokens;
    const later = () => new Promise((resolve) => setTimeout(resolve));
    return { load: () => later().then(() => kept), save: (next) => later().then(() => void (kept = next)) };
  }

  get socket() {
    return this.sockets[this.sockets.length - 1];
  }

  send(...frames) {
    for (const frame of frames) this.socket.onmessage({ data: JSON.stringify(frame) });
  }

  /** The next socket that is opened, greeted. */
  async greet(count = this.sockets.length) {
    while (this.sockets.length <= count) await tick();
    const cursor = /cursor=([^&]*)/.exec(this.socket.url)?.[1] ?? this.cursor;
    this.send({ type: "hello", user: this.me, epoch: "e", cursor, conversations: this.records.size });
    return cursor;
  }

  async frame(type) {
    let found;
    while (!(found = this.received.find((frame) => frame.type === type))) await tick();
    this.received.splice(this.received.indexOf(found), 1);
    return found;
  }

  async #answer(method, path) {
    this.asked.push(`${method} ${path}`);
    await tick();
    const [, id] = /conversations\/(\d+)/.exec(path) ?? [];
    const [place] = path.split("?");
    if (place === "/api/users/me/") return answer(this.me);
    if (place === "/api/conversations/") return answer(this.#list());
    if (place.endsWith("/messages/")) return answer(this.messages.get(Number(id)) ?? []);
    if (place.endsWith("/participants/")) return answer(this.people.get(Number(id)) ?? []);
    if (this.records.has(Number(id))) return answer(this.records.get(Number(id)));
    return answer({ code: "not_found" }, 404);
  }

  #list() {
    return [...this.records.values()].sort((one, other) => (one.created_at < other.created_at ? 1 : -1));
  }

  #socketClass() {
    const server = this;
    return class {
      constructor(url) {
        this.url = url;
        server.sockets.push(this);
      }

      send(text) {
        const frame = JSON.parse(text);
        server.received.push(frame);
        if (frame.type === "chat_message" && server.isAcking !== false) server.acknowledge(frame);
      }

      close() {}
    };
  }

  acknowledge({ ref, client_id: clientId, conversation }) {
    const seq = this.seq++;
    const ack = { type: "ack", ref, client_id: clientId, id: 1000 + seq, seq, conversation };
    setTimeout(() => this.send({ ...ack, timestamp: "2026-02-01T00:00:00Z" }));
  }
}

export const tick = () => new Promise((resolve) => setTimeout(resolve, 1));

function answer(body, status = 200) {
  const headers = { get: () => null };
  return { ok: status < 300, status, headers, json: async () => structuredClone(body) };
}
