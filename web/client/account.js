// All the conversations of who is signed in, live: the list, its order, and what is unread.

import { AccountSocket } from "./account-socket.js";
import { Emitter } from "./emitter.js";
import { closed, signedOut } from "./errors.js";
import { LiveConversation } from "./live-conversation.js";
import { Outbox } from "./outbox.js";
import { Presence } from "./presence.js";
import { Lazy } from "./lazy.js";
import { Reading } from "./reading.js";
import { Snapshot } from "./snapshot.js";
import { Visits } from "./visits.js";

const MET_MOST = 10; // conversations of two whose other is asked for at each connection
const AGAIN = 1000; // milliseconds between two tries to ask who one is

const activity = ({ last_message: last, created_at: begun }) => last?.timestamp ?? begun;

export class Account extends Emitter {
  #all = new Map();
  #sorted = null; // the conversations in their order, until something changes
  #early = new Map(); // changes of conversations that are not known yet, by id
  #isLive = false;
  #listed = null; // the ids of all conversations when it was live last; null where not all were loaded
  #newcomers = new Set(); // ids of those that began meanwhile, and are not announced yet
  #unsent = []; // of the outbox, for conversations that are not known yet
  #shelf;
  #unfinished = []; // files of messages that are stored
  #rank = 0;
  #lowest = 0;
  #visits; // to conversations that an agent only looks at
  #how; // what sockets are made with
  #reading = new Reading(this);
  #snapshot;
  #opening;
  presence = new Presence();
  isLoaded = false;
  me = null;

  /** `how`: `{api, session, settings, storage, subject}`; `subject` is a promise. */
  constructor(how) {
    super();
    this.api = how.api;
    this.#how = how;
    this.#visits = new Visits(how, {
      reset: (conversation, epoch) => this.#anewOne(conversation, epoch),
      gone: (id) => this.remove(id),
    });
    this.#prepare();
    this.#opening = this.#start();
    this.#opening.catch(() => {});
  }

  /** Show what was kept, and connect: everything else comes from there. */
  async #start() {
    const { api, storage } = this.#how;
    const subject = await this.#how.subject;
    this.outbox = new Outbox(storage, subject);
    this.#snapshot = new Snapshot(storage, subject);
    this.#shelf = new Lazy(async () => new (await import("./shelf.js")).Shelf(storage, subject));
    this.keptFiles = new Lazy(async () => new (await import("./kept-files.js")).KeptFiles(storage, subject));
    const kept = await this.#snapshot.load();
    this.#unsent = await this.outbox.all();
    await this.#findFiles(storage, subject).catch(() => {});
    this.me = kept?.me ?? (await this.#askMe());
    if (this.state === "closed") return;
    this.socket.cursor = kept?.cursor;
    for (const { record, seq } of (kept?.conversations ?? []).reverse()) this.#add(record, seq);
    this.socket.connect();
    for (const { conversation } of [...this.#unsent, ...this.#unfinished]) this.look(conversation);
    if (!kept) return;
    this.#reading.list();
    api.me().then((me) => {
      Object.assign(this.me, me);
      this.changed();
    }, () => {});
  }

  async #askMe() {
    while (this.state !== "closed") {
      try {
        return await this.api.me();
      } catch (error) {
        if (error.status === 401) this.socket.finish(4401, "not_authenticated");
        else await new Promise((resolve) => setTimeout(resolve, AGAIN));
      }
    }
    return null;
  }

  /** Resolved once `me` is known: what was kept from an earlier time can be shown then. */
  async ready() {
    await this.#opening;
    if (!this.me) throw signedOut();
  }

  /** Resolved once the first conversations are there and the socket is live. */
  async opened() {
    await this.#opening;
    const isThere = () => this.isLoaded && this.state === "open";
    while (!isThere()) {
      if (this.state === "closed") throw closed();
      await new Promise((resolve) => {
        const off = this.on("change", () => resolve(off()));
      });
    }
  }

  get state() {
    return this.socket.state;
  }

  /** Most recently active first. */
  get conversations() {
    this.#sorted ??= [...this.#all.values()].sort(
      (one, other) => compare(activity(other.record), activity(one.record)) || other.rank - one.rank,
    );
    return [...this.#sorted];
  }

  /** Of all conversations that are loaded. */
  get unread() {
    return [...this.#all.values()].reduce((sum, { unread }) => sum + unread, 0);
  }

  /** Whether all of the user's conversations are loaded. */
  get isComplete() {
    return this.isLoaded && !this.#reading.hasMore;
  }

  /** How many messages wait to be stored. */
  get pending() {
    return [...this.#all.values()].reduce((sum, { pending }) => sum + pending.length, 0);
  }

  get isBusy() {
    return [...this.#all.values()].some((conversation) => conversation.isBusy);
  }

  /** The conversation of that id, if it is loaded. */
  get(id) {
    return this.#all.get(id);
  }

  /** Load older ones too, as far as there are any. */
  async loadMore() {
    if (this.#reading.hasMore) await this.#reading.more();
  }

  /** That conversation, loaded where it is not; rejects with 404 where it is not one's own. */
  async conversation(id) {
    await this.#opening;
    if (!this.#all.has(id)) this.put(await this.api.conversation(id));
    return this.#all.get(id);
  }

  search(asked) {
    return this.api.search(asked);
  }

  searchPages(asked) {
    return this.api.searchPages(asked);
  }

  /** Ask for one by itself, soon: how it is now, and whether it is still one's own. */
  look(id) {
    this.#reading.one(id);
  }

  /** Add or update one as the server has described it; returns false where more is known here. */
  put(record) {
    const known = this.#all.get(record.id);
    if (!known) this.#add(record);
    const isTaken = known?.update(record) ?? true;
    if (!isTaken && known.isAnew) this.look(record.id);
    this.changed();
    this.#announce(record.id);
    return isTaken;
  }

  remove(id) {
    const conversation = this.#all.get(id);
    this.#all.delete(id);
    this.#sorted = null;
    this.#early.delete(id);
    this.#visits.close(id);
    this.socket.forget(id, "not_found");
    const unsent = [...this.#takeUnsent(id), ...(conversation?.pending ?? [])];
    for (const entry of unsent) this.outbox.forget(entry);
    const files = [...this.#takeUnfinished(id), ...(conversation?.uploads.list ?? [])].map(({ once }) => once);
    const keys = [...files, ...unsent.flatMap(({ keys: some = [] }) => some)];
    for (const once of keys) this.keptFiles.use((kept) => kept.forget(once)).catch(() => {});
    this.shelve((shelf) => shelf.drop(id));
    if (!conversation) return;
    conversation.end();
    conversation.emit("removed");
    this.emit("removed", conversation);
    this.changed();
  }

  changed() {
    this.#sorted = null;
    this.emit("change");
  }

  /** The list is there as far as it is wanted. */
  loaded() {
    this.isLoaded = true;
    this.keep();
    this.changed();
  }

  /** It has been active later than all others: moments from the server are in whole seconds. */
  raise(conversation) {
    this.#rank += 1;
    conversation.rank = this.#rank;
    this.#sorted = null;
  }

  /** It has been active before all others. */
  sink(conversation) {
    this.#lowest -= 1;
    conversation.rank = this.#lowest;
    this.#sorted = null;
  }

  /** The socket that brings what happens there. */
  socketOf({ id }) {
    return this.#visits.of(id) ?? this.socket;
  }

  /** What can be read without a connection: nothing depends on it. */
  shelve(work) {
    return this.#shelf?.use(work).catch(() => undefined);
  }

  /** The picture at an `avatar_url`. It is kept, so that it is there without a connection too. */
  async avatar(url) {
    const load = () => this.api.avatar(url);
    const shelf = await this.shelve((one) => one);
    return shelf ? shelf.files.load("avatar", { url, created_at: url }, load) : load(); // another picture has another address
  }

  follow(conversation) {
    if (!conversation.isMember) this.#visits.begin(conversation);
  }

  unfollow(conversation) {
    if (this.#visits.end(conversation) && !conversation.isMember) this.remove(conversation.id);
  }

  wake() {
    this.#sockets.forEach((socket) => socket.wake());
  }

  suspend() {
    this.#sockets.forEach((socket) => socket.suspend());
  }

  drop() {
    this.#sockets.forEach((socket) => socket.drop());
  }

  close() {
    this.#reading.close();
    this.#snapshot?.close();
    this.#shelf?.made?.close();
    this.#sockets.forEach((socket) => socket.close());
    for (const conversation of this.#all.values()) conversation.end();
  }

  get #sockets() {
    return [this.socket, ...this.#visits.sockets];
  }

  #prepare() {
    const { session, settings, subject } = this.#how;
    const positionOf = (id) => this.#all.get(id)?.seq;
    this.socket = new AccountSocket(session, settings, subject, positionOf);
    this.socket.on("frame", (frame) => this.#receive(frame));
    this.socket.on("anew", () => this.#anew());
    this.socket.on("positions", ({ ids }) => this.#compare(new Set(ids)));
    this.socket.on("reset", ({ conversation, epoch }) => {
      if (conversation === undefined) this.#anew(epoch);
      else this.#anewOne(this.#all.get(conversation), epoch);
    });
    this.socket.on("resumed", () => this.emit("resumed"));
    this.socket.on("cursor", () => this.keep());
    this.socket.on("refused", (error) => this.emit("refused", error));
    this.socket.on("state", (event) => this.#stateChanged(event));
  }

  #stateChanged(event) {
    if (event.state === "open") {
      this.#isLive = true;
      for (const conversation of this.#members) conversation.caughtUp();
      this.#reading.again();
      this.#meet().catch(() => {});
    } else {
      if (this.#isLive) this.#listed = this.isComplete ? new Set(this.#all.keys()) : null;
      this.#isLive = false;
      for (const conversation of this.#members) conversation.quiet();
      this.presence.forget();
      // Where no socket can be had, the list is better than nothing.
      if (event.state === "waiting" && !this.isLoaded) this.#reading.list();
    }
    this.emit("state", event);
    this.changed();
  }

  /** Who of the people one last talked to is there; one after another, so that many clients may return at once. */
  async #meet() {
    await this.opened();
    const { socket } = this;
    const pairs = this.conversations.filter(({ others, pages }) => others.length === 1 && !pages.isWanted);
    for (const conversation of pairs.slice(0, MET_MOST)) {
      if (socket.state !== "open") return;
      await conversation.meet();
    }
  }

  get #members() {
    return [...this.#all.values()].filter(({ id }) => !this.#visits.of(id));
  }

  #receive(frame) {
    const { type, conversation: id } = frame;
    if (type === "conversation.created") return this.#created(frame.conversation);
    if (type === "conversation.removed") return this.remove(id);
    if (type === "presence") return this.#notePresence(frame);
    // For staff: of conversations of others, which are not in this list.
    if (type === "ticket.created" || frame.desk) return this.emit("desk", frame);
    const known = this.#all.get(id);
    if (known) return known.receive(frame);
    if (id === undefined || type === "user.typing" || type === "user.updated") return;
    // One that is older than what is loaded: its changes wait until it is known.
    this.#early.set(id, [...(this.#early.get(id) ?? []), frame]);
    this.look(id);
  }

  #created(record) {
    const known = this.#all.get(record.id);
    // It may come again: one was added anew, and what happened meanwhile is not known here.
    if (known && known.record.seq < record.seq) known.forget(record.epoch);
    this.#newcomers.delete(record.id);
    this.put(record);
    const conversation = this.#all.get(record.id);
    if (conversation.others.length === 1) conversation.meet().catch(() => {});
    this.emit("created", conversation);
  }

  #add(record, seq) {
    const early = this.#early.get(record.id) ?? [];
    this.#early.delete(record.id);
    const [first] = early.filter((frame) => frame.seq);
    const since = seq ?? (first && Math.min(first.seq - 1, record.seq));
    const conversation = new LiveConversation(this, record, since);
    this.#all.set(record.id, conversation);
    this.raise(conversation);
    conversation.sending.restore(this.#takeUnsent(record.id));
    conversation.uploads.restore(this.#takeUnfinished(record.id));
    for (const frame of early) conversation.receive(frame);
  }

  #takeUnsent(id) {
    const entries = this.#unsent.filter(({ conversation }) => conversation === id);
    this.#unsent = this.#unsent.filter((entry) => !entries.includes(entry));
    return entries;
  }

  #takeUnfinished(id) {
    const uploads = this.#unfinished.filter(({ conversation }) => conversation === id);
    this.#unfinished = this.#unfinished.filter((one) => !uploads.includes(one));
    return uploads;
  }

  /** The files that an earlier page had: of messages that are stored, and of some that are not. */
  async #findFiles(storage, subject) {
    if (!storage.holdsFiles || (await storage.list(`upload/${subject}/`)).length === 0) return;
    const files = await this.keptFiles.use((kept) => kept.all());
    this.#unfinished = files.filter(({ messageId }) => messageId);
    for (const entry of this.#unsent) {
      const mine = files.filter(({ clientId, messageId }) => clientId === entry.clientId && !messageId);
      const [first] = mine;
      if (first) Object.assign(entry, { files: mine.map(({ file }) => file), lent: first.lent });
      if (first) Object.assign(entry, { areKept: true, kept: Promise.resolve(true) });
      entry.keys = mine.map(({ once }) => once);
    }
  }

  /** Nobody knows what was missed: what is held here is read again. */
  #anew(epoch) {
    for (const conversation of this.#members) conversation.forget(epoch);
    this.emit("reset", { epoch });
    this.#reading.anew();
  }

  #anewOne(conversation, epoch) {
    conversation?.forget(epoch);
    if (conversation) this.look(conversation.id);
  }

  #compare(ids) {
    for (const { id } of this.#members) if (!ids.has(id)) this.remove(id);
    for (const id of ids) if (this.#listed?.has(id) === false) this.#newcomers.add(id);
    for (const id of this.#all.keys()) this.#announce(id); // the list may have been read before
    this.#reading.list();
  }

  #announce(id) {
    if (this.#newcomers.delete(id)) this.emit("created", this.#all.get(id));
  }

  #notePresence(frame) {
    this.presence.note(frame.user, frame);
    this.emit("presence", frame);
    this.changed();
  }

  /** Keep the list as it is, for the next start. */
  keep() {
    this.#snapshot.save(() => {
      // What is not known yet could not be had again after this cursor.
      const { cursor } = this.socket;
      if (!this.isLoaded || !cursor || this.#early.size > 0) return null;
      return { cursor, me: this.me, conversations: this.conversations };
    });
  }
}

/** Moments from the server are text that sorts as time does. */
function compare(one, other) {
  return one < other ? -1 : Number(one > other);
}
