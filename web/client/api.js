// What the server offers by REST, one method for each question.

import { Emitter } from "./emitter.js";
import { query } from "./http.js";

const LARGE = 8 * 1024 * 1024; // bytes

/** `request(method, path, options)` is the subclass's: it asks as who is signed in. */
export class Api extends Emitter {
  #firstPage = {}; // of the list of conversations
  #begun = new Map(); // large files on their way, by key: `{upload, isWhole}`

  async json(method, path, options) {
    return (await this.request(method, path, options)).json();
  }

  me() {
    return this.json("GET", "/api/users/me/");
  }

  /** Everything of the account, as a zip. */
  async export() {
    return (await this.request("GET", "/api/users/me/export/")).blob();
  }

  /** Every other sign-in ends. */
  async changePassword(old, made) {
    const body = { old_password: old, new_password: made };
    await this.request("POST", "/api/users/me/password/", { body });
  }

  /** `{display_name, metadata}`; what is not given stays as it is. */
  changeMe(changes) {
    return this.json("PATCH", "/api/users/me/", { body: changes });
  }

  /** A picture as a `Blob` or a file of React Native; the server keeps a small copy. */
  setAvatar(picture) {
    return this.json("PUT", "/api/users/me/avatar/", { form: formOf(picture, "picture") });
  }

  async removeAvatar() {
    await this.request("DELETE", "/api/users/me/avatar/");
  }

  setConversationAvatar(id, picture) {
    return this.json("PUT", at(id, "avatar"), { form: formOf(picture, "picture") });
  }

  async removeConversationAvatar(id) {
    await this.request("DELETE", at(id, "avatar"));
  }

  /** The picture at an `avatar_url`. */
  async avatar(url) {
    return (await this.request("GET", this.pathOf(url))).blob();
  }

  async block(userId) {
    await this.request("PUT", `/api/users/${userId}/block/`);
  }

  async unblock(userId) {
    await this.request("DELETE", `/api/users/${userId}/block/`);
  }

  /** Whom the caller has blocked. */
  blocks() {
    return this.json("GET", "/api/users/me/blocks/");
  }

  users(search, limit = 20) {
    return this.json("GET", `/api/users/${query({ search, limit })}`);
  }

  conversations({ archived, pinned, muted, direct } = {}) {
    return this.json("GET", at() + query({ archived, pinned, muted, direct }));
  }

  async *conversationPages(limit = 50) {
    let path = at() + query({ limit });
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
    const page = { path, tag, next: this.#nextOf(response), records: await response.json() };
    if (!path.includes("cursor=")) this.#firstPage = page;
    return page;
  }

  /** The path of the page that follows, where one does. */
  #nextOf(response) {
    const link = /<([^>]*)>; rel="next"/.exec(response.headers.get("Link"))?.[1];
    return link && this.pathOf(link);
  }

  async search({ limit = 20, ...asked }) {
    const found = [];
    for await (const page of this.searchPages({ ...asked, limit })) {
      found.push(...page);
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  async *searchPages(asked) {
    let path = searchAt(asked);
    while (path) {
      const response = await this.request("GET", path, { signal: asked.signal });
      yield await response.json();
      path = this.#nextOf(response);
    }
  }

  conversation(id) {
    return this.json("GET", at(id));
  }

  participants(id, { limit = 50, after = 0 } = {}) {
    return this.json("GET", at(id, "participants") + query({ limit, after }));
  }

  begin(participants, title = "", { direct = false, metadata, key } = {}) {
    return this.json("POST", at(), { body: { participants, title, direct, metadata }, headers: once(key) });
  }

  rename(id, title) {
    return this.json("PATCH", at(id), { body: { title } });
  }

  /** `{title, metadata, members_may}`; what is not given stays as it is. */
  change(id, changes) {
    return this.json("PATCH", at(id), { body: changes });
  }

  /** One's own settings: `muted_until`, `archived`, `pinned`. */
  setOwn(id, changes) {
    return this.json("PATCH", at(id, "me"), { body: changes });
  }

  addParticipant(id, userId, { key } = {}) {
    const body = { user_id: userId };
    return this.json("POST", at(id, "participants"), { body, headers: once(key) });
  }

  /** Of a participant; only the owner may. */
  setRole(id, userId, role) {
    return this.json("PATCH", at(id, "participants", userId), { body: { role } });
  }

  /** The links into a conversation, the newest first. */
  invites(id) {
    return this.json("GET", at(id, "invites"));
  }

  /** `{expires_at, max_uses}`; without one of them it has no such end. */
  createInvite(id, ends = {}, { key } = {}) {
    return this.json("POST", at(id, "invites"), { body: ends, headers: once(key) });
  }

  async revokeInvite(id, inviteId) {
    await this.request("DELETE", at(id, "invites", inviteId));
  }

  /** Where a link leads. */
  invitation(code) {
    return this.json("GET", inviteAt(code));
  }

  /** Come in by a link. */
  join(code, { key } = {}) {
    return this.json("POST", inviteAt(code), { headers: once(key) });
  }

  async removeParticipant(id, userId) {
    await this.request("DELETE", at(id, "participants", userId));
  }

  async markRead(id, messageId) {
    await this.request("POST", at(id, "read"), { body: { message_id: messageId } });
  }

  messages(id, { limit = 50, ...place } = {}) {
    return this.json("GET", at(id, "messages") + query({ limit, ...place }));
  }

  /** The replies to a message, oldest first; a page of fewer than `limit` is the last. */
  replies(id, messageId, { limit = 50, after } = {}) {
    return this.json("GET", at(id, "messages", messageId, "replies") + query({ limit, after }));
  }

  pins(id) {
    return this.json("GET", at(id, "pins"));
  }

  async pin(id, messageId) {
    await this.request("PUT", at(id, "messages", messageId, "pin"));
  }

  async unpin(id, messageId) {
    await this.request("DELETE", at(id, "messages", messageId, "pin"));
  }

  async react(id, messageId, emoji) {
    await this.request("PUT", at(id, "messages", messageId, "reactions", encodeURIComponent(emoji)));
  }

  async unreact(id, messageId, emoji) {
    await this.request("DELETE", at(id, "messages", messageId, "reactions", encodeURIComponent(emoji)));
  }

  /** Delete a message of somebody whose role is below one's own. */
  async moderate(id, messageId) {
    await this.request("DELETE", at(id, "messages", messageId) + query({ moderate: true }));
  }

  /** Show a message to staff. */
  async report(id, messageId, reason) {
    await this.request("POST", at(id, "messages", messageId, "report"), { body: { reason } });
  }

  attachments(id, messageId) {
    return this.json("GET", at(id, "messages", messageId, "attachments"));
  }

  /**
   * Send a `Blob` of any size in parts, to be attached by the id that this resolves with. With `upload`, an earlier
   * id, which `onBegin` was called with, it goes on where that one stopped.
   */
  async upload(file, { name = file.name ?? "file", ...options } = {}) {
    return (await this.#resumable()).send(file, { name, ...options });
  }

  async discardUpload(upload) {
    await (await this.#resumable()).discard(upload);
  }

  async #resumable() {
    const { Resumable } = await import("./resumable.js"); // seldom needed
    return new Resumable((...request) => this.request(...request));
  }

  async #attachLarge(...asked) {
    const { attachLarge } = await import("./resumable.js");
    return attachLarge(this, this.#begun, ...asked);
  }

  /** `upload` is the id of an earlier one of this large file, which `onBegin` was called with. */
  async attach(id, messageId, file, { name = file.name ?? "file", ...how } = {}) {
    if (file.uri === undefined && file.size > LARGE) return this.#attachLarge(id, messageId, file, { name, ...how });
    const { key, onProgress, signal } = how;
    const path = at(id, "messages", messageId, "attachments");
    const form = formOf(file, name);
    const attachment = await this.json("POST", path, { form, headers: once(key), onProgress, signal });
    onProgress?.(1);
    return attachment;
  }

  /** Attach a finished resumable upload (tus) to one's own message. */
  attachUpload(id, messageId, upload, { key } = {}) {
    const path = at(id, "messages", messageId, "attachments");
    return this.json("POST", path, { body: { upload }, headers: once(key) });
  }

  async download(attachment) {
    return (await this.request("GET", this.pathOf(attachment.url))).blob();
  }

  async thumbnail(attachment) {
    return (await this.request("GET", this.pathOf(attachment.thumbnail_url))).blob();
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

  /** For staff: a message that nobody but staff ever sees. */
  note(id, content, { key } = {}) {
    return this.json("POST", at(id, "messages"), { body: { content, internal: true }, headers: once(key) });
  }

  cannedResponses({ limit = 200, after } = {}) {
    return this.json("GET", `/api/canned_responses/${query({ limit, after })}`);
  }

  addCannedResponse(title, content, { key } = {}) {
    return this.json("POST", "/api/canned_responses/", { body: { title, content }, headers: once(key) });
  }

  changeCannedResponse(id, changes) {
    return this.json("PATCH", `/api/canned_responses/${id}/`, { body: changes });
  }

  async deleteCannedResponse(id) {
    await this.request("DELETE", `/api/canned_responses/${id}/`);
  }

  /** Whether an agent is there, and whether the desk is open. */
  desk() {
    return this.json("GET", "/api/desk/");
  }

  guest(userId) {
    return this.json("GET", `/api/guests/${userId}/`);
  }

  rateTicket(ticketId, score, comment = "") {
    return this.json("POST", ticketAt(ticketId, "rating"), { body: { score, comment } });
  }

  ticketSteps(ticketId, { limit = 50, after = 0 } = {}) {
    return this.json("GET", ticketAt(ticketId, "steps") + query({ limit, after }));
  }

  deskRules() {
    return this.json("GET", "/api/desk/rules/");
  }

  changeDeskRules(rules) {
    return this.json("PATCH", "/api/desk/rules/", { body: rules });
  }

  deskAgents() {
    return this.json("GET", "/api/desk/agents/");
  }

  switchAgent(userId, takesTickets) {
    return this.json("PUT", `/api/desk/agents/${userId}/`, { body: { takes_tickets: takesTickets } });
  }

  deskFigures({ since, until, timezone } = {}) {
    return this.json("GET", `/api/desk/figures/${query({ since, until, timezone })}`);
  }

  /** As CSV: of "tickets", "hours" or "agents". */
  async deskTable(of = "tickets", { since, until, timezone } = {}) {
    return (await this.request("GET", `/api/desk/figures.csv${query({ of, since, until, timezone })}`)).blob();
  }

  tickets({ limit = 50, ...which } = {}) {
    return this.json("GET", ticketAt() + query({ limit, ...which }));
  }
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

function formOf(file, name) {
  const form = new FormData();
  // React Native's files are `{uri, name, type}`, and its form takes no third value.
  if (file.uri === undefined) form.append("file", file, name);
  else form.append("file", file);
  return form;
}

function inviteAt(code) {
  return `/api/invites/${encodeURIComponent(code)}/`;
}

function searchAt({ text, conversation, sender, before, limit }) {
  return `/api/search/${query({ q: text, conversation, sender, before, limit })}`;
}
