// The first screen: log in, or sign up.

import { clone } from "./dom.js";
import { explain, explainField } from "./explain.js";
import { offerOtherLanguage } from "./strings.js";

/** `entered` is called once somebody is signed in. `notice` is shown above the form. */
export function signInScreen(payam, entered, notice = "") {
  const { content, form, problem, buttons, signUp, language } = clone("sign-in");
  const { username, password } = form.elements;
  problem.textContent = notice;
  offerOtherLanguage(language);
  // Where it cannot be asked now, the server alone refuses
  const closed = ({ sign_up }) => (signUp.hidden = !sign_up);
  payam.json("GET", "/api/settings/", { isPublic: true }).then(closed, () => {});

  form.onsubmit = async (event) => {
    event.preventDefault();
    buttons.disabled = true;
    explainFields({});
    problem.textContent = "";
    try {
      await payam[event.submitter.value](username.value.trim(), password.value);
      await entered();
    } catch (error) {
      const wrong = explainFields(error.errors ?? {});
      if (!wrong) problem.textContent = explain(error);
      (wrong ?? username).focus();
    } finally {
      buttons.disabled = false;
    }
  };

  /** Say beside each field what is wrong with it; the first that is wrong. */
  function explainFields(errors) {
    const fields = [username, password];
    for (const field of fields) {
      field.nextElementSibling.textContent = explainField(errors[field.name] ?? []);
      field.setAttribute("aria-invalid", field.name in errors);
    }
    return fields.find((field) => field.name in errors);
  }

  return content;
}
