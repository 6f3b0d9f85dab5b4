// Who a conversation is with, in a word and in a coloured letter.

import { list, say } from "./strings.js";

const HUES = 6;

/** The name of a conversation: its title, or who else is in it. */
export function nameOf(chat) {
  return chat.record.title || list(chat.others) || say("alone");
}

/** Who is typing there, in a sentence; empty for nobody. */
export function typingIn({ typingUsers: typing }) {
  if (typing.length === 0) return "";
  return say(typing.length === 1 ? "typing" : "typingMany", { names: list(typing) });
}

/** How an avatar looks: the first letter of a name, in a colour that is always the same for it. */
export function avatarOf(name) {
  const [letter = "?"] = name.match(/[\p{L}\p{N}]/u) ?? [];
  const hue = [...name].reduce((sum, sign) => sum + sign.codePointAt(0), 0) % HUES;
  return { textContent: letter.toUpperCase(), className: `avatar hue-${hue}` };
}
