#!/usr/bin/env bash
# tuspy 1.1.0, aiotus 1.1.0 (PyPI), Python 3.11; @tus/server 2.4.5 with @tus/file-store 2.1.1 (npm), Node 20.
#
# Behaviour: an upload for which no metadata was given is the simplest there is. tuspy sends an empty
# header `Upload-Metadata` with it, and the reference server in Node refuses that with 400. With one
# pair of metadata the same upload passes; aiotus, which leaves the header out, passes without any.
# Expected: the client of the protocol's own project can upload to its own server.
# Way out: give any pair, such as {"filename": "upload"}; a server can take an empty header as none.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund @tus/server@2.4.5 @tus/file-store@2.1.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tuspy==1.1.0 aiotus==1.1.0
mkdir uploads
cat >serve.mjs <<'SERVE'
import { writeFileSync } from "node:fs";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const server = new Server({ path: "/files", datastore: new FileStore({ directory: "uploads" }) });
const listening = server.listen({ host: "127.0.0.1", port: 0 }, () => {
  writeFileSync("port", String(listening.address().port));
});
SERVE
node serve.mjs &
server=$!
for _ in $(seq 100); do [ -s port ] && break || sleep 0.1; done
cat >upload.py <<'PYTHON'
import asyncio
import sys
from io import BytesIO

import aiotus
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

URL = f"http://127.0.0.1:{sys.argv[1]}/files"
for title, metadata in (("one pair", {"filename": "سلام.txt"}), ("no metadata", None)):
    uploader = TusClient(URL).uploader(file_stream=BytesIO(b"hello"), metadata=metadata)
    try:
        uploader.upload()
        print(f"tuspy, {title}: {uploader.offset} bytes are there")
    except TusCommunicationError as error:
        print(f"tuspy, {title}: {error.status_code} {error.response_content.decode().strip()}")
is_there = asyncio.run(aiotus.upload(URL, BytesIO(b"hello"))) is not None
print("aiotus, no metadata:", "the bytes are there" if is_there else "refused")
PYTHON
venv/bin/python upload.py "$(cat port)" | tee seen
cat >expected <<'EXPECTED'
tuspy, one pair: 5 bytes are there
tuspy, no metadata: 400 Invalid upload-metadata
aiotus, no metadata: the bytes are there
EXPECTED
diff expected seen
echo "as described"
