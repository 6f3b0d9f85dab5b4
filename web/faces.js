// Pictures of people and of conversations. Only who is signed in may read them, so each is read
// once, and becomes a rule of the page's style: what is drawn with its class shows it when it is there.

const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
// Class names, by the picture's address
const known = new Map();
let read = null;
let count = 0;

/** `how` is called with an address, and promises the picture. */
export function readFacesBy(how) {
  read = how;
}

/** The class of what shows that picture; empty where there is none. */
export function faceOf(url) {
  if (!url || !read) return "";
  if (!known.has(url)) {
    count += 1;
    known.set(url, `face-${count}`);
    load(url, known.get(url));
  }
  return known.get(url);
}

async function load(url, name) {
  try {
    const address = URL.createObjectURL(await read(url));
    sheet.insertRule(`.avatar.${name} { background: url("${address}") center / cover; color: transparent; }`);
  } catch {
    // The next one who draws it tries again
    known.delete(url);
  }
}
