// The rules of the desk: what it does by itself. Any agent may change them.

import { colleagues, shownName } from "./avatar.js";
import { show, whenSent } from "./dialogs.js";
import { clone, complain, notify } from "./dom.js";
import { isPersian, say } from "./strings.js";

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const WEEKDAYS = isPersian ? [...DAYS.slice(5), ...DAYS.slice(0, 5)] : DAYS; // the Persian week begins on Saturday
const PATH = "/api/desk/rules/";
const LANGUAGES = ["fa", "en"];
const EXAMPLES = { one: "09:00-17:30", two: "09:00-13:00, 14:00-18:00" };

export async function showRules({ api }) {
  const [rules, agents] = await Promise.all([api.json("GET", PATH), api.json("GET", "/api/desk/agents/")]);
  const { content, form, timezones, always, week, days, hoursHint, daysOffLabel, takers } = clone("rules");
  const { elements } = form;
  timezones.append(...Intl.supportedValuesOf("timeZone").map((name) => new Option(name, name)));
  hoursHint.textContent = say("hoursHint", EXAMPLES);
  daysOffLabel.textContent = say("daysOff", { date: shownDay("2026-03-21") });
  const fields = WEEKDAYS.map((day) => {
    const made = clone("rule-day", { name: say(day) });
    Object.assign(made.spans, { name: day, value: (rules.hours?.[day] ?? []).join(", ") });
    days.append(made.content);
    return [day, made.spans];
  });
  for (const name of ["timezone", "language", "assignment", "reminder_minutes", "reopen_days"]) elements[name].value = rules[name] ?? "";
  elements.days_off.value = rules.days_off.map(shownDay).join(", ");
  elements.reminder_in_hours.checked = rules.reminder_in_hours;
  for (const language of LANGUAGES) {
    elements[`inside_${language}`].value = rules.first_answer_inside[language] ?? "";
    elements[`outside_${language}`].value = rules.first_answer_outside[language] ?? "";
  }
  always.checked = rules.hours === null;
  week.hidden = always.checked;
  always.onchange = () => (week.hidden = always.checked);
  takers.append(...agents.map(taker));
  const dialog = show(say("rules"), content);
  dialog.classList.add("wide");

  /** Takes effect at once: it is no rule, but the agent's own switch. */
  function taker({ id, takes_tickets: takes, ...agent }) {
    const made = clone("taker", { name: shownName(colleagues.get(agent.username) ?? agent) });
    made.takes.value = String(takes);
    made.takes.onchange = () => {
      const body = { takes_tickets: JSON.parse(made.takes.value) };
      api.json("PUT", `/api/desk/agents/${id}/`, { body }).catch((error) => {
        made.takes.value = String(takes);
        complain(error);
      });
    };
    return made.content;
  }

  whenSent(form, async (data) => {
    const answers = (where, before) => ({
      ...before,
      ...Object.fromEntries(LANGUAGES.map((language) => [language, data[`${where}_${language}`].trim()])),
    });
    const written = (texts) => Object.fromEntries(Object.entries(texts).filter(([, text]) => text));
    const body = {
      timezone: data.timezone.trim(),
      hours: always.checked ? null : Object.fromEntries(fields.map(([day, { value }]) => [day, parts(value)]).filter(([, spans]) => spans.length)),
      days_off: parts(data.days_off).map(dayOf),
      language: data.language,
      first_answer_inside: written(answers("inside", rules.first_answer_inside)),
      first_answer_outside: written(answers("outside", rules.first_answer_outside)),
      assignment: data.assignment,
      reminder_minutes: data.reminder_minutes ? Number(data.reminder_minutes) : null,
      reminder_in_hours: elements.reminder_in_hours.checked,
      reopen_days: data.reopen_days ? Number(data.reopen_days) : null,
    };
    await api.json("PATCH", PATH, { body });
    dialog.close();
    notify(say("rulesSaved"));
  });
}

/** What stands between commas, Persian ones too, with digits as the server reads them. */
function parts(text) {
  const latin = text.replace(/[۰-۹٠-٩]/g, (digit) => digit.codePointAt(0) & 15).replace(/[–—]/g, "-");
  return latin.split(/[,،;]/).map((part) => part.replace(/\s/g, "")).filter(Boolean);
}

const persian = new Intl.DateTimeFormat("en-u-ca-persian-nu-latn", { year: "numeric", month: "2-digit", day: "2-digit", timeZone: "UTC" });
const LAST_PERSIAN = 1700; // no year of one calendar is mistaken for one of the other
const DAY = 86_400_000;

/** A date like 2026-03-21 as people of the page's language write it: in Persian 1405-01-01. */
function shownDay(text) {
  const moment = Date.parse(`${text}T00:00Z`);
  if (!isPersian || Number.isNaN(moment)) return text;
  const { year, month, day } = Object.fromEntries(persian.formatToParts(moment).map(({ type, value }) => [type, value]));
  return `${year}-${month}-${day}`;
}

/** The other way round. Of either calendar, because their years differ; what is no date stays as it is. */
function dayOf(text) {
  const [, year, month, day] = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(text)?.map(Number) ?? [];
  if (!year) return text;
  const written = [year, month, day].map((one) => String(one).padStart(2, "0")).join("-");
  if (!isPersian || year >= LAST_PERSIAN) return written;
  const near = Date.UTC(year + 621, 2, 21) + (month <= 7 ? (month - 1) * 31 : 186 + (month - 7) * 30) * DAY + (day - 1) * DAY;
  const all = [-2, -1, 0, 1, 2].map((off) => new Date(near + off * DAY).toISOString().slice(0, 10));
  return all.find((one) => shownDay(one) === written) ?? written;
}
