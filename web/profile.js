// Somebody else: their name, whether they are there, and what one can do about them.

import { avatarOf } from "./avatar.js";
import { show } from "./dialogs.js";
import { clone, complain, notify } from "./dom.js";
import { say, timeOrDate } from "./strings.js";

/** `person` is a participant; `ended` is called when one goes to a conversation with them. */
export async function showProfile(account, person, ended = () => {}) {
  const { api, me } = account;
  const { id, username, display_name: shown, presence } = person;
  const isMe = id === me.id;
  const { content, block, write } = clone("profile", {
    avatar: avatarOf(shown || username, person.avatar_url),
    name: shown || username,
    username: `@${username}`,
    about: aboutOf(presence),
  });
  const dialog = show(say("profile"), content);
  write.hidden = block.hidden = isMe;
  if (isMe) return;

  write.onclick = async () => {
    try {
      const record = await api.begin([id], "", { direct: true });
      account.put(record);
      dialog.close();
      ended();
      location.hash = `#/${record.id}`;
    } catch (error) {
      complain(error);
    }
  };

  async function showBlock() {
    const isBlocked = (await api.blocks()).some((one) => one.id === id);
    block.textContent = say(isBlocked ? "unblockPerson" : "blockPerson");
    block.disabled = false;
    block.onclick = async () => {
      try {
        await (isBlocked ? api.unblock(id) : api.block(id));
        notify(say(isBlocked ? "unblocked" : "blockedNow"));
        await showBlock();
      } catch (error) {
        complain(error);
      }
    };
  }
  block.textContent = say("blockPerson");
  block.disabled = true; // until it is known what it would do
  showBlock().catch(complain);
}

function aboutOf(presence) {
  if (presence?.status === "online") return say("online");
  return presence?.last_seen ? say("lastSeen", { when: timeOrDate(presence.last_seen) }) : "";
}
