// What went wrong, in the page's language: by the error's code, and by field what is wrong there.

import { has, isPersian, number, say } from "./strings.js";

/** The server's sentences about fields, which come in English, and the names of ours. */
const SENTENCES = [
  [/^At most (?<most>\d+) characters(?:; this has \d+)?\.$/, "tooLong"],
  [/^At least (?<least>\d+) characters\.$/, "tooShort"],
  [/^May not be blank\.$/, "blank"],
  [/^May not contain (?:the null character|half of a surrogate pair)\.$/, "unreadable"],
  [/^Letters, digits and the characters (?<signs>.+) only\.$/, "lettersOnly"],
  [/^Marks alone are no name\.$/, "marksOnly"],
  [/^Has no letter or digit to look for\.$/, "noLetters"],
  [/^The (?:file is no picture|picture cannot be read)\.$/, "noPicture"],
  [/^The picture has more than (?<most>\d+) pixels\.$/, "tooManyPixels"],
  [/^Must be in the future\.$/, "inFuture"],
  [/^A whole number from (?<least>\d+) to (?<most>\d+)\.$/, "wholeNumber"],
  [/^No such users?: .+$/, "noSuchUser"],
  [/^At most (?<most>\d+) at a time;/, "tooManyAtOnce"],
  [/^The conversation has (?<count>\d+) participants of at most (?<most>\d+)\.$/, "full"],
];

// Knows the rest of the server's sentences, once `sentences.js` is loaded
let rest = () => null;
export const learnRest = (translate) => (rest = translate);

/**
 * One sentence or more about an error, for a place where nothing else names the field. `names` has the word of a
 * field that is called otherwise there.
 */
export function explain({ code, message, errors = {} }, names = {}) {
  const fields = Object.entries(errors);
  if (fields.length > 0) {
    return fields.map(([field, texts]) => labelled(field, explainField(texts), names[field])).join(" ");
  }
  if (has(code)) return say(code);
  return isPersian ? say("error") : message;
}

/** What is wrong with a field, beside which it is shown. */
export function explainField(texts) {
  return texts.map(translated).join(" ");
}

function translated(text) {
  for (const [pattern, name] of SENTENCES) {
    const found = pattern.exec(text);
    // Some are said only by what comes with the panels, and their words come with them.
    if (found && has(name)) return say(name, Object.fromEntries(Object.entries(found.groups ?? {}).map(written)));
  }
  return isPersian ? (rest(text) ?? say("notAccepted")) : text;
}

/** A value of a sentence, as the page writes it. */
export const writtenValue = (value) => (/^\d+$/.test(value) ? number(Number(value)) : value);

const written = ([name, value]) => [name, writtenValue(value)];

/** A field of a window that is not loaded has no word: its name is English. */
function labelled(field, text, name = `field_${field}`) {
  if (has(name)) return `${say(name)}: ${text}`;
  return isPersian ? text : `${field}: ${text}`;
}
