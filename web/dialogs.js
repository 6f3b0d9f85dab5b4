// Windows over the page: a question, a new conversation, the details of one.

import { nameOf } from "./avatar.js";
import { clone, complain, make, notify } from "./dom.js";
import { peoplePicker } from "./people-picker.js";
import { explain } from "./explain.js";
import { number, say } from "./strings.js";

/** Whether the answer to the question was yes. */
export function confirm(question, yes) {
  const dialog = show(question, clone("confirm", { yes }).content);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
  });
}

/** `begun` is given the conversation's record: a new one, or that which is there already. */
export function beginConversation(account, begun) {
  const picker = peoplePicker(account.api, [account.me.id]);
  const { content, form, title, begin } = clone("new-conversation", { picker });
  const dialog = show(say("newConversation"), content);
  form.onchange = () => {
    const count = peopleOf(form).length;
    begin.disabled = count === 0;
    title.hidden = count < 2;
  };
  whenSent(form, async (data) => {
    const ids = peopleOf(form);
    const name = ids.length > 1 ? data.title : "";
    begun(await account.api.begin(ids, name, { direct: ids.length === 1 }));
    dialog.close();
  });
}

export function showDetails(account, chat) {
  const { api: payam, me } = account;
  const { id, record } = chat;
  const ticket = record.support_ticket;
  const rest = record.participant_count - record.participants.length;
  const { content, naming, ticketing, adding, add } = clone("details", {
    title: { value: record.title },
    hint: ticket ? say("openedBy", { name: ticket.created_by.username }) : say("noTicket"),
    status: { hidden: !ticket },
    assign: {
      hidden: !ticket || !me.is_staff || ticket.assigned_to?.id === me.id,
      onclick: () => payam.assignTicket(ticket.id, me.id).then(close, complain),
    },
    closeTicket: { hidden: !ticket, onclick: () => payam.closeTicket(ticket.id).then(closed, complain) },
    save: say(ticket ? "save" : "openTicket"),
    people: [
      ...record.participants.map((user) => user.username),
      ...(rest > 0 ? [say("andMore", { count: number(rest) })] : []),
    ].map((name) => make("participant", { name })),
    picker: peoplePicker(payam, record.participants.map((user) => user.id)),
    adding: { hidden: record.direct },
    leave: { hidden: !record.participants.some((user) => user.id === me.id), onclick: leave },
  });
  for (const name of ["subject", "status", "priority"]) {
    if (ticket) ticketing.elements[name].value = ticket[name];
  }
  const dialog = show(nameOf(chat), content);
  const close = () => dialog.close();
  const closed = () => {
    notify(say("ticketClosed"));
    close();
  };

  whenSent(naming, async ({ title }) => {
    account.put(await payam.rename(id, title));
    close();
  });
  whenSent(ticketing, async ({ subject, status, priority }) => {
    if (ticket) await payam.changeTicket(ticket.id, { subject, status, priority });
    else await payam.openTicket(id, subject, priority);
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

function peopleOf(form) {
  return new FormData(form).getAll("person").map(Number);
}

/** A window, open. */
export function show(title, content) {
  const { dialog } = clone("dialog", { heading: title });
  dialog.append(content);
  dialog.onclose = () => dialog.remove();
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** `submit` is given the values of the fields by name; what it throws is shown in the form. */
export function whenSent(form, submit) {
  const problem = form.querySelector(".problem");
  form.onsubmit = async (event) => {
    event.preventDefault();
    problem.textContent = "";
    try {
      await submit(Object.fromEntries(new FormData(form)));
    } catch (error) {
      problem.textContent = explain(error);
    }
  };
}
