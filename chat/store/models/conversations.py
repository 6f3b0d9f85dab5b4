"""Conversations, and who is in them."""

import peewee

from chat.store.models.accounts import User
from chat.store.models.table import Table


class Conversation(Table):
    """`seq` numbers its changes. `active_at` is the time of its last message, or of its beginning.

    `title_seq` is the `seq` of the change that gave it its title, or 0 if it began with it.
    `members_may` names what members may do, with spaces between; null is everything.
    `participant_count` is how many participants it has.
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
    metadata = peewee.TextField(null=True)
    members_may = peewee.TextField(null=True)
    avatar = peewee.TextField(null=True)
    avatar_size = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "conversations"


class DirectConversation(Table):
    """The direct conversation of two users. The user with the lower id comes first."""

    low_id = peewee.BigIntegerField()
    high_id = peewee.BigIntegerField()
    conversation_id = peewee.BigIntegerField()

    class Meta:
        table_name = "direct_conversations"
        primary_key = peewee.CompositeKey("low_id", "high_id")


class Participant(Table):
    """`seq` is that of the last joining or leaving, or 0 for those who were there at the start.

    Somebody who left stays as an inactive row. `read_seq` is the conversation's `seq` when
    `last_read_id` was last moved forward by its reader. `changed` is the stamp of the beginning,
    the joining or the leaving. The participant's own settings are `muted_until`, a moment,
    `is_archived` and `is_pinned`. `own_seq` is the conversation's `seq` when they last changed.
    `is_blocked` says that the other one of the two has blocked the user: see `Block`. `role_seq` is
    that of the change that gave the present `role`, or 0 if the participant began with it.
    `is_removed` says of somebody who is gone that another one removed them.
    """

    conversation = peewee.ForeignKeyField(Conversation)
    user = peewee.ForeignKeyField(User)
    is_active = peewee.BooleanField(default=True)
    seq = peewee.BigIntegerField(default=0)
    last_read_id = peewee.BigIntegerField(default=0)
    read_seq = peewee.BigIntegerField(default=0)
    changed = peewee.BigIntegerField(default=0)
    muted_until = peewee.BigIntegerField(null=True)
    is_archived = peewee.BooleanField(default=False)
    is_pinned = peewee.BooleanField(default=False)
    own_seq = peewee.BigIntegerField(null=True)
    is_blocked = peewee.BooleanField(default=False)
    role = peewee.TextField(default="member")
    role_seq = peewee.BigIntegerField(default=0)
    is_removed = peewee.BooleanField(default=False)

    class Meta:
        table_name = "participants"
        primary_key = peewee.CompositeKey("conversation", "user")


class Invite(Table):
    """A link into a conversation. `expires_at` and `max_uses` are null where there is no end."""

    id = peewee.BigAutoField()
    conversation_id = peewee.BigIntegerField()
    code = peewee.TextField(unique=True)
    created_by = peewee.BigIntegerField()
    created_at = peewee.BigIntegerField()
    expires_at = peewee.BigIntegerField(null=True)
    max_uses = peewee.BigIntegerField(null=True)
    uses = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "invites"


class Deletion(Table):
    """A conversation that staff delete, and when somebody may go on with it."""

    conversation_id = peewee.BigIntegerField(primary_key=True)
    due = peewee.BigIntegerField()

    class Meta:
        table_name = "deletions"
