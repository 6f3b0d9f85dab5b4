// What can be done with a message: a bar of reactions, and the menu.

import { complain, make, notify } from "./dom.js";
import { besides, openMenu, put } from "./menu.js";
import { home } from "./place.js";
import { isAbove, may } from "./rights.js";
import { isVoiceName } from "./sounds.js";
import { say } from "./strings.js";

const seenBy = (chat, message) =>
  import("./seen-by.js").then(({ showSeenBy }) => showSeenBy(chat, message)).catch(complain);

/** Without the sign that asks for a colourful picture. */
const plain = (emoji) => emoji.replaceAll("\ufe0f", "");
const FIRST = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

/** `actions` are the view's; with `isBar` only the reactions are offered. */
export function openMessageMenu({ chat, message, actions, isPinned, isBar }, anchor, place) {
  const { id, content } = message;
  const isOwn = chat.isOwn(message);
  const copy = (text) => () => navigator.clipboard.writeText(text).then(() => notify(say("copied")), complain);
  const items = [
    { text: say("reply"), icon: "reply", run: () => actions.reply(message) },
    message.reply_count > 0 && { text: say("openThread"), icon: "thread", run: () => actions.thread(id) },
    { text: say("copyText"), icon: "copy", run: copy(content) },
    ...message.attachments.map((file) => ({
      text: say("download", { name: isVoiceName(file.name) ? say("voiceMessage") : file.name }),
      icon: "download",
      run: () => actions.save(file),
    })),
    { text: say("copyLink"), icon: "link", run: copy(`${home.href}#/${chat.id}/${id}`) },
    may(chat.record, "pin") && { text: say(isPinned ? "unpin" : "pin"), icon: "pin", run: () => actions.pin(message, !isPinned) },
    isOwn && chat.others.length > 1 && { text: say("seenBy"), icon: "read", run: () => seenBy(chat, message) },
    isOwn && { text: say("edit"), icon: "edit", run: () => actions.edit(message) },
    (isOwn || (isAbove(chat.record) && !chat.record.direct)) && { text: say("delete"), icon: "delete", run: () => actions.remove(message), isDangerous: true },
  ];
  const bar = make("reaction-bar");
  const menuOf = () => bar.closest(".menu");
  const button = (emoji) => {
    const made = make("reaction-choice", { emoji });
    const isMine = message.reactions?.some((one) => one.me && plain(one.emoji) === plain(emoji));
    made.ariaChecked = String(Boolean(isMine));
    made.onclick = () => {
      made.closest(".menu").hidePopover();
      actions.react(message, emoji);
    };
    return made;
  };
  const more = make("more-reactions");
  more.onclick = async () => {
    const { EMOJI } = await import("./emoji.js");
    const menu = menuOf();
    const grid = make("reaction-grid");
    grid.append(...EMOJI.map(button));
    menu?.replaceChildren(grid);
    if (menu) put(menu, place ?? besides(anchor));
    grid.firstElementChild.focus();
  };
  bar.append(...FIRST.map(button), more);
  openMenu(anchor, place, isBar ? [] : items, bar);
}
