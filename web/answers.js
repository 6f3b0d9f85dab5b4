// The answers that agents often give: written, changed and deleted here, and taken by `/` in a message.

import { forgetAnswers } from "./desk-composer.js";
import { confirm, show, whenSent } from "./dialogs.js";
import { clone, complain, latest, make } from "./dom.js";
import { say } from "./strings.js";

export function showAnswers({ api }) {
  const { content, list, form, cancel, hint } = clone("answers", {});
  let edited = null;
  const last = latest();
  hint.textContent = say("answersHint", { place: "{{customer}}" });
  show(say("answers"), content);
  refresh().catch(complain);

  async function refresh() {
    forgetAnswers();
    const all = await last(api.cannedResponses());
    if (all) list.replaceChildren(...all.map(row));
  }

  function row(answer) {
    const { title, content: text } = answer;
    return make("answer", {
      title,
      text,
      edit: { ariaLabel: say("editAnswer", { name: title }), onclick: () => edit(answer) },
      remove: { ariaLabel: say("removeAnswer", { name: title }), onclick: () => remove(answer) },
    });
  }

  function edit(answer) {
    edited = answer;
    form.elements.title.value = answer?.title ?? "";
    form.elements.content.value = answer?.content ?? "";
    cancel.hidden = !answer;
    form.elements.title.focus();
  }

  async function remove({ id, title }) {
    if (!(await confirm(say("removeAnswerQuestion", { name: title }), say("delete")))) return;
    if (edited?.id === id) edit(null);
    await api.request("DELETE", `/api/canned_responses/${id}/`).then(refresh).catch(complain);
  }

  cancel.onclick = () => edit(null);
  whenSent(form, async ({ title, content: text }) => {
    const body = { title: title.trim(), content: text.trim() };
    if (edited) await api.json("PATCH", `/api/canned_responses/${edited.id}/`, { body });
    else await api.json("POST", "/api/canned_responses/", { body });
    edit(null);
    await refresh();
  }, { title: "answerTitle", content: "answerText" });
}
