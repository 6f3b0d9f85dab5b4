"""Users: who they are, how they sign in, and what was done about them."""

import peewee

from chat.store.models.table import Table


class User(Table):
    """`username_key` is the folded name. It is unique, and people search reads it.

    `last_seen_at` is when the user was last online, 0 where that is not known. `password_rounds`
    is the work of a password hash that was imported, and null for one of Payam's own. A user with
    `erased_at` is a tombstone. One with `suspended_at` cannot sign in.
    """

    id = peewee.BigAutoField()
    username = peewee.TextField()
    username_key = peewee.TextField(unique=True)
    password_hash = peewee.TextField(null=True)
    external_id = peewee.TextField(null=True, unique=True)
    is_staff = peewee.BooleanField(default=False)
    created_at = peewee.BigIntegerField()
    last_seen_at = peewee.BigIntegerField(default=0)
    metadata = peewee.TextField(null=True)
    display_name = peewee.TextField(default="")
    password_rounds = peewee.BigIntegerField(null=True)
    erased_at = peewee.BigIntegerField(null=True)
    avatar = peewee.TextField(null=True)
    avatar_size = peewee.BigIntegerField(null=True)
    is_guest = peewee.BooleanField(default=False)
    suspended_at = peewee.BigIntegerField(null=True)
    display_name_key = peewee.TextField(default="")

    class Meta:
        table_name = "users"


class TokenFamily(Table):
    """One sign-in. `refresh_id` is its refresh token that works.

    `previous_id` is the refresh token before it, which was replaced at `rotated_at`.
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


class Guest(Table):
    """What a guest said of themselves, and agreed to. `joined_id` is the user to whom the
    conversations went.
    """

    user_id = peewee.BigIntegerField(primary_key=True)
    email = peewee.TextField()
    joined_id = peewee.BigIntegerField(null=True)
    created_at = peewee.BigIntegerField()
    consent = peewee.TextField(default="")

    class Meta:
        table_name = "guests"


class Block(Table):
    """What the blocked user sends to the blocker is refused; `participants.is_blocked` follows."""

    blocker_id = peewee.BigIntegerField()
    blocked_id = peewee.BigIntegerField()
    at = peewee.BigIntegerField()

    class Meta:
        table_name = "blocks"
        primary_key = peewee.CompositeKey("blocker_id", "blocked_id")


class Report(Table):
    """A message that was reported to staff; `content` is what it said then."""

    id = peewee.BigAutoField()
    conversation_id = peewee.BigIntegerField()
    message_id = peewee.BigIntegerField()
    reported_by = peewee.BigIntegerField()
    reason = peewee.TextField()
    sender_id = peewee.BigIntegerField()
    content = peewee.TextField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "reports"


class Erasure(Table):
    """A user of whom there is something to erase, and when somebody may go on with it."""

    user_id = peewee.BigIntegerField(primary_key=True)
    due = peewee.BigIntegerField()

    class Meta:
        table_name = "erasures"


class Act(Table):
    """Something that staff did. `actor_id` is null for a command on the server."""

    id = peewee.BigAutoField()
    at = peewee.BigIntegerField()
    actor_id = peewee.BigIntegerField(null=True)
    kind = peewee.TextField()
    user_id = peewee.BigIntegerField(null=True)
    conversation_id = peewee.BigIntegerField(null=True)
    message_id = peewee.BigIntegerField(null=True)
    detail = peewee.TextField()

    class Meta:
        table_name = "acts"
