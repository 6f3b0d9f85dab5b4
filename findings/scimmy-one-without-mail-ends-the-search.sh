#!/usr/bin/env bash
# scimmy 1.3.5, scim2-parse-filter 0.2.10 (npm), Node 20.
#
# Behaviour: a directory asks a server for people by a filter of SCIM (RFC 7644, section 3.4.2.2). In a list where
# somebody has no `emails` at all, or no `name`, `Filter.match` raises "Cannot convert undefined or null to object"
# for each filter that looks within that attribute. An empty list of mails is fine. By RFC 7643 (section 2.5) an
# attribute that is left out is the same as an empty one, so one new account without a mail ends the search
# for all. A filter "is there a mail at all" (pr) raises another error for everybody, also for those who have one.
# Expected: who has no mail does not match, as with scim2-parse-filter (which, though, takes an empty list for one
# mail or more where `pr` asks).
# Way out: give each person `emails: []` and `name: {}` before the search.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund scimmy@1.3.5 scim2-parse-filter@0.2.10
cat >try.mjs <<'TRY'
import SCIMMY from "scimmy";
import scim2 from "scim2-parse-filter";

const sara = { userName: "sara", name: { familyName: "احمدی" }, emails: [{ type: "work", value: "sara@example.com" }] };
const lists = {
  "all have mails": [sara],
  "one has an empty list": [sara, { userName: "ali", name: {}, emails: [] }],
  "one has none": [sara, { userName: "mona" }],
};
for (const filter of ['emails[type eq "work"]', 'name.familyName eq "احمدی"', 'userName sw "s"', "emails pr"]) {
  console.log(filter);
  for (const [name, people] of Object.entries(lists)) {
    let found;
    try {
      found = new SCIMMY.Types.Filter(filter).match(people).map(({ userName }) => userName).join();
    } catch (error) {
      found = error.message;
    }
    const other = people.filter(scim2.filter(scim2.parse(filter))).map(({ userName }) => userName);
    console.log(`  ${name}: scimmy ${found}; scim2-parse-filter ${other.join()}`);
  }
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
emails[type eq "work"]
  all have mails: scimmy sara; scim2-parse-filter sara
  one has an empty list: scimmy sara; scim2-parse-filter sara
  one has none: scimmy Cannot convert undefined or null to object; scim2-parse-filter sara
name.familyName eq "احمدی"
  all have mails: scimmy sara; scim2-parse-filter sara
  one has an empty list: scimmy sara; scim2-parse-filter sara
  one has none: scimmy Cannot convert undefined or null to object; scim2-parse-filter sara
userName sw "s"
  all have mails: scimmy sara; scim2-parse-filter sara
  one has an empty list: scimmy sara; scim2-parse-filter sara
  one has none: scimmy sara; scim2-parse-filter sara
emails pr
  all have mails: scimmy Cannot read properties of undefined (reading 'toLowerCase'); scim2-parse-filter sara
  one has an empty list: scimmy Cannot read properties of undefined (reading 'toLowerCase'); scim2-parse-filter sara,ali
  one has none: scimmy Cannot read properties of undefined (reading 'toLowerCase'); scim2-parse-filter sara
EXPECTED
diff expected seen
echo "as described"
