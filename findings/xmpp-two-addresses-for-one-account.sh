#!/usr/bin/env bash
# @xmpp/jid 0.14.0 and stanza 12.22.1 (npm), Node 20.
#
# Behaviour: an account of a company's directory, such as SHOP\ali, becomes an address in XMPP by the
# escapes of XEP-0106. Both libraries do it, and the two addresses differ: @xmpp/jid escapes each
# backslash, and stanza only one that would be read as an escape otherwise. For a server these are two
# people, so what one client sends does not come to whom the other one has signed in as. Each
# library reads its own address back, so no test of one of them shows it. Where a name has "\20" in it,
# the one backslash that must be escaped, @xmpp/jid leaves it alone, and the name comes back with a space.
# Expected: a backslash is escaped only before the digits of an escape (XEP-0106, section 4.3).
# Way out: take one library's address as it is, as a text, and do not make it a second time.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @xmpp/jid@0.14.0 stanza@12.22.1
cat >try.mjs <<'JS'
import { createRequire } from "node:module";
import { JID as Xmpp } from "@xmpp/jid";

const Stanza = createRequire(import.meta.url)("stanza/JID");
for (const name of ["ali reza", "shop\\ali", "c:\\net", "c:\\5commas", "room\\20one"]) {
  const one = new Xmpp(name, "chat.example");
  const other = Stanza.create({ local: name, domain: "chat.example" });
  console.log(name);
  console.log("  @xmpp/jid:", one.toString(), "read back:", one.getLocal(true));
  console.log("  stanza:   ", other, "read back:", Stanza.parse(other).local);
}
JS
node try.mjs | tee seen
cat >expected <<'EXPECTED'
ali reza
  @xmpp/jid: ali\20reza@chat.example read back: ali reza
  stanza:    ali\20reza@chat.example read back: ali reza
shop\ali
  @xmpp/jid: shop\5cali@chat.example read back: shop\ali
  stanza:    shop\ali@chat.example read back: shop\ali
c:\net
  @xmpp/jid: c\3a\5cnet@chat.example read back: c:\net
  stanza:    c\3a\net@chat.example read back: c:\net
c:\5commas
  @xmpp/jid: c\3a\5c5commas@chat.example read back: c:\5commas
  stanza:    c\3a\5c5commas@chat.example read back: c:\5commas
room\20one
  @xmpp/jid: room\20one@chat.example read back: room one
  stanza:    room\5c20one@chat.example read back: room\20one
EXPECTED
diff expected seen
echo "as described"
