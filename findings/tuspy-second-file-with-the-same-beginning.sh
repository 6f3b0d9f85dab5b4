#!/usr/bin/env bash
# tuspy 1.1.0 (PyPI), Python 3.11; @tus/server 2.4.5 with @tus/file-store 2.1.1 (npm), Node 20.
#
# Behaviour: with `store_url=True` tuspy keeps the address of an upload, so that a file whose upload was
# cut goes on where it stopped. It knows a file by its size and its first 64 KiB, and keeps the address also
# when the upload is complete. So another file of the same size with the same beginning (two dumps of one
# database, two recordings that begin with silence) is taken for the first. Nothing of it is sent, and
# `upload()` returns as after a success. When the first upload was cut, the server gets the beginning of one
# file and the end of the other.
# Expected: another file is another upload. Its documentation speaks of a hash of the content of the file.
# Way out: a `fingerprinter` of one's own, over the whole file; and `remove_item` after each success.
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
venv/bin/pip install --quiet --disable-pip-version-check tuspy==1.1.0
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
sed -i 's/"port", String(listening.address().port)/"port", String(listening.address().port)/' serve.mjs
node serve.mjs &
server=$!
for _ in $(seq 100); do [ -s port ] && break || sleep 0.1; done
cat >upload.py <<'PYTHON'
import sys
from pathlib import Path

from tusclient.client import TusClient
from tusclient.storage.filestorage import FileStorage

BEGINNING = b"\0" * 65536
MONDAY, TUESDAY = BEGINNING + b"monday " * 10000, BEGINNING + b"tuesday" * 10000
assert len(MONDAY) == len(TUESDAY)
client = TusClient(f"http://127.0.0.1:{sys.argv[1]}/files")


def upload(data, kept, stop_at=None):
    """Upload this, all of it or the first bytes, and give what the server then has."""
    Path("dump").write_bytes(data)
    storage = FileStorage(kept)
    uploader = client.uploader("dump", store_url=True, url_storage=storage, metadata={"filename": "dump"})
    uploader.upload(stop_at=stop_at)
    storage.close()
    return Path("uploads", uploader.url.split("/")[-1]).read_bytes()


def name(got):
    return "monday" if got == MONDAY else "tuesday" if got == TUESDAY else "a mixture of both"


print("monday, whole: the server has", name(upload(MONDAY, "first.json")))
print("tuesday, whole: the server has", name(upload(TUESDAY, "first.json")))
print("uploads at the server:", len(list(Path("uploads").glob("*.json"))))
upload(MONDAY, "second.json", stop_at=100000)
print("tuesday after a part of monday: the server has", name(upload(TUESDAY, "second.json")))
PYTHON
venv/bin/python upload.py "$(cat port)" | tee seen
cat >expected <<'EXPECTED'
monday, whole: the server has monday
tuesday, whole: the server has monday
uploads at the server: 1
tuesday after a part of monday: the server has a mixture of both
EXPECTED
diff expected seen
echo "as described"
