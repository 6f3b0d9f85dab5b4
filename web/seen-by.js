// Who has read a message.

import { avatarOf, bothNames } from "./avatar.js";
import { show } from "./dialogs.js";
import { clone, complain, latest, make } from "./dom.js";
import { number, say } from "./strings.js";

const PAGE = 200; // participants

export async function showSeenBy(chat, message) {
  const { content, people, note, more } = clone("seen-by");
  const last = latest(); // pressed twice, one page would be there twice
  let after = 0;
  let count = 0;

  async function read() {
    const page = await last(chat.api.participants(chat.id, { limit: PAGE, after }));
    if (!page) return;
    const seen = page.filter((one) => one.username !== message.sender && one.last_read_id >= message.id);
    after = page.at(-1)?.id;
    count += seen.length;
    people.append(...seen.map(row));
    more.hidden = page.length < PAGE;
    note.textContent = say("seenCount", { count: number(count) });
  }

  more.onclick = () => read().catch(complain);
  await read();
  show(say("seenBy"), content);
}

function row(person) {
  const avatar = avatarOf(person.display_name || person.username, person.avatar_url);
  return make("person", { avatar, name: bothNames(person) });
}
