// Where the library keeps what must outlive a page or a program: messages that are not sent yet,
// the cursor, and the newest conversations. Values are what JSON can hold, and files too where
// `holdsFiles` says so.

/** Kept for as long as the program runs. */
export function memoryStorage() {
  const kept = new Map();
  return {
    get: async (key) => kept.get(key),
    set: async (key, value) => void kept.set(key, value),
    delete: async (key) => void kept.delete(key),
    list: async (prefix) =>
      [...kept.keys()].filter((key) => key.startsWith(prefix)).sort().map((key) => kept.get(key)),
  };
}

/** Kept by the browser; in memory where the browser allows nothing to be kept. */
export function indexedStorage(name = "payam") {
  const memory = memoryStorage();
  let opening;
  const opened = () => (opening ??= open(name).catch(() => null));

  async function use(mode, work, instead) {
    const database = await opened();
    if (!database) return instead(memory);
    return promised(work(database.transaction(STORE, mode).objectStore(STORE)));
  }

  return {
    holdsFiles: typeof indexedDB !== "undefined",
    get: (key) => use("readonly", (all) => all.get(key), (kept) => kept.get(key)),
    set: (key, value) => use("readwrite", (all) => all.put(value, key), (kept) => kept.set(key, value)),
    delete: (key) => use("readwrite", (all) => all.delete(key), (kept) => kept.delete(key)),
    list: (prefix) => {
      const range = () => IDBKeyRange.bound(prefix, `${prefix}\uffff`);
      return use("readonly", (all) => all.getAll(range()), (kept) => kept.list(prefix));
    },
  };
}

const STORE = "kept";

async function open(name) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return promised(request);
}

function promised(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
