// One request to the server, and its answer or a PayamError.

import { PayamError } from "./errors.js";

export class Http {
  #fetch;
  #patience;

  constructor(url, { fetch, patience }) {
    this.url = url;
    this.#fetch = fetch;
    this.#patience = patience;
  }

  /** `onProgress` is called while `form` is on its way, with the share that has left: 0 to 1. */
  async send(method, path, options = {}) {
    const { form, onProgress } = options;
    // Only XMLHttpRequest reports how far an upload is.
    const isWatched = form && onProgress && globalThis.XMLHttpRequest;
    const how = { ...options, method, url: this.url + path };
    return answered(isWatched ? upload(how) : this.#call(how), options.signal);
  }

  async #call({ method, url, body, form, content, headers, token, signal }) {
    const fetch = this.#fetch;
    // Until the answer begins: how long a file then takes is another matter.
    const end = new AbortController();
    const stop = () => end.abort();
    const timer = form || content ? null : setTimeout(stop, this.#patience);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
    try {
      return await fetch(url, {
        method,
        headers: {
          ...authorization(token),
          ...(body && { "Content-Type": "application/json" }),
          ...headers,
        },
        body: form ?? content ?? (body && JSON.stringify(body)),
        signal: end.signal,
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }
}

function authorization(token) {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

function upload({ method, url, form, headers, token, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) throw new Error("cancelled");
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries({ ...authorization(token), ...headers })) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => resolve(answerOf(request));
    request.onerror = () => reject(new Error("the upload was cut off"));
    request.onabort = () => reject(new Error("cancelled"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

function answerOf(request) {
  const { status, responseText } = request;
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => request.getResponseHeader(name) },
    json: async () => JSON.parse(responseText),
  };
}

/** A response that is in order, or a PayamError. */
async function answered(call, signal) {
  let response;
  try {
    response = await call;
  } catch (error) {
    if (signal?.aborted) throw new PayamError({ code: "cancelled" });
    throw new PayamError({ code: "offline", detail: `the server cannot be reached: ${error.message}` });
  }
  if (response.ok || response.status === 304) return response;
  const problem = await response.json().catch(() => ({}));
  const { status, headers } = response;
  throw new PayamError({ ...problem, status, retry_after: Number(headers.get("Retry-After")) || undefined });
}

/** `{limit: 2}` as `?limit=2`; without what is undefined. */
export function query(values) {
  const parts = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return parts.length > 0 ? `?${parts.join("&")}` : "";
}
