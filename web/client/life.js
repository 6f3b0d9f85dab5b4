// The browser stops pages and cuts networks: the connection must know.

/** React Native and Node have no such events; there the program calls `suspend` and `wake` itself. */
export function followLife({ wake, suspend, drop }) {
  const page = globalThis.document;
  // A frozen page's socket looks open to the server, takes messages, and loses them all.
  page?.addEventListener?.("freeze", suspend);
  page?.addEventListener?.("resume", wake);
  listen("pagehide", suspend);
  listen("pageshow", ({ persisted }) => persisted && wake());
  listen("online", wake);
  listen("offline", drop);
}

function listen(type, listener) {
  globalThis.addEventListener?.(type, listener);
}
