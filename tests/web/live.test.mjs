// The live account against a running Payam: one socket for many conversations, over networks that fail.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { memoryStorage, Payam } from "../../web/client/index.js";
import { fault } from "./faults.mjs";
import { become, everyone, numbered, person, stored, storeOf, until, url } from "./people.mjs";

after(() => everyone.forEach((payam) => payam.close()));

const DEADLINE = 40_000;

/** Wait until it is so; what is not so by then is shown. */
async function see(look, expected) {
  const end = Date.now() + DEADLINE;
  for (;;) {
    try {
      return assert.deepEqual(await look(), expected);
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const texts = (conversation) => conversation.messages.map(({ content }) => content);

async function opened(payam) {
  const account = payam.account();
  await account.opened();
  return account;
}

/** Ali and Sara with that many conversations, and their accounts, live. */
async function pairOf(count, options) {
  const [ali, sara] = [await person("ali", options), await person("sara", options)];
  const ids = [];
  for (let made = 0; made < count; made++) ids.push((await ali.direct.begin([sara.who.id], `talk ${made}`)).id);
  return { ali, sara, ids, his: await opened(ali), hers: await opened(sara) };
}

/** The same user once more, on another device. */
function device({ kept }, options = {}) {
  const payam = new Payam({ url, store: storeOf(kept), backoff: { least: 20, most: 200 }, ...options });
  everyone.push(payam);
  return payam;
}

test("two people and a second device agree: list, order, unread, edits, reading, typing", async () => {
  const { sara, ids, his, hers } = await pairOf(3);
  const phone = await opened(device(sara));
  const [first, second, third] = ids;
  const order = (account) => account.conversations.map(({ id }) => id);
  await see(() => order(hers), [third, second, first]);
  const mine = his.get(first);
  await mine.open();
  const sent = mine.send("سلام");
  assert.deepEqual(mine.messages.map(({ content, status }) => [content, status]), [["سلام", "sending"]]);
  const { id } = await sent;
  assert.deepEqual(mine.messages.map(({ status }) => status), ["stored"]);
  for (const account of [hers, phone]) {
    await see(() => [order(account), account.unread], [[first, third, second], 1]);
    await see(() => account.get(first).record.last_message.content, "سلام");
  }
  await mine.edit(id, "درود");
  await see(() => phone.get(first).record.last_message.content, "درود");
  const typing = until(his, "typing");
  const notMine = [];
  phone.on("typing", (event) => notMine.push(event));
  hers.get(first).typing(true);
  assert.equal((await typing).user, sara.who.username);
  await hers.get(first).markRead(id);
  await see(() => [hers.unread, phone.unread], [0, 0]);
  await see(() => mine.isRead(mine.messages[0]), true);
  await mine.delete(id);
  await see(() => phone.get(first).record.last_message.content, "");
  assert.deepEqual(notMine, []);
});

test("who is there is known: at the start, and as people come and go", async () => {
  const { ali, sara, hers, ids } = await pairOf(1);
  const status = (account, { who }) => account.presence.of(who.username)?.status;
  await see(() => status(hers, ali), "online");
  const late = await opened(device(sara));
  await see(() => status(late, ali), "online");
  await late.get(ids[0]).open();
  ali.close();
  await see(() => [status(hers, ali), status(late, ali)], ["offline", "offline"]);
});

test("conversations begin, are renamed, and end, on the same socket", async () => {
  const { ali, sara, his, hers, ids } = await pairOf(1);
  const states = [];
  hers.on("state", ({ state }) => states.push(state));
  const created = until(hers, "created");
  const { id } = await ali.direct.begin([sara.who.id], "new");
  assert.equal((await created).id, id);
  await ali.direct.rename(id, "renamed");
  await see(() => hers.get(id).title, "renamed");
  const own = until(hers, "own");
  const { archived } = await sara.direct.setOwn(id, { archived: true, muted_until: "2999-01-01T00:00:00Z" });
  assert.equal(archived, true);
  assert.deepEqual(await own, {
    ...{ conversation: id, muted_until: "2999-01-01T00:00:00Z", archived: true, pinned: false },
  });
  await see(() => hers.get(id).record.archived, true);
  assert.equal(hers.get(id).title, "renamed");
  assert.deepEqual((await sara.direct.conversations({ archived: true })).map((one) => one.id), [id]);
  await his.get(id).send("hello");
  await see(() => hers.unread, 1);
  const reza = await person("reza");
  await ali.direct.addParticipant(id, reza.who.id);
  await see(() => hers.get(id).others.sort(), [ali.who.username, reza.who.username].sort());
  await see(() => hers.get(id).record.participant_count, 3);
  const removed = until(hers, "removed");
  await ali.direct.removeParticipant(id, sara.who.id);
  assert.equal((await removed).id, id);
  await see(() => hers.get(id), undefined);
  await his.get(ids[0]).send("still here");
  await see(() => hers.get(ids[0]).record.last_message.content, "still here");
  assert.deepEqual(states, []);
  await assert.rejects(hers.conversation(id), { status: 404 });
});

test("while the network is cut again and again, nothing is lost, doubled or out of order anywhere", async () => {
  const { ali, ids, his, hers } = await pairOf(4);
  const seen = new Map(ids.map((id) => [id, []]));
  hers.on("message", ({ conversation, content }) => seen.get(conversation).push(content));
  const sends = [];
  for (const [place, text] of numbered("m", 80).entries()) {
    const id = ids[place % ids.length];
    sends.push(his.get(id).send(`his ${text}`), hers.get(id).send(`her ${text}`));
    if (place % 10 === 0) {
      await Promise.race(sends.slice(-2));
      await fault("cut");
    }
  }
  await Promise.all(sends);
  for (const id of ids) {
    const all = await stored(ali, id);
    assert.equal(all.length, 40);
    await see(() => seen.get(id), all);
    for (const account of [his, hers]) {
      await account.get(id).open();
      await see(() => texts(account.get(id)), all);
    }
    await see(() => hers.get(id).unread, 20);
  }
});

test("what was written before the program ended is stored once by the next one", async () => {
  const { ali, ids } = await pairOf(1);
  const [id] = ids;
  const storage = memoryStorage();
  const first = await opened(device(ali, { storage }));
  await fault("stall");
  const lost = first.get(id).send("stored, and not acknowledged");
  lost.catch(() => {});
  await see(() => stored(ali, id), ["stored, and not acknowledged"]);
  const unsent = first.get(id).send("never left");
  unsent.catch(() => {});
  await Promise.all([lost.saved, unsent.saved]);
  first.close();
  await fault("cut");
  await fault("resume");
  const next = await opened(device(ali, { storage }));
  await see(() => next.pending, 0);
  assert.deepEqual(await stored(ali, id), ["stored, and not acknowledged", "never left"]);
  await see(() => storage.list("outbox/"), []);
});

test("what happened meanwhile is there on return: messages, conversations, marks, files", async () => {
  const { ali, sara, ids, his, hers } = await pairOf(2);
  const [kept, left] = ids;
  const { id: mine } = await hers.get(kept).send("mine");
  const conversation = hers.get(kept);
  await conversation.open();
  await fault("refuse");
  await fault("cut");
  await become(hers, "waiting");
  const said = await ali.direct.json("POST", `/api/conversations/${kept}/messages/`, { body: { content: "one" } });
  await ali.direct.attach(kept, said.id, new Blob(["x"]), { name: "x.txt" });
  await ali.direct.attach(kept, said.id, new Blob(["y"]), { name: "y.txt" });
  await ali.direct.markRead(kept, mine);
  const begun = await ali.direct.begin([sara.who.id], "begun");
  await ali.direct.removeParticipant(left, sara.who.id);
  await fault("accept");
  hers.wake();
  his.wake();
  await become(hers, "open");
  await see(() => texts(conversation), ["mine", "one"]);
  await see(() => conversation.messages[1].attachments.map(({ name }) => name), ["x.txt", "y.txt"]);
  await see(() => conversation.isRead(conversation.messages[0]), true);
  await see(() => hers.get(begun.id)?.title, "begun");
  await see(() => hers.get(left), undefined);
  await see(() => hers.unread, 1);
});

test("an old conversation that is not loaded comes to the top when somebody speaks there", async () => {
  const ali = await person("ali");
  const sara = await person("sara");
  const ids = [];
  for (let made = 0; made < 60; made++) ids.push((await ali.direct.begin([sara.who.id], `talk ${made}`)).id);
  const hers = await opened(sara);
  assert.equal(hers.conversations.length, 50);
  assert.equal(hers.isComplete, false);
  assert.equal(hers.get(ids[0]), undefined);
  const heard = [];
  hers.on("message", ({ conversation, content }) => heard.push([conversation, content]));
  await ali.direct.json("POST", `/api/conversations/${ids[0]}/messages/`, { body: { content: "hello" } });
  await see(() => heard, [[ids[0], "hello"]]);
  await see(() => hers.conversations[0].id, ids[0]);
  await see(() => hers.unread, 1);
  await hers.loadMore();
  assert.equal(hers.conversations.length, 60);
  assert.equal(hers.isComplete, true);
});

test("what was said is found: page by page, in one conversation, by sender, and shown in its place", async () => {
  const { sara, ids: [id, other], his: account } = await pairOf(2);
  const chat = account.get(id);
  for (const place of numbered("بلیت", 5)) await chat.send(place);
  await account.get(other).send("🙂 بلیت");
  await account.get(other).send("nothing of it");
  await sara.direct.request("POST", `/api/conversations/${id}/messages/`, { body: { content: "ticket بليت" } });
  const pages = [];
  for await (const page of account.searchPages({ text: "بلي", limit: 3 })) pages.push(page);
  const all = pages.flat();
  assert.deepEqual(pages.slice(0, 2).map((page) => page.length), [3, 3]);
  assert.deepEqual(all.map(({ message }) => message.content).slice(0, 3), ["ticket بليت", "🙂 بلیت", "بلیت 4"]);
  assert.deepEqual([all[0].matches, all[1].matches], [[[7, 10]], [[2, 5]]]);
  assert.equal(all.length, 7);
  const [hers, ...none] = await account.search({ text: "بلیت", conversation: id, sender: sara.who.id });
  assert.deepEqual([hers.conversation, none.length], [id, 0]);
  const before = await account.search({ text: "بلیت", before: all[5].message.id });
  assert.deepEqual(before.map(({ message }) => message.id), [all[6].message.id]);
  await assert.rejects(account.search({ text: "" }), ({ status, errors }) => status === 400 && "q" in errors);
  const end = new AbortController();
  const asked = account.search({ text: "بلیت", signal: end.signal });
  end.abort();
  await assert.rejects(asked, { code: "cancelled" });
  await chat.open({ around: all[6].message.id });
  assert.equal(chat.messages[0].content, "بلیت 0");
});

test("a page of search that is empty is not the end: its link leads on", async () => {
  const { ali, ids: [id] } = await pairOf(1);
  for (const content of numbered("بلیت", 6)) {
    await ali.direct.json("POST", `/api/conversations/${id}/messages/`, { body: { content } });
  }
  let empty = 0;
  const emptying = async (address, options) => {
    const answer = await fetch(address, options);
    if (!address.includes("/api/search/") || empty === 0) return answer;
    empty -= 1;
    return new Response("[]", { headers: { Link: answer.headers.get("Link") } });
  };
  const payam = device(ali, { fetch: emptying });
  const contents = (found) => found.map(({ message }) => message.content);
  const pages = [];
  empty = 2;
  for await (const page of payam.searchPages({ text: "بلیت", limit: 2 })) pages.push(page.length);
  assert.deepEqual(pages.slice(0, 3), [0, 0, 2]);
  empty = 2;
  assert.deepEqual(contents(await payam.search({ text: "بلیت", limit: 2 })), ["بلیت 1", "بلیت 0"]);
  empty = 0;
  assert.deepEqual(contents(await payam.search({ text: "بلیت", limit: 2 })), ["بلیت 5", "بلیت 4"]);
  assert.equal((await payam.search({ text: "بلیت" })).length, 6);
});

test("files: progress, an upload that is stopped, and one that goes with a message", async () => {
  const { ali, ids, his, hers } = await pairOf(1);
  const [mine, hers0] = [his.get(ids[0]), hers.get(ids[0])];
  await Promise.all([mine.open(), hers0.open()]);
  const { id: other } = await mine.send("without one");
  await fault("stall"); // the answer would come, but is held back
  const end = new AbortController();
  const stopped = mine.attach(other, new Blob(["z"]), { name: "z.txt", signal: end.signal });
  await see(async () => (await ali.direct.attachments(ids[0], other)).length, 1);
  end.abort();
  await assert.rejects(stopped, { code: "cancelled" });
  await fault("cut");
  await fault("resume");
  await mine.delete(other);
  const { id } = await mine.send("with a file");
  const shares = [];
  await mine.attach(id, new Blob(["x"]), { name: "x.txt", onProgress: (share) => shares.push(share) });
  assert.equal(shares[shares.length - 1], 1);
  await mine.send("", { files: [new File(["y"], "y.txt")] });
  await see(
    () => hers0.messages.map(({ content, attachments }) => [content, attachments.map(({ name }) => name)]),
    [["", []], ["with a file", ["x.txt"]], ["y.txt", ["y.txt"]]],
  );
  await see(() => his.isBusy, false); // the change may come before the answer
});

test("a restart of the server is waited for, and nothing is lost in it", async () => {
  const { ids, his, hers } = await pairOf(2);
  const waits = until(hers, "state", ({ state }) => state === "waiting");
  const restarted = fault("restart");
  await waits;
  const sends = ids.map((id) => his.get(id).send("after it"));
  await restarted;
  await Promise.all(sends);
  await see(() => hers.unread, 2);
});

test("a server that was put back: everything is read again, and it goes on", async () => {
  const { ali, ids, his, hers } = await pairOf(2);
  const [id] = ids;
  await his.get(id).send("one");
  await hers.get(id).open();
  await see(() => texts(hers.get(id)), ["one"]);
  const { epoch } = hers.get(id).record;
  const reset = until(hers, "reset");
  await fault("restored");
  hers.wake();
  his.wake();
  await reset;
  await his.get(id).send("two");
  await see(() => texts(hers.get(id)), ["one", "two"]);
  const { epoch: now } = await ali.direct.conversation(id);
  await see(() => hers.get(id).record.epoch, now);
  assert.notEqual(now, epoch);
});

test("who signs in as another has another account, and what waited is not sent as them", async () => {
  const { ali, ids, his } = await pairOf(1);
  const reza = await person("reza");
  await ali.direct.addParticipant(ids[0], reza.who.id);
  await fault("refuse");
  await fault("cut");
  await become(his, "waiting");
  const sent = his.get(ids[0]).send("of Ali's");
  const refused = assert.rejects(sent, { code: "not_authenticated" });
  ali.kept.tokens = reza.kept.tokens; // in another tab
  await fault("accept");
  await refused;
  assert.equal(his.state, "closed");
  const theirs = await opened(ali);
  assert.equal(theirs.me.username, reza.who.username);
  assert.deepEqual(await stored(reza, ids[0]), []);
  assert.equal(theirs.pending, 0);
});
