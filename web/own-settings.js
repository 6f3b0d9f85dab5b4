// One's own settings of a conversation: muted, archived, on top.

import { isMuted } from "./conversation-list.js";
import { complain } from "./dom.js";
import { openMenu } from "./menu.js";
import { say } from "./strings.js";

const HOUR = 3_600_000; // milliseconds
const FOR_EVER = "9999-12-31T00:00:00Z";

/** The menu of a conversation's row. */
export function openConversationMenu(account, chat, anchor, place) {
  const { record, id } = chat;
  const isQuiet = isMuted(chat);
  const change = (changes) => () => set(account, id, changes).catch(complain);
  const until = (hours) => change({ muted_until: new Date(Date.now() + hours * HOUR).toISOString() });
  openMenu(anchor, place, [
    { text: say(record.pinned ? "unpinChat" : "pinChat"), icon: "pin", run: change({ pinned: !record.pinned }) },
    isQuiet && { text: say("unmute"), icon: "sound", run: change({ muted_until: null }) },
    !isQuiet && { text: say("muteHour"), icon: "muted", run: until(1) },
    !isQuiet && { text: say("muteDay"), icon: "muted", run: until(24) },
    !isQuiet && { text: say("mute"), icon: "muted", run: change({ muted_until: FOR_EVER }) },
    {
      text: say(record.archived ? "unarchive" : "archive"),
      icon: "archive",
      run: change({ archived: !record.archived }),
    },
  ]);
}

async function set(account, id, changes) {
  const record = await account.api.setOwn(id, changes);
  const { muted_until: until, archived, pinned } = record;
  // The record may be older than what has come since; these three are what was asked for.
  account.get(id)?.note({ muted_until: until, archived, pinned });
  account.changed();
}
