// The chat in the frame that /widget.js puts on a shop's page. The part of the address behind # has
// the attributes of the shop's script; it is sent to no server.

import { newId, Payam } from "./client/index.js";
import { dress, element, given, locale, say, upcoming, words } from "./widget-dress.js";
import { drawMessages, followEnd } from "./widget-rows.js";
import { forget, read, storage, tokensAt, write } from "./widget-store.js";
import { ticketOf } from "./widget-ticket.js";

const DESK_EVERY = 60_000; // milliseconds between two questions whether an agent is there
const TYPING_EVERY = 3000;
const THANKS = 4000; // milliseconds for which a rating is thanked for
const LATE = 5000; // milliseconds without a connection after which that is said
const EARLIER = 40; // pixels from the beginning at which older messages are loaded
const SCORES = [1, 2, 3, 4, 5];
const BASE = new URL("..", import.meta.url);
const KEY = `payam.widget${BASE.pathname}`;
const $ = (id) => document.getElementById(id);
const payam = new Payam({ url: BASE.href, store: tokensAt(KEY), storage: storage() });
const ticket = ticketOf({ payam, key: `${KEY} ticket`, title: words.title, changed: () => draw() });
const agents = new Map(); // by username, the names that agents have given themselves
let account = null;
let chat = null; // the conversation with the desk
let isOpen = false;
let isShut = false; // this server takes no guests
let files = [];
let desk = null;
let most = Infinity; // bytes of a file
let typedAt = 0;
let thankUntil = 0;
let nextDraw;

function fill() {
  const texts = {
    title: "title", greeting: "greeting", hello: "greeting", consent: "consent", start: "start", send: "send", "rating-label": "rating",
    rate: "rate", pass: "later", "name-label": "name", "email-label": "email", "file-label": "attach", "open-label": "open",
    privacy: "privacy",
  };
  for (const [id, name] of Object.entries(texts)) $(id).textContent = words[name];
  if (/^https?:\/\//i.test(given.privacyUrl ?? "")) Object.assign($("privacy"), { href: given.privacyUrl, hidden: false });
  $("close").ariaLabel = words.close;
  $("comment").ariaLabel = words.comment;
  $("comment").placeholder = words.comment;
  $("scores").append(...SCORES.map((score) => {
    const choice = element("input", { type: "radio", name: "score", value: score, required: true });
    return element("label", {}, choice, element("span", { textContent: score.toLocaleString(locale) }));
  }));
  $("log").ariaLabel = words.messages;
  $("text").ariaLabel = words.write;
  $("text").placeholder = words.write;
  $("name").value = given.name ?? "";
  $("email").value = given.email ?? "";
}

function trouble(text = "") {
  $("trouble").textContent = text;
  $("trouble").hidden = !text;
}

/** In the language of the chat: the server's own sentences are English. */
function explain(error) {
  isShut = isShut || error.code === "guests_closed";
  if (isShut) trouble(words.closed);
  else if (error.code === "offline" || !error.status) trouble(words.offline);
  else trouble(error.errors?.email ? words.wrongEmail : words.failed);
  draw();
}

/** Who is signed in at the shop is signed in here; a guest's conversation goes with them. */
async function identify() {
  const known = read(`${KEY} user`);
  const isNamed = given.userId && given.signature;
  if (known && known === given.userId && isNamed && (await payam.subject())) return;
  // Who has signed out at the shop is not here any more, and nobody else sees what they wrote.
  if (known && known !== given.userId) {
    await payam.logOut();
    forget(`${KEY} user`);
    forget(`${KEY} ticket`);
  }
  if (!isNamed) return;
  try {
    await payam.identify({ user_id: given.userId, signature: given.signature, name: given.name ?? "", email: given.email ?? "" });
  } catch (error) {
    if (error.code !== "guests_closed" && error.code !== "signature_invalid") throw error;
    return trouble(words.unknown); // the shop's server is set up wrongly, and people can write all the same
  }
  write(`${KEY} user`, given.userId);
}

async function enter() {
  if (account || !(await payam.subject())) return;
  account = payam.account();
  account.on("change", () => {
    turn();
    draw();
  });
  account.on("state", draw);
  account.on("ticket", ({ support_ticket: one }) => one.created_by.id === account.me?.id && ticket.note(one));
  payam.json("GET", "/api/settings/").then((settings) => (most = settings.attachment_max_size ?? most), () => {});
  await account.ready();
  await account.opened();
  await take(account.conversations[0]);
}

async function take(conversation) {
  if (!conversation) return draw();
  chat = conversation;
  await chat.open();
  draw();
  await ticket.learn(chat);
}

/** Show the customer's other conversation, where an answer came in it: what they wrote as a guest elsewhere may be one. */
function turn() {
  if (!chat) return;
  const { conversations } = account;
  const waiting = conversations.find((one) => one.unread);
  const isFree = !isOpen || (waiting === conversations[0] && !$("text").value && files.length === 0);
  if (waiting && waiting !== chat && isFree) take(waiting).catch(explain);
}

/** Begin the conversation with the first message, and see that a ticket is open for each. */
async function send(text, attached) {
  if (!chat) {
    const record = await payam.begin([], "", { key: newId() });
    account.put(record);
    chat = await account.conversation(record.id);
    await chat.open();
  }
  const to = chat; // another one may be shown meanwhile
  if (ticket.isToRate) ticket.passOver();
  await to.send(text, { files: attached });
  if (!(desk?.reopens && ticket.isClosed)) await ticket.open(to, text || attached[0]?.name || "");
}

/** Who is this? Agents are no participants, so the server is asked once for each. */
function nameOf(username) {
  const known = [...(desk?.agents ?? []), ticket.agent].find((one) => one?.username === username);
  if (known) agents.set(username, known.display_name ?? username);
  else if (!agents.has(username)) {
    agents.set(username, username);
    payam.users(username, 5).then((found) => {
      agents.set(username, found.find((one) => one.username === username)?.display_name ?? username);
      draw();
    }, () => agents.delete(username));
  }
  return agents.get(username);
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
  $("about").hidden = Boolean(account) || isShut;
  $("log").hidden = !account;
  $("hello").hidden = Boolean(chat?.hasOlder);
  $("compose").hidden = !account;
  $("rating").hidden = !ticket.isToRate;
  setText($("presence"), presence());
  drawMessages($("log"), $("messages"), payam, chat, nameOf);
  const typing = (chat?.typingUsers ?? []).map(nameOf);
  setText($("typing"), typing.length ? say("typing", { names: typing.join(words.between) }) : Date.now() < thankUntil ? words.rated : "");
  const unread = isOpen ? 0 : (chat?.unread ?? 0);
  const count = unread.toLocaleString(locale);
  $("unread").hidden = unread === 0;
  $("unread").textContent = count;
  $("open").ariaLabel = unread ? `${words.open}, ${count} ${words.unread}` : words.open;
  if (account) $("offline").hidden = account.state === "open" || account.state === "closed" || !isLate();
  $("offline").textContent = words.offline;
  if (isOpen && !document.hidden && chat?.unread) {
    const last = chat.messages.findLast((one) => one.id);
    if (last) chat.markRead(last.id).catch(() => {});
  }
  parent.postMessage({ payam: "state", isOpen, unread }, "*"); // no more than a number
}

/** Only what differs is written: a live region would say the same again. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

let waitingSince = Date.now();
const isLate = () => Date.now() - waitingSince > LATE;

function presence() {
  if (!desk) return "";
  const names = desk.agents.map((agent) => agent.display_name ?? agent.username);
  if (desk.online) return say("here", { names: names.join(words.between) });
  return desk.opens_at ? say("back", { time: upcoming(desk.opens_at) }) : words.away;
}

function drawFiles() {
  $("files").hidden = files.length === 0;
  $("files").replaceChildren(...files.map((file) => {
    const onclick = () => {
      files = files.filter((one) => one !== file);
      drawFiles();
      $("text").focus();
    };
    const remove = element("button", { type: "button", ariaLabel: say("remove", { name: file.name }), textContent: "×", onclick });
    return element("li", {}, element("bdi", { textContent: file.name }), remove);
  }));
}

function addFiles(these) {
  const tooLarge = these.find((file) => file.size > most);
  const size = { style: "unit", unit: "megabyte", unitDisplay: "short", maximumFractionDigits: 1 };
  trouble(tooLarge ? say("tooLarge", { name: tooLarge.name, most: (most / 2 ** 20).toLocaleString(locale, size) }) : "");
  files = [...files, ...these.filter((file) => file.size <= most)];
  drawFiles();
}

async function lookAtDesk() {
  if (account) desk = await payam.json("GET", "/api/desk/").catch(() => desk);
  draw();
}

function show(toBeOpen) {
  isOpen = toBeOpen;
  turn();
  render();
  if (isOpen) {
    (account ? $("text") : $("name")).focus();
    lookAtDesk();
  } else $("open").focus();
}

function sendTyping(isTyping) {
  const isNews = isTyping ? Date.now() - typedAt > TYPING_EVERY : typedAt > 0;
  if (!chat || !isNews) return;
  typedAt = isTyping ? Date.now() : 0;
  chat.typing(isTyping);
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
$("log").onscroll = () => {
  if (chat?.hasOlder && $("log").scrollTop < EARLIER) chat.loadOlder().then(draw, () => {});
};
$("about").onsubmit = async (event) => {
  event.preventDefault();
  trouble();
  $("start").disabled = true;
  try {
    const consent = [...$("consent").textContent].slice(0, 1000).join("");
    const guest = { name: $("name").value.trim(), email: $("email").value.trim(), consent };
    // Where another tab of the shop has begun meanwhile, its chat goes on here.
    if (!(await payam.subject())) await payam.signInAsGuest(guest);
    await enter();
    await lookAtDesk();
    render();
    $("text").focus();
  } catch (error) {
    explain(error);
  }
  $("start").disabled = false;
};
$("rating").onsubmit = async (event) => {
  event.preventDefault();
  const score = Number(new FormData($("rating")).get("score"));
  try {
    await ticket.rate(score, $("comment").value.trim());
    $("rating").reset();
    thankUntil = Date.now() + THANKS;
    setTimeout(draw, THANKS);
    render();
    $("text").focus();
  } catch (error) {
    explain(error);
  }
};
$("pass").onclick = () => {
  ticket.passOver();
  $("text").focus();
};
$("file").onchange = () => {
  addFiles([...$("file").files]);
  $("file").value = "";
};
$("text").onpaste = ({ clipboardData }) => addFiles([...clipboardData.files]);
$("text").oninput = () => {
  sendTyping($("text").value !== "");
  $("text").style.height = "auto";
  $("text").style.height = `${$("text").scrollHeight + 2}px`;
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
  const attached = files;
  if (!text && attached.length === 0) return;
  trouble();
  $("text").value = "";
  $("text").style.height = "";
  files = [];
  drawFiles();
  sendTyping(false);
  try {
    await send(text, attached);
  } catch (error) {
    if (!chat) {
      $("text").value = text; // it did not even begin
      files = attached;
      drawFiles();
    }
    explain(error);
  }
  draw();
};

dress();
fill();
followEnd($("log"), $("messages"));
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
