#!/usr/bin/env bash
# scim2-filter-parser 0.7.0 (PyPI), Python 3.11; scim2-parse-filter 0.2.10 (npm), Node 20.
#
# Behaviour: in a filter of SCIM "and" binds closer than "or" (RFC 7644, section 3.4.2.2). scim2-filter-parser takes
# the two for equals, from left to right: `a or b and c` becomes (a OR b) AND c in SQL. A directory that asks
# for "all of the desk, or those of sales who are active" gets the active ones of both, and who is missing in the
# answer is often taken for deleted. With "and" first, or with brackets, it is right. A comparison with null looks
# for the word NULL, and a percent sign or an underscore that was asked for stands for any letters.
# Expected: a OR (b AND c), as scim2-parse-filter reads it.
# Way out: brackets around each "and".
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund scim2-parse-filter@0.2.10
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check scim2-filter-parser==0.7.0
cat >filters.json <<'JSON'
["title eq \"desk\" or title eq \"sales\" and active eq true",
 "active eq true and title eq \"sales\" or title eq \"desk\"",
 "title eq \"desk\" or (title eq \"sales\" and active eq true)"]
JSON
cat >try.py <<'PYTHON'
import json
import sqlite3

from scim2_filter_parser.queries import SQLQuery

COLUMNS = {("title", None, None): "people.title", ("active", None, None): "people.active"}
store = sqlite3.connect(":memory:")
store.execute("create table people (name text, title text, active text)")
rows = [("sara", "desk", "FALSE"), ("ali", "sales", "TRUE"), ("mona", "sales", "FALSE")]
store.executemany("insert into people values (?, ?, ?)", rows)
for text in json.load(open("filters.json")):
    query = SQLQuery(text, "people", COLUMNS, [])
    condition = query.sql.split("WHERE")[1].strip(" ;\n")
    found = store.execute("select name from people where " + condition.replace("%s", "?"), query.params).fetchall()
    print("scim2-filter-parser:", condition.replace("people.", ""), *(name for name, in found))
print("null:", SQLQuery("title eq null", "people", COLUMNS, []).params)
print("percent:", SQLQuery('title co "50%"', "people", COLUMNS, []).params)
PYTHON
cat >try.mjs <<'TRY'
import { readFileSync } from "node:fs";
import scim2 from "scim2-parse-filter";

const people = [
  { name: "sara", title: "desk", active: false },
  { name: "ali", title: "sales", active: true },
  { name: "mona", title: "sales", active: false },
];
for (const text of JSON.parse(readFileSync("filters.json", "utf8"))) {
  const found = people.filter(scim2.filter(scim2.parse(text)));
  console.log("scim2-parse-filter:", ...found.map(({ name }) => name));
}
TRY
{ venv/bin/python try.py; node try.mjs; } | tee seen
cat >expected <<'EXPECTED'
scim2-filter-parser: ((title = %s) OR (title = %s)) AND (active = %s) ali
scim2-filter-parser: ((active = %s) AND (title = %s)) OR (title = %s) sara ali
scim2-filter-parser: (title = %s) OR ((title = %s) AND (active = %s)) sara ali
null: ['NULL']
percent: ['%50%%']
scim2-parse-filter: sara ali
scim2-parse-filter: sara ali
scim2-parse-filter: sara ali
EXPECTED
diff expected seen
echo "as described"
