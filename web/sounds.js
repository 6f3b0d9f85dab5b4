// What a browser plays: voice messages, other sound, and films.

import { say } from "./strings.js";

const NAME = /^voice-[\d-]+\.(webm|ogg|m4a)$/;

export const isSound = ({ content_type: type }) => type.startsWith("audio/");
export const isFilm = ({ content_type: type }) => type.startsWith("video/");

/** The name of the file with what was recorded here at that moment. */
export function voiceName(moment, ending) {
  return `voice-${moment.toISOString().slice(0, 19).replace(/[T:]/g, "-")}.${ending}`;
}

/** Whether a text is only the name of such a file. */
export const isVoiceName = (text) => NAME.test(text);

/** A message in a line: where it is only the name of a recording, what that is. */
export const inShort = (content) => (isVoiceName(content) ? say("voiceMessage") : content);
