// The details of a conversation: its name, ticket, people and links.

import { nameOf } from "./avatar.js";
import { clone, complain, notify } from "./dom.js";
import { confirm, peopleOf, show, whenSent } from "./dialogs.js";
import { invitesOf } from "./invites.js";
import { membersOf } from "./members.js";
import { ownPicture } from "./own-picture.js";
import { peoplePicker } from "./people-picker.js";
import { isAbove, may } from "./rights.js";
import { say } from "./strings.js";

export function showDetails(account, chat) {
  const { api: payam, me } = account;
  const { id, record } = chat;
  const ticket = record.support_ticket;
  const isGroup = !record.direct;
  const mayRule = isGroup && isAbove(record);
  const { content, naming, ticketing, adding, add, rights, ...parts } = clone("details", {
    title: { value: record.title },
    hint: ticket ? say("openedBy", { name: ticket.created_by.username }) : say("noTicket"),
    status: { hidden: !ticket },
    assign: {
      hidden: !ticket || !me.is_staff || ticket.assigned_to?.id === me.id,
      onclick: () => payam.assignTicket(ticket.id, me.id).then(close, complain),
    },
    closeTicket: { hidden: !ticket, onclick: () => payam.closeTicket(ticket.id).then(closed, complain) },
    save: say(ticket ? "save" : "openTicket"),
    picker: peoplePicker(payam, record.participants.map((user) => user.id)),
    adding: { hidden: !isGroup || !may(record, "add") },
    leave: { hidden: !record.participants.some((user) => user.id === me.id), onclick: leave },
  });
  naming.hidden = !may(record, "rename");
  if (isGroup && may(record, "rename")) {
    const picture = ownPicture(nameOf(chat), {
      urlOf: () => chat.record.avatar_url,
      put: async (file) => account.put(await payam.setConversationAvatar(id, file)),
      remove: async () => {
        await payam.removeConversationAvatar(id);
        account.put(await payam.conversation(id));
      },
    });
    parts.picture.append(picture);
  }
  for (const name of ["subject", "status", "priority"]) {
    if (ticket) ticketing.elements[name].value = ticket[name];
  }
  const shown = Object.fromEntries(new FormData(ticketing));
  const members = membersOf(account, chat, () => dialog.close());
  parts.people.replaceWith(members.content);
  rights.hidden = !mayRule;
  for (const box of rights.querySelectorAll("input")) {
    box.checked = (record.members_may ?? []).includes(box.value);
    box.onchange = () => changeRights(box);
  }
  if (mayRule) parts.invites.append(invitesOf(payam, id));
  const dialog = show(nameOf(chat), content);
  dialog.addEventListener("close", members.close);
  const close = () => dialog.close();
  const closed = () => {
    notify(say("ticketClosed"));
    close();
  };

  async function changeRights(box) {
    const wanted = [...rights.querySelectorAll(":checked")].map(({ value }) => value);
    try {
      account.put(await payam.change(id, { members_may: wanted }));
    } catch (error) {
      box.checked = !box.checked;
      complain(error);
    }
  }

  whenSent(naming, async ({ title }) => {
    account.put(await payam.rename(id, title));
    close();
  });
  whenSent(ticketing, async (given) => {
    // An old subject may hold what a new one may not; and what others changed meanwhile stays.
    const changes = Object.entries(given).filter(([name, value]) => value !== shown[name]);
    if (ticket) await payam.changeTicket(ticket.id, Object.fromEntries(changes));
    else await payam.openTicket(id, given.subject, given.priority);
    close();
  });
  adding.onchange = () => {
    add.disabled = peopleOf(adding).length === 0;
  };
  whenSent(adding, async () => {
    for (const user of peopleOf(adding)) account.put(await payam.addParticipant(id, user));
    close();
  });

  async function leave() {
    close();
    if (!(await confirm(say("leaveQuestion"), say("leave")))) return;
    const left = () => {
      account.remove(id);
      location.hash = "#/";
    };
    payam.removeParticipant(id, me.id).then(left, complain);
  }
}
