// Search: conversations by their names, and messages that contain a text, in all or in one of them.

import { nameOf } from "./avatar.js";
import { clone } from "./dom.js";
import { explain, explainField } from "./explain.js";
import { matchesIn } from "./folding.js";
import { chatRow, messageRow, paint, unpaint } from "./search-rows.js";
import { number, say } from "./strings.js";

const PAUSE = 200; // milliseconds without a key before the server is asked
const PAGE = 20; // messages
const NAMED_MOST = 8; // conversations that are shown
const LISTED_MOST = 5000; // conversations whose names are looked through

/**
 * What is found for what stands in `box`. `go` is called with the match that was chosen; `changed`
 * when there is something else to show. With `chat` only that conversation is searched.
 */
export function searchFor(account, box, { chat, go, changed }) {
  const { results: content, ...parts } = clone("search");
  const older = chat ? null : olderConversations(account);
  let text = ""; // what the results are for
  let messages = [];
  let named = []; // conversations whose names match
  let pages = null; // of messages, the newest first
  let isWhole = true;
  let isBusy = false;
  let error = null;
  let chosen = -1; // the match that was gone to
  let end = new AbortController(); // of what was asked for last
  let timer;

  function look() {
    clearTimeout(timer);
    timer = setTimeout(begin, box.value.trim() ? PAUSE : 0);
  }

  /** Ask anew. What was asked before is broken off, so it cannot come later and take its place. */
  function begin() {
    clearTimeout(timer);
    const asked = box.value.trim();
    if (asked === text && !error) return;
    end.abort();
    end = new AbortController();
    [text, messages, named, isWhole, error, chosen] = [asked, [], [], true, null, -1];
    unpaint();
    if (!text) return draw();
    pages = account.searchPages({ text, conversation: chat?.id, limit: PAGE, signal: end.signal });
    if (!chat) findNames();
    read();
  }

  async function read() {
    const { signal } = end;
    isBusy = true;
    draw();
    const wanted = messages.length + PAGE;
    try {
      // A page may be short, or empty, and yet not the last. What is found is shown meanwhile.
      do {
        const { value: page = [], done } = await pages.next();
        if (signal.aborted) return;
        messages = [...messages, ...page];
        isWhole = Boolean(done);
        draw();
      } while (!isWhole && messages.length < wanted);
    } catch (problem) {
      if (signal.aborted) return;
      error = problem;
    }
    isBusy = false;
    draw();
  }

  async function findNames() {
    const asked = text;
    const of = (chats) =>
      chats
        .map((one) => ({ chat: one, matches: matchesIn(nameOf(one), asked) }))
        .filter(({ matches }) => matches.length > 0)
        .slice(0, NAMED_MOST);
    named = of(account.conversations);
    const rest = await older.read().catch(() => []);
    if (asked !== text) return;
    named = of([...account.conversations, ...rest.filter(({ id }) => !account.get(id))]);
    draw();
  }

  function draw() {
    const { chats, chatsTitle, found, foundTitle, note, problem, retry, more } = parts;
    chats.replaceChildren(...named.map(chatRow));
    found.replaceChildren(...messages.map((match, place) => messageRow(match, rowOf(match, place))));
    chatsTitle.hidden = named.length === 0;
    foundTitle.hidden = messages.length === 0 || Boolean(chat);
    note.textContent = noteOf();
    // A text without letters will not be taken the next time either.
    problem.textContent = error && error.status !== 400 ? explain(error) : "";
    retry.hidden = problem.textContent === "";
    more.hidden = isWhole || isBusy || error !== null;
    changed();
  }

  function noteOf() {
    if (!text) return "";
    if (error) return error.status === 400 ? explainField(error.errors.q ?? [error.message]) : "";
    if (isBusy) return say("searching");
    if (messages.length > 0) {
      return say(isWhole ? "resultCount" : "resultsSoFar", { count: number(messages.length) });
    }
    return named.length > 0 ? "" : say("nothingFound", { text });
  }

  const rowOf = (match, place) => ({
    me: account.me,
    chat: chat ? null : (account.get(match.conversation) ?? older.get(match.conversation)),
    choose: (event) => {
      event.preventDefault();
      choose(place);
    },
  });

  function choose(place, isStep = false) {
    const { conversation, message, matches } = messages[place];
    chosen = place;
    go({ conversation, id: message.id, isStep, paint: (row) => paint(row, matches) });
    changed();
  }

  async function readMore() {
    const { length } = messages;
    await read();
    return length < messages.length ? length : -1;
  }

  parts.more.onclick = async () => {
    const place = await readMore();
    if (place >= 0) parts.found.children[place].querySelector("a").focus();
    else box.focus();
  };
  parts.retry.onclick = () => {
    begin();
    box.focus();
  };
  box.addEventListener("input", ({ isComposing }) => isComposing || look());
  box.addEventListener("compositionend", look);
  withKeys(box, content, begin);
  draw();
  begin();

  return {
    content,
    get isOpen() {
      return box.value.trim() !== "";
    },
    get count() {
      return messages.length;
    },
    get chosen() {
      return chosen;
    },
    /** To the next older match, or with -1 to a newer one. */
    async step(by) {
      const next = chosen + by;
      if (next >= messages.length && !isWhole) await readMore();
      if (messages[next]) choose(next, true);
    },
    close() {
      clearTimeout(timer);
      end.abort();
      unpaint();
    },
  };
}

/** Arrows go through the results, Enter takes the first, Escape goes back to the box, then empties it. */
function withKeys(box, content, begin) {
  function onkeydown(event) {
    if (event.isComposing) return;
    const stops = [...content.querySelectorAll("a, button:not([hidden])")];
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) {
      event.preventDefault();
      const here = stops.indexOf(document.activeElement);
      (stops[Math.min(here + step, stops.length - 1)] ?? box).focus();
    } else if (event.key === "Escape" && (event.target !== box || box.value)) {
      event.preventDefault();
      if (event.target === box) box.value = "";
      box.focus();
      begin();
    } else if (event.key === "Enter" && event.target === box) {
      event.preventDefault();
      begin();
      content.querySelector("a")?.click();
    }
  }

  box.onkeydown = content.onkeydown = onkeydown;
}

/** Conversations that are not loaded, read once, when somebody first searches. */
function olderConversations(account) {
  let all = [];
  let reading = null;

  async function readAll() {
    all = [];
    for await (const page of account.api.conversationPages(200)) {
      for (const record of page) {
        const names = record.participants.map((user) => user.username);
        all.push({ id: record.id, record, others: names.filter((name) => name !== account.me.username) });
      }
      if (all.length >= LISTED_MOST) break;
    }
    return all;
  }

  return {
    get: (id) => all.find((one) => one.id === id),
    async read() {
      if (account.isComplete) return [];
      reading ??= readAll().catch((error) => {
        reading = null;
        throw error;
      });
      return reading;
    },
  };
}

/** The bar above the messages of one conversation; its `results` are laid over them. */
export function searchBar(account, chat, { go, ended }) {
  const { form, box, older, newer, end } = clone("search-bar");
  let isGone = false; // to a match: the results make room, until somebody is at the box again
  let search = null;
  const choose = (match) => {
    isGone = true;
    go(match);
  };
  search = searchFor(account, box, { chat, go: choose, changed });
  const { content: results } = search;
  form.onsubmit = (event) => event.preventDefault();
  for (const type of ["input", "click", "focus"]) {
    box.addEventListener(type, () => {
      isGone = false;
      changed();
    });
  }
  changed();

  function changed() {
    if (!search) return;
    search.content.hidden = isGone || !search.isOpen;
    older.disabled = search.count === 0;
    newer.disabled = search.chosen <= 0;
  }

  older.onclick = () => search.step(1);
  newer.onclick = () => search.step(-1);
  end.onclick = ended;
  for (const part of [form, results]) {
    part.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) ended();
    });
  }
  return { form, results, focus: () => box.focus(), close: search.close };
}
