// Coming into a conversation by a link.

import { show } from "./dialogs.js";
import { clone } from "./dom.js";
import { explain } from "./explain.js";
import { number, say } from "./strings.js";

/** `place` is the hash of the link. */
export async function showJoin(account, code, place) {
  const { api } = account;
  const { content, about, problem, join } = clone("join");
  const dialog = show(say("invitation"), content);
  const go = (id) => {
    dialog.close();
    location.hash = `#/${id}`;
  };
  dialog.addEventListener("close", () => {
    if (location.hash === place) location.hash = "#/"; // another link may have been followed since
  });
  const wrong = (error) => {
    join.hidden = true; // a second time would be no better
    problem.textContent = error.status === 404 ? say("noSuchInvite") : explain(error);
  };
  join.disabled = true;
  try {
    const { conversation, created_by: by, is_member: isMember } = await api.invitation(code);
    if (isMember) return go(conversation.id);
    const name = conversation.title || say("noTitle");
    about.textContent = say("invitedBy", { name, by: by.username, count: number(conversation.participant_count) });
    join.disabled = false;
    join.focus();
  } catch (error) {
    wrong(error);
  }
  join.onclick = async () => {
    join.disabled = true;
    try {
      const record = await api.join(code);
      account.put(record);
      go(record.id);
    } catch (error) {
      problem.textContent = explain(error);
      join.disabled = false;
    }
  };
}
