// The first screen: log in, or sign up.

import { element } from "/web/dom.js";
import { explain, say, switchLanguage } from "/web/strings.js";

/** `entered` is called once somebody is signed in. `notice` is shown above the form. */
export function signInScreen(payam, entered, notice) {
  const problem = element("p", { class: "problem", role: "alert", id: "sign-in-problem", dir: "auto" });
  const username = field("username", "text", "username");
  const password = field("password", "password", "current-password");
  const fields = { username, password };
  const buttons = [
    element("button", { type: "submit", class: "primary", value: "logIn" }, say("logIn")),
    element("button", { type: "submit", value: "signUp" }, say("signUp")),
  ];
  problem.textContent = notice ?? "";

  async function submit(event) {
    event.preventDefault();
    const action = event.submitter?.value ?? "logIn";
    for (const button of buttons) button.disabled = true;
    problem.textContent = "";
    for (const { input, hint } of Object.values(fields)) {
      input.removeAttribute("aria-invalid");
      hint.textContent = "";
    }
    try {
      await payam[action](username.input.value.trim(), password.input.value);
      await entered();
    } catch (error) {
      show(error);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  function show(error) {
    const wrong = Object.entries(error.errors ?? {}).filter(([name]) => name in fields);
    for (const [name, texts] of wrong) {
      fields[name].hint.textContent = texts.join(" ");
      fields[name].input.setAttribute("aria-invalid", "true");
    }
    if (wrong.length === 0) problem.textContent = explain(error);
    fields[wrong[0]?.[0] ?? "username"].input.focus();
  }

  return element(
    "main",
    { class: "sign-in" },
    element(
      "form",
      { on: { submit }, "aria-describedby": "sign-in-problem" },
      element("img", { src: "/web/icon.svg", alt: "", width: "56", height: "56" }),
      element("h1", {}, say("payam")),
      element("p", { class: "tagline" }, say("tagline")),
      problem,
      username.label,
      password.label,
      element("div", { class: "buttons" }, ...buttons),
      element(
        "button",
        { type: "button", class: "quiet", lang: say("otherLanguage") === "English" ? "en" : "fa", on: { click: switchLanguage } },
        say("otherLanguage"),
      ),
    ),
  );
}

function field(name, type, autocomplete) {
  const hint = element("span", { class: "problem", id: `${name}-hint`, dir: "auto" });
  const input = element("input", {
    name,
    type,
    autocomplete,
    required: true,
    dir: "auto",
    autocapitalize: "none",
    spellcheck: "false",
    "aria-describedby": hint.id,
  });
  const label = element("label", {}, element("span", {}, say(name)), input, hint);
  return { label, input, hint };
}
