#!/usr/bin/env bash
# obstore 0.12.1, boto3 1.44.8, moto 5.2.5 (PyPI), Python 3.11.
#
# Behaviour: consoles and other programs make a folder in a bucket by an empty object whose key ends in a
# slash. obstore lists it without the slash, as a file of 0 bytes; asked for that file, it says that there
# is none. A key with two slashes in a row, which S3 allows, makes the whole list fail, so one such object
# of somebody else hides all the others.
# Expected: `get` finds what `list` gives; and one key that obstore cannot write leaves the others readable.
# Way out: a prefix that no other program writes under, and no folders made by hand.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check obstore==0.12.1 boto3==1.44.8 "moto[s3]==5.2.5" \
  flask==3.1.3 flask-cors==6.0.5
cat >try.py <<'PYTHON'
import os

import boto3
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://{host}:{port}"
keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
client.create_bucket(Bucket="files")
store = S3Store("files", endpoint=endpoint, region="us-east-1", client_options={"allow_http": True}, **keys)


def listed():
    try:
        return [(one["path"], one["size"]) for one in store.list().collect()]
    except Exception as error:
        return type(error).__name__


client.put_object(Bucket="files", Key="pictures/", Body=b"")
client.put_object(Bucket="files", Key="report.pdf", Body=b"%PDF")
print("listed:", listed())
for path, _ in listed():
    try:
        print(f"get {path}:", len(store.get(path).bytes()), "bytes")
    except FileNotFoundError:
        print(f"get {path}: FileNotFoundError")
client.put_object(Bucket="files", Key="old//notes.txt", Body=b"notes")
print("listed, after somebody put old//notes.txt:", listed(), flush=True)
os._exit(0)  # the server's thread would go on
PYTHON
timeout 90 venv/bin/python try.py 2>/dev/null | tee seen
cat >expected <<'EXPECTED'
listed: [('pictures', 0), ('report.pdf', 4)]
get pictures: FileNotFoundError
get report.pdf: 4 bytes
listed, after somebody put old//notes.txt: InvalidPathError
EXPECTED
diff expected seen
echo "as described"
