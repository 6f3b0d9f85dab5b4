// How the desk does: figures, plots, and tables to take along. They follow what happens while they are looked at.

import { colleagues, shownName } from "./avatar.js";
import { show } from "./dialogs.js";
import { clone, complain, latest, make } from "./dom.js";
import { explain } from "./explain.js";
import { plotOf } from "./plot.js";
import { isPersian, number, say } from "./strings.js";

const DAY = 86_400_000;
const SPANS = [7, 30, 90];
const CALM = 2000; // milliseconds between a change of a ticket and the next look
const TABLES = ["tickets", "hours", "agents"];
const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
const RATED = 5;
const NAMED_MOST = 12; // agents in a plot: there is no room for more names
const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function showFigures(account) {
  const { api } = account;
  const { content, spans, problem, tiles, plots, head, rows, hint, files } = clone("figures");
  let days = SPANS[0];
  const last = latest();
  let next;
  const columns = ["agent", "colAnswered", "figFirst", "figClosed", "figResolution", "colMessages", "figOpen", "figRating"];
  head.append(...columns.map((name) => cell("th", say(name === "agent" ? "anyAgent" : name))));
  const buttons = SPANS.map((count) => {
    const button = make("filter", { button: say(`since${count}`) });
    button.onclick = () => {
      days = count;
      look();
    };
    spans.append(button);
    return [count, button];
  });
  for (const name of TABLES) {
    const button = make("csv-file", { button: say(`csv_${name}`) });
    button.onclick = () => save(name).catch(complain);
    files.append(button);
  }
  const dialog = show(say("figures"), content);
  dialog.classList.add("wide");
  const later = () => (next ??= setTimeout(look, CALM));
  const offs = ["desk", "ticket"].map((name) => account.on(name, later));
  dialog.addEventListener("close", () => {
    clearTimeout(next);
    for (const off of offs) off();
  });
  look();

  /** From the beginning of a day, so that each day is whole. */
  function asked() {
    const begin = new Date(Date.now() - (days - 1) * DAY);
    begin.setHours(0, 0, 0, 0);
    return new URLSearchParams({ since: begin.toISOString(), timezone });
  }

  async function look() {
    next = undefined;
    for (const [count, button] of buttons) button.ariaPressed = String(count === days);
    try {
      const figures = await last(api.json("GET", `/api/desk/figures/?${asked()}`));
      if (!figures) return;
      problem.textContent = "";
      draw(figures);
    } catch (error) {
      problem.textContent = explain(error);
    }
  }

  async function save(name) {
    const query = asked();
    query.set("of", name);
    const table = await (await api.request("GET", `/api/desk/figures.csv?${query}`)).blob();
    const href = URL.createObjectURL(table);
    Object.assign(document.createElement("a"), { href, download: `desk-${name}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
  }

  function draw(found) {
    tiles.replaceChildren(
      tile("figOpen", number(found.open)),
      tile("figWaiting", number(found.waiting)),
      tile("figUnassigned", number(found.unassigned)),
      tile("figOpened", number(found.opened)),
      tile("figClosed", number(found.closed)),
      tile("figReopened", number(found.reopened)),
      tile("figFirst", ...spread(found.first_response)),
      tile("figResolution", ...spread(found.resolution)),
      tile("figRating", ...rating(found.rating)),
    );
    plots.replaceChildren(...plotsOf(found));
    rows.replaceChildren(...found.agents.map(agentRow));
    hint.textContent = say("figuresHint", { timezone: found.timezone });
  }
}

function plotsOf({ hours, agents }) {
  const byDay = Map.groupBy(hours, ({ local }) => local.slice(0, 10));
  const sum = (name) => [...byDay.values()].map((some) => some.reduce((all, one) => all + one[name], 0));
  const ends = { labels: hours.length > 0 ? [dayOf(hours[0].at), dayOf(hours.at(-1).at)] : [] };
  const of = (name, key) => ({ name: say(name), values: hours.map((one) => one[key]) });
  const made = [
    plotOf({ title: say("plotByHour"), kind: "lines", number, ...ends, series: [of("plotOpen", "open"), of("plotWaiting", "waiting")] }),
    plotOf({
      ...{ title: say("plotByDay"), kind: "bars", number, ...ends },
      series: [{ name: say("figOpened"), values: sum("opened") }, { name: say("figClosed"), values: sum("closed") }],
    }),
  ];
  const answered = agents.filter((one) => one.agent && one.first_response.median !== null).slice(0, NAMED_MOST);
  if (answered.length === 0) return made;
  const labels = answered.map(({ agent }) => nameOf(agent));
  const values = answered.map((one) => one.first_response.median);
  return [...made, plotOf({ title: say("plotFirst"), kind: "bars", number: length, labels, series: [{ name: say("figFirst"), values }] })];
}

const dayOf = (moment) => new Date(moment).toLocaleDateString(isPersian ? "fa-IR" : "en", { day: "numeric", month: "short" });
const nameOf = (agent) => shownName(colleagues.get(agent.username) ?? agent);

function tile(name, value, more = "") {
  return make("tile", { name: say(name), value, more });
}

function cell(kind, text) {
  return Object.assign(document.createElement(kind), { textContent: text });
}

function agentRow({ agent, answered, first_response: first, closed, resolution, messages, open, rating: score }) {
  const row = document.createElement("tr");
  const name = cell("th", agent ? nameOf(agent) : say("nobodys"));
  name.scope = "row";
  const others = [number(answered), spread(first)[0], number(closed), spread(resolution)[0], number(messages), number(open), rating(score)[0]];
  row.append(name, ...others.map((text) => cell("td", text)));
  return row;
}

/** A length of time in its largest unit, like `2.5 hr`. */
function length(seconds) {
  const [unit, size] = UNITS.find(([, one]) => seconds >= one) ?? UNITS.at(-1);
  const written = { style: "unit", unit, unitDisplay: isPersian ? "long" : "short", maximumFractionDigits: 1 };
  return (seconds / size).toLocaleString(isPersian ? "fa-IR" : "en", written);
}

function spread({ count, median, p90 }) {
  return count === 0 ? ["–"] : [length(median), say("ofTen", { time: length(p90) })];
}

function rating({ count, mean }) {
  if (count === 0) return ["–"];
  const shown = mean.toLocaleString(isPersian ? "fa-IR" : "en", { maximumFractionDigits: 1 });
  return [`${shown} / ${number(RATED)}`, say("ofSome", { count: number(count) })];
}
