"""payam desk rules | change | agents | switch"""

import argparse
from typing import Any

import msgspec

from chat.api.schemas import DeskRuleChanges
from chat.commands import Said, group, leaf
from chat.errors import InvalidInput
from chat.payam import Payam
from chat.records import DeskAgent, DeskRules
from chat.services.malformed import explain_whole
from chat.services.repeats import repeated

SWITCH = {"on": True, "off": False, "auto": None}


def install(commands: Any) -> None:
    verbs = group(commands, "desk", "Look after the support desk: its rules and its agents.")
    leaf(verbs, "rules", rules, "Print the rules.")
    sub = leaf(verbs, "change", change, "Change rules, and print them all.")
    sub.add_argument("rules", metavar="JSON", help='like {"reopen_days": 7}')
    sub.add_argument("--whole", action="store_true", help="put the others back to the beginning")
    leaf(verbs, "agents", agents, "List the staff, and who takes tickets.")
    sub = leaf(verbs, "switch", switch, "Say whether an agent takes tickets.")
    sub.add_argument("name", metavar="NAME")
    sub.add_argument("takes", choices=tuple(SWITCH), help="auto: while they are online")


async def rules(payam: Payam, _: argparse.Namespace) -> Said:
    return shown(await payam.services.desk.rules(None))


async def change(payam: Payam, options: argparse.Namespace) -> Said:
    known = [field.name for field in msgspec.structs.fields(DeskRuleChanges)]
    try:
        body = msgspec.json.decode(options.rules, type=DeskRuleChanges)
    except msgspec.ValidationError as error:
        raise InvalidInput(
            explain_whole(error, options.rules, DeskRuleChanges, "rules", known)
        ) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InvalidInput({"rules": [f"Not valid JSON: {error}."]}) from None
    if twice := repeated(options.rules.encode()):
        raise InvalidInput({twice: ["May be there only once."]})
    given = {
        name: value
        for name, value in msgspec.structs.asdict(body).items()
        if value is not msgspec.UNSET
    }
    return shown(await payam.services.desk.change(None, given, is_whole=options.whole))


def shown(found: DeskRules) -> Said:
    pretty = msgspec.json.format(msgspec.json.encode(found), indent=2)
    return Said(pretty.decode(), found)


async def agents(payam: Payam, _: argparse.Namespace) -> Said:
    found = await payam.services.desk.agents(None)
    return Said("\n".join(map(line_of, found)) or "no staff", found)


def line_of(agent: DeskAgent) -> str:
    (switch,) = (word for word, takes in SWITCH.items() if takes is agent.takes_tickets)
    return f"{agent.id} {agent.username}; takes tickets: {switch}; {agent.open} open"


async def switch(payam: Payam, options: argparse.Namespace) -> Said:
    user_id = await payam.services.accounts.named(options.name)
    agent = await payam.services.desk.switch(None, user_id, takes=SWITCH[options.takes])
    return Said(line_of(agent), agent)
