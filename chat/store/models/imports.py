"""What an import of another system knows until it is finished."""

import peewee

from chat.store.models.table import Table


class Import(Table):
    """How far one step of an import is: `done` rows, up to the old id `after_id`.

    A new id is the old id and `shift`.
    """

    source = peewee.TextField()
    step = peewee.TextField()
    after_id = peewee.BigIntegerField(default=0)
    shift = peewee.BigIntegerField()
    done = peewee.BigIntegerField(default=0)
    is_done = peewee.BooleanField(default=False)

    class Meta:
        table_name = "imports"
        primary_key = peewee.CompositeKey("source", "step")


class ImportNote(Table):
    """What an import could not take as it was; `user_id` is the new id, if it concerns a user."""

    id = peewee.BigAutoField()
    source = peewee.TextField()
    kind = peewee.TextField()
    user_id = peewee.BigIntegerField(null=True)
    note = peewee.TextField()

    class Meta:
        table_name = "import_notes"


class ImportUnread(Table):
    """`seq` is the `created_seq` of the sender's first message that nobody has read."""

    conversation_id = peewee.BigIntegerField()
    sender_id = peewee.BigIntegerField()
    seq = peewee.BigIntegerField()

    class Meta:
        table_name = "import_unread"
        primary_key = peewee.CompositeKey("conversation_id", "sender_id")
