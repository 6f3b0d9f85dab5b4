// The live account against a server that the test plays itself: the order of frames is the point.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { memoryStorage, Payam } from "../../web/client/index.js";
import { Shelf } from "../../web/client/shelf.js";
import { Scripted, tick } from "./scripted.mjs";

const everyone = [];

after(() => everyone.forEach((payam) => payam.close()));

function client(server, options = {}) {
  const payam = new Payam({ ...server.options, store: server.store, ...options });
  everyone.push(payam);
  return payam;
}

/** An account that is live, with those conversations. */
async function live(server, options) {
  const payam = client(server, options);
  const account = payam.account();
  await server.greet(0);
  await account.opened();
  return { payam, account };
}

function message(conversation, seq, more = {}) {
  return {
    ...{ type: "chat.message", id: 1000 + seq, sender: "sara", content: `m${seq}`, seq, conversation },
    ...{ timestamp: `2026-02-01T00:00:${String(seq).padStart(2, "0")}Z`, ...more },
  };
}

const read = (user, id, conversation) => ({ type: "message.read", user, message_id: id, conversation });
const ids = (account) => account.conversations.map(({ id }) => id);

function heard(emitter, ...types) {
  const events = [];
  for (const type of types) emitter.on(type, (event) => events.push(event?.content ?? event?.message_id ?? type));
  return events;
}

test("the list keeps its order, its last messages and what is unread", async () => {
  const server = new Scripted();
  for (const id of [1, 2, 3]) server.conversation(id);
  const { account } = await live(server);
  assert.deepEqual(ids(account), [3, 2, 1]);
  server.send(message(1, 6), message(1, 7));
  assert.deepEqual(ids(account), [1, 3, 2]);
  assert.equal(account.unread, 2);
  assert.equal(account.get(1).record.last_message.content, "m7");
  server.send({ type: "message.edited", message: { id: 1007, content: "new" }, seq: 8, conversation: 1 });
  assert.equal(account.get(1).record.last_message.content, "new");
  server.send(read("ali", 1007, 1)); // on another device
  assert.equal(account.unread, 0);
  server.send(message(1, 6), message(1, 7)); // again, as after a resume
  assert.equal(account.unread, 0);
  server.send({ type: "conversation.updated", title: "trip", seq: 6, conversation: 2 });
  assert.equal(account.get(2).title, "trip");
  const mine = { id: 1, username: "ali", role: "admin" };
  const hers = { id: 2, username: "sara", role: "owner" };
  server.send({ type: "conversation.updated", title: "trip", members_may: [], participant: mine, seq: 7, conversation: 1 });
  assert.equal(account.get(1).record.role, undefined, "an older number");
  server.send({ type: "conversation.updated", title: "trip", members_may: [], participant: mine, seq: 9, conversation: 1 });
  assert.deepEqual([account.get(1).record.role, account.get(1).record.members_may], ["admin", []]);
  server.send({ type: "conversation.updated", title: "trip", participant: hers, seq: 10, conversation: 1 });
  assert.deepEqual([account.get(1).record.role, account.get(1).record.members_may.length], ["admin", 3]);
  const shown = { id: 2, username: "sara", display_name: "سارا", avatar_url: "/api/users/2/avatar/?v=1" };
  server.send({ type: "user.updated", user: shown, conversation: 1 });
  assert.deepEqual(account.get(1).record.participants[1], shown);
  server.send({ type: "conversation.updated", title: "trip", avatar_url: "/a", seq: 11, conversation: 1 });
  assert.equal(account.get(1).record.avatar_url, "/a");
  server.send({ type: "conversation.created", conversation: server.conversation(9) });
  assert.deepEqual(ids(account), [1, 9, 3, 2]);
  server.send({ type: "conversation.removed", conversation: 3 });
  assert.deepEqual(ids(account), [1, 9, 2]);
  const count = (participant) => ({ participant, seq: 0, conversation: 2 });
  const omid = { id: 3, username: "omid" };
  server.send({ ...count(omid), type: "participant.joined", seq: 7 });
  assert.equal(account.get(2).record.participant_count, 3);
  server.send({ ...count(omid), type: "participant.left", seq: 8 });
  assert.deepEqual(account.get(2).others, ["sara"]);
  assert.equal(account.get(2).record.participant_count, 2);
  // Of one who came and left while the client was away, and of one who left and came back, only the last comes.
  server.send({ ...count(omid), type: "participant.left", seq: 10 });
  const [sara] = account.get(2).record.participants.filter(({ username }) => username === "sara");
  server.send({ ...count(sara), type: "participant.joined", seq: 12 });
  assert.equal(account.get(2).record.participant_count, 2);
});

test("what is read here is seen at once, and kept until the server has it", async () => {
  const server = new Scripted();
  server.conversation(1, { seq: 6, unread_count: 1, last_message: { id: 1006, timestamp: "2026-02-01T00:00:06Z" } });
  const { account } = await live(server);
  let unread;
  account.on("change", () => (unread = account.unread));
  account.get(1).markRead(1006);
  assert.equal(unread, 0);
  assert.equal((await server.frame("mark_read")).message_id, 1006);
  server.socket.onclose({ code: 1006, reason: "" });
  await server.greet(1);
  server.send({ type: "resumed", cursor: "e.i.2", epoch: "e" });
  assert.equal((await server.frame("mark_read")).message_id, 1006);
  assert.equal(account.unread, 0);
});

test("one's own message that is acknowledged before an earlier one hides nothing", async () => {
  const server = new Scripted();
  server.conversation(1);
  const { account } = await live(server);
  server.seq = 7;
  const sent = account.get(1).send("mine");
  await sent; // 7, while Sara's 6 is still under way
  server.send(message(1, 6), message(1, 7, { sender: "ali", content: "mine" }));
  assert.equal(account.unread, 1);
  assert.equal(account.get(1).record.last_message.content, "mine");
});

test("a change that is older than what REST has said is in the thread, and not counted again", async () => {
  const server = new Scripted();
  server.conversation(1);
  const { account } = await live(server);
  const conversation = account.get(1);
  await conversation.open();
  const events = heard(conversation, "message");
  account.put({ ...server.records.get(1), seq: 7, unread_count: 2 });
  server.send(message(1, 6), message(1, 7));
  assert.equal(account.unread, 2);
  assert.deepEqual(conversation.messages.map(({ content }) => content), ["m6", "m7"]);
  assert.deepEqual(events, ["m6", "m7"]);
});

test("an answer about many conversations that changes have overtaken is asked for again", async () => {
  const server = new Scripted();
  const many = [1, 2, 3, 4, 5, 6, 7];
  for (const id of many) server.conversation(id);
  const { account } = await live(server);
  const asked = () => server.asked.filter((one) => one.startsWith("GET /api/conversations/?")).length;
  const before = asked();
  server.send(...many.map((id) => message(id, 6)));
  // Whether it counted is not known, because the messages are not loaded. The answer is of before the deletion.
  server.send(...many.map((id) => ({ type: "message.deleted", message_id: 1006, seq: 7, conversation: id })));
  while (asked() === before) await tick();
  await tick(); // it is answered a tick after it was asked
  assert.equal(account.unread, 7);
  for (const id of many) server.conversation(id, { seq: 7 });
  for (let tries = 0; account.unread > 0 && tries < 10_000; tries += 1) await tick();
  assert.equal(account.unread, 0);
});

test("what happens in a conversation that is not loaded brings it, with all that has come of it", async () => {
  const server = new Scripted();
  server.conversation(1);
  const { account } = await live(server);
  const events = heard(account, "message");
  server.conversation(2, { seq: 7, unread_count: 2 });
  server.send(message(2, 6), message(2, 7));
  while (!account.get(2)) await tick();
  assert.deepEqual(events, ["m6", "m7"]);
  assert.equal(account.unread, 2);
  server.send(message(2, 8));
  assert.deepEqual(events, ["m6", "m7", "m8"]);
  assert.equal(account.unread, 3);
});

test("a cursor is sent on return, and none is kept that stands for what has not come", async () => {
  const server = new Scripted();
  server.conversation(1);
  const { account } = await live(server);
  server.send({ type: "cursor", cursor: "e.i.2" });
  server.socket.onclose({ code: 1006, reason: "" });
  assert.equal(await server.greet(1), "e.i.2");
  server.send({ type: "cursor", cursor: "e.i.9" }, message(1, 6));
  assert.notEqual(account.state, "open");
  server.socket.onclose({ code: 1011, reason: "" });
  assert.equal(await server.greet(2), "e.i.2");
  const events = heard(account, "message", "resumed");
  server.send(message(1, 6), message(1, 7), { type: "resumed", cursor: "e.i.3", epoch: "e" });
  assert.deepEqual(events, ["m7", "resumed"]);
  assert.equal(account.state, "open");
  server.socket.onclose({ code: 1006, reason: "" });
  assert.equal(await server.greet(3), "e.i.3");
});

test("positions: only what is behind is asked for, in order, whatever comes meanwhile", async () => {
  const server = new Scripted();
  for (const id of [1, 2, 3]) server.conversation(id);
  const { account } = await live(server);
  server.socket.onclose({ code: 1006, reason: "" });
  await server.greet(1);
  const events = heard(account, "message");
  const created = [];
  account.on("created", ({ id }) => created.push(id));
  server.conversation(4);
  server.records.delete(3);
  server.send({ type: "positions", positions: { 1: 7, 2: 5, 4: 5 }, epoch: "e", cursor: "e.j.1" });
  server.send(message(1, 8)); // live, before what was missed
  const { cursor, since } = await server.frame("resume");
  assert.deepEqual([cursor, since], ["e.j.1", { 1: 5 }]);
  server.send(message(1, 6), message(1, 7), message(1, 8), message(2, 6));
  assert.deepEqual(events, ["m6"]); // of the second: it lacked nothing
  server.send({ type: "resumed", cursor: "e.j.2", epoch: "e" });
  assert.deepEqual(events, ["m6", "m6", "m7", "m8"]);
  while (!account.get(4)) await tick();
  assert.deepEqual(ids(account).sort(), [1, 2, 4]);
  assert.deepEqual(created, [4]);
  server.socket.onclose({ code: 1006, reason: "" });
  assert.equal(await server.greet(2), "e.j.2");
  server.conversation(5);
  await account.conversation(5); // before the positions come
  server.send({ type: "positions", positions: { 1: 8, 2: 6, 4: 5, 5: 5 }, epoch: "e", cursor: "e.k.1" });
  assert.deepEqual(created, [4, 5]);
});

test("positions that are cut off are asked for again", async () => {
  const server = new Scripted();
  server.conversation(1);
  await live(server);
  server.socket.onclose({ code: 1006, reason: "" });
  await server.greet(1);
  server.send({ type: "positions", positions: { 1: 7 }, epoch: "e", cursor: "e.j.1" });
  server.socket.onclose({ code: 1006, reason: "" });
  assert.equal(await server.greet(2), server.cursor);
});

test("what was kept is shown at once, and only what is new is asked for", async () => {
  const server = new Scripted();
  server.conversation(1, { title: "kept" });
  const storage = memoryStorage();
  const { account, payam } = await live(server, { storage });
  server.send(message(1, 6), { type: "cursor", cursor: "e.i.2" });
  while (!(await storage.get("account/1"))) await tick();
  payam.close();
  assert.equal(account.state, "closed");
  const again = client(server, { storage }).account();
  await again.ready();
  assert.equal(again.get(1).title, "kept");
  assert.equal(again.unread, 1);
  const events = heard(again, "message");
  assert.equal(await server.greet(1), "e.i.2");
  server.conversation(1, { title: "kept", seq: 7, unread_count: 2 });
  server.send(message(1, 6), message(1, 7), { type: "resumed", cursor: "e.i.3", epoch: "e" });
  await again.opened();
  assert.deepEqual(events, ["m7"]);
  assert.equal(again.unread, 2);
});

test("who one is by now takes the place of what was kept, and is announced", async () => {
  const server = new Scripted();
  server.conversation(1);
  const storage = memoryStorage();
  const { payam } = await live(server, { storage });
  while (!(await storage.get("account/1"))) await tick();
  payam.close();
  server.me = { ...server.me, display_name: "علی", is_staff: true };
  const again = client(server, { storage }).account();
  const shown = [];
  again.on("change", () => shown.push(again.me.display_name));
  await again.ready();
  await server.greet(1);
  while (!shown.includes("علی")) await tick();
  assert.equal(again.me.is_staff, true);
});

test("signing out leaves nothing of the conversations on the device, but what is not sent", async () => {
  const server = new Scripted();
  server.isAcking = false;
  server.conversation(1);
  const storage = memoryStorage();
  const { account, payam } = await live(server, { storage });
  const sent = account.get(1).send("unsent");
  await sent.saved;
  server.send({ type: "cursor", cursor: "e.i.2" });
  while (!(await storage.get("account/1"))) await tick();
  await Promise.all([assert.rejects(sent, { code: "closed" }), payam.logOut()]);
  assert.equal(await storage.get("account/1"), undefined);
  assert.deepEqual((await storage.list("outbox/1/")).map(({ text }) => text), ["unsent"]);
  assert.deepEqual(await storage.list("outbox/2/"), []);
});

test("what was not acknowledged is sent by the next program, in order and with the same id", async () => {
  const server = new Scripted();
  server.isAcking = false;
  for (const id of [1, 2]) server.conversation(id);
  const storage = memoryStorage();
  const { account, payam } = await live(server, { storage });
  const texts = ["one", "two", "three"];
  const sends = texts.map((text) => account.get(1).send(text));
  sends.push(account.get(2).send("elsewhere"));
  for (const sent of sends) sent.catch(() => {});
  assert.deepEqual(
    account.get(1).messages.map(({ content, status }) => [content, status]),
    texts.map((text) => [text, "sending"]),
  );
  await Promise.all(sends.map(({ saved }) => saved));
  assert.equal(account.pending, 4);
  payam.close();
  server.received = [];
  server.isAcking = true;
  const next = client(server, { storage }).account();
  await server.greet(1);
  await next.opened();
  while (next.pending > 0 || server.received.length < 4) await tick();
  const mine = server.received.filter(({ conversation }) => conversation === 1);
  assert.deepEqual(mine.map(({ message: text }) => text), texts);
  assert.deepEqual(mine.map(({ client_id: id }) => id), sends.slice(0, 3).map(({ clientId }) => clientId));
  assert.deepEqual(await storage.list("outbox/"), []);
});

test("a message that is refused says so, and can be tried again or let go", async () => {
  const server = new Scripted();
  server.isAcking = false;
  server.conversation(1);
  const { account } = await live(server);
  const conversation = account.get(1);
  const sent = conversation.send("no");
  const refuse = async () => {
    const { ref } = await server.frame("chat_message");
    server.send({ type: "error", code: "forbidden", detail: "no", ref, conversation: 1 });
  };
  await Promise.all([assert.rejects(sent, { code: "forbidden" }), refuse()]);
  assert.deepEqual(conversation.messages.map(({ status }) => status), ["failed"]);
  conversation.retry(sent.clientId);
  assert.deepEqual(conversation.messages.map(({ status }) => status), ["sending"]);
  await refuse();
  await tick();
  conversation.discard(sent.clientId);
  assert.deepEqual(conversation.messages, []);
  assert.equal(account.pending, 0);
});

test("the files of a message stand in their order, whichever came first", async () => {
  const server = new Scripted();
  server.conversation(1, { seq: 9 });
  const attachments = [{ id: 1, name: "a.png" }, { id: 2, name: "b.png" }];
  server.messages.set(1, [{ ...message(1, 9), sender: { id: 2, username: "sara" }, attachments }]);
  const { account } = await live(server);
  const conversation = account.get(1);
  const opened = conversation.open();
  server.send({ type: "attachment.added", conversation: 1, message_id: 1009, attachment: attachments[1], seq: 10 });
  await opened;
  assert.deepEqual(conversation.messages[0].attachments.map(({ name }) => name), ["a.png", "b.png"]);
});

test("the same clientId twice is one message", async () => {
  const server = new Scripted();
  server.conversation(1);
  const { account } = await live(server);
  const [one, other] = [1, 2].map(() => account.get(1).send("once", { clientId: "same" }));
  assert.deepEqual(await one, await other);
  assert.equal(server.received.filter(({ type }) => type === "chat_message").length, 1);
});

test("after a reset everything is read again, and what names a message is refused", async () => {
  const server = new Scripted();
  server.isAcking = false;
  server.conversation(1, { seq: 9, last_read_id: 1009 });
  server.messages.set(1, [{ ...message(1, 9), sender: { id: 2, username: "sara" }, attachments: [] }]);
  const { account } = await live(server);
  const conversation = account.get(1);
  await conversation.open();
  assert.deepEqual(conversation.messages.map(({ content }) => content), ["m9"]);
  const sent = conversation.send("first"); // in front of the edit
  sent.catch(() => {});
  const refused = assert.rejects(conversation.edit(1009, "x"), { code: "epoch_changed" });
  server.conversation(1, { seq: 2, epoch: "f", unread_count: 1, title: "older" });
  const older = { ...message(1, 2), sender: { id: 2, username: "sara" }, attachments: [] };
  server.messages.set(1, [older]);
  server.send({ type: "reset", epoch: "f", cursor: "f.i.1" });
  await refused;
  while (conversation.title !== "older" || !conversation.thread.isLoaded) await tick();
  assert.equal(account.unread, 1);
  assert.deepEqual(conversation.messages.map(({ content }) => content), ["m2", "first"]);
  server.send(message(1, 3));
  assert.equal(account.unread, 2);
});

test("typing ends by itself with the connection, and one's own is nobody's", async () => {
  const server = new Scripted();
  server.conversation(1);
  const { account } = await live(server);
  const conversation = account.get(1);
  const typing = (user, isTyping) => ({ type: "user.typing", user, is_typing: isTyping, conversation: 1 });
  server.send(typing("sara", true), typing("ali", true));
  assert.deepEqual(conversation.typingUsers, ["sara"]);
  server.send(message(1, 6));
  assert.deepEqual(conversation.typingUsers, []);
  server.send(typing("sara", true));
  server.socket.onclose({ code: 1006, reason: "" });
  assert.deepEqual(conversation.typingUsers, []);
});

test("presence is what was said last, and nothing without a connection", async () => {
  const server = new Scripted();
  server.conversation(1);
  const { account } = await live(server);
  server.send({ type: "presence", user: "sara", status: "online", last_seen: null });
  assert.equal(account.presence.of("sara").status, "online");
  server.send({ type: "presence", user: "sara", status: "offline", last_seen: "2026-02-01T00:00:00Z" });
  assert.deepEqual(account.presence.of("sara"), { status: "offline", lastSeen: "2026-02-01T00:00:00Z" });
  server.socket.onclose({ code: 1006, reason: "" });
  assert.equal(account.presence.of("sara"), undefined);
});

test("who is there and has read is asked for, where it does not come by itself", async () => {
  const server = new Scripted();
  const people = [server.me, { id: 2, username: "sara" }, { id: 3, username: "omid" }];
  server.conversation(1, { participants: people, participant_count: 3 });
  server.conversation(2);
  const online = { status: "online", last_seen: null };
  server.people.set(1, [people[1], people[2]].map((user) => ({ ...user, last_read_id: user.id === 2 ? 1006 : 0 })));
  server.people.set(2, [{ ...people[1], last_read_id: 0, presence: online }]);
  const { account } = await live(server);
  while (!account.presence.of("sara")) await tick();
  const conversation = account.get(1);
  await conversation.open();
  server.send(message(1, 6, { sender: "ali" }));
  assert.equal(conversation.isRead(conversation.messages[0]), false);
  server.send(read("omid", 1006, 1)); // Sara has read it before this account began
  assert.equal(conversation.isRead(conversation.messages[0]), true);
});

test("among very many, the server alone knows what all have read", async () => {
  const server = new Scripted();
  const people = [{ id: 1, username: "ali" }, { id: 2, username: "sara" }];
  server.conversation(1, { participants: people, participant_count: 10_000 });
  const { account } = await live(server);
  const conversation = account.get(1);
  const said = { id: 5, sender: "ali", is_read: false };
  conversation.thread.read({ user: "sara", message_id: 9 });
  assert.equal(conversation.isRead(said), false);
  assert.equal(conversation.isRead({ ...said, is_read: true }), true);
  conversation.note({ participant_count: 2 });
  assert.equal(conversation.isRead(said), true);
});

test("frames of kinds that are not known yet do no harm", async () => {
  const server = new Scripted();
  server.conversation(1);
  const { account } = await live(server);
  server.send({ type: "message.pinned", message_id: 1, seq: 6, conversation: 1 }, { type: "news" });
  server.send(message(1, 7));
  assert.equal(account.unread, 1);
});

test("a suspended account opens nothing until it is woken", async () => {
  const server = new Scripted();
  server.conversation(1);
  const { account, payam } = await live(server);
  payam.suspend();
  assert.equal(account.state, "waiting");
  const sent = account.get(1).send("later");
  await new Promise((resolve) => setTimeout(resolve, 60)); // longer than every pause
  assert.equal(server.sockets.length, 1);
  payam.wake();
  await server.greet(1);
  server.send({ type: "resumed", cursor: "e.i.2", epoch: "e" });
  await sent;
});

test("reactions and replies are counted once, whatever a page has counted", async () => {
  const server = new Scripted();
  server.conversation(1);
  const { account } = await live(server);
  const one = account.get(1);
  await one.open();
  server.send(message(1, 6), message(1, 7, { reply_to: { id: 1006, sender: { id: 2, username: "sara" }, content: "m6", is_deleted: false } }));
  const find = (id) => one.messages.find((each) => each.id === id);
  assert.equal(find(1006).reply_count, 1);
  assert.equal(find(1007).reply_to.content, "m6");
  const reaction = (type, user, seq) => ({ type: `reaction.${type}`, message_id: 1006, emoji: "👍", user, seq, conversation: 1 });
  server.send(reaction("added", "sara", 8), reaction("added", account.me.username, 9));
  assert.deepEqual(find(1006).reactions, [{ emoji: "👍", count: 2, me: true }]);
  server.send(reaction("added", "sara", 8)); // again, as after a resume
  server.send(reaction("removed", account.me.username, 10));
  assert.deepEqual(find(1006).reactions, [{ emoji: "👍", count: 1, me: false }]);
  // As after a resume: what somebody added and took back meanwhile comes once, and was never counted here.
  server.send({ ...reaction("removed", "reza", 10.5), count: 1 });
  assert.deepEqual(find(1006).reactions, [{ emoji: "👍", count: 1, me: false }]);
  server.send({ type: "message.edited", message: { id: 1006, content: "new" }, seq: 11, conversation: 1 });
  assert.equal(find(1007).reply_to.content, "new");
  server.send({ type: "message.deleted", message_id: 1007, seq: 12, conversation: 1 });
  assert.equal(find(1006).reply_count, 0);
  // After a resume: one that was deleted meanwhile comes where it was sent, and where it was deleted.
  const gone = { is_deleted: true, content: "", reply_to: { id: 1006, sender: { id: 2, username: "sara" }, content: "new", is_deleted: false } };
  server.send(message(1, 14, gone), { type: "message.deleted", message_id: 1014, seq: 15, conversation: 1 });
  assert.equal(find(1006).reply_count, 0);
  server.send({ type: "message.deleted", message_id: 1006, seq: 16, conversation: 1 });
  assert.deepEqual(find(1006).reactions, []);
  const own = { title: "x", muted_until: null, archived: true, pinned: false };
  server.send({ type: "conversation.updated", ...own, seq: 0, conversation: 1 });
  assert.deepEqual([one.record.archived, one.title, one.seq], [true, "talk 1", 16]);
});

for (const isLoaded of [false, true]) {
  const where = isLoaded ? "that is looked at" : "that is not";
  test(`what is kept of a conversation ${where} takes in changes at once, one after the other`, () => amended(isLoaded));
}

async function amended(isLoaded) {
  const key = "thread/ali/1";
  const contents = new Map([[key, { id: 1, messages: [{ id: 8, content: "8" }, { id: 9, content: "9" }] }]]);
  const storage = {
    get: async (name) => (await tick(), contents.get(name)),
    set: async (name, value) => (await tick(), void contents.set(name, value)),
  };
  const shelf = new Shelf(storage, "ali");
  const conversation = { id: 1, thread: { isLoaded, messages: [] } };
  await Promise.all([
    shelf.amend(conversation, { type: "message.deleted", message_id: 9 }),
    shelf.amend(conversation, { type: "message.edited", message: { id: 8, content: "eight" } }),
  ]);
  assert.deepEqual(contents.get(key).messages.map(({ content }) => content), ["eight", ""]);
}
