#!/usr/bin/env bash
# uuid7 0.1.0, uuid6 2025.0.1 and uuid-utils 1.2.0 (PyPI), Python 3.11.
#
# Behaviour: the package named uuid7 makes ids that say version 7, and hold the time in another form than
# RFC 9562, that of an early draft (seconds and fractions, and not milliseconds). Read by the RFC they lie
# some 170 years ahead. So where two services give messages their ids, one by this package and one by
# another, all ids of the second sort behind or before all of the first, and a cursor by id skips
# messages. Nothing in the id shows it.
# Expected: ids of version 7, from any library, sort by the time at which they were made.
# Way out: take uuid6 or uuid-utils, or Python 3.14's own uuid.uuid7.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check uuid7==0.1.0 uuid6==2025.0.1 uuid-utils==1.2.0
cat >try.py <<'TRY'
from datetime import UTC, datetime

import uuid6
import uuid_utils
from uuid_extensions import uuid7

first, second, third = uuid7(), uuid6.uuid7(), uuid_utils.uuid7()
this_year = datetime.now(UTC).year
for name, made in (("uuid7", first), ("uuid6", second), ("uuid_utils", third)):
    moment = datetime.fromtimestamp((made.int >> 80) / 1000, UTC)
    print(name, "version", made.version, "| more than 100 years ahead:", moment.year > this_year + 100)
print("in the order of their making:", first.int < second.int <= third.int)
TRY
venv/bin/python -W ignore try.py | tee seen
cat >expected <<'EXPECTED'
uuid7 version 7 | more than 100 years ahead: True
uuid6 version 7 | more than 100 years ahead: False
uuid_utils version 7 | more than 100 years ahead: False
in the order of their making: False
EXPECTED
diff expected seen
echo "as described"
