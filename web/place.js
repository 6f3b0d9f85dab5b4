// Where the page's server is. The page may stand behind a path of a site (https://site/chat/), with
// another Payam beside it. Nothing in the page's files says so: they find it by their own address.

export const home = new URL("..", import.meta.url);

/** The key of what the browser keeps for this server, apart from what it keeps for others. */
export function keyOf(name) {
  return `payam.${name}${home.pathname === "/" ? "" : home.pathname}`;
}
