"""What staff see of users, conversations, reports and their own acts."""

from msgspec import Struct

from chat.records.fields import Moment
from chat.records.users import User


class Account(User, frozen=True):
    """A user, as staff see them. `suspended_at` is null for a user who may sign in.

    An erased user is a tombstone, with `erased_at`. `last_seen` is null where it is not known.
    """

    display_name: str
    is_staff: bool
    created_at: Moment
    last_seen: Moment | None
    suspended_at: Moment | None
    erased_at: Moment | None


class AccountFigures(Struct, frozen=True):
    """`conversations` are those that the user is in now, `sign_ins` those that work, `devices`
    those that are pushed to, and `reports` those of the user's messages.
    """

    conversations: int
    sign_ins: int
    devices: int
    reports: int


class WholeAccount(Struct, frozen=True):
    account: Account
    figures: AccountFigures


class WholeConversation(Struct, frozen=True):
    """A conversation, as staff see it: what there is in it, and nothing that it says but its title.

    `participants` are those who are in it now, `messages` those that are not deleted, and `bytes`
    those of the files.
    """

    id: int
    title: str
    created_at: Moment
    created_by: User
    seq: int
    participants: int
    messages: int
    files: int
    bytes: int
    tickets: int


class Retained(Struct, frozen=True):
    """So many messages were deleted. Where `is_done` is false, there are more to delete."""

    deleted: int
    is_done: bool


class Statistics(Struct, frozen=True):
    """Counts of everything. `bytes` are those of files, `active_users` those who were seen in 30
    days, and `database_bytes` is the size of the database.
    """

    version: str
    users: int
    staff: int
    suspended: int
    erased: int
    active_users: int
    conversations: int
    messages: int
    files: int
    bytes: int
    open_tickets: int
    sign_ins: int
    devices: int
    webhooks: int
    reports: int
    database_bytes: int


class Version(Struct, frozen=True):
    """What runs: the version of Payam, the name of its database's schema, and that of Python."""

    version: str
    schema: str
    python: str


class Restored(Struct, frozen=True):
    """`epoch` is the one that has begun."""

    epoch: str


class Act(Struct, frozen=True):
    """Something that staff did. `by` is null for a command on the server.

    `user`, `conversation` and `message` say to what it was done, where it was done to one.
    """

    id: int
    kind: str
    at: Moment
    by: User | None
    user: User | None
    conversation: int | None
    message: int | None
    detail: str


class ReportedMessage(Struct, frozen=True):
    """A message as it was when it was reported."""

    id: int
    sender: User
    content: str


class Report(Struct, frozen=True):
    """A message that somebody reported to staff."""

    id: int
    conversation: int
    message: ReportedMessage
    reason: str
    reported_by: User
    created_at: Moment
