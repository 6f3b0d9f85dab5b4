// Players of sound and of films, in the rows of messages.

import { clone, complain } from "./dom.js";
import { keepPlayed, mediaUrl } from "./media.js";
import { length, number, say } from "./strings.js";

const RATES = [1, 1.5, 2];
const BARS = 40; // of a sound of which nobody knows how loud it is
const SMALL = 8 * 1024 * 1024; // bytes of a film that may be read to its end, to know how long it is
const FAR = 1e7; // seconds: behind the end of any sound

const sounds = new Map(); // by the file's address, so that a row that is drawn again goes on
let rate = RATES[0]; // for all of them: who is in a hurry once, is so again
let playing = null;

/** `voice`, of the message's metadata, says how long a recording is and how loud; it may be anything. */
export function soundPlayer(chat, attachment, voice) {
  const { url, name } = attachment;
  if (!sounds.has(url)) sounds.set(url, soundOf(chat, attachment));
  const sound = sounds.get(url);
  const { audio } = sound;
  const { player, toggle, wave, done, bar, track, clock, rate: speed } = clone("player");
  const known = Number(voice?.seconds ?? attachment.duration);
  const seconds = () => (Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : known || 0);
  for (const path of [wave, done]) path.setAttribute("d", shapeOf(voice?.wave));

  function draw() {
    const isOn = !audio.paused;
    const label = say(isOn ? "pause" : "play", { name: voice ? say("voiceMessage") : name });
    if (toggle.ariaLabel !== label) {
      Object.assign(toggle, { ariaLabel: label, title: label });
      toggle.replaceChildren(icon(isOn ? "pause" : "play"));
    }
    const part = seconds() ? Math.min(1, audio.currentTime / seconds()) : 0;
    bar.value = part;
    bar.ariaValueText = `${length(audio.currentTime)} / ${length(seconds())}`;
    track.style.setProperty("--done", `${part * 100}%`);
    clock.textContent = length(isOn || audio.currentTime > 0 ? audio.currentTime : seconds());
    const times = number(rate);
    speed.textContent = `×${times}`;
    speed.ariaLabel = say("speed", { rate: times });
  }

  toggle.onclick = () => sound.toggle().catch(complain);
  bar.oninput = () => sound.seek(bar.value * seconds()).catch(complain);
  speed.onclick = () => {
    rate = RATES[(RATES.indexOf(rate) + 1) % RATES.length];
    for (const one of sounds.values()) one.audio.playbackRate = rate;
    draw();
  };
  sound.draws.add([player, draw]);
  draw();
  return player;
}

/** What is heard, and the rows that show it. */
function soundOf(chat, attachment) {
  const audio = new Audio();
  const draws = new Set();
  let loading = null;

  function drawAll() {
    for (const one of draws) {
      if (one[0].isConnected) one[1]();
      else draws.delete(one);
    }
  }

  for (const type of ["play", "pause", "timeupdate", "durationchange", "ended", "ratechange"]) {
    audio.addEventListener(type, drawAll);
  }
  audio.addEventListener("ended", () => (audio.currentTime = 0));
  audio.addEventListener("play", () => keepPlayed(chat, attachment), { once: true });

  function load() {
    loading ??= mediaUrl(chat, attachment)
      .then((address) => {
        audio.src = address;
        return once(audio, "loadedmetadata");
      })
      .then(() => measured(audio))
      .catch((error) => {
        loading = null;
        throw error;
      });
    return loading;
  }

  return {
    audio,
    draws,
    async toggle() {
      await load();
      if (!audio.paused) return audio.pause();
      if (playing !== audio) playing?.pause();
      playing = audio;
      audio.playbackRate = rate;
      await audio.play();
    },
    async seek(seconds) {
      await load();
      audio.currentTime = seconds;
    },
  };
}

/** What a browser has recorded does not say how long it is, until somebody goes to its end. */
async function measured(audio) {
  if (audio.duration !== Infinity) return;
  audio.currentTime = FAR;
  await once(audio, "durationchange");
  audio.currentTime = 0;
}

function once(audio, type) {
  return new Promise((resolve, reject) => {
    audio.addEventListener(type, resolve, { once: true });
    audio.addEventListener("error", () => reject(audio.error), { once: true });
  });
}

function icon(name) {
  return document.getElementById("icons").content.querySelector(`.icon-${name}`).cloneNode(true);
}

/** Bars across 200 × 32, one for each digit. */
function shapeOf(wave) {
  const levels = /^\d{8,200}$/.test(wave) ? [...wave].map(Number) : Array(BARS).fill(2);
  const step = 200 / levels.length;
  return levels
    .map((level, place) => {
      const half = 1.5 + level * 1.5;
      return `M${((place + 0.5) * step).toFixed(1)} ${16 - half}V${16 + half}`;
    })
    .join("");
}

/** Where the browser cannot play it, only its name is there, and it can be saved. */
export function filmPlayer(chat, attachment) {
  const { width, height, name, size } = attachment;
  const { film } = clone("film");
  film.setAttribute("aria-label", name);
  film.style.aspectRatio = width && height ? width / height : 16 / 9;
  film.addEventListener("play", () => keepPlayed(chat, attachment), { once: true });
  film.onerror = () => (film.hidden = true);
  film.onloadedmetadata = () => {
    film.style.aspectRatio = film.videoWidth ? film.videoWidth / film.videoHeight : "";
    if (size < SMALL) measured(film).catch(() => {});
  };
  mediaUrl(chat, attachment).then((address) => (film.src = address), complain);
  return film;
}
