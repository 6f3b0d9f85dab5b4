// The spellings of a word as one, for names that the page itself searches.

const ALIKE = { ي: "ی", ى: "ی", ك: "ک", ة: "ه", ە: "ه", ı: "i", ß: "ss" };

/** One sign as search sees it; empty for marks, joiners and tatweel. */
function folded(sign) {
  const plain = sign.normalize("NFKD").toLowerCase().normalize("NFKD");
  return [...plain.replace(/[\p{Mn}\p{Cf}\u0640]/gu, "")].map((one) => ALIKE[one] ?? digit(one)).join("");
}

/** Persian and Arabic digits as others. */
function digit(sign) {
  const code = sign.codePointAt(0);
  const zero = [0x0660, 0x06f0].find((first) => code >= first && code <= first + 9);
  return zero === undefined ? sign : String(code - zero);
}

/** A text as search sees it. */
export const foldedText = (text) => [...text].map(folded).join("");

/** Where `wanted` stands in `text`: half-open ranges of code points, from the left, apart. */
export function matchesIn(text, wanted) {
  const key = foldedText(wanted.trim());
  if (!key) return [];
  let whole = "";
  const places = []; // for each unit of `whole`, the code point it comes from
  [...text].forEach((sign, place) => {
    const part = folded(sign);
    whole += part;
    for (let unit = 0; unit < part.length; unit += 1) places.push(place);
  });
  const found = [];
  for (let at = whole.indexOf(key); at >= 0; at = whole.indexOf(key, at + key.length)) {
    found.push([places[at], places[at + key.length - 1] + 1]);
  }
  return found;
}
