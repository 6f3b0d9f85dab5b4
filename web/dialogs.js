// Windows over the page: a question, a new conversation.

import { clone } from "./dom.js";
import { peoplePicker } from "./people-picker.js";
import { explain } from "./explain.js";
import { say } from "./strings.js";

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

export function peopleOf(form) {
  return new FormData(form).getAll("person").map(Number);
}

let opened = 0;

/** A window, open. */
export function show(title, content) {
  const { dialog, heading } = clone("dialog", { heading: title });
  opened += 1;
  heading.id = `dialog-${opened}`; // one may open over another
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(content);
  dialog.onclose = () => dialog.remove();
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * `submit` is given the values of the fields by name; what it throws is shown in the form. `names` are the words of
 * fields that have another name there.
 */
export function whenSent(form, submit, names = {}) {
  const problem = form.querySelector(".problem");
  let isUnderWay = false;
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (isUnderWay) return; // pressed twice, it would be done twice
    isUnderWay = true;
    problem.textContent = "";
    try {
      await submit(Object.fromEntries(new FormData(form)));
    } catch (error) {
      problem.textContent = explain(error, names);
    }
    isUnderWay = false;
  };
}
