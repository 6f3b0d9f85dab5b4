"""What happened, in order, and where the history of this database begins."""

import peewee

from chat.store.models.table import Table


class Change(Table):
    """An entry of the log: every change but the sending of a message.

    `kind` is the `type` of its frame. `subject_id` is the message, attachment, ticket, user or
    conversation that changed. An entry goes when a later one replaces it: each subject has one of
    each family of kinds. `actor_id` and `at` are null where an earlier release did not keep them.
    `changed` is the transaction that wrote it.
    """

    conversation_id = peewee.BigIntegerField()
    seq = peewee.BigIntegerField()
    kind = peewee.TextField()
    subject_id = peewee.BigIntegerField()
    actor_id = peewee.BigIntegerField(null=True)
    at = peewee.BigIntegerField(null=True)
    changed = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "changes"
        primary_key = peewee.CompositeKey("conversation_id", "seq")


class History(Table):
    """One row: the deployment of this database, and the epoch of its numbers."""

    id = peewee.BigIntegerField(primary_key=True)
    deployment = peewee.TextField()
    epoch = peewee.TextField()

    class Meta:
        table_name = "history"


class Touched(Table):
    """The conversations that one transaction changed: their ids, with commas between them.

    A row is kept for some minutes after `at`.
    """

    changed = peewee.BigIntegerField(primary_key=True)
    ids = peewee.TextField()
    at = peewee.BigIntegerField()

    class Meta:
        table_name = "touched"


class Clock(Table):
    """One row. `value` is the last stamp that SQLite gave. PostgreSQL numbers transactions itself.

    `pruned` is the highest stamp that was deleted from `touched`.
    """

    id = peewee.BigIntegerField(primary_key=True)
    value = peewee.BigIntegerField()
    pruned = peewee.BigIntegerField()

    class Meta:
        table_name = "clock"


class Incarnation(Table):
    """At most one row. PostgreSQL loses it in the cases in which it may give stamps again."""

    id = peewee.BigIntegerField(primary_key=True)
    name = peewee.TextField()

    class Meta:
        table_name = "incarnation"
