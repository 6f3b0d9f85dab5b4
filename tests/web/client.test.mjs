// The client library against a running Payam, through a proxy that does what networks do.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";

import { Payam, PayamError, newId } from "../../web/client/index.js";
import { fault } from "./faults.mjs";
import { become, everyone, listen, numbered, pair, person, stored, storeOf, heard, until, url } from "./people.mjs";

after(() => everyone.forEach((payam) => payam.close()));

test("two people talk: ack, message, edit, delete, typing, read", async () => {
  const { ali, sara, id } = await pair();
  const [hers, his] = [sara.open(id), ali.open(id)];
  await Promise.all([become(hers, "open"), become(his, "open")]);
  const typing = until(hers, "typing");
  his.typing(true);
  assert.deepEqual(await typing, { type: "user.typing", user: ali.who.username, is_typing: true });
  const message = until(hers, "message");
  const ack = await his.send("سلام");
  const { id: messageId, content, seq } = await message;
  assert.deepEqual([messageId, content, seq], [ack.id, "سلام", ack.seq]);
  const edited = until(hers, "edited");
  await his.edit(ack.id, "درود");
  assert.deepEqual((await edited).message, { id: ack.id, content: "درود" });
  const read = until(his, "read");
  await hers.markRead(ack.id);
  assert.equal((await read).message_id, ack.id);
  const deleted = until(hers, "deleted");
  await his.delete(ack.id);
  assert.equal((await deleted).message_id, ack.id);
  assert.equal(hers.seq, 3);
});

test("a customer asks the desk, and rates the answer", async () => {
  const { ali, id } = await pair();
  const { agents, in_hours: inHours } = await ali.desk();
  assert.deepEqual([Array.isArray(agents), inHours], [true, true]);
  const ticket = await ali.openTicket(id, "help");
  await ali.closeTicket(ticket.id);
  const { rating } = await ali.rateTicket(ticket.id, 5, "thanks");
  assert.deepEqual(rating, { score: 5, comment: "thanks" });
  const steps = await ali.ticketSteps(ticket.id);
  assert.deepEqual(steps.map(({ action }) => action), ["opened", "closed", "rated"]);
  for (const ask of ["deskRules", "deskAgents", "deskFigures", "deskTable", "cannedResponses"]) {
    await assert.rejects(ali[ask](), { status: 403 });
  }
});

test("somebody is blocked and reported", async () => {
  const { ali, sara, id } = await pair();
  const hers = sara.open(id);
  await become(hers, "open");
  const ack = await hers.send("spam");
  await ali.report(id, ack.id, "it is spam");
  await ali.block(sara.who.id);
  assert.deepEqual((await ali.blocks()).map((one) => one.id), [sara.who.id]);
  await assert.rejects(hers.send("more"), { code: "blocked" });
  await ali.unblock(sara.who.id);
  await hers.send("sorry");
  assert.deepEqual(await ali.blocks(), []);
});

test("an account is exported, and erased with its password only", async () => {
  const ali = await person("ali");
  const zip = new Uint8Array(await (await ali.export()).arrayBuffer());
  assert.deepEqual([...zip.subarray(0, 4)], [0x50, 0x4b, 3, 4]);
  await assert.rejects(ali.erase("wrong"), { code: "wrong_password" });
  assert.ok(await ali.subject());
  await ali.erase("correct-horse");
  assert.equal(await ali.subject(), null);
});

test("while the network is cut again and again, nothing is lost, doubled or out of order", async () => {
  const { ali, sara, id } = await pair();
  const [hers, his] = [sara.open(id, { since: 0 }), ali.open(id, { since: 0 })];
  const seen = [listen(hers), listen(his)];
  const count = 60;
  const sends = [];
  for (const [place, text] of numbered("m", count).entries()) {
    sends.push(his.send(`his ${text}`), hers.send(`her ${text}`));
    if (place % 6 === 0) {
      await Promise.race([sends.at(-1), sends.at(-2)]);
      await fault("cut");
    }
  }
  await Promise.all(sends);
  await Promise.all(seen.map((list) => heard(list, 2 * count)));
  const all = await stored(ali, id);
  assert.deepEqual(seen, [all, all]);
  for (const name of ["his", "her"]) {
    const own = all.filter((text) => text.startsWith(name));
    assert.deepEqual(own, numbered(`${name} m`, count));
  }
});

test("what is said offline waits, and is sent once, in order", async () => {
  const { ali, id } = await pair();
  const his = ali.open(id);
  await become(his, "open");
  await fault("refuse");
  await fault("cut");
  await become(his, "waiting");
  const texts = numbered("offline", 5);
  const sends = texts.map((text) => his.send(text));
  assert.equal(his.waiting, 5);
  await fault("accept");
  his.wake();
  await Promise.all(sends);
  assert.deepEqual(await stored(ali, id), texts);
  assert.equal(his.waiting, 0);
});

test("a message whose ack is lost is the same message when it is sent again", async () => {
  const { ali, id } = await pair();
  const his = ali.open(id);
  await become(his, "open");
  await fault("stall");
  const sent = his.send("once");
  // Stored, though the answer is held back: another way to the server sees it.
  while ((await stored(ali, id)).length === 0);
  await fault("cut");
  await fault("resume");
  const ack = await sent;
  assert.deepEqual((await ali.direct.messages(id)).map((message) => message.id), [ack.id]);
});

test("a catch-up that is cut off goes on where it was: each message once, each change in its order", async () => {
  const { ali, sara, id } = await pair();
  const his = ali.open(id);
  const acks = [];
  for (const text of numbered("m", 10)) acks.push(await his.send(text));
  await his.edit(acks[0].id, "the first, changed");
  const hers = sara.open(id, { since: 0 });
  const seen = listen(hers);
  const off = hers.on("message", ({ content }) => content === "m 4" && (off(), hers.drop()));
  await become(hers, "waiting");
  await his.edit(acks[2].id, "the third, changed");
  await his.delete(acks[3].id);
  await become(hers, "open");
  await heard(seen, 13); // it may have been open again before the last change
  assert.deepEqual(seen, [
    "the first, changed",
    ...numbered("m", 10).slice(1),
    "edited: the first, changed",
    "edited: the third, changed",
    `deleted: ${acks[3].id}`,
  ]);
});

test("tokens are renewed before they end, without reconnecting", async () => {
  const given = [];
  class Heard extends WebSocket {
    send(text) {
      const frame = JSON.parse(text);
      if (frame.type === "auth") given.push(frame.token);
      super.send(text);
    }
  }
  const { ali, id } = await pair({ WebSocket: Heard });
  const { refresh } = ali.kept.tokens;
  const access = await fault(`token ${ali.who.id} 50`); // the server warns a minute before
  ali.kept.tokens = { access, refresh, renewAt: Date.now() + 60_000 };
  const his = ali.open(id);
  await become(his, "open");
  const states = [];
  his.on("state", ({ state }) => states.push(state));
  await heard(given, 1);
  await his.send("still there"); // what is given is read before, and would close it if it were refused
  assert.deepEqual(states, []);
  assert.deepEqual(given, [ali.kept.tokens.access]);
  assert.notEqual(ali.kept.tokens.refresh, refresh);
});

test("a token that is refused is renewed, for REST and for sockets", async () => {
  const { ali, id } = await pair();
  const ended = await fault(`token ${ali.who.id} -3600`);
  ali.kept.tokens = { ...ali.kept.tokens, access: ended };
  assert.equal((await ali.me()).id, ali.who.id);
  ali.kept.tokens = { ...ali.kept.tokens, access: ended };
  await ali.open(id, { since: 0 }).send("hello");
});

test("when the tokens are revoked, everything is closed and said so", async () => {
  const { ali, id } = await pair();
  const his = ali.open(id);
  await become(his, "open");
  const gone = until(ali, "signedOut");
  const body = { refresh: ali.kept.tokens.refresh };
  await ali.request("POST", "/api/token/revoke/", { body, isPublic: true });
  await gone;
  assert.equal(his.state, "closed");
  assert.equal(await ali.subject(), null);
  await assert.rejects(ali.me(), { status: 401 });
});

test("who is removed hears of it, and what waits is refused", async () => {
  const { ali, sara, id } = await pair();
  const hers = sara.open(id);
  await become(hers, "open");
  const closed = until(hers, "state", ({ state }) => state === "closed");
  await ali.removeParticipant(id, sara.who.id);
  assert.equal((await closed).code, 4404);
  await assert.rejects(hers.send("too late"), { code: "closed" });
});

test("too many messages are sent later, still in order", async () => {
  const { ali, id } = await pair();
  const texts = numbered("fast", 130); // more than the server takes at once
  const his = ali.open(id);
  await Promise.all(texts.map((text) => his.send(text)));
  assert.deepEqual(await stored(ali, id), texts);
});

test("what the server refuses is rejected, and the next is sent", async () => {
  const { ali, id } = await pair();
  const his = ali.open(id);
  const long = his.send("x".repeat(10_001));
  const next = his.send("short");
  await assert.rejects(long, (error) => error instanceof PayamError && "message" in error.errors);
  await next;
  assert.deepEqual(await stored(ali, id), ["short"]);
});

test("an error says what is wrong, by field, and whether the server was there", async () => {
  const { ali } = await pair();
  await assert.rejects(ali.logIn(ali.who.username, "wrong"), { code: "wrong_credentials", status: 401 });
  await assert.rejects(ali.signUp("a b", "correct-horse"), (error) => "username" in error.errors);
  await fault("refuse");
  await fault("cut");
  await assert.rejects(ali.me(), { code: "offline", status: 0 });
  await fault("accept");
});

test("two people have one direct conversation, whoever begins it", async () => {
  const [ali, sara] = [await person("ali"), await person("sara")];
  const [mine, hers] = [
    await ali.begin([sara.who.id], "", { direct: true }),
    await sara.begin([ali.who.id], "", { direct: true }),
  ];
  assert.ok(mine.direct);
  assert.equal(mine.id, hers.id);
  await assert.rejects(ali.addParticipant(mine.id, (await person("reza")).who.id), {
    code: "direct_conversation",
  });
});

test("messages are pinned and unpinned, and the others see it", async () => {
  const { ali, sara, id } = await pair();
  const hers = sara.open(id);
  await become(hers, "open");
  const his = ali.open(id);
  const [first, second] = [await his.send("one"), await his.send("two")];
  const events = [];
  hers.on("pinned", ({ message_id: messageId, user }) => events.push(["pinned", messageId, user]));
  hers.on("unpinned", ({ message_id: messageId, user }) => events.push(["unpinned", messageId, user]));
  await ali.pin(id, first.id);
  await ali.pin(id, second.id);
  assert.deepEqual((await sara.pins(id)).map((message) => message.content), ["two", "one"]);
  await heard(events, 2); // who reads later does not get the first: being unpinned takes its place
  await sara.unpin(id, first.id);
  await heard(events, 3);
  assert.deepEqual(events, [
    ["pinned", first.id, ali.who.username],
    ["pinned", second.id, ali.who.username],
    ["unpinned", first.id, sara.who.username],
  ]);
  assert.deepEqual((await ali.pins(id)).map((message) => message.id), [second.id]);
});

test("roles change, and somebody comes in by a link", async () => {
  const { ali, sara, id } = await pair();
  const reza = await person("reza");
  const hers = sara.open(id);
  await become(hers, "open");
  const changed = until(hers, "updated");
  assert.equal((await ali.setRole(id, sara.who.id, "admin")).role, "admin");
  assert.deepEqual((await changed).participant, { id: sara.who.id, username: sara.who.username, role: "admin" });
  assert.deepEqual((await sara.change(id, { members_may: ["pin"] })).members_may, ["pin"]);
  const invite = await sara.createInvite(id, { max_uses: 1 });
  assert.equal((await reza.invitation(invite.code)).is_member, false);
  assert.equal((await reza.join(invite.code)).role, "member");
  assert.deepEqual((await ali.invites(id)).map(({ uses }) => uses), [1]);
  await ali.revokeInvite(id, invite.id);
  await assert.rejects(reza.invitation(invite.code), { code: "not_found" });
  const { id: messageId } = await reza.open(id).send("spam");
  await sara.moderate(id, messageId);
  assert.deepEqual((await ali.messages(id)).map((message) => message.is_deleted), [true]);
});

test("a large file goes on where it was cut, and can be given up", async () => {
  const { ali, id } = await pair();
  const { id: messageId } = await ali.open(id).send("large");
  const bytes = randomBytes(9 * 1024 * 1024);
  const shares = [];
  const onProgress = (share) => {
    shares.push(share);
    if (shares.length === 2) fault("cut");
  };
  const attachment = await ali.attach(id, messageId, new File([bytes], "large.bin"), { onProgress, key: newId() });
  assert.deepEqual([attachment.name, attachment.size], ["large.bin", bytes.length]);
  assert.deepEqual(shares, [...shares].sort((a, b) => a - b));
  assert.equal(shares.at(-1), 1);
  const got = Buffer.from(await (await ali.download(attachment)).arrayBuffer());
  assert.ok(got.equals(bytes));
  const end = new AbortController();
  const stopped = ali.attach(id, messageId, new File([bytes], "x"), { onProgress: () => end.abort(), signal: end.signal });
  await assert.rejects(stopped, { code: "cancelled" });
});

test("files, tickets, people and titles", async () => {
  const { ali, sara, id } = await pair();
  const hers = sara.open(id);
  await become(hers, "open");
  const his = ali.open(id);
  const { id: messageId } = await his.send("with a file");
  const shares = [];
  const attached = until(hers, "attachment");
  const bytes = new Uint8Array([0, 1, 254, 255]);
  const onProgress = (share) => shares.push(share);
  await ali.attach(id, messageId, new Blob([bytes]), { name: "گزارش.bin", onProgress });
  const { attachment } = await attached;
  assert.equal(attachment.name, "گزارش.bin");
  assert.equal(shares.at(-1), 1);
  const file = await sara.download(attachment);
  assert.deepEqual(new Uint8Array(await file.arrayBuffer()), bytes);
  assert.equal((await ali.attachments(id, messageId)).length, 1);

  const once = { key: newId(), name: "once.txt" };
  const twice = [await ali.attach(id, messageId, new Blob(["x"]), once)];
  twice.push(await ali.attach(id, messageId, new Blob(["x"]), once));
  assert.deepEqual(twice[0], twice[1]);
  assert.equal((await ali.attachments(id, messageId)).length, 2);
  await assert.rejects(ali.attach(id, messageId, new Blob(["y"]), once), { code: "key_reused" });

  const ticket = until(hers, "ticket");
  const { id: ticketId } = await ali.openTicket(id, "printer", "high");
  assert.equal((await ticket).support_ticket.status, "open");
  assert.equal((await ali.changeTicket(ticketId, { status: "pending" })).status, "pending");
  assert.equal((await ali.closeTicket(ticketId)).status, "closed");
  assert.equal((await ali.reopenTicket(ticketId)).status, "open");
  assert.equal((await sara.ticket(ticketId)).status, "open");
  await assert.rejects(ali.assignTicket(ticketId, null), { status: 403 });
  await assert.rejects(ali.tickets({ status: "open" }), { status: 403 });

  const reza = await person("reza");
  assert.deepEqual((await ali.users(reza.who.username)).map((user) => user.id), [reza.who.id]);
  const joined = until(hers, "joined");
  await ali.addParticipant(id, reza.who.id);
  assert.equal((await joined).participant.id, reza.who.id);
  const updated = until(hers, "updated");
  assert.equal((await ali.rename(id, "printers")).title, "printers");
  assert.equal((await updated).title, "printers");
  await ali.markRead(id, messageId);
  assert.equal((await sara.conversations())[0].unread_count, 1);
});

/** A fetch whose answers of one path are kept back; `come` is when the first of them is there. */
function heldBack(path) {
  let [release, arrive] = [];
  const released = new Promise((resolve) => (release = resolve));
  const come = new Promise((resolve) => (arrive = resolve));
  const slow = async (address, options) => {
    const answer = await fetch(address, options);
    if (address.endsWith(path)) {
      arrive();
      await released;
    }
    return answer;
  };
  return { fetch: slow, come, release };
}

/** Somebody whose access token has just ended, so that the next call renews it. */
async function lapsed(options) {
  const ali = await person("ali", options);
  const old = { ...ali.kept.tokens };
  old.access = await fault(`token ${ali.who.id} -3600`);
  ali.kept.tokens = { ...old, renewAt: 0 };
  return Object.assign(ali, { old });
}

test("a renewal that is answered after signing out signs nobody in", async () => {
  const held = heldBack("/api/token/refresh/");
  const ali = await lapsed({ fetch: held.fetch });
  const refused = assert.rejects(ali.me(), { status: 401 });
  await held.come;
  await ali.logOut();
  held.release();
  await refused;
  assert.equal(ali.kept.tokens, null);
});

test("a renewal that is refused after somebody else signed in leaves them signed in", async () => {
  const held = heldBack("/api/token/refresh/");
  const ali = await lapsed({ fetch: held.fetch });
  const ended = [];
  ali.on("signedOut", () => ended.push("ali"));
  const body = { refresh: ali.old.refresh };
  await ali.direct.request("POST", "/api/token/revoke/", { body, isPublic: true });
  const asked = ali.me();
  await held.come;
  const other = new Payam({ url: process.env.PAYAM_DIRECT, store: storeOf(ali.kept) });
  await other.signUp(`reza_${randomBytes(6).toString("hex")}`, "correct-horse");
  const theirs = ali.kept.tokens;
  held.release();
  await assert.rejects(asked, { status: 401 });
  assert.deepEqual([ali.kept.tokens, ended], [theirs, []]);
});

test("a sign-in that is answered after signing out signs nobody in", async () => {
  const held = heldBack("/api/token/");
  const ali = await person("ali", { fetch: held.fetch });
  const signing = ali.logIn(ali.who.username, "correct-horse");
  await held.come;
  await ali.logOut();
  held.release();
  await assert.rejects(signing, { code: "superseded" });
  assert.equal(await ali.subject(), null);
});

test("of two sign-ins, the one that was asked last counts", async () => {
  const held = heldBack("/api/token/");
  const [ali, reza] = [await person("ali", { fetch: held.fetch }), await person("reza")];
  const first = ali.logIn(ali.who.username, "correct-horse");
  await held.come;
  const second = ali.logIn(reza.who.username, "correct-horse");
  held.release();
  await assert.rejects(first, { code: "superseded" });
  await second;
  assert.equal((await ali.me()).id, reza.who.id);
});

test("what one user asked is not asked again as another", async () => {
  const { ali, id } = await pair();
  const reza = await person("reza");
  await ali.direct.addParticipant(id, reza.who.id);
  const held = heldBack("/messages/");
  const page = new Payam({ url: process.env.PAYAM_DIRECT, store: storeOf(ali.kept), fetch: held.fetch });
  ali.kept.tokens = { ...ali.kept.tokens, access: await fault(`token ${ali.who.id} -3600`) };
  const path = `/api/conversations/${id}/messages/`;
  const sent = page.json("POST", path, { body: { content: "of Ali's" } });
  await held.come;
  ali.kept.tokens = reza.kept.tokens;
  held.release();
  await assert.rejects(sent, { status: 401 });
  assert.deepEqual(await stored(reza, id), []);
});

test("what waits to be sent is not sent as another user", async () => {
  const { ali, id } = await pair();
  const reza = await person("reza");
  await ali.direct.addParticipant(id, reza.who.id);
  const his = ali.open(id);
  await become(his, "open");
  await fault("refuse");
  await fault("cut");
  await become(his, "waiting");
  const refused = assert.rejects(his.send("of Ali's"), { code: "not_authenticated" });
  ali.kept.tokens = reza.kept.tokens; // in another tab
  await fault("accept");
  await refused;
  assert.equal(his.state, "closed");
  assert.deepEqual(await stored(reza, id), []);
});

test("a renewal whose answer is lost is asked again, and gives the same sign-in", async () => {
  let lost = 0;
  const losing = async (address, options) => {
    const answer = await fetch(address, options);
    if (address.endsWith("/api/token/refresh/") && lost++ === 0) throw new TypeError("cut off");
    return answer;
  };
  const ali = await lapsed({ fetch: losing });
  assert.equal((await ali.me()).id, ali.who.id);
  assert.equal(lost, 2);
  ali.kept.tokens = { ...ali.kept.tokens, renewAt: 0 };
  assert.equal((await ali.me()).id, ali.who.id);
});

test("two tabs that renew at once, without a lock, both stay signed in", async () => {
  const ali = await lapsed();
  const tabs = [1, 2].map(() => {
    const kept = { tokens: ali.kept.tokens };
    const tab = new Payam({ url: process.env.PAYAM_DIRECT, store: storeOf(kept) });
    return Object.assign(tab, { kept });
  });
  await Promise.all(tabs.map((tab) => tab.me()));
  // Either may be the next to renew, with what it got.
  for (const tab of tabs) {
    tab.kept.tokens = { ...tab.kept.tokens, renewAt: 0 };
    assert.equal((await tab.me()).id, ali.who.id);
  }
});

test("conversations come page by page, and an unchanged first page is not sent again", async () => {
  const statuses = [];
  const counted = async (...given) => {
    const response = await fetch(...given);
    statuses.push(response.status);
    return response;
  };
  const ali = await person("ali", { fetch: counted });
  const ids = [];
  for (let count = 0; count < 5; count++) ids.unshift((await ali.direct.begin([])).id);
  const walk = async () => {
    const pages = [];
    for await (const page of ali.conversationPages(2)) pages.push(page.map(({ id }) => id));
    return pages;
  };
  const pages = [ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)];
  assert.deepEqual(await walk(), pages);
  assert.deepEqual(await walk(), pages);
  assert.deepEqual(statuses, [200, 200, 200, 304, 200, 200]);
  await ali.direct.rename(ids[0], "another");
  for await (const page of ali.conversationPages(2)) {
    assert.equal(page[0].title, "another");
    break;
  }
  const [only, ...others] = await ali.participants(ids[0]);
  assert.deepEqual([only.id, only.username, only.last_read_id, others], [ali.who.id, ali.who.username, 0, []]);
  assert.deepEqual(await ali.participants(ids[0], { after: ali.who.id }), []);
});

test("the WebSocket that is given is used, and none at all is said at once", async () => {
  let made = 0;
  class Counted extends WebSocket {
    constructor(...given) {
      super(...given);
      made += 1;
    }
  }
  const { ali, id } = await pair({ WebSocket: Counted });
  await become(ali.open(id), "open");
  assert.equal(made, 1);
  assert.throws(() => new Payam({ url, WebSocket: null }), /WebSocket is needed/);
});

test("a quiet connection is asked whether it is there, and kept", async () => {
  const asked = [];
  class Heard extends WebSocket {
    send(text) {
      if (JSON.parse(text).type === "resume") asked.push(text);
      super.send(text);
    }
  }
  const { ali, id } = await pair({ WebSocket: Heard, calm: 50, patience: 40_000 });
  const his = ali.open(id);
  await become(his, "open");
  const states = [];
  his.on("state", ({ state }) => states.push(state));
  await heard(asked, 3);
  assert.deepEqual(states, []);
});

test("a restart is waited for, and lost in it is nothing", async () => {
  const { ali, sara, id } = await pair();
  const [hers, his] = [sara.open(id, { since: 0 }), ali.open(id)];
  const seen = listen(hers);
  await Promise.all([become(hers, "open"), become(his, "open")]);
  const waits = until(hers, "state", ({ state }) => state === "waiting");
  const restarted = fault("restart");
  const { delay } = await waits;
  assert.ok(delay >= 0 && delay <= 3000);
  const sent = his.send("after it");
  await restarted;
  await sent;
  await heard(seen, 1);
  assert.deepEqual(seen, ["after it"]);
});

// Last: what it leaves behind does not even answer a close.
test("a connection that is dead without a word is noticed", async () => {
  const { ali, sara, id } = await pair({ patience: 300, calm: 300 });
  const [hers, his] = [sara.open(id), ali.open(id)];
  const seen = listen(hers);
  await Promise.all([become(hers, "open"), become(his, "open")]);
  await fault("vanish");
  await his.send("are you there");
  await heard(seen, 1);
  assert.deepEqual(seen, ["are you there"]);
});

test("after reset everything comes again, or, without replay, only what is new", async () => {
  const { ali, sara, id } = await pair();
  const his = ali.open(id, { since: 0 });
  for (const text of ["one", "two"]) await his.send(text);
  const [all, live] = [sara.open(id, { since: 0 }), sara.open(id, { since: 0, replay: false })];
  await Promise.all([become(all, "open"), become(live, "open")]);
  const { seq, epoch } = all;
  assert.equal(epoch, (await ali.conversation(id)).epoch);
  const [again, later] = [listen(all), listen(live)];
  const resets = Promise.all([until(all, "reset"), until(live, "reset")]);
  await fault("restored");
  const now = (await ali.direct.conversation(id)).epoch;
  assert.notEqual(now, epoch);
  for (const reset of await resets) assert.deepEqual(reset, { seq: 2, epoch: now });
  await his.send("three");
  await Promise.all([heard(again, 3), heard(later, 1)]);
  assert.deepEqual([again, later], [["one", "two", "three"], ["three"]]);
  assert.deepEqual([all.seq, all.epoch, live.seq, live.epoch], [3, now, 3, now]);

  const back = listen(sara.open(id, { since: seq, epoch }));
  await heard(back, 3);
  assert.deepEqual(back, ["one", "two", "three"]);
  await assert.rejects(ali.direct.messages(id, { since: seq, epoch }), { code: "epoch_changed", status: 409 });
});

test("what names a message is not given to a server that was put back", async () => {
  const { ali, id } = await pair();
  const his = ali.open(id, { since: 0 });
  const { id: messageId } = await his.send("one");
  await fault("refuse");
  await fault("cut");
  await become(his, "waiting");
  const edit = his.edit(messageId, "another message by then");
  const sent = his.send("two");
  await fault("restored");
  await fault("accept");
  await assert.rejects(edit, { code: "epoch_changed" });
  await sent;
  assert.deepEqual(await stored(ali, id), ["one", "two"]);
});
