// What is seldom used is loaded when it is wanted: a module, and with the first of them the
// templates, the words and the style that all of them share. The desk has some of its own besides.

import { complain, prepare } from "./dom.js";
import { PayamError } from "./client/errors.js";
import { learn } from "./strings.js";

const PANELS = ["panels"];
export const DESK = [...PANELS, "desk"];

// By name, what is there or on its way
const parts = new Map();

/** What `load` imports, once its templates are there. Rejects with `offline` where nothing comes. */
export async function later(load, names = PANELS) {
  try {
    let before; // its words and drawings are in the templates of the next one too
    for (const name of names) {
      if (!parts.has(name)) parts.set(name, partsOf(name, before));
      before = parts.get(name);
    }
    await before;
    return await load();
  } catch (error) {
    for (const name of names) parts.delete(name);
    throw new PayamError({ code: "offline", detail: error?.message });
  }
}

const partsOf = (name, before) =>
  Promise.all([Promise.all([learn(name), before]).then(() => templates(`${name}.html`)), style(`${name}.css`)]);

/** `run` is called with what `load` imports when the button is pressed. Loading begins as one reaches for it. */
export function laterOn(button, load, run, names = PANELS) {
  const begin = () => later(load, names).catch(() => {});
  let isComing = false; // pressed twice, it would run twice
  for (const type of ["pointerenter", "focus"]) button.addEventListener(type, begin, { once: true });
  button.onclick = () => {
    if (isComing) return;
    isComing = true;
    const came = () => (isComing = false);
    later(load, names).then(run).catch(complain).finally(came);
  };
}

const urlOf = (name) => new URL(name, import.meta.url).href;

async function templates(name) {
  const { status, response } = await loaded(name);
  const found = response?.querySelectorAll("template") ?? [];
  if (status !== 200 || found.length === 0) throw new Error(name);
  const made = [...found].map((one) => document.adoptNode(one));
  const drawings = document.getElementById("icons").content;
  for (const one of made) if (one.id.endsWith("-icons")) drawings.append(one.content);
  prepare(made);
  document.head.append(...made);
}

/** By the older way, since only this one makes a document without making it from a text. */
function loaded(name) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", urlOf(name));
    request.responseType = "document";
    request.onerror = () => reject(new Error(name));
    request.onload = () => resolve(request);
    request.send();
  });
}

function style(name) {
  return new Promise((resolve, reject) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: urlOf(name) });
    link.onload = resolve;
    link.onerror = () => {
      link.remove();
      reject(new Error(name));
    };
    document.head.append(link);
  });
}
