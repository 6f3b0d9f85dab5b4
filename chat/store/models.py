"""The tables, as Peewee models. Migrations make them, and a test compares the two.

Statements on the hot path are SQL text beside their functions; the models build the others. Times
are microseconds since 1970.
"""

import peewee


class Table(peewee.Model):
    """A model without a database: `Database` runs the queries that models build."""


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


class SupportTicket(Table):
    """A conversation has at most one ticket that is not closed. `subject_key` is what search looks
    in. `languages` are those of who opened it, the best first, with commas.
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

    class Meta:
        table_name = "support_tickets"


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
    which the user was added, if that is to be pushed; else 0. Somebody looks whether there is more
    to push at `due`, or not at all where that is null. `lease` names who is at work on it;
    `failures` counts those in a row.
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


class Deletion(Table):
    """A conversation that staff delete, and when somebody may go on with it."""

    conversation_id = peewee.BigIntegerField(primary_key=True)
    due = peewee.BigIntegerField()

    class Meta:
        table_name = "deletions"


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


TABLES = (
    User,
    TokenFamily,
    Conversation,
    Participant,
    Message,
    Attachment,
    ResumableUpload,
    SupportTicket,
    Invite,
    Change,
    History,
    DirectConversation,
    IdempotencyKey,
    Pin,
    Mention,
    Reaction,
    ReactionCount,
    SearchText,
    Touched,
    Clock,
    Incarnation,
    Follower,
    Position,
    Duty,
    Device,
    Notice,
    Webhook,
    Import,
    ImportNote,
    ImportUnread,
    Erasure,
    Block,
    Report,
    Note,
    CannedResponse,
    TicketStep,
    Act,
    Deletion,
    Guest,
    Desk,
    DeskAgent,
)
