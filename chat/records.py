"""The things that a chat is made of, as clients see them.

The store builds these structs from rows, and HTTP encodes them as they are. So the name of a
field here is its name on the wire. Times are RFC 3339 text.
"""

from typing import Annotated

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

ID_MAX = 2**63 - 1
"""No database has a larger id."""
STATUSES = ("open", "pending", "closed")
TICKET_ACTIONS = (
    "opened",
    "assigned",
    "handed_over",
    "returned",
    "closed",
    "reopened",
    "changed",
    "rated",
    "reminded",
)
PRIORITIES = ("low", "normal", "high", "urgent")

# Only OpenAPI and AsyncAPI use these additions to the types. They check nothing.
Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Status = Annotated[str, Meta(extra_json_schema={"enum": STATUSES})]
Priority = Annotated[str, Meta(extra_json_schema={"enum": PRIORITIES})]
PresenceStatus = Annotated[str, Meta(extra_json_schema={"enum": ("online", "offline")})]
Platform = Annotated[str, Meta(extra_json_schema={"enum": ("webpush", "webhook")})]
WebhookStatus = Annotated[str, Meta(extra_json_schema={"enum": ("working", "failing", "paused")})]
PausedBecause = Annotated[str, Meta(extra_json_schema={"enum": ("asked", "gone", "failing")})]
TicketAction = Annotated[str, Meta(extra_json_schema={"enum": TICKET_ACTIONS})]
Role = Annotated[str, Meta(extra_json_schema={"enum": ("agent",)})]
OWNER, ADMIN, MEMBER, AGENT = "owner", "admin", "member", "agent"
ROLES = (OWNER, ADMIN, MEMBER)
ParticipantRole = Annotated[str, Meta(extra_json_schema={"enum": ROLES})]
OwnRole = Annotated[str, Meta(extra_json_schema={"enum": (*ROLES, AGENT)})]
RIGHTS = ("add", "pin", "rename")
"""What members may do, unless a conversation keeps it for its owner and admins."""
Rights = Annotated[list[str], Meta(extra_json_schema={"items": {"enum": RIGHTS}})]


Internal = bool
"""It is true, and comes only with a note, which staff alone see. A literal true in the OpenAPI
document would be a puzzle to generators of clients.
"""


Metadata = Annotated[
    Raw, Meta(description="An object of the app's own.", extra_json_schema={"type": "object"})
]
NOTHING = Raw(b"{}")


def metadata_of(text: str | None) -> Raw:
    """The metadata, as it was given; an empty object where there is none."""
    return NOTHING if text is None else Raw(text.encode())


class User(Struct, frozen=True):
    """A user, as others see them."""

    id: int
    username: str


class Member(User, frozen=True):
    """A participant with the role that they have now."""

    role: ParticipantRole


class Profile(User, frozen=True):
    """`display_name` comes only where the user has given one, and `avatar_url`, the path of their
    picture, only where there is one. Another picture has another path.
    """

    display_name: str | UnsetType = UNSET
    avatar_url: str | UnsetType = UNSET


class Me(User, frozen=True):
    """The caller. `display_name` may be empty, and `avatar_url` null. `metadata` is for the caller
    alone.
    """

    is_staff: bool
    display_name: str
    metadata: Metadata
    avatar_url: str | None = None


class Presence(Struct, frozen=True):
    """`last_seen` is when an offline user was last online; null while online, or not known."""

    status: PresenceStatus
    last_seen: Moment | None


class Participant(Struct, frozen=True):
    """`last_read_id` is the last message that this participant has read, or 0.

    Without `presence` it is not known at the moment who is online. `display_name` comes only
    where the user has given one.
    """

    id: int
    username: str
    last_read_id: int
    role: ParticipantRole
    presence: Presence | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    avatar_url: str | UnsetType = UNSET


class Attachment(Struct, frozen=True):
    """`size` is in bytes. `url` is a path on this server, for participants only.

    Where a proxy serves Payam behind a path (`BASE_PATH`), `url` begins with it, as every link
    does. Resolve it against the server's origin.

    `content_type` is found in the content of the file. What the client said counts only where the
    content shows nothing, as with text.

    A picture has `width` and `height` if its file says them: the pixels as people see them, with
    the orientation of its EXIF data applied. Other files have neither. `thumbnail_url` is the path
    of a small WebP picture, which fits into 512 × 512 pixels and moves if the picture moves. A
    picture that is small itself has none, and neither has a picture of more than
    `image_max_pixels`. `duration` is how long sound or a film is, in seconds, if its file says it.
    """

    id: int
    message_id: int
    name: str
    size: int
    content_type: str
    url: str
    created_at: Moment
    width: int | UnsetType = UNSET
    height: int | UnsetType = UNSET
    thumbnail_url: str | UnsetType = UNSET
    duration: float | UnsetType = UNSET


class Reactions(Struct, frozen=True):
    """How many people reacted to a message with this emoji. `me` says that the caller is one."""

    emoji: str
    count: int
    me: bool


class Parent(Struct, frozen=True):
    """The message that another one replies to, as it is now. `content` is its beginning, at most
    500 characters, and empty where it is deleted.
    """

    id: int
    sender: User
    content: str
    is_deleted: bool


class Upload(Struct, frozen=True):
    """A resumable upload. `offset` of its `size` bytes have arrived.

    It is deleted at `expires_at`, unless it is attached before.
    """

    id: str
    name: str
    size: int
    offset: int
    created_at: Moment
    expires_at: Moment


class Message(Struct, frozen=True):
    """`is_read` is for the caller. `client_id` comes only to the sender.

    `role` comes only where an agent sent it: a member of staff who was no participant. `mentions`
    are the participants whom the text mentions, by id. `seq` is that of its last change, with the
    reactions and the replies to it. `reply_count` leaves deleted replies out. `internal` comes only
    with a note, which staff alone see.
    """

    id: int
    sender: User
    content: str
    timestamp: Moment
    is_read: bool
    is_edited: bool
    is_deleted: bool
    seq: int
    attachments: list[Attachment]
    mentions: list[User]
    reactions: list[Reactions]
    reply_to: Parent | None
    reply_count: int
    metadata: Metadata
    client_id: str | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    internal: Internal | UnsetType = UNSET


class Found(Struct, frozen=True):
    """A message that search found. `matches` are half-open ranges of code points of `content`."""

    conversation: int
    message: Message
    matches: list[tuple[int, int]]


class LastMessage(Struct, frozen=True):
    id: int
    sender: User
    content: str
    timestamp: Moment
    is_read: bool
    role: Role | UnsetType = UNSET


class ReportedMessage(Struct, frozen=True):
    """What a message said when it was reported."""

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


class TicketStep(Struct, frozen=True):
    """One step of a ticket. `by` is who did it, null for the server itself. `to` is the agent to
    whom it was assigned.

    `seq` is its place among the changes of the conversation.
    """

    action: TicketAction
    by: User | None
    to: User | None
    at: Moment
    seq: int


class Account(User, frozen=True):
    """A user, as staff see them. `suspended_at` is null for who may sign in.

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
    """What there is. `bytes` are those of files, `active_users` those who were seen in 30 days,
    and `database_bytes` is the size of the database.
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


class Rating(Struct, frozen=True):
    """How content the customer was: `score` is from 1 to 5."""

    score: int
    comment: str


class SupportTicket(Struct, frozen=True):
    """`waiting_since` says since when the customer has waited for an answer. It is null where an
    agent has answered and the customer has written nothing since, and in a closed ticket.
    """

    id: int
    conversation: int
    subject: str
    status: Status
    priority: Priority
    created_by: Profile
    assigned_to: Profile | None
    created_at: Moment
    updated_at: Moment
    waiting_since: Moment | None = None
    rating: Rating | None = None


class CannedResponse(Struct, frozen=True):
    """A stored answer of staff. Clients put the customer's name in for `{{customer}}`."""

    id: int
    title: str
    content: str
    created_by: User
    created_at: Moment
    updated_at: Moment


class SignedIn(User, frozen=True):
    """A guest, or a user whom the shop's signature names, with the tokens of this sign-in."""

    access: str
    refresh: str


class Guest(User, frozen=True):
    """What a guest, or a user whom the shop names, said of themselves. `consent` is what they
    agreed to at `created_at`, as the client gave it, or empty. `is_known` says that the shop's
    signature has named them. `joined` is the user whose conversations the guest's are now.
    """

    email: str
    is_known: bool
    joined: int | None
    created_at: Moment
    consent: str
    display_name: str | UnsetType = UNSET


class Desk(Struct, frozen=True):
    """`online` says that an agent is there. `agents` are a few of those who are.

    `in_hours` says whether the desk is open by its rules. `opens_at` is when it opens next; null
    where it is open, or never opens. With `reopens` a message after the closing of a ticket opens
    what is needed, and the client need not.
    """

    online: bool
    agents: list[Profile]
    in_hours: bool
    opens_at: Moment | None
    reopens: bool


class Device(Struct, frozen=True):
    """What is pushed to. A browser has `endpoint`; a phone has the `url` of its push gateway, and
    the `app_id` and the `pushkey` by which the gateway knows it.
    """

    id: int
    platform: Platform
    created_at: Moment
    endpoint: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    app_id: str | UnsetType = UNSET
    pushkey: str | UnsetType = UNSET


class Conversation(Struct, frozen=True):
    """`support_ticket` is the one that is not closed. `unread_count` and
    `unread_mentions`, of which each mentions the caller, are the caller's.

    `direct` says that it is the direct conversation of two people, to which nobody is added.
    `last_read_id` is the message up to which the caller has read, or 0. `participants` has at
    most 100 users, the caller always among them; `participant_count` counts all. `seq` counts
    within `epoch`. To catch up from here later, send both back. `muted_until`, `archived` and
    `pinned` are the caller's own settings. `muted_until` is null where it is not muted. `role` is
    the caller's: `agent` for staff who are no participants. `members_may` says what members may do
    here: `add` participants, `pin` messages, and `rename` (change the title and the metadata).
    Owner and admins may do all of it.
    """

    id: int
    title: str
    direct: bool
    participants: list[Profile]
    participant_count: int
    created_at: Moment
    last_message: LastMessage | None
    support_ticket: SupportTicket | None
    unread_count: int
    unread_mentions: int
    last_read_id: int
    seq: int
    epoch: str
    muted_until: Moment | None
    archived: bool
    pinned: bool
    metadata: Metadata
    role: OwnRole
    members_may: Rights
    avatar_url: str | None


class Invite(Struct, frozen=True):
    """A link into a conversation. `uses` of at most `max_uses` people came in by it.

    `expires_at` and `max_uses` are null where there is no end.
    """

    id: int
    code: str
    created_by: User
    created_at: Moment
    expires_at: Moment | None
    max_uses: int | None
    uses: int


class Destination(Struct, frozen=True):
    """What somebody sees of a conversation before they join it."""

    id: int
    title: str
    participant_count: int


class Invitation(Struct, frozen=True):
    """Where an invite link leads. `is_member` says that the caller is there already."""

    conversation: Destination
    created_by: User
    expires_at: Moment | None
    is_member: bool


class Webhook(Struct, frozen=True):
    """Another system that receives changes, for staff.

    `events` are the types of changes that it receives; an empty list means all. With `batches` one
    request may have many changes. `status` is `failing` while its last requests failed and are
    tried again. `paused_because` is `asked` (by staff), `gone` (the receiver answered 410) or
    `failing` (for three days). `last_error` is that of the last request that failed.
    `behind_seconds` is the age of the oldest change that it has not received, of those in
    `behind_conversations` (at most 1,000 are counted). `public_key` is there for ed25519, and
    `secret` only in the answer that adds it.
    """

    id: int
    url: str
    events: list[str]
    batches: bool
    status: WebhookStatus
    paused_because: PausedBecause | None
    paused_at: Moment | None
    failing_since: Moment | None
    last_error: str | None
    last_error_at: Moment | None
    delivered_at: Moment | None
    behind_conversations: int
    behind_seconds: float
    created_at: Moment
    public_key: str | None = None
    secret: str | UnsetType = UNSET


class WebhookTest(Struct, frozen=True):
    """How a request for a test went: the `status` of the answer, and what was wrong, if anything.

    `seconds` is how long it took.
    """

    status: int | None
    error: str | None
    seconds: float


class Replay(Struct, frozen=True):
    """In how many conversations changes are sent once more."""

    conversations: int


def version_of(avatar: str) -> str:
    """What tells one picture from another, in its address."""
    return avatar[:12]


def user_avatar(user_id: int, avatar: str | None) -> str | None:
    """The path of a user's picture, by the name of its file."""
    return None if avatar is None else f"/api/users/{user_id}/avatar/?v={version_of(avatar)}"


def conversation_avatar(conversation_id: int, avatar: str | None) -> str | None:
    if avatar is None:
        return None
    return f"/api/conversations/{conversation_id}/avatar/?v={version_of(avatar)}"


def profile_of(id_: int, username: str, display_name: str, avatar: str | None) -> Profile:
    return Profile(id_, username, display_name or UNSET, user_avatar(id_, avatar) or UNSET)


def rights_of(text: str | None) -> list[str]:
    """What members may do, from the column `members_may`."""
    return list(RIGHTS) if text is None else text.split()


def given_metadata(text: str | None) -> Raw | UnsetType:
    """The same for a frame, which has it only where there is any."""
    return UNSET if text is None else Raw(text.encode())


def role_of(by_agent: object) -> str | UnsetType:
    """The `role` of a message, from its column `by_agent`."""
    return "agent" if by_agent else UNSET


def attachment_url(conversation_id: int, message_id: int, attachment_id: int) -> str:
    return (
        f"/api/conversations/{conversation_id}/messages/{message_id}/attachments/{attachment_id}/"
    )


def thumbnail_url(url: str) -> str:
    """The path of the thumbnail of the attachment with this path."""
    return f"{url}thumbnail/"
