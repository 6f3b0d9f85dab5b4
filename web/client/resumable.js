// Large files go by tus 1.0, in parts: after a cut the rest follows, and not the whole once more.

const PART = 4 * 1024 * 1024; // bytes: what is sent by one request
const TRIES = 8; // in a row without a byte more
const PAUSE = 500; // milliseconds, doubled each time
const VERSION = { "Tus-Resumable": "1.0.0" };
const ENDED = [400, 401, 403, 404, 410, 412, 413, 415];

export class Resumable {
  #ask;
  #pause;
  #part;

  /** `ask(method, path, options)` returns the response, or rejects with a PayamError. */
  constructor(ask, { part = PART, pause = PAUSE } = {}) {
    this.#ask = ask;
    this.#part = part;
    this.#pause = pause;
  }

  /** Begin or continue; its id, once the server has all of it. */
  async send(file, { name, upload, onBegin, onProgress, signal }) {
    const id = upload ?? (await this.#begin(file, name, signal));
    onBegin?.(id);
    const path = `/api/uploads/${id}/`;
    let offset = upload === undefined ? 0 : await this.#offset(path, signal);
    let tries = 0;
    onProgress?.(share(offset, file.size));
    while (offset < file.size) {
      const before = offset;
      try {
        offset = await this.#append(path, file, offset, signal);
      } catch (error) {
        if (signal?.aborted || ENDED.includes(error.status) || ++tries > TRIES) throw error;
        await this.#wait(tries, error.retryAfter, signal);
        offset = await this.#offset(path, signal).catch((again) => {
          if (signal?.aborted || ENDED.includes(again.status)) throw again;
          return before; // it is still away
        });
      }
      if (offset > before) tries = 0;
      onProgress?.(share(offset, file.size));
    }
    return id;
  }

  async discard(id) {
    await this.#ask("DELETE", `/api/uploads/${id}/`, { headers: VERSION });
  }

  async #begin(file, name, signal) {
    const about = { filename: name, filetype: file.type || "application/octet-stream" };
    const metadata = Object.entries(about).map(([key, value]) => `${key} ${base64(value)}`);
    const headers = { ...VERSION, "Upload-Length": String(file.size), "Upload-Metadata": metadata.join(",") };
    const response = await this.#ask("POST", "/api/uploads/", { headers, signal });
    return response.headers.get("Location").split("/").filter(Boolean).at(-1);
  }

  async #append(path, file, offset, signal) {
    const content = file.slice(offset, offset + this.#part);
    const type = "application/offset+octet-stream";
    const headers = { ...VERSION, "Upload-Offset": String(offset), "Content-Type": type };
    const response = await this.#ask("PATCH", path, { headers, content, signal });
    return Number(response.headers.get("Upload-Offset"));
  }

  async #offset(path, signal) {
    const response = await this.#ask("HEAD", path, { headers: VERSION, signal });
    return Number(response.headers.get("Upload-Offset"));
  }

  #wait(tries, seconds, signal) {
    const least = this.#pause * 2 ** Math.min(tries - 1, 5);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(least, (seconds ?? 0) * 1000));
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function share(offset, size) {
  return size === 0 ? 1 : offset / size;
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/**
 * Send a large file in parts, so that after a cut only the rest follows, and attach it. `begun` knows by key what is
 * on its way; `upload` is the id of an earlier page.
 */
export async function attachLarge(api, begun, id, messageId, file, { name, key, upload: earlier, signal, ...how }) {
  const known = begun.get(key) ?? { upload: earlier };
  if (key !== undefined) begun.set(key, known);
  const onBegin = (upload) => {
    known.upload = upload;
    how.onBegin?.(upload);
  };
  const send = (upload) => api.upload(file, { name, upload, onBegin, onProgress: how.onProgress, signal });
  const attach = () => api.attachUpload(id, messageId, known.upload, { key });
  const { upload: before } = known;
  try {
    let attachment = null;
    if (!known.isWhole) {
      try {
        await send(before);
      } catch (error) {
        if (error.status !== 404 || before === undefined) throw error;
        // It has expired, or an earlier page did not hear any more that it was attached.
        attachment = await attach().catch(unless(400));
        if (!attachment) await send();
      }
      known.isWhole = true;
    }
    attachment ??= await attach();
    begun.delete(key);
    return attachment;
  } catch (error) {
    if (signal?.aborted && known.upload) api.discardUpload(known.upload).catch(() => {}); // it expires anyway
    if (signal?.aborted || error.status === 404) begun.delete(key);
    throw error;
  }
}

/** Null instead of that error. */
function unless(status) {
  return (error) => {
    if (error.status !== status) throw error;
    return null;
  };
}
