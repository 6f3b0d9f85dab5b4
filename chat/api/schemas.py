"""The bodies of requests, each field with its type. Any other field is refused.

The services check lengths and other rules, which are the same over HTTP and websockets.
"""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Struct, UnsetType

from chat import records
from chat.records import Assignment, DaysOff, Hours, Priority, Status, Texts
from chat.services import checks
from chat.services.conversations import PARTICIPANTS_MAX
from chat.services.desk import REMINDER_MAX, REOPEN_MAX
from chat.services.fields import (
    KEY_OF_16,
    KEY_OF_65,
    NOT_BLANK,
    AnyUsername,
    AppId,
    Content,
    DisplayName,
    Email,
    HttpsUrl,
    Id,
    Ids,
    InviteCode,
    Key,
    Metadata,
    Note,
    Password,
    PushKey,
    Reason,
    Subject,
    Title,
    Username,
    WebhookEvents,
    WebhookSecret,
    WebhookUrl,
    said,
)
from chat.text.languages import TAG


class Body(Struct, forbid_unknown_fields=True):
    """An unknown field gets a 400 that names it, so a misspelt one is not dropped in silence."""


class NewUser(Body):
    """`invite` is the code of an invite link: the user comes into its conversation. It is needed
    where `SIGN_UP` is `invite`.
    """

    username: Username
    password: Password
    invite: InviteCode | UnsetType = UNSET


class NewGuest(Body):
    """All may be left out. `consent` is the text that the guest has agreed to; it is kept."""

    name: DisplayName = ""
    email: Email = ""
    consent: Note = ""


class Identification(Body):
    """`guest` is the access token of the guest that the user was until now."""

    user_id: Annotated[
        str, said("The shop's own id of its user.", minLength=1, maxLength=150, pattern=NOT_BLANK)
    ]
    signature: Annotated[
        str, said("HMAC-SHA-256 of `user_id`, in hex.", pattern="^[0-9A-Fa-f]{64}$")
    ]
    name: DisplayName = ""
    email: Email = ""
    guest: str | None = None


class Credentials(Body):
    username: AnyUsername
    password: Annotated[str, said(format="password")]


class RefreshToken(Body):
    refresh: str


class NewConversation(Body):
    """`participants` are ids of users. The caller's own id is not needed.

    `direct` asks for the direct conversation with one other user, which begins without a title.
    """

    participants: Ids
    title: Title = ""
    direct: bool = False
    metadata: Metadata | UnsetType = UNSET


class NewReport(Body):
    reason: Reason


class ConversationChanges(Body):
    """A field that is missing stays as it is. `members_may` is for the owner and admins."""

    title: Title | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET
    members_may: records.Rights | UnsetType = UNSET


class RoleChange(Body):
    role: records.ParticipantRole


class OwnChanges(Body):
    """A field that is missing stays as it is.

    `muted_until` null, or a moment that has passed, mutes nothing.
    """

    muted_until: Annotated[datetime, said("With a time zone.")] | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET


class NewParticipant(Body):
    """One user, or several. One of the two fields has to be there."""

    user_id: Id | UnsetType = UNSET
    user_ids: Ids | UnsetType = UNSET


class NewInvite(Body):
    """Without `expires_at` or `max_uses`, or where one is null, there is no such end."""

    expires_at: Annotated[datetime, said("In the future, with a time zone.")] | None = None
    max_uses: Annotated[int, said(minimum=1, maximum=PARTICIPANTS_MAX)] | None = None


class ReadUpTo(Body):
    message_id: Id


class NewMessage(Body):
    """`internal` makes it a note of staff, which nobody else sees. A note replies to nothing."""

    content: Content
    client_id: Key | None = None
    reply_to: Id | None = None
    metadata: Metadata | UnsetType = UNSET
    internal: bool = False


class NewContent(Body):
    content: Content


class NewTicket(Body):
    """`language` is that of the automatic first answer. Without it `Accept-Language` counts."""

    subject: Subject
    priority: Priority = "normal"
    language: Annotated[str, said(minLength=1, maxLength=checks.KEY_MAX_LENGTH)] | UnsetType = UNSET


class TicketChanges(Body):
    """A field that is missing stays as it is. `assigned_to` null gives the ticket to nobody."""

    subject: Subject | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    assigned_to: Id | UnsetType | None = UNSET


class NewRating(Body):
    """`score` is from 1 to 5."""

    score: Annotated[int, said(minimum=1, maximum=5)]
    comment: Note = ""


class NewAssignee(Body):
    """`user_id` is the id of a member of staff, or null for nobody."""

    user_id: Id | None


class AgentSwitch(Body):
    """Null lets being online decide."""

    takes_tickets: bool | None


class DeskRuleChanges(Body):
    """Each rule as `GET` gives it."""

    timezone: Annotated[str, said(maxLength=checks.KEY_MAX_LENGTH)] | UnsetType = UNSET
    hours: Hours | UnsetType | None = UNSET
    days_off: DaysOff | UnsetType = UNSET
    language: (
        Annotated[str, said(maxLength=checks.KEY_MAX_LENGTH, pattern=f"^{TAG}$")] | UnsetType
    ) = UNSET
    first_answer_inside: Texts | UnsetType = UNSET
    first_answer_outside: Texts | UnsetType = UNSET
    assignment: Assignment | UnsetType = UNSET
    reminder_minutes: Annotated[int, said(minimum=1, maximum=REMINDER_MAX)] | UnsetType | None = (
        UNSET
    )
    reminder_in_hours: bool | UnsetType = UNSET
    reopen_days: Annotated[int, said(minimum=1, maximum=REOPEN_MAX)] | UnsetType | None = UNSET


class NewCannedResponse(Body):
    """`{{customer}}` in the content stands for the customer's name."""

    title: Subject
    content: Content


class CannedResponseChanges(Body):
    """A field that is missing stays as it is."""

    title: Subject | UnsetType = UNSET
    content: Content | UnsetType = UNSET


class PushKeys(Body):
    """The browser's own, as its subscription gives them."""

    p256dh: Annotated[str, said("A point on P-256: 65 bytes in base64url.", pattern=KEY_OF_65)]
    auth: Annotated[str, said("16 bytes in base64url.", pattern=KEY_OF_16)]


class NewDevice(Body):
    """A browser gives its subscription (`PushSubscription.toJSON()`): `endpoint` and `keys`.
    `expirationTime` may be there, and does nothing.

    A phone names the `url` of its push gateway, and to the gateway itself by `app_id` and
    `pushkey`. The gateway gets `data` as it is; in JSON it is at most 1 KiB.
    """

    platform: records.Platform
    endpoint: HttpsUrl | UnsetType = UNSET
    keys: PushKeys | UnsetType = UNSET
    url: HttpsUrl | UnsetType = UNSET
    app_id: AppId | UnsetType = UNSET
    pushkey: PushKey | UnsetType = UNSET
    data: dict[str, Any] | UnsetType = UNSET
    expirationTime: float | UnsetType | None = UNSET  # noqa: N815 - the browsers' name


class NewWebhook(Body):
    """Without `events` all changes are sent. Without `secret` a new one is made.

    `ed25519` asks for a key pair; a `secret` must then begin with `whsk_`. With `batches` one
    request may have many changes where the receiver is behind.
    """

    url: WebhookUrl
    events: WebhookEvents = []
    secret: WebhookSecret | None = None
    ed25519: bool = False
    batches: bool = True


class WebhookChanges(Body):
    """A field that is missing stays as it is."""

    url: WebhookUrl | UnsetType = UNSET
    events: WebhookEvents | UnsetType = UNSET
    secret: WebhookSecret | UnsetType = UNSET
    batches: bool | UnsetType = UNSET
    is_paused: bool | UnsetType = UNSET


class NewReplay(Body):
    """`since` is a moment with its time zone."""

    since: records.Moment


class FileForm(Body):
    """One part, named `file`, which needs a file name."""

    file: Annotated[str, said("At most `ATTACHMENT_MAX_SIZE` bytes.", format="binary")]


class Erasing(Body):
    password: str | UnsetType = UNSET


class UploadToAttach(Body):
    upload: Annotated[str, said("The id of a finished resumable upload.", maxLength=64)]


class NewPassword(Body):
    old_password: Annotated[str, said(format="password")]
    new_password: Password


class NewAccount(Body):
    """Without a password nobody can sign in as the user."""

    username: Username
    password: Password | UnsetType = UNSET
    is_staff: bool = False


class AccountChanges(Body):
    is_staff: bool


class Retaining(Body):
    days: Annotated[int, said(minimum=1, maximum=36_500)]


class SetPassword(Body):
    password: Password


class Suspending(Body):
    """`reason` is for staff, in the list of what staff did."""

    reason: Note = ""


class UserChanges(Body):
    """A field that is missing stays as it is. An empty `display_name` is none."""

    display_name: DisplayName | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET
