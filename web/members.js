// The people of a conversation, with their roles, and what may be done with each.

import { avatarOf, bothNames, shownName } from "./avatar.js";
import { confirm } from "./dialogs.js";
import { clone, complain, latest, make } from "./dom.js";
import { openMenu } from "./menu.js";
import { showProfile } from "./profile.js";
import { mayRemove } from "./rights.js";
import { number, say } from "./strings.js";

const PAGE = 50;

/** `ended` is called when somebody goes to another place from here. */
export function membersOf(account, chat, ended) {
  const { api, me } = account;
  const { id } = chat;
  const { content, people, more, note } = clone("members");
  let known = [];
  let hasMore = false;
  const last = latest();

  async function read(after = 0) {
    const count = after ? PAGE : Math.max(PAGE, known.length);
    const page = await last(api.participants(id, { limit: Math.min(count, 200), after }));
    if (!page) return;
    known = after ? [...known, ...page] : page;
    hasMore = page.length >= Math.min(count, 200);
    draw();
  }

  function draw() {
    people.replaceChildren(...known.map(row));
    more.hidden = !hasMore;
    note.textContent = say("memberCount", { count: number(chat.record.participant_count) });
  }

  function row(person) {
    const { role, presence } = person;
    const name = bothNames(person);
    const items = itemsOf(person);
    const made = make("member", {
      look: { onclick: () => showProfile(account, person, ended), title: say("profile") },
      avatar: avatarOf(shownName(person), person.avatar_url),
      online: { hidden: presence?.status !== "online" },
      name: person.id === me.id ? say("youNamed", { name }) : name,
      role: { hidden: chat.record.direct || role === "member" || !role, textContent: say(`role_${role ?? "member"}`) },
      options: {
        hidden: items.length === 0,
        ariaLabel: say("optionsOf", { name }),
        onclick: ({ currentTarget }) => openMenu(currentTarget, null, items),
      },
    });
    return made;
  }

  function itemsOf(person) {
    const { role: mine, direct } = chat.record;
    if (direct || person.id === me.id) return [];
    const be = (role) => () => change(() => api.setRole(id, person.id, role));
    return [
      mine === "owner" && person.role === "member" && { text: say("makeAdmin"), icon: "up", run: be("admin") },
      mine === "owner" && person.role === "admin" && { text: say("makeMember"), icon: "down", run: be("member") },
      mine === "owner" && { text: say("makeOwner"), icon: "sent", run: () => handOver(person) },
      mayRemove(chat.record, person.role) && {
        text: say("removePerson"),
        icon: "delete",
        isDangerous: true,
        run: () => remove(person),
      },
    ].filter(Boolean);
  }

  async function handOver(person) {
    const question = say("handOverQuestion", { name: bothNames(person) });
    if (await confirm(question, say("makeOwner"))) change(() => api.setRole(id, person.id, "owner"));
  }

  async function remove(person) {
    const question = say("removeQuestion", { name: bothNames(person) });
    if (await confirm(question, say("removePerson"))) change(() => api.removeParticipant(id, person.id));
  }

  const change = (how) => how().then(() => read(), complain);
  const readAgain = () => read().catch(() => {});
  const off = ["joined", "left", "updated"].map((type) => chat.on(type, readAgain));
  more.onclick = () => read(known.at(-1)?.id).catch(complain);
  read().catch(complain);

  return { content, close: () => off.forEach((stop) => stop()) };
}
