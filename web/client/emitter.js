// Events without the platform's EventTarget, which React Native does not have.

/** A listener's fault is shown as the platform shows faults; the other listeners are called all the same. */
export class Emitter {
  #listeners = new Map();

  /** Returns a function that takes the listener away. */
  on(type, listener) {
    const entry = { listener }; // the same function may listen twice
    if (!this.#listeners.has(type)) this.#listeners.set(type, new Set());
    this.#listeners.get(type).add(entry);
    return () => void this.#listeners.get(type)?.delete(entry);
  }

  emit(type, detail) {
    for (const { listener } of [...(this.#listeners.get(type) ?? [])]) {
      try {
        listener(detail);
      } catch (error) {
        if (globalThis.reportError) reportError(error);
        else setTimeout(() => thrown(error));
      }
    }
  }
}

function thrown(error) {
  throw error;
}
