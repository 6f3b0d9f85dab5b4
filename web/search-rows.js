// What search found, as rows of a list, and the matches in it.

import { avatarOf, avatarOfChat, nameOf, personOf, shownName } from "./avatar.js";
import { make } from "./dom.js";
import { inShort } from "./sounds.js";
import { isolated, say, timeOrDate } from "./strings.js";

const BEFORE = 40; // code points of a message that are shown before the first match
const AROUND = 240; // and in all

/** A conversation, with the matches in its name. */
export function chatRow({ chat, matches }) {
  const name = nameOf(chat);
  return make("search-row", {
    link: { href: `#/${chat.id}` },
    avatar: avatarOfChat(chat),
    name: marked(name, matches),
    preview: inShort(chat.record.last_message?.content ?? ""),
  });
}

/** A message. `chat` is its conversation, where the row has to say which that is. */
export function messageRow({ conversation, message, matches }, { me, chat, choose }) {
  const { id, sender, content, timestamp } = message;
  const who = sender.id === me.id ? say("you") : shownName(chat ? personOf(chat, sender.username) : sender);
  const name = chat ? nameOf(chat) : who;
  const said = name === who ? [] : [`${isolated(who)}: `];
  return make("search-row", {
    link: { href: `#/${conversation}/${id}`, onclick: (event) => isPlain(event) && choose(event) },
    avatar: chat ? avatarOfChat(chat) : avatarOf(shownName(sender)),
    name,
    moment: { textContent: timeOrDate(timestamp), dateTime: timestamp },
    preview: [...said, ...excerpt(content, matches)],
  });
}

/** Else it is for another tab. */
const isPlain = ({ ctrlKey, metaKey, shiftKey }) => !ctrlKey && !metaKey && !shiftKey;

/** The part of a text around its first match, with the matches marked. */
function excerpt(content, matches) {
  const signs = [...content];
  const first = matches[0]?.[0] ?? 0;
  const from = first > 2 * BEFORE ? first - BEFORE : 0;
  const shown = signs.slice(from, from + AROUND).join("").replace(/\s/g, " ");
  const moved = matches.map(([start, end]) => [start - from, end - from]);
  return [from > 0 ? "… " : "", ...marked(shown, moved)];
}

/** The text, with its matches, ranges of code points, as `mark`s. */
function marked(text, matches) {
  const signs = [...text];
  const made = [];
  let done = 0;
  for (const [start, end] of matches) {
    if (start < done || start >= signs.length) continue;
    const textContent = signs.slice(start, end).join("");
    made.push(signs.slice(done, start).join(""), Object.assign(document.createElement("mark"), { textContent }));
    done = end;
  }
  return [...made, signs.slice(done).join("")];
}

/** Mark the matches in a message's row, without touching what the row is made of. */
export function paint(row, matches) {
  const text = row.querySelector(".text");
  if (!text || !CSS.highlights) return;
  const places = []; // where each code point stands
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    let offset = 0;
    for (const sign of node.data) {
      places.push([node, offset, offset + sign.length]);
      offset += sign.length;
    }
  }
  const ranges = matches
    .filter(([, end]) => end <= places.length)
    .map(([start, end]) => {
      const range = new Range();
      range.setStart(places[start][0], places[start][1]);
      range.setEnd(places[end - 1][0], places[end - 1][2]);
      return range;
    });
  CSS.highlights.set("found", new Highlight(...ranges));
}

export const unpaint = () => CSS.highlights?.delete("found");
