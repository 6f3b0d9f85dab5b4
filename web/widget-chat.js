// The chat in the frame that /widget.js puts on a shop's page. The part of the address behind # has
// the attributes of the shop's script; it is sent to no server.

import { newId, Payam } from "./client/index.js";
import { WORDS } from "./widget-words.js";

const DESK_EVERY = 60_000; // milliseconds between two questions whether an agent is there
const SUBJECT_MOST = 80; // characters of the first message that become the ticket's subject
const BASE = new URL("..", import.meta.url);
const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const lang = given.lang === "fa" || given.lang === "en" ? given.lang : navigator.language.startsWith("fa") ? "fa" : "en";
const words = { ...WORDS[lang] };
for (const name of ["title", "greeting", "consent"]) if (given[name]) words[name] = given[name];
const $ = (id) => document.getElementById(id);
const KEY = `payam.widget${BASE.pathname}`;
const store = {
  load: () => JSON.parse(localStorage.getItem(KEY)),
  save: (tokens) => (tokens ? localStorage.setItem(KEY, JSON.stringify(tokens)) : localStorage.removeItem(KEY)),
};
const payam = new Payam({ url: BASE.href, store });
let account = null;
let chat = null; // the conversation with the desk
let isOpen = false;
let files = [];
let desk = null;
let closed = null; // the ticket that was closed a moment ago, and waits for a rating
const SCORES = [1, 2, 3, 4, 5];
let nextDraw;

function say(name, values = {}) {
  return Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, () => value), words[name]);
}

function dress() {
  document.documentElement.lang = lang;
  document.documentElement.dir = given.dir === "rtl" || given.dir === "ltr" ? given.dir : lang === "fa" ? "rtl" : "ltr";
  if (/^#[0-9a-f]{3,8}$/i.test(given.color ?? "")) document.documentElement.style.setProperty("--accent", given.color);
  document.title = words.title;
  const texts = {
    title: "title", greeting: "greeting", consent: "consent", start: "start", send: "send",
    "rating-label": "rating", rate: "rate", "name-label": "name", "email-label": "email", "file-label": "attach", "open-label": "open",
  };
  for (const [id, name] of Object.entries(texts)) $(id).textContent = words[name];
  $("close").ariaLabel = words.close;
  $("comment").ariaLabel = words.comment;
  $("comment").placeholder = words.comment;
  $("scores").append(...SCORES.map((score) => {
    const choice = element("input", { type: "radio", name: "score", value: score, required: true });
    return element("label", {}, choice, ` ${score.toLocaleString(lang)}`);
  }));
  $("messages").ariaLabel = words.messages;
  $("text").ariaLabel = words.write;
  $("text").placeholder = words.write;
  $("name").value = given.name ?? "";
  $("email").value = given.email ?? "";
}

function trouble(text = "") {
  $("trouble").textContent = text;
  $("trouble").hidden = !text;
}

function explain(error) {
  trouble(error.code === "guests_closed" || error.code === "signature_invalid" ? words.closed : (error.detail ?? words.offline));
}

/** Who is signed in at the shop is signed in here; a guest's conversation goes with them. */
async function identify() {
  if (!given.userId || !given.signature) return;
  const known = localStorage.getItem(`${KEY} user`);
  if (known === given.userId && (await payam.subject())) return;
  const about = { user_id: given.userId, signature: given.signature, name: given.name ?? "", email: given.email ?? "" };
  // Somebody else who was signed in at this shop does not give their conversation away.
  if (known) await payam.logOut();
  await payam.identify(about);
  localStorage.setItem(`${KEY} user`, given.userId);
}

async function enter() {
  if (account || !(await payam.subject())) return;
  account = payam.account();
  account.on("change", draw);
  account.on("state", draw);
  account.on("ticket", ({ support_ticket: ticket }) => {
    const isMine = ticket.created_by.id === account.me?.id;
    closed = isMine && ticket.status === "closed" && !ticket.rating ? ticket : null;
    draw();
  });
  await account.ready();
  await account.opened();
  await take(account.conversations[0]);
}

async function take(conversation) {
  if (!conversation) return draw();
  chat = conversation;
  await chat.open();
  draw();
}

/** Begin the conversation with the first message, and see that a ticket is open for each. */
async function send(text, attached) {
  if (!chat) {
    const record = await payam.begin([], words.title, { key: newId() });
    account.put(record);
    await take(await account.conversation(record.id));
  }
  chat.send(text, { files: attached });
  if (chat.record.support_ticket === null) {
    const subject = (text || attached[0]?.name || words.title).trim().slice(0, SUBJECT_MOST);
    await payam.openTicket(chat.id, subject).catch((error) => {
      if (error.status !== 409) throw error; // it has one by now
    });
  }
}

function draw() {
  nextDraw ??= setTimeout(() => {
    nextDraw = undefined;
    render();
  });
}

function render() {
  $("chat").hidden = !isOpen;
  $("open").hidden = isOpen;
  $("about").hidden = Boolean(account);
  $("compose").hidden = !account;
  $("rating").hidden = !closed;
  $("presence").textContent = presence();
  const messages = chat?.messages ?? [];
  drawMessages(messages);
  const unread = isOpen ? 0 : (chat?.unread ?? 0);
  $("unread").hidden = unread === 0;
  $("unread").textContent = unread.toLocaleString(lang);
  $("open").ariaLabel = unread ? `${words.open}, ${unread.toLocaleString(lang)} ${words.unread}` : words.open;
  $("files").textContent = files.map((file) => file.name).join(words.between);
  $("files").hidden = files.length === 0;
  if (account) trouble(account.state === "open" || account.state === "closed" ? "" : isLate() ? words.offline : "");
  if (isOpen && !document.hidden && chat?.unread) {
    const last = messages.findLast((one) => one.id);
    if (last) chat.markRead(last.id).catch(() => {});
  }
  parent.postMessage({ payam: "state", isOpen, unread }, "*"); // no more than a number
}

let waitingSince = Date.now();
function isLate() {
  return Date.now() - waitingSince > 5000;
}

function presence() {
  if (!desk) return "";
  const names = desk.agents.map((agent) => agent.display_name ?? agent.username);
  return desk.online ? say("here", { names: names.join(words.between) }) : words.away;
}

const rows = new Map(); // by the id of a message, its row and what it showed

function drawMessages(messages) {
  const list = $("messages");
  const wasAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const wanted = messages.map((message) => {
    const key = message.client_id ?? message.id;
    const text = JSON.stringify([message, desk?.agents]);
    if (rows.get(key)?.text !== text) rows.set(key, { text, row: rowOf(message) });
    return rows.get(key).row;
  });
  if (wanted.length !== list.children.length || wanted.some((row, place) => list.children[place] !== row)) {
    list.replaceChildren(...wanted);
    if (wasAtEnd) list.scrollTop = list.scrollHeight;
  }
}

function element(name, props, ...children) {
  const made = Object.assign(document.createElement(name), props);
  made.append(...children);
  return made;
}

function rowOf(message) {
  const isOwn = chat.isOwn(message);
  const agent = desk?.agents.find((one) => one.username === message.sender);
  const name = isOwn ? words.you : say("support", { name: agent?.display_name ?? message.sender });
  const row = element("li", { className: isOwn ? "own" : "" });
  row.append(element("bdi", { className: "sender", textContent: name }));
  const content = message.is_deleted ? words.deleted : message.content;
  row.append(element("p", { dir: "auto", textContent: content }));
  for (const file of message.attachments) row.append(attached(file));
  if (message.status === "failed") {
    row.classList.add("failed");
    const again = () => chat.retry(message.client_id);
    row.append(element("button", { type: "button", className: "attached", textContent: words.retry, onclick: again }));
  }
  return row;
}

function attached(file) {
  const blob = async (url) => (await payam.request("GET", payam.pathOf(url))).blob();
  const button = element("button", { type: "button", className: "attached", textContent: file.name });
  button.onclick = async () => {
    const href = URL.createObjectURL(await blob(file.url));
    element("a", { href, download: file.name }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
  };
  if (file.thumbnail_url) {
    blob(file.thumbnail_url).then((picture) => {
      button.replaceChildren(element("img", { src: URL.createObjectURL(picture), alt: file.name }));
    }, () => {});
  }
  return button;
}

async function lookAtDesk() {
  if (account) desk = await payam.json("GET", "/api/desk/").catch(() => desk);
  draw();
}

function show(toBeOpen) {
  isOpen = toBeOpen;
  render();
  if (isOpen) {
    $("messages").scrollTop = $("messages").scrollHeight;
    (account ? $("text") : $("name")).focus();
    lookAtDesk();
  } else $("open").focus();
}

$("open").onclick = () => show(true);
$("close").onclick = () => show(false);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isOpen) show(false);
});
addEventListener("message", ({ source, data }) => {
  if (source === parent && (data?.payam === "open" || data?.payam === "close")) show(data.payam === "open");
});
document.addEventListener("visibilitychange", draw);
$("about").onsubmit = async (event) => {
  event.preventDefault();
  trouble();
  try {
    await payam.signInAsGuest({ name: $("name").value.trim(), email: $("email").value.trim() });
    await enter();
    await lookAtDesk();
    $("text").focus();
  } catch (error) {
    explain(error);
  }
};
$("rating").onsubmit = async (event) => {
  event.preventDefault();
  const score = Number(new FormData($("rating")).get("score"));
  const body = { score, comment: $("comment").value.trim() };
  try {
    await payam.json("POST", `/api/support_tickets/${closed.id}/rating/`, { body });
    closed = null;
    $("rating").reset();
    draw();
    $("text").focus();
  } catch (error) {
    explain(error);
  }
};
$("file").onchange = () => {
  files = [...$("file").files];
  draw();
};
$("text").onkeydown = (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("compose").requestSubmit();
  }
};
$("compose").onsubmit = async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  const attachedFiles = files;
  if (!text && attachedFiles.length === 0) return;
  $("text").value = "";
  $("file").value = "";
  files = [];
  try {
    await send(text, attachedFiles);
  } catch (error) {
    if (!chat) $("text").value = text; // it did not even begin
    explain(error);
  }
  draw();
};

dress();
render();
setInterval(() => isOpen && lookAtDesk(), DESK_EVERY);
try {
  await identify();
  await enter();
} catch (error) {
  explain(error);
}
waitingSince = Date.now();
await lookAtDesk();
