"""What follows the changes: search, webhooks and push."""

import peewee

from chat.store.models.accounts import User
from chat.store.models.table import Table


class Follower(Table):
    """`cursor` is from where it looks for conversations that changed."""

    name = peewee.TextField(primary_key=True)
    cursor = peewee.TextField()

    class Meta:
        table_name = "followers"


class Position(Table):
    """Up to which `seq` a follower has a conversation.

    It has nothing to do there until `due`, a moment in microseconds, or at all where that is
    null. `lease` names who is at work on it; `failures` counts those in a row, and `failing_since`
    is the moment of the first.
    """

    follower = peewee.TextField()
    conversation_id = peewee.BigIntegerField()
    seq = peewee.BigIntegerField()
    due = peewee.BigIntegerField(null=True)
    lease = peewee.TextField(null=True)
    failures = peewee.BigIntegerField(default=0)
    failing_since = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "positions"
        primary_key = peewee.CompositeKey("follower", "conversation_id")


class Duty(Table):
    """What one process does for all: `holder` has it until a moment, in microseconds."""

    name = peewee.TextField(primary_key=True)
    holder = peewee.TextField()
    until = peewee.BigIntegerField()

    class Meta:
        table_name = "duties"


class SearchText(Table):
    """`folded` is the key of a message's text: what search looks in. A follower keeps it.

    On SQLite it is in the file of the index, and this one is empty.
    """

    conversation_id = peewee.BigIntegerField()
    message_id = peewee.BigIntegerField()
    sender_id = peewee.BigIntegerField()
    folded = peewee.TextField()

    class Meta:
        table_name = "search_texts"
        primary_key = peewee.CompositeKey("conversation_id", "message_id")


class Device(Table):
    """What is pushed to. `digest` is of its address, which no two devices share.

    `family` is the sign-in that registered it; null for tokens of another issuer. `url` is a push
    service's, for a browser, whose keys are `p256dh` and `auth`; or a push gateway's, to which
    `app_id` and `pushkey` name a phone, with `data`.
    """

    id = peewee.BigAutoField()
    user = peewee.ForeignKeyField(User)
    family = peewee.TextField(null=True)
    platform = peewee.TextField()
    url = peewee.TextField()
    p256dh = peewee.TextField(null=True)
    auth = peewee.TextField(null=True)
    app_id = peewee.TextField(null=True)
    pushkey = peewee.TextField(null=True)
    data = peewee.TextField(null=True)
    digest = peewee.TextField(unique=True)
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "devices"


class Notice(Table):
    """What a device shows, or should show, of a conversation.

    What came up to `shown_seq` was pushed, the message `shown_id` last. `added_seq` is the `seq` at
    which the user was added, if that is to be pushed; `notices.AT_BEGINNING` of who was in it from
    the beginning; else 0. Somebody looks whether there is more to push at `due`, or not at all
    where that is null. `lease` names who is at work on it; `failures` counts those in a row.
    """

    conversation_id = peewee.BigIntegerField()
    device_id = peewee.BigIntegerField()
    added_seq = peewee.BigIntegerField(default=0)
    shown_id = peewee.BigIntegerField(default=0)
    shown_seq = peewee.BigIntegerField(default=0)
    due = peewee.BigIntegerField(null=True)
    lease = peewee.TextField(null=True)
    failures = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "notices"
        primary_key = peewee.CompositeKey("conversation_id", "device_id")


class Webhook(Table):
    """Another system that receives changes: those of the kinds in `events`, or all if it is empty.

    `failures` counts failed attempts since the last one that was delivered, and `failing_since`
    is the moment of the first. Nothing is sent before `try_at`. Until `old_until` requests are
    also signed with `old_secret`.
    """

    id = peewee.BigAutoField()
    url = peewee.TextField()
    events = peewee.TextField()
    batches = peewee.BooleanField()
    secret = peewee.TextField()
    old_secret = peewee.TextField(null=True)
    old_until = peewee.BigIntegerField(default=0)
    created_at = peewee.BigIntegerField()
    paused_at = peewee.BigIntegerField(null=True)
    paused_because = peewee.TextField(null=True)
    failures = peewee.BigIntegerField(default=0)
    failing_since = peewee.BigIntegerField(null=True)
    try_at = peewee.BigIntegerField(default=0)
    last_error = peewee.TextField(null=True)
    last_error_at = peewee.BigIntegerField(null=True)
    delivered_at = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "webhooks"
