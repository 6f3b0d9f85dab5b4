// Windows over the page: a question, a new conversation, the details of one.

import { nameOf } from "/web/avatar.js";
import { element, iconButton, notify } from "/web/dom.js";
import { peoplePicker } from "/web/people-picker.js";
import { explain, say } from "/web/strings.js";

const PRIORITIES = ["low", "normal", "high", "urgent"];
const STATUSES = ["open", "pending"];

/** Whether the answer to the question was yes. */
export function confirm(question, yes) {
  return new Promise((resolve) => {
    const dialog = show(
      question,
      buttons(
        element("button", { type: "button", on: { click: () => dialog.close() } }, say("cancel")),
        element("button", { type: "button", class: "danger", on: { click: () => dialog.close("yes") } }, yes),
      ),
    );
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
  });
}

/** `begun` is given the conversation's record: a new one, or that which is there already. */
export function beginConversation(chats, begun) {
  const title = element("label", { hidden: true }, element("span", {}, say("title")), element("input", { name: "title", maxlength: 200, dir: "auto" }));
  const begin = element("button", { class: "primary", disabled: true }, say("begin"));
  const picker = peoplePicker(chats.payam, [chats.me.id], (people) => {
    begin.disabled = people.length === 0;
    title.hidden = people.length < 2;
  });
  const dialog = show(
    say("newConversation"),
    form(
      async ({ title: name }) => {
        const people = picker.chosen();
        const ids = people.map((user) => user.id);
        begun(existing(chats, ids) ?? (await chats.payam.begin(ids, people.length > 1 ? name : "")));
        dialog.close();
      },
      picker.element,
      title,
      buttons(begin),
    ),
  );
}

/** With one person one conversation is enough. */
function existing(chats, ids) {
  if (ids.length !== 1) return undefined;
  const isWith = ({ record }) =>
    record.title === "" && record.participants.length === 2 && record.participants.some((user) => user.id === ids[0]);
  return chats.list.find(isWith)?.record;
}

export function showDetails(chats, chat) {
  const { payam, me } = chats;
  const { record, ticket } = chat;
  const changed = (fresh) => {
    chats.put(fresh);
    chats.changed();
  };
  const picker = peoplePicker(payam, record.participants.map((user) => user.id), (people) => {
    add.disabled = people.length === 0;
  });
  const add = element("button", { disabled: true }, say("add"));
  const dialog = show(
    nameOf(chat),
    form(
      async ({ title }) => {
        changed(await payam.rename(chat.id, title));
        dialog.close();
      },
      element("label", {}, element("span", {}, say("name")), element("input", { name: "title", value: record.title, maxlength: 200, dir: "auto" })),
      buttons(element("button", {}, say("rename"))),
    ),
    element("h3", {}, say("ticket")),
    ticket ? ticketForm(payam, me, chat, () => dialog.close()) : newTicketForm(payam, chat, () => dialog.close()),
    element("h3", {}, say("participants")),
    element("ul", { class: "people" }, ...record.participants.map((user) => element("li", {}, element("bdi", {}, user.username)))),
    element("h3", {}, say("addPeople")),
    form(
      async () => {
        for (const user of picker.chosen()) changed(await payam.addParticipant(chat.id, user.id));
        dialog.close();
      },
      picker.element,
      buttons(add),
    ),
    buttons(
      element("button", { type: "button", class: "danger", on: { click: leave } }, say("leave")),
    ),
  );

  async function leave() {
    dialog.close();
    if (!(await confirm(say("leaveQuestion"), say("leave")))) return;
    try {
      await payam.removeParticipant(chat.id, me.id);
      chats.remove(chat.id);
      location.hash = "#/";
    } catch (error) {
      notify(explain(error));
    }
  }
}

function newTicketForm(payam, chat, done) {
  return form(
    async ({ subject, priority }) => {
      await payam.openTicket(chat.id, subject, priority);
      done();
    },
    element("p", { class: "hint" }, say("noTicket")),
    element("label", {}, element("span", {}, say("subject")), element("input", { name: "subject", required: true, maxlength: 200, dir: "auto" })),
    choice("priority", PRIORITIES, "normal"),
    buttons(element("button", {}, say("openTicket"))),
  );
}

function ticketForm(payam, me, chat, done) {
  const { ticket } = chat;
  const assign = async () => {
    await payam.changeTicket(chat.id, { assigned_to: me.id });
    done();
  };
  const close = async () => {
    await payam.closeTicket(chat.id);
    notify(say("ticketClosed"));
    done();
  };
  return form(
    async (changes) => {
      await payam.changeTicket(chat.id, changes);
      done();
    },
    element("p", { class: "hint", dir: "auto" }, say("openedBy", { name: ticket.created_by.username })),
    element("label", {}, element("span", {}, say("subject")), element("input", { name: "subject", value: ticket.subject, required: true, maxlength: 200, dir: "auto" })),
    choice("status", STATUSES, ticket.status),
    choice("priority", PRIORITIES, ticket.priority),
    buttons(
      me.is_staff &&
        ticket.assigned_to?.id !== me.id &&
        element("button", { type: "button", on: { click: attempt(assign) } }, say("assignToMe")),
      element("button", { type: "button", on: { click: attempt(close) } }, say("closeTicket")),
      element("button", {}, say("save")),
    ),
  );
}

function choice(name, values, chosen) {
  const options = values.map((value) => element("option", { value, selected: value === chosen }, say(value)));
  return element("label", {}, element("span", {}, say(name)), element("select", { name }, ...options));
}

function show(title, ...content) {
  const heading = element("h2", { id: "dialog-title", dir: "auto" }, title);
  const dialog = element(
    "dialog",
    { "aria-labelledby": heading.id },
    element("header", {}, heading, iconButton("close", say("close"), () => dialog.close())),
    ...content,
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("input")?.focus();
  return dialog;
}

/** `submit` is given the values of the fields by name; what it throws is shown in the form. */
function form(submit, ...content) {
  const problem = element("p", { class: "problem", role: "alert", dir: "auto" });
  return element(
    "form",
    {
      on: {
        submit: async (event) => {
          event.preventDefault();
          problem.textContent = "";
          try {
            await submit(Object.fromEntries(new FormData(event.target)));
          } catch (error) {
            problem.textContent = explain(error);
          }
        },
      },
    },
    ...content,
    problem,
  );
}

function attempt(work) {
  return () => work().catch((error) => notify(explain(error)));
}

function buttons(...content) {
  return element("div", { class: "buttons" }, ...content);
}
