"""Messages, and what belongs to one."""

import peewee

from chat.store.models.accounts import User
from chat.store.models.conversations import Conversation
from chat.store.models.table import Table


class Message(Table):
    """`created_seq` is the `seq` of its sending, `seq` that of its last change.

    `changed` is the stamp of the transaction that sent it, whatever edits came later.
    `fingerprint` shows whether the same `client_id` came with another body, whatever edits came
    between. `by_agent` says that the sender was staff and no participant. There are no foreign
    keys: the statement that inserts a message joins a participant or a member of staff, and those
    rows have foreign keys.
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
    reply_to = peewee.BigIntegerField(null=True)
    metadata = peewee.TextField(null=True)

    class Meta:
        table_name = "messages"


class IdempotencyKey(Table):
    """`made_id` is what was made with the key. `owner_id` is 0 for somebody who was signing up."""

    owner_id = peewee.BigIntegerField()
    key = peewee.TextField()
    fingerprint = peewee.BigIntegerField()
    made_id = peewee.BigIntegerField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "idempotency_keys"
        primary_key = peewee.CompositeKey("owner_id", "key")


class Attachment(Table):
    """`stored_name` is the file's name on the server's disk. `name` is the client's name for it.

    `width` and `height` are those of a picture, in pixels, if they are known. `thumbnail_size` is
    in bytes, and null where there is no thumbnail. `duration_ms` is that of sound or of a film.
    `sender_id` is the sender of the message: whose file it is.
    """

    id = peewee.BigAutoField()
    conversation = peewee.ForeignKeyField(Conversation)
    message_id = peewee.BigIntegerField()
    seq = peewee.BigIntegerField()
    name = peewee.TextField()
    stored_name = peewee.TextField(unique=True)
    size = peewee.BigIntegerField()
    content_type = peewee.TextField()
    sha256 = peewee.TextField()
    created_at = peewee.BigIntegerField()
    width = peewee.BigIntegerField(null=True)
    height = peewee.BigIntegerField(null=True)
    thumbnail_size = peewee.BigIntegerField(null=True)
    duration_ms = peewee.BigIntegerField(null=True)
    sender_id = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "attachments"


class ResumableUpload(Table):
    """How much has arrived is the size of its file. `attached_at` is null until it is attached."""

    id = peewee.TextField(primary_key=True)
    user = peewee.ForeignKeyField(User)
    name = peewee.TextField()
    content_type = peewee.TextField()
    metadata = peewee.TextField()
    size = peewee.BigIntegerField()
    created_at = peewee.BigIntegerField()
    expires_at = peewee.BigIntegerField(index=True)
    attached_at = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "resumable_uploads"


class Pin(Table):
    """A message that is pinned, or was. `changed_by` pinned or unpinned it last, as `seq`."""

    conversation_id = peewee.BigIntegerField()
    message_id = peewee.BigIntegerField()
    seq = peewee.BigIntegerField()
    is_pinned = peewee.BooleanField()
    changed_by = peewee.BigIntegerField()

    class Meta:
        table_name = "pins"
        primary_key = peewee.CompositeKey("conversation_id", "message_id")


class Mention(Table):
    """This user is mentioned in this message. `is_own` says that it is the sender."""

    conversation_id = peewee.BigIntegerField()
    user_id = peewee.BigIntegerField()
    message_id = peewee.BigIntegerField()
    is_own = peewee.BooleanField()

    class Meta:
        table_name = "mentions"
        primary_key = peewee.CompositeKey("conversation_id", "user_id", "message_id")


class Reaction(Table):
    """This user reacted to this message with this emoji, or took that back, as `seq`."""

    id = peewee.BigAutoField()
    conversation_id = peewee.BigIntegerField()
    message_id = peewee.BigIntegerField()
    user_id = peewee.BigIntegerField()
    emoji = peewee.TextField()
    seq = peewee.BigIntegerField()
    is_there = peewee.BooleanField()

    class Meta:
        table_name = "reactions"


class ReactionCount(Table):
    """How many people reacted to this message with this emoji: the first of them as `first_seq`. As
    `last_seq` the number last changed; it may be 0.
    """

    conversation_id = peewee.BigIntegerField()
    message_id = peewee.BigIntegerField()
    emoji = peewee.TextField()
    count = peewee.BigIntegerField()
    first_seq = peewee.BigIntegerField()
    last_seq = peewee.BigIntegerField()

    class Meta:
        table_name = "reaction_counts"
        primary_key = peewee.CompositeKey("conversation_id", "message_id", "emoji")
