// Who a conversation is with, in a word, and in a picture or a coloured letter.

import { faceOf } from "./faces.js";
import { isolated, list, say } from "./strings.js";

const HUES = 6;

/** By username, the agents of the desk, who are no participants; where one is an agent oneself. */
export const colleagues = new Map();

/** The person of that username, as the conversation knows them; others know only the name. */
export function personOf({ record }, username) {
  const isWanted = (one) => one.username === username;
  return record.participants.find(isWanted) ?? colleagues.get(username) ?? { username };
}

const GUEST = /^guest-([0-9a-f]{4})[0-9a-f]{8}$/; // as the server calls guests

/** A guest who has given no name. */
export const isNameless = ({ display_name: shown, username }) => !shown && GUEST.test(username);

/** The name that others see. */
export function shownName(person) {
  const { display_name: shown, username } = person;
  return isNameless(person) ? say("guestNamed", { name: GUEST.exec(username)[1] }) : shown || username;
}

/** That name, and the username beside it. Its first letter says in which direction both stand. */
export const bothNames = ({ display_name: shown, username }) => (shown ? `${shown} (${isolated(username)})` : username);

/** The name of a conversation: its title, or who else is in it. */
export function nameOf(chat) {
  return chat.record.title || list(chat.others.map((name) => shownName(personOf(chat, name)))) || say("alone");
}

/** Who is typing there, in a sentence; empty for nobody. */
export function typingIn(chat) {
  const typing = chat.typingUsers.map((name) => shownName(personOf(chat, name)));
  if (typing.length === 0) return "";
  return say(typing.length === 1 ? "typing" : "typingMany", { names: list(typing) });
}

/** How an avatar looks: the picture, or the first letter of a name, in a colour that is always the same for it. */
export function avatarOf(name, url) {
  const [letter = "?"] = name.match(/[\p{L}\p{N}]/u) ?? [];
  const hue = [...name].reduce((sum, sign) => sum + sign.codePointAt(0), 0) % HUES;
  return { textContent: letter.toUpperCase(), className: `avatar hue-${hue} ${faceOf(url)}` };
}

/** That of a conversation: its own, or that of the other one of two. */
export function avatarOfChat(chat) {
  const { record, others } = chat;
  const other = others.length === 1 && !record.title ? personOf(chat, others[0]) : null;
  return avatarOf(nameOf(chat), record.avatar_url ?? other?.avatar_url);
}
