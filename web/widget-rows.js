// The messages of the chat in a shop's page.

import { addressesIn } from "./addresses.js";
import { element, locale, moment, say, words } from "./widget-dress.js";

const NEAR = 80; // pixels from an end that still count as being there
const rows = new Map(); // by the key of a message, its row and what it showed

/** Keep `log` at its end, whatever grows in it or beside it, unless somebody reads further up. */
export function followEnd(log, list) {
  let isAtEnd = true;
  log.addEventListener("scroll", () => (isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR));
  const hold = () => isAtEnd && (log.scrollTop = log.scrollHeight);
  const resizes = new ResizeObserver(hold);
  resizes.observe(log);
  resizes.observe(list);
}

/** Show the messages of `chat` in `list`, which `log` scrolls; `nameOf` says who an agent is. */
export function drawMessages(log, list, payam, chat, nameOf) {
  const before = log.scrollHeight - log.scrollTop;
  const first = list.firstElementChild;
  const wanted = (chat?.messages ?? []).map((message) => {
    const key = message.client_id ?? message.id;
    const uploads = message.id ? chat.uploads.of(message.id) : [];
    const text = JSON.stringify([message, nameOf(message.sender), uploads.map(({ share, error, file }) => [file.name, share, error?.code])]);
    if (rows.get(key)?.text !== text) rows.set(key, { text, row: rowOf(payam, chat, message, uploads, nameOf) });
    return rows.get(key).row;
  });
  if (wanted.length === list.children.length && wanted.every((row, place) => list.children[place] === row)) return;
  const isEarlier = first && wanted.indexOf(first) > 0;
  list.replaceChildren(...wanted);
  if (isEarlier) log.scrollTop = log.scrollHeight - before;
}

function rowOf(payam, chat, message, uploads, nameOf) {
  // What a customer wrote as a guest, before an account of theirs took the ticket over, is theirs too.
  const isOwn = chat.isOwn(message) || (message.role !== "agent" && message.sender.startsWith("guest-"));
  const ofDesk = message.metadata?.desk ? words.automatic : say("support", { name: nameOf(message.sender) });
  const name = isOwn ? words.you : ofDesk;
  const row = element("li", { className: isOwn ? "own" : "" });
  row.append(element("bdi", { className: "sender", textContent: name }));
  const files = [...message.attachments.map((one) => one.name), ...uploads.map(({ file }) => file.name)];
  const isOnlyNames = files.length > 0 && sorted(message.content.split(", ")) === sorted(files);
  if (message.is_deleted) row.append(element("p", { textContent: words.deleted }));
  else if (!isOnlyNames) row.append(element("p", { dir: "auto" }, ...addressesIn(message.content).map(part)));
  for (const file of message.attachments) row.append(attached(payam, file));
  for (const upload of uploads) row.append(...onItsWay(chat, upload));
  if (message.status === "failed") {
    row.classList.add("failed");
    const again = () => chat.retry(message.client_id);
    row.append(element("button", { type: "button", className: "attached", textContent: words.retry, onclick: again }));
  } else if (message.timestamp) {
    const time = element("time", { dateTime: message.timestamp, textContent: moment(message.timestamp) });
    row.append(time);
  }
  return row;
}

/** Of a message that has only files, the text is their names. */
const sorted = (names) => [...names].sort().join();

function part(one) {
  if (typeof one === "string") return one;
  const link = element("a", { href: one.href, target: "_blank", rel: "noopener noreferrer", textContent: one.shown });
  return element("bdi", { dir: "ltr" }, link);
}

function onItsWay(chat, upload) {
  const { file, share = 0, error } = upload;
  const state = error ? "" : ` ${share.toLocaleString(locale, { style: "percent" })}`;
  const name = element("span", { className: "attached" }, element("bdi", { textContent: file.name }), state);
  if (!error) return [name];
  const again = () => chat.uploads.send(upload);
  return [name, element("button", { type: "button", className: "attached trouble", textContent: words.retry, onclick: again })];
}

function attached(payam, file) {
  const blob = async (url) => (await payam.request("GET", payam.pathOf(url))).blob();
  const button = element("button", { type: "button", className: "attached" }, element("bdi", { textContent: file.name }));
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
