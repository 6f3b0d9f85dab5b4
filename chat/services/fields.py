"""The types of what clients send, field by field, for OpenAPI and AsyncAPI.

A type only describes its field. It checks nothing: `checks` and the services do that, so
that there is one error per field, made in one place, which names the field and the limit.

A limit in capitals stands for the setting of that name. The patterns are written so that
ECMA-262, which JSON Schema refers to, and the tools that read these documents understand
the same by them.
"""

from typing import Annotated, Any

from msgspec import Meta, Raw

from chat.changes import catalogue
from chat.outgoing.urls import URL_MAX_LENGTH
from chat.records import ID_MAX
from chat.services import checks
from chat.services.history import EPOCH_MAX_LENGTH
from chat.services.metadata import METADATA_MAX_SIZE
from chat.text.emoji import MOST_CHARACTERS
from chat.text.lines import UNRULY
from chat.text.visibility import EMPTY, IGNORABLE

CURSOR_MAX_LENGTH = 1024
NO_NULL = "^[^\\u0000]*$"
HIDDEN = "".join(c if c == "-" else f"\\u{ord(c):04x}" for c in IGNORABLE + EMPTY)
"""Characters that show nothing. They are of the basic plane only, because beyond it tools
do not agree on what a character is.
"""
NOT_BLANK = f"^[^\\u0000]*[^\\s\\u0000-\\u001f\\u007f-\\u009f{HIDDEN}][^\\u0000]*$"
ONE_LINE = f"^[^{UNRULY}]*$"
NOT_BLANK_LINE = f"^[^{UNRULY}]*[^\\s{UNRULY}{HIDDEN}][^{UNRULY}]*$"
NAME = "^[^\\u0000-*,/:-?[-^`{-\\u007f]+$"
"""What a name may have. It is exact for ASCII only, because beyond ASCII tools do not agree on
what a letter is.
"""


def said(description: str = "", **schema: Any) -> Meta:
    """Additions to the JSON Schema of a field. msgspec writes them down and checks nothing."""
    return Meta(description=description or None, extra_json_schema=schema)


Id = Annotated[int, Meta(ge=1, le=ID_MAX)]
Ids = Annotated[list[Id], said(maxItems="PARTICIPANTS_PER_REQUEST")]
Seq = Annotated[int, said("A change number; 0 is before the first.", minimum=0, maximum=ID_MAX)]
Conversation = Annotated[
    int,
    Meta(ge=1, le=ID_MAX, description="Which one the frame is for: on `/ws/` it must be there."),
]
Positions = Annotated[
    dict[str, Seq], said("By conversation, the change number up to which the client has all.")
]
Cursor = Annotated[
    str,
    said("The last `cursor` that came.", minLength=1, maxLength=CURSOR_MAX_LENGTH),
]
Epoch = Annotated[
    str,
    said("The epoch that came with the change number.", minLength=1, maxLength=EPOCH_MAX_LENGTH),
]
Content = Annotated[
    str, said("Not blank.", minLength=1, maxLength="MESSAGE_MAX_LENGTH", pattern=NOT_BLANK)
]
Key = Annotated[
    str,
    said(
        "Chosen by the client, for one message of its user's: a repeat is the first one.",
        minLength=1,
        maxLength=checks.KEY_MAX_LENGTH,
        pattern=NOT_BLANK,
    ),
]
Emoji = Annotated[str, said("One emoji, such as 👍.", minLength=1, maxLength=MOST_CHARACTERS)]
Ref = Annotated[
    str, said("Comes back in the frame's `ack` or `error`.", maxLength=checks.KEY_MAX_LENGTH)
]
AnyUsername = Annotated[
    str, said(minLength=1, maxLength=checks.USERNAME_MAX_LENGTH, pattern=NOT_BLANK)
]
Username = Annotated[
    str,
    said(
        "Letters, digits and . @ + - _, and within it the zero-width non-joiner.",
        minLength=1,
        maxLength=checks.USERNAME_MAX_LENGTH,
        pattern=NAME,
    ),
]
Password = Annotated[
    str,
    said(
        minLength="PASSWORD_MIN_LENGTH",
        maxLength=checks.PASSWORD_MAX_LENGTH,
        pattern=NO_NULL,
        format="password",
    ),
]
DisplayName = Annotated[
    str,
    said(
        "One line. May be empty.",
        maxLength=checks.DISPLAY_NAME_MAX_LENGTH,
        pattern=ONE_LINE,
    ),
]
Metadata = Annotated[
    Raw,
    Meta(
        description=f"An object of the app's own, at most {METADATA_MAX_SIZE} bytes of JSON.",
        extra_json_schema={"type": "object"},
    ),
]
Title = Annotated[
    str, said("One line. May be empty.", maxLength=checks.TITLE_MAX_LENGTH, pattern=ONE_LINE)
]
Reason = Annotated[
    str, said("Not blank.", minLength=1, maxLength=checks.REASON_MAX_LENGTH, pattern=NOT_BLANK)
]
InviteCode = Annotated[str, said("The code of an invite link.", minLength=1, maxLength=64)]
Note = Annotated[str, said("May be empty.", maxLength=checks.REASON_MAX_LENGTH, pattern=NO_NULL)]
Email = Annotated[str, said("May be empty.", maxLength=254, pattern="^([^@\\s]+@[^@\\s]+)?$")]
Subject = Annotated[
    str,
    said(
        "One line. Not blank.",
        minLength=1,
        maxLength=checks.SUBJECT_MAX_LENGTH,
        pattern=NOT_BLANK_LINE,
    ),
]
KEY_OF_65 = "^B[A-Za-z0-9_-]{86}=?$"
KEY_OF_16 = "^[A-Za-z0-9_-]{21}[AQgw](==)?$"
HttpsUrl = Annotated[str, said("With https.", minLength=1, maxLength=URL_MAX_LENGTH, format="uri")]
AppId = Annotated[str, said(minLength=1, maxLength=checks.APP_ID_MAX_LENGTH, pattern="^[!-~]+$")]
PushKey = Annotated[str, said(minLength=1, maxLength=checks.PUSHKEY_MAX_LENGTH, pattern="^[!-~]+$")]
WebhookUrl = Annotated[
    str,
    said(
        "Begins with https://. What `WEBHOOK_ALLOW` names may have http:// as well.",
        maxLength=URL_MAX_LENGTH,
        format="uri",
    ),
]
WebhookEvents = Annotated[
    list[str], said("Types of changes; empty for all.", items={"enum": catalogue.NAMES})
]
ENDING_1 = "[A-Za-z0-9+/][AQgw]=="
ENDING_2 = "[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]="
WEBHOOK_SECRET = (
    f"^(whsec_([A-Za-z0-9+/]{{4}}){{8,20}}([A-Za-z0-9+/]{{4}}|({ENDING_1}|{ENDING_2})?)"
    f"|whsec_([A-Za-z0-9+/]{{4}}){{21}}{ENDING_1}"
    f"|whsk_([A-Za-z0-9+/]{{4}}){{10}}{ENDING_2})$"
)
"""24 to 64 bytes, or 32, in the one way in which base64 writes them."""
WebhookSecret = Annotated[
    str,
    said(
        "`whsec_` and 24 to 64 bytes in base64, or `whsk_` and an ed25519 key of 32 or 64 bytes.",
        pattern=WEBHOOK_SECRET,
        format="password",
    ),
]
