"""The support desk: tickets, notes, canned answers and rules."""

import peewee

from chat.store.models.accounts import User
from chat.store.models.conversations import Conversation
from chat.store.models.table import Table


class SupportTicket(Table):
    """A conversation has at most one ticket that is not closed. `subject_key` is what search looks
    in. `languages` are those of its customer, the best first, with commas. `answer_seq` and
    `answer_at` are of the last answer, where its message was deleted in the background.
    """

    id = peewee.BigAutoField()
    conversation = peewee.ForeignKeyField(Conversation)
    seq = peewee.BigIntegerField()
    subject = peewee.TextField()
    status = peewee.TextField()
    priority = peewee.TextField()
    created_by = peewee.ForeignKeyField(User, column_name="created_by")
    assigned_to = peewee.ForeignKeyField(User, column_name="assigned_to", null=True)
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()
    subject_key = peewee.TextField(default="")
    closed_at = peewee.BigIntegerField(null=True)
    rating = peewee.BigIntegerField(null=True)
    rating_comment = peewee.TextField(null=True)
    answered_at = peewee.BigIntegerField(null=True, index=True)
    answered_by = peewee.BigIntegerField(null=True)
    reminded_of = peewee.BigIntegerField(null=True)
    languages = peewee.TextField(default="")
    answer_seq = peewee.BigIntegerField(null=True)
    answer_at = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "support_tickets"


class TicketStep(Table):
    """What was done with a ticket, by whom. `user_id` is who has it from then on."""

    conversation_id = peewee.BigIntegerField()
    seq = peewee.BigIntegerField()
    ticket_id = peewee.BigIntegerField()
    action = peewee.TextField()
    actor_id = peewee.BigIntegerField(null=True)
    user_id = peewee.BigIntegerField(null=True)
    at = peewee.BigIntegerField()

    class Meta:
        table_name = "ticket_steps"
        primary_key = peewee.CompositeKey("conversation_id", "seq")


class Note(Table):
    """An internal note of staff. Its id is among those of messages, and no message has it.

    `folded` is what search looks in. `seq` is that of its last change.
    """

    conversation_id = peewee.BigIntegerField()
    id = peewee.BigIntegerField()
    author_id = peewee.BigIntegerField()
    content = peewee.TextField()
    folded = peewee.TextField()
    metadata = peewee.TextField(null=True)
    client_id = peewee.TextField(null=True)
    created_at = peewee.BigIntegerField()
    created_seq = peewee.BigIntegerField()
    seq = peewee.BigIntegerField()
    is_edited = peewee.BooleanField(default=False)
    is_deleted = peewee.BooleanField(default=False)

    class Meta:
        table_name = "notes"
        primary_key = peewee.CompositeKey("conversation_id", "id")


class CannedResponse(Table):
    """A stored answer of staff."""

    id = peewee.BigAutoField()
    title = peewee.TextField()
    content = peewee.TextField()
    created_by = peewee.BigIntegerField()
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()

    class Meta:
        table_name = "canned_responses"


class Desk(Table):
    """One row: the rules of the desk in JSON, and who writes its automatic messages. `turn` grows
    with each ticket that is assigned by rule. Replies from `reopens_from` on reopen tickets.
    """

    id = peewee.BigIntegerField(primary_key=True)
    rules = peewee.TextField()
    user_id = peewee.BigIntegerField(null=True)
    turn = peewee.BigIntegerField()
    reopens_from = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "desk"


class DeskAgent(Table):
    """`takes_tickets` is null where presence decides. `assigned_at` is the `turn` of the
    desk in which a rule last gave the agent a ticket; 0 for never.
    """

    user_id = peewee.BigIntegerField(primary_key=True)
    takes_tickets = peewee.BooleanField(null=True)
    assigned_at = peewee.BigIntegerField()

    class Meta:
        table_name = "desk_agents"
