// Plots of the desk's figures, drawn with a few paths.

import { make, clone } from "./dom.js";
import { isPersian, say } from "./strings.js";

const WIDE = 640;
const HIGH = 140;
const WIDEST = 48; // of a bar
const SVG = "http://www.w3.org/2000/svg";

function drawn(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

/**
 * `series` are `{name, values}`, each of one colour; `number` writes a value. `kind` is "lines" or "bars".
 * `labels` stand below: one for each bar, or two at the ends. Time goes as one reads.
 */
export function plotOf({ title, series, kind, labels, number }) {
  const most = Math.max(1, ...series.flatMap(({ values }) => values));
  const label = `${title}. ${series.map(({ name, values }) => `${name}: ${say("mostOf", { most: number(Math.max(0, ...values)) })}`).join(". ")}`;
  const svg = drawn("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": label, preserveAspectRatio: "none", class: `plot ${kind}` });
  const flip = drawn("g", isPersian ? { transform: `translate(${WIDE} 0) scale(-1 1)` } : {});
  svg.append(flip);
  for (const share of [0, 0.5, 1]) flip.append(drawn("path", { class: "grid", d: `M0 ${1 + share * (HIGH - 2)}H${WIDE}` }));
  const height = (value) => HIGH - 1 - (value / most) * (HIGH - 2);
  series.forEach(({ values }, place) => {
    flip.append(drawn("path", { class: `series-${place}`, d: kind === "bars" ? bars(values, place) : line(values) }));
  });

  function line(values) {
    const step = WIDE / Math.max(1, values.length - 1);
    return values.map((value, at) => `${at ? "L" : "M"}${(at * step).toFixed(1)} ${height(value).toFixed(1)}`).join("");
  }

  function bars(values, place) {
    const room = WIDE / Math.max(1, values.length);
    const width = Math.min((room * 0.8) / series.length, WIDEST);
    const begin = (at) => (at + 0.5) * room + (place - series.length / 2) * width;
    return values.map((value, at) => `M${begin(at).toFixed(1)} ${HIGH}V${height(value).toFixed(1)}h${(width * 0.92).toFixed(1)}V${HIGH}z`).join("");
  }

  const made = clone("plot", { title, most: number(most) });
  made.axis.classList.toggle("each", labels.length === series[0].values.length);
  made.axis.append(...labels.map((text) => Object.assign(document.createElement("bdi"), { textContent: text })));
  made.place.prepend(svg);
  made.legend.append(
    ...(series.length > 1 ? series : []).map(({ name }, place) => Object.assign(make("legend-entry", { name }), { className: `legend-entry series-${place}` })),
  );
  return made.content;
}
