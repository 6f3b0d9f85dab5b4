#!/usr/bin/env bash
# slack-table 0.1.2 (npm), Node 20.
#
# Behaviour: the package writes rows as a table for Slack, in columns of a given width (10 if none is given).
# What is too long for its column is cut, and at the side where nobody looks: a right-aligned number loses its
# last digits, so that 1,250,000 in a column of 7 is 1,250,0, and 12500 in one of 4 is 1250, a tenth. A
# left-aligned text loses its first letters, and two accounts that differ there look the same. No mark says that
# something is missing.
# Expected: a number is never cut, and a text is cut at its end, with a mark.
# Way out: give each column the width of its longest entry.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund slack-table@0.1.2
cat >try.cjs <<'JS'
const slackTable = require("slack-table").default;

console.log(
  slackTable({
    title: "Orders",
    columns: [
      { title: "Customer", dataIndex: "customer", width: 8 },
      { title: "Rial", dataIndex: "rial", width: 7, align: "right" },
      { title: "No.", dataIndex: "number", width: 4, align: "right" },
    ],
    dataSource: [
      { customer: "sara", rial: "980,000", number: 1250 },
      { customer: "a.karimi", rial: "1,250,000", number: 12500 },
      { customer: "mona.karimi", rial: "1,250,900", number: 12509 },
    ],
  }),
);
JS
node try.cjs | tee seen
cat >expected <<'EXPECTED'
*Orders*
```Customer    Rial  No.
sara     980,000 1250
a.karimi 1,250,0 1250
a.karimi 1,250,9 1250```
EXPECTED
diff expected seen
echo "as described"
