#!/usr/bin/env bash
# irc 20.5.0 (PyPI), Python 3.11; irc-framework 4.14.0 (npm), Node 20.
#
# Behaviour: a line "MODE #desk -lo ali" lifts the limit of a room and takes the operator's rights from Ali. To
# lift a limit no number is needed, so "ali" belongs to the o. `irc.modes.parse_channel_modes` gives each l a
# word behind it, also with a minus: Ali belongs to the limit, and nobody has lost the rights. Its own `Channel`
# goes by that, so a bot goes on to obey Ali. Words of lists that it does not know are given to the next letter:
# with "+eo" the mask of an exception becomes the operator.
# Expected: -l has no word, and lists have one, as servers write them and irc-framework reads them.
# Way out: read the words of MODE by oneself, with CHANMODES of the server.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check irc==20.5.0
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund irc-framework@4.14.0
cat >try.py <<'PYTHON'
import sys

from irc.bot import Channel
from irc.modes import parse_channel_modes

for line in sys.argv[1:]:
    room = Channel()
    room.add_user("ali")
    room.set_mode("o", "ali")
    modes = parse_channel_modes(line)
    for sign, mode, word in modes:
        (room.set_mode if sign == "+" else room.clear_mode)(mode, word)
    print("irc:", line, "->", modes, "ali is", "an" if room.is_oper("ali") else "no", "operator")
PYTHON
cat >try.mjs <<'JS'
import IRC from "irc-framework";

for (const line of process.argv.slice(2)) {
  const client = new IRC.Client();
  client.network.addServerOptions?.(["CHANMODES=beI,k,l,imnpst", "PREFIX=(ov)@+"]);
  client.network.options.CHANMODES = ["beI", "k", "l", "imnpst"];
  client.network.options.PREFIX = [{ symbol: "@", mode: "o" }, { symbol: "+", mode: "v" }];
  const [modes, ...words] = line.split(" ");
  const read = client.command_handler.parseModeList(modes, words);
  console.log("irc-framework:", line, "->", JSON.stringify(read.map(({ mode, param }) => [mode, param])));
}
JS
lines=("+l 5" "-lo ali" "+eo *!*@desk.example ali")
{ venv/bin/python try.py "${lines[@]}"; node try.mjs "${lines[@]}"; } | tee seen
cat >expected <<'EXPECTED'
irc: +l 5 -> [['+', 'l', '5']] ali is an operator
irc: -lo ali -> [['-', 'l', 'ali'], ['-', 'o', None]] ali is an operator
irc: +eo *!*@desk.example ali -> [['+', 'e', None], ['+', 'o', '*!*@desk.example']] ali is an operator
irc-framework: +l 5 -> [["+l","5"]]
irc-framework: -lo ali -> [["-l",null],["-o","ali"]]
irc-framework: +eo *!*@desk.example ali -> [["+e","*!*@desk.example"],["+o","ali"]]
EXPECTED
diff expected seen
echo "as described"
