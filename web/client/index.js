// Payam's client, for browsers, React Native and Node (20 or newer). No dependencies, no build step.
// index.d.ts says what it offers, and README.md how it is used.

export { Account } from "./account.js";
export { Conversation } from "./conversation.js";
export { PayamError } from "./errors.js";
export { LiveConversation } from "./live-conversation.js";
export { Payam } from "./payam.js";
export { memoryStore } from "./session.js";
export { indexedStorage, memoryStorage } from "./storage.js";
export { newId } from "./tokens.js";
