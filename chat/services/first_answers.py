"""The automatic first answer to a ticket: a message of the desk itself, in the customer's language.

It is stored in the transaction that opens the ticket. So there is one for each ticket, whatever
dies or is repeated.
"""

from collections.abc import Mapping, Sequence

from msgspec import Raw

from chat.events import Change, Event, MessageSent
from chat.services import business_hours
from chat.services.desk import rules_of
from chat.store import conversations
from chat.store import desk as store
from chat.store.database import Database, Transaction
from chat.times import now, to_text

METADATA = '{"desk":"first_answer"}'
"""By it clients know a message that nobody wrote."""


async def say(
    transaction: Transaction,
    database: Database,
    conversation_id: int,
    languages: Sequence[str],
) -> Sequence[Event]:
    """Store it, if the rules have one. `languages` are those of the customer, the best first."""
    rules = await rules_of(transaction)
    is_inside = business_hours.is_inside(rules, now())
    texts = rules.first_answer_inside if is_inside else rules.first_answer_outside
    text = chosen(texts, (*languages, rules.language))
    if text is None:
        return ()
    user_id, username = await store.writer(transaction, database)
    seq = await conversations.advance(transaction, conversation_id)
    message_id, moment = await store.say(transaction, conversation_id, seq, user_id, text, METADATA)
    frame = MessageSent(
        message_id,
        username,
        text,
        to_text(moment),
        role="agent",
        sender_id=user_id,
        metadata=Raw(METADATA.encode()),
        seq=seq,
    )
    return (Change(conversation_id, frame),)


def chosen(texts: Mapping[str, str], languages: Sequence[str]) -> str | None:
    """The text in the first of the languages that there is; else any. Example: `fa-IR` finds
    `fa`.
    """
    folded = {language.casefold(): text for language, text in texts.items()}
    for language in languages:
        wanted = language.casefold()
        for name in (wanted, wanted.partition("-")[0]):
            if name in folded:
                return folded[name]
    return next(iter(texts.values()), None)
