// Uploads a file with the stock tus-js-client: node tus.mjs ENDPOINT TOKEN PATH NAME; prints the URL.

import { createReadStream, statSync } from "node:fs";
import { Upload } from "tus-js-client";

const [endpoint, token, path, name] = process.argv.slice(2);
const upload = new Upload(createReadStream(path), {
  endpoint,
  uploadSize: statSync(path).size,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: name, filetype: "application/x-test" },
  retryDelays: Array(50).fill(50),
  onSuccess: () => console.log(new URL(upload.url).pathname),
  onError: (error) => {
    throw error;
  },
});
upload.start();
