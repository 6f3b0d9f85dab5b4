// What goes wrong, as one kind of error with a code that programs can read.

export class PayamError extends Error {
  constructor({ status = 0, code = "error", detail = code, errors = {}, retry_after: retryAfter }) {
    super(detail);
    Object.assign(this, { name: "PayamError", status, code, errors, retryAfter });
  }
}

export function signedOut() {
  return new PayamError({ status: 401, code: "not_authenticated", detail: "signed out" });
}

export function closed(code = "closed") {
  return new PayamError({ code, detail: `the conversation is closed: ${code}` });
}

export const isOffline = (error) => error.code === "offline";
