// Payam's client, for browsers, React Native and Node (20 or newer). No dependencies, no build step.
// index.d.ts says what it offers, and README.md how it is used.

export { PayamError } from "./errors.js";
export { Payam } from "./payam.js";
export { memoryStore } from "./session.js";
export { indexedStorage, memoryStorage } from "./storage.js";
export { newId } from "./tokens.js";
