"""The tables, as Peewee models. Migrations make them; a test holds the two together.

The hot statements are SQL text beside their functions; the models build the others.
Moments are microseconds since the epoch.
"""

import peewee


class Table(peewee.Model):
    """Bound to no database: `Database` runs what the models build."""


class User(Table):
    """`username_key` is the folded name: what must be unique, and what search reads."""

    id = peewee.BigAutoField()
    username = peewee.TextField()
    username_key = peewee.TextField(unique=True)
    password_hash = peewee.TextField(null=True)
    external_id = peewee.TextField(null=True, unique=True)
    is_staff = peewee.BooleanField(default=False)
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "users"


class TokenFamily(Table):
    """One sign-in. `refresh_id` is the refresh token of it that works.

    `previous_id` is the one before, which was replaced at `rotated_at`.
    """

    id = peewee.TextField(primary_key=True)
    user = peewee.ForeignKeyField(User)
    refresh_id = peewee.TextField()
    created_at = peewee.BigIntegerField()
    revoked_at = peewee.BigIntegerField(null=True)
    previous_id = peewee.TextField(null=True)
    rotated_at = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "token_families"


class Conversation(Table):
    """`seq` numbers its changes; `active_at` is its last message's moment, or its beginning.

    `title_seq` is the change that gave it its title, 0 for the one that it began with.
    `participant_count` is how many are in it.
    `changed` is the stamp of the last transaction that changed it in any way.
    """

    id = peewee.BigAutoField()
    title = peewee.TextField(default="")
    created_by = peewee.ForeignKeyField(User, column_name="created_by")
    created_at = peewee.BigIntegerField()
    active_at = peewee.BigIntegerField()
    seq = peewee.BigIntegerField(default=0)
    last_message_id = peewee.BigIntegerField(null=True)
    is_direct = peewee.BooleanField(default=False)
    title_seq = peewee.BigIntegerField(default=0)
    participant_count = peewee.BigIntegerField(default=0)
    changed = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "conversations"


class DirectConversation(Table):
    """The one conversation of two users, the one with the lower id first."""

    low_id = peewee.BigIntegerField()
    high_id = peewee.BigIntegerField()
    conversation_id = peewee.BigIntegerField()

    class Meta:
        table_name = "direct_conversations"
        primary_key = peewee.CompositeKey("low_id", "high_id")


class IdempotencyKey(Table):
    """`made_id` is what was made with the key; `owner_id` is 0 for who was signing up."""

    owner_id = peewee.BigIntegerField()
    key = peewee.TextField()
    fingerprint = peewee.BigIntegerField()
    made_id = peewee.BigIntegerField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "idempotency_keys"
        primary_key = peewee.CompositeKey("owner_id", "key")


class Participant(Table):
    """`seq` is that of the last joining or leaving, 0 for those who were there at the start.

    Who left stays as an inactive row. `read_seq` is the `seq` that the conversation had when
    `last_read_id` was last moved forward by its reader. `changed` is the stamp of the beginning,
    the joining or the leaving.
    """

    conversation = peewee.ForeignKeyField(Conversation)
    user = peewee.ForeignKeyField(User)
    is_active = peewee.BooleanField(default=True)
    seq = peewee.BigIntegerField(default=0)
    last_read_id = peewee.BigIntegerField(default=0)
    read_seq = peewee.BigIntegerField(default=0)
    changed = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "participants"
        primary_key = peewee.CompositeKey("conversation", "user")


class Message(Table):
    """`created_seq` is the change that sent it, `seq` the last that touched it.

    `changed` is the stamp of the transaction that sent it, whatever edits came later.
    `fingerprint` tells a retry of the same body from another body under the same
    `client_id`, whatever edits came between. `by_agent` says that the sender was staff
    and no participant. There are no foreign keys: a message is inserted by way of a
    participant or a member of staff, whose own keys hold.
    """

    id = peewee.BigAutoField()
    conversation_id = peewee.BigIntegerField()
    sender_id = peewee.BigIntegerField()
    content = peewee.TextField()
    created_at = peewee.BigIntegerField()
    created_seq = peewee.BigIntegerField()
    seq = peewee.BigIntegerField()
    is_edited = peewee.BooleanField(default=False)
    is_deleted = peewee.BooleanField(default=False)
    client_id = peewee.TextField(null=True)
    fingerprint = peewee.BigIntegerField(null=True)
    by_agent = peewee.BooleanField(default=False)
    changed = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "messages"


class Attachment(Table):
    """`stored_name` is the file's name on our disk; `name` is what the client called it.

    `width` and `height` are those of a picture, in pixels, where they are known.
    """

    id = peewee.BigAutoField()
    conversation = peewee.ForeignKeyField(Conversation)
    message = peewee.ForeignKeyField(Message)
    seq = peewee.BigIntegerField()
    name = peewee.TextField()
    stored_name = peewee.TextField(unique=True)
    size = peewee.BigIntegerField()
    content_type = peewee.TextField()
    sha256 = peewee.TextField()
    created_at = peewee.BigIntegerField()
    width = peewee.BigIntegerField(null=True)
    height = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "attachments"


class SupportTicket(Table):
    """At most one of a conversation is not closed."""

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

    class Meta:
        table_name = "support_tickets"


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
    """One row: whose database this is, and the epoch of its change numbers."""

    id = peewee.BigIntegerField(primary_key=True)
    deployment = peewee.TextField()
    epoch = peewee.TextField()

    class Meta:
        table_name = "history"


class Touched(Table):
    """The conversations that one transaction changed, their ids with commas between.

    Kept for some minutes from `at` on.
    """

    changed = peewee.BigIntegerField(primary_key=True)
    ids = peewee.TextField()
    at = peewee.BigIntegerField()

    class Meta:
        table_name = "touched"


class Clock(Table):
    """One row. `value` is the last stamp that SQLite has given; PostgreSQL has numbers of its own.

    `pruned` is the highest stamp that has gone from `touched`.
    """

    id = peewee.BigIntegerField(primary_key=True)
    value = peewee.BigIntegerField()
    pruned = peewee.BigIntegerField()

    class Meta:
        table_name = "clock"


class Incarnation(Table):
    """At most one row, which PostgreSQL loses where stamps may be given again."""

    id = peewee.BigIntegerField(primary_key=True)
    name = peewee.TextField()

    class Meta:
        table_name = "incarnation"


TABLES = (
    User,
    TokenFamily,
    Conversation,
    Participant,
    Message,
    Attachment,
    SupportTicket,
    Change,
    History,
    DirectConversation,
    IdempotencyKey,
    Touched,
    Clock,
    Incarnation,
)
