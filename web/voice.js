// A voice message, recorded in the page: begun by a click, then sent or thrown away.

import { clone } from "./dom.js";
import { PayamError } from "./client/errors.js";
import { voiceName } from "./sounds.js";
import { length } from "./strings.js";

const KINDS = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/mp4", "m4a"],
  ["audio/ogg;codecs=opus", "ogg"],
];
const RATE = 32_000; // bits per second, enough for speech
const EVERY = 80; // milliseconds between two looks at how loud it is
const BARS = 48; // in the picture of what is sent
const LONGEST = 30 * 60; // seconds

/**
 * Record until somebody sends it or throws it away. The bar for that stands in `place`.
 * Returns `{file, metadata}`, or null where it is not to be sent.
 */
export async function record(place) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch((error) => {
    throw new PayamError({ code: "noMicrophone", detail: error.message });
  });
  const [type, ending] = KINDS.find(([kind]) => MediaRecorder.isTypeSupported(kind)) ?? ["", "webm"];
  const { bar, cancel, send, timer, levels } = clone("recording");
  const recorder = new MediaRecorder(stream, { ...(type && { mimeType: type }), audioBitsPerSecond: RATE });
  const meter = meterOf(stream);
  const heard = []; // how loud it was, from 0 to 1, at each look
  const parts = [];
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;

  function look() {
    heard.push(meter.level());
    const now = length(seconds());
    if (timer.textContent !== now) timer.textContent = now;
    paint(levels, heard);
    if (seconds() > LONGEST) send.click();
  }

  recorder.ondataavailable = ({ data }) => parts.push(data);
  const ended = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  look();
  const ticking = setInterval(look, EVERY);
  place.append(bar);
  send.focus();

  const isWanted = await new Promise((resolve) => {
    send.onclick = () => resolve(true);
    cancel.onclick = () => resolve(false);
    bar.onkeydown = ({ key }) => key === "Escape" && resolve(false);
    recorder.onerror = () => resolve(false);
    stream.getAudioTracks()[0].onended = () => resolve(true); // the microphone was taken away
    place.addEventListener("left", () => resolve(false), { once: true });
  });

  const lasted = seconds();
  clearInterval(ticking);
  if (recorder.state !== "inactive") recorder.stop();
  await ended;
  for (const track of stream.getTracks()) track.stop();
  meter.close();
  bar.remove();
  if (!isWanted) return null;
  const kind = (type || recorder.mimeType).split(";")[0];
  const file = new File(parts, voiceName(new Date(), ending), { type: kind });
  return { file, metadata: { voice: { seconds: Math.round(lasted * 10) / 10, wave: summed(heard) } } };
}

/** How loud a stream is at the moment. */
function meterOf(stream) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    level() {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      return Math.min(1, Math.sqrt(power) * 3);
    },
    close: () => context.close(),
  };
}

/** The last of `heard`, the newest at the end of the line. */
function paint(canvas, heard) {
  const { width, height } = canvas;
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = getComputedStyle(canvas).color;
  const shown = heard.slice(-width / 5);
  shown.forEach((level, place) => {
    const tall = Math.max(3, level * height);
    pen.fillRect(width - (shown.length - place) * 5, (height - tall) / 2, 3, tall);
  });
}

/** As many bars as are kept with the message, from 0 to 9 each. */
function summed(heard) {
  return Array.from({ length: BARS }, (_, bar) => {
    const from = Math.floor((bar * heard.length) / BARS);
    const some = heard.slice(from, Math.max(from + 1, Math.floor(((bar + 1) * heard.length) / BARS)));
    return Math.round(Math.max(0, ...some) * 9);
  }).join("");
}
