// A short sound for messages of others. Off until somebody asks for it by a click.

import { isLookedAt } from "./attention.js";
import { isMuted } from "./conversation-list.js";
import { keyOf } from "./place.js";

const KEY = keyOf("sound");
const NOTES = [880, 1174.7]; // Hz
const LASTS = 0.18; // seconds, each
const CALM = 1500; // milliseconds in which one sound is enough

const listening = new WeakSet(); // accounts
let context = null;
let playedAt = -CALM;

export const isSoundOn = () => localStorage.getItem(KEY) === "on";

export function turnSound(account, isOn) {
  if (!isOn) return localStorage.removeItem(KEY);
  localStorage.setItem(KEY, "on");
  chimeFor(account);
  play(); // so that one knows it
}

/** Of what is not looked at, muted or archived. */
export function chimeFor(account) {
  if (listening.has(account)) return;
  listening.add(account);
  account.on("message", ({ conversation, sender }) => {
    const chat = account.get(conversation);
    const isWanted = isSoundOn() && chat && sender !== account.me.username && !isMuted(chat) && !chat.record.archived;
    const isSeen = isLookedAt() && location.hash.split("/")[1] === String(conversation);
    if (isWanted && !isSeen) play();
  });
  // For staff: somebody waits for an agent.
  account.on("desk", ({ type }) => type === "ticket.created" && isSoundOn() && play());
}

function play() {
  if (performance.now() - playedAt < CALM) return;
  playedAt = performance.now();
  context ??= new AudioContext();
  context.resume().catch(() => {}); // until somebody has clicked anywhere, the browser is silent
  NOTES.forEach((pitch, place) => {
    const tone = new OscillatorNode(context, { frequency: pitch });
    const volume = new GainNode(context, { gain: 0 });
    const begins = context.currentTime + place * LASTS * 0.6;
    volume.gain.setValueAtTime(0.0001, begins);
    volume.gain.exponentialRampToValueAtTime(0.12, begins + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, begins + LASTS);
    tone.connect(volume).connect(context.destination);
    tone.start(begins);
    tone.stop(begins + LASTS);
  });
}
